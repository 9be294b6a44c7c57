package op

import (
	"sync"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// taps is the side of the kernel of a [Conv].
const taps = 3

// Conv is a convolution of images with a 3x3 kernel that keeps their size: y =
// x * W + b + r, with zeros around an image. Inputs x (pixels x K), W (9K x N;
// row (i*3+j)*K+c is channel c of the pixel i-1 lines below and j-1 columns to
// the right), b (1 x N) and, with Residual, r (pixels x N). K and N are
// multiples of 16. Convolutions of other sizes and strides are a [Patches] and
// a [Linear].
//
// There is no matrix of patches. An image is copied into a frame of zeros whose
// lines are one pixel longer, which serves as the right edge of one line and the
// left edge of the next. Then the three pixels of a line that an output reads
// lie one after another, and the outputs of the whole image are three products
// of strided matrices, with one output too many for each line.
type Conv struct {
	Env      *Env
	Label    string
	Grid     *Grid
	K, N     int
	Residual bool

	forward, backward [taps]weight
	flipped           []float32
	partial, sums     []float32
	frames            sync.Pool // of *frame
}

// frame is what a goroutine needs for an image.
type frame struct {
	x, y   []float32
	packed kern.Packed
}

// imagesOfPart is how many images a partial sum of gradients covers; fixed, so
// that sums have one order of additions.
const imagesOfPart = 8

// Name implements Op.
func (o *Conv) Name() string { return "conv " + o.Label }

// Check implements Op.
func (o *Conv) Check(in []Shape) error {
	expected := []Shape{{o.Grid.Pixels, o.K}, {Fixed(taps * taps * o.K), o.N}, {Fixed(1), o.N}}
	if o.Residual {
		expected = append(expected, Shape{o.Grid.Pixels, o.N})
	}
	return want(o.Name(), in, expected...)
}

// Shape implements Op.
func (o *Conv) Shape() Shape { return Shape{o.Grid.Pixels, o.N} }

// pitch is the distance between the lines of a frame, in pixels.
func (o *Conv) pitch() int { return o.Grid.Width + 1 }

// outputs is how many products an image takes, those between lines included.
func (o *Conv) outputs() int { return o.Grid.Height*o.pitch() - 1 }

// inset copies an image into a frame.
func (o *Conv) inset(x []float32, width int, buf *[]float32) []float32 {
	h, w, p := o.Grid.Height, o.Grid.Width, o.pitch()
	f := grow(buf, ((h+2)*p+1)*width)
	clear(f[:(1+p)*width])
	for i := range h {
		line := f[(1+(i+1)*p)*width:]
		copy(line[:w*width], x[i*w*width:])
		clear(line[w*width : p*width])
	}
	clear(f[(1+(h+1)*p)*width:])
	return f
}

func (o *Conv) frame() *frame {
	if f, ok := o.frames.Get().(*frame); ok {
		return f
	}
	return &frame{}
}

// product writes the products of an image x of k channels with the three lines
// of the kernel to y, n channels, and adds r if it is not nil.
func (o *Conv) product(x []float32, k int, w *[taps]*kern.Packed, bias []float32, n int, r, y []float32) {
	f := o.frame()
	wide, p := o.Grid.Width*n, o.pitch()
	in, out := o.inset(x, k, &f.x), grow(&f.y, o.outputs()*n)
	for i := range taps {
		kern.Gemm(o.outputs(), in[i*p*k:], k, 1, w[i], out, n, i > 0, bias)
		bias = nil
	}
	for i := range o.Grid.Height {
		line := out[i*p*n:][:wide]
		if r == nil {
			copy(y[i*wide:], line)
		} else {
			kern.Add(line, r[i*wide:][:wide], y[i*wide:][:wide])
		}
	}
	o.frames.Put(f)
}

// Forward implements Op.
func (o *Conv) Forward(in [][]float32, out []float32) {
	size, k, n := o.Grid.Size(), o.K, o.N
	var w [taps]*kern.Packed
	for i := range w {
		w[i] = o.forward[i].get(o.Env, in[1][i*taps*k*n:], taps*k, n, false)
	}
	o.Env.images(o.Grid, func(i int) {
		var r []float32
		if o.Residual {
			r = in[3][i*size*n:]
		}
		o.product(in[0][i*size*k:], k, &w, in[2], n, r, out[i*size*n:])
	})
}

// turned is the kernel that the gradient of x is a convolution with: turned by
// half a turn, its channels exchanged.
func (o *Conv) turned(w []float32) (packed [taps]*kern.Packed) {
	k, n := o.K, o.N
	if b := &o.backward[0]; !b.fresh || b.version != o.Env.Version || b.epoch != o.Env.Epoch {
		f := grow(&o.flipped, taps*taps*k*n)
		for t := range taps * taps {
			from, to := w[(taps*taps-1-t)*k*n:][:k*n], f[t*k*n:][:k*n]
			for c := range k {
				for j, v := range from[c*n : (c+1)*n] {
					to[j*k+c] = v
				}
			}
		}
	}
	for i := range packed {
		packed[i] = o.backward[i].get(o.Env, o.flipped[i*taps*k*n:], taps*n, k, false)
	}
	return packed
}

// Backward implements Op.
func (o *Conv) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	size, k, n := o.Grid.Size(), o.K, o.N
	if din[0] != nil {
		w := o.turned(in[1])
		o.Env.images(o.Grid, func(i int) {
			o.product(dout[i*size*n:], n, &w, nil, k, nil, din[0][i*size*k:])
		})
	}
	if din[1] != nil {
		o.weightGrad(in[0], dout, din[1])
	}
	if din[2] != nil {
		columnSums(o.Env, o.Grid.Pixels.Live, n, dout, din[2], &o.sums)
	}
	if o.Residual && din[3] != nil {
		live := o.Grid.Pixels.Live * n
		copy(din[3][:live], dout[:live])
	}
}

// weightGrad writes the gradient of the kernel: a product for each of its
// lines, summed over the images.
func (o *Conv) weightGrad(x, dout, dw []float32) {
	size, k, n, images := o.Grid.Size(), o.K, o.N, o.Grid.Images.Live
	all, p := taps*taps*k*n, o.pitch()
	parts := (images + imagesOfPart - 1) / imagesOfPart
	partial := grow(&o.partial, parts*all)
	kern.ParRows(o.Env.Threads, images, imagesOfPart, func(from, to int) {
		f := o.frame()
		sum := partial[from/imagesOfPart*all:][:all]
		for i := from; i < to; i++ {
			in, d := o.inset(x[i*size*k:], k, &f.x), o.inset(dout[i*size*n:], n, &f.y)
			f.packed.Pack(1, d[(1+p)*n:], n, o.outputs(), n, false)
			for l := range taps {
				kern.Gemm(taps*k, in[l*p*k:], 1, k, &f.packed, sum[l*taps*k*n:], n, i > from, nil)
			}
		}
		o.frames.Put(f)
	})
	addParts(parts, all, partial, dw)
}
