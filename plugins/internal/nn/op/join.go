package op

import "github.com/molsculpt/molsculpt/plugins/internal/nn/kern"

// Join enlarges images by repeating each pixel in a square and puts them beside
// others: inputs low (pixels of Low x K) and high (pixels of High x N), output
// pixels of High x (K+N). High is Low, Factor times as high and wide.
type Join struct {
	Env       *Env
	Label     string
	Low, High *Grid
	K, N      int
	Factor    int
}

// Name implements Op.
func (o *Join) Name() string { return "join " + o.Label }

// Check implements Op.
func (o *Join) Check(in []Shape) error {
	return want(o.Name(), in, Shape{o.Low.Pixels, o.K}, Shape{o.High.Pixels, o.N})
}

// Shape implements Op.
func (o *Join) Shape() Shape { return Shape{o.High.Pixels, o.K + o.N} }

// below is the pixel of Low that pixel p of High repeats, over all images.
func (o *Join) below(p int) int {
	image, place := p/o.High.Size(), p%o.High.Size()
	y, x := place/o.High.Width, place%o.High.Width
	return image*o.Low.Size() + y/o.Factor*o.Low.Width + x/o.Factor
}

// Forward implements Op.
func (o *Join) Forward(in [][]float32, out []float32) {
	k, n := o.K, o.N
	o.Env.rows(o.High.Pixels.Live, o.High.Size(), func(from, to int) {
		for p := from; p < to; p++ {
			y := out[p*(k+n):]
			copy(y[:k], in[0][o.below(p)*k:])
			copy(y[k:k+n], in[1][p*n:])
		}
	})
}

// Backward implements Op.
func (o *Join) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	k, n, size := o.K, o.N, o.High.Size()
	o.Env.images(o.High, func(i int) {
		if din[0] != nil {
			clear(din[0][i*o.Low.Size()*k:][:o.Low.Size()*k])
		}
		for p := i * size; p < (i+1)*size; p++ {
			dy := dout[p*(k+n):][:k+n]
			if din[0] != nil {
				low := din[0][o.below(p)*k:][:k]
				kern.Add(low, dy[:k], low)
			}
			if din[1] != nil {
				copy(din[1][p*n:][:n], dy[k:])
			}
		}
	})
}
