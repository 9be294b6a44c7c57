package op

import "github.com/molsculpt/molsculpt/plugins/internal/nn/kern"

// Pool is the mean over the pixels of an image: input pixels x D, output images
// x D.
type Pool struct {
	Env   *Env
	Label string
	Grid  *Grid
	D     int
}

// Name implements Op.
func (o *Pool) Name() string { return "pool " + o.Label }

// Check implements Op.
func (o *Pool) Check(in []Shape) error { return want(o.Name(), in, Shape{o.Grid.Pixels, o.D}) }

// Shape implements Op.
func (o *Pool) Shape() Shape { return Shape{o.Grid.Images, o.D} }

// Forward implements Op.
func (o *Pool) Forward(in [][]float32, out []float32) {
	d, size := o.D, o.Grid.Size()
	o.Env.images(o.Grid, func(i int) {
		y := out[i*d:][:d]
		clear(y)
		for p := i * size; p < (i+1)*size; p++ {
			kern.Add(y, in[0][p*d:][:d], y)
		}
		kern.Scale(1/float32(size), y, y)
	})
}

// Backward implements Op.
func (o *Pool) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	if din[0] == nil {
		return
	}
	d, size := o.D, o.Grid.Size()
	o.Env.images(o.Grid, func(i int) {
		for p := i * size; p < (i+1)*size; p++ {
			kern.Scale(1/float32(size), dout[i*d:][:d], din[0][p*d:][:d])
		}
	})
}
