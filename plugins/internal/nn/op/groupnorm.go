package op

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// GroupNorm is group norm (Wu and He 2018) and GELU: channels of an image are
// brought to mean 0 and variance 1 in groups, over all pixels, then scaled,
// shifted and put through GELU. Inputs x (pixels x D), gamma and beta (1 x D)
// and, with Film, a scale and a shift for each channel of each image (images x
// 2D; feature-wise modulation, Perez et al. 2018): y = gelu((1+s)(gamma xhat +
// beta) + t). D is a multiple of 16 and of Groups.
type GroupNorm struct {
	Env       *Env
	Label     string
	Grid      *Grid
	D, Groups int
	Film      bool

	stats   []float32 // mean and rstd of each group of each image
	affine  []float32 // of each image: a and c with z = a x + c, by channel
	partial []float32 // of each image: gradients of gamma and beta
	dz      []float32
}

// Name implements Op.
func (o *GroupNorm) Name() string { return "group norm " + o.Label }

// Check implements Op.
func (o *GroupNorm) Check(in []Shape) error {
	expected := []Shape{{o.Grid.Pixels, o.D}, {Fixed(1), o.D}, {Fixed(1), o.D}}
	if o.Film {
		expected = append(expected, Shape{o.Grid.Images, 2 * o.D})
	}
	return want(o.Name(), in, expected...)
}

// Shape implements Op.
func (o *GroupNorm) Shape() Shape { return Shape{o.Grid.Pixels, o.D} }

// film is the scales and shifts of an image.
func (o *GroupNorm) film(in [][]float32, i int) (s, t []float32) {
	if !o.Film {
		return nil, nil
	}
	f := in[3][i*2*o.D:][:2*o.D]
	return f[:o.D], f[o.D:]
}

// Forward implements Op.
func (o *GroupNorm) Forward(in [][]float32, out []float32) {
	d, size := o.D, o.Grid.Size()
	grow(&o.stats, o.Grid.Images.Live*2*o.Groups)
	grow(&o.affine, o.Grid.Images.Live*2*d)
	o.Env.images(o.Grid, func(i int) {
		x, y := in[0][i*size*d:][:size*d], out[i*size*d:][:size*d]
		a, c := o.measure(x, in, i)
		for from := 0; from < size; from += o.rowsAtOnce() {
			rows := min(o.rowsAtOnce(), size-from)
			z := y[from*d:][:rows*d]
			kern.ChannelAffine(rows, d, x[from*d:], a, c, z)
			kern.Gelu(z, z)
		}
	})
}

// rowsAtOnce is how many pixels go from one kernel to the next while they are
// in the first-level cache.
func (o *GroupNorm) rowsAtOnce() int { return max(1, 2048/o.D) }

// measure keeps the statistics of image i and gives its affine map.
func (o *GroupNorm) measure(x []float32, in [][]float32, i int) (a, c []float32) {
	d, size, width := o.D, o.Grid.Size(), o.D/o.Groups
	ac := o.affine[i*2*d:][:2*d]
	a, c = ac[:d], ac[d:]
	clear(ac)
	kern.ChannelSums(size, d, x, x, a, c)
	s, t := o.film(in, i)
	for g := range o.Groups {
		var sum, squares float64
		for j := g * width; j < (g+1)*width; j++ {
			sum += float64(a[j])
			squares += float64(c[j])
		}
		n := float64(size * width)
		mean := sum / n
		rstd := 1 / math.Sqrt(max(squares/n-mean*mean, 0)+kern.NormEps)
		o.stats[(i*o.Groups+g)*2], o.stats[(i*o.Groups+g)*2+1] = float32(mean), float32(rstd)
		for j := g * width; j < (g+1)*width; j++ {
			scale := float64(in[1][j]) * rstd
			shift := float64(in[2][j]) - scale*mean
			if s != nil {
				scale *= 1 + float64(s[j])
				shift = shift*(1+float64(s[j])) + float64(t[j])
			}
			a[j], c[j] = float32(scale), float32(shift)
		}
	}
	return a, c
}

// Backward implements Op.
func (o *GroupNorm) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	d, size, images := o.D, o.Grid.Size(), o.Grid.Images.Live
	grow(&o.dz, images*size*d)
	partial := grow(&o.partial, 2*images*d)
	o.Env.images(o.Grid, func(i int) {
		x, dy, dz := in[0][i*size*d:][:size*d], dout[i*size*d:][:size*d], o.dz[i*size*d:][:size*d]
		ac := o.affine[i*2*d:][:2*d]
		b := o.sums(x, dy, dz, ac)
		dg, db := partial[i*d:][:d], partial[(images+i)*d:][:d]
		o.slopes(in, i, b, dg, db, din)
		if din[0] != nil {
			kern.ChannelMix(size, d, dz, x, b.dz, b.x, b.one, din[0][i*size*d:])
		}
	})
	addParts(images, d, partial, din[1])
	addParts(images, d, partial[images*d:], din[2])
}

// slopesOf is vectors over the channels of an image: sums, then coefficients.
type slopesOf struct{ dz, x, one []float32 }

// sums sets dz to the gradient before GELU. It gives the sums over the pixels of
// dz and of dz*x.
func (o *GroupNorm) sums(x, dy, dz, affine []float32) slopesOf {
	d, size := o.D, o.Grid.Size()
	v := make([]float32, 3*d)
	b := slopesOf{v[:d], v[d : 2*d], v[2*d:]}
	for from := 0; from < size; from += o.rowsAtOnce() {
		rows := min(o.rowsAtOnce(), size-from)
		z := dz[from*d:][:rows*d]
		kern.ChannelAffine(rows, d, x[from*d:], affine[:d], affine[d:], z)
		kern.GeluGrad(z, dy[from*d:][:rows*d], z)
		kern.ChannelSums(rows, d, x[from*d:], z, b.dz, b.x)
	}
	return b
}

// slopes turns the sums of image i into the gradients of its parameters, and
// the coefficients of dx = b.dz dz + b.x x + b.one.
func (o *GroupNorm) slopes(in [][]float32, i int, b slopesOf, dgamma, dbeta []float32, din [][]float32) {
	width := o.D / o.Groups
	n := float64(o.Grid.Size() * width)
	s, _ := o.film(in, i)
	for g := range o.Groups {
		mean, rstd := float64(o.stats[(i*o.Groups+g)*2]), float64(o.stats[(i*o.Groups+g)*2+1])
		var first, second float64 // means of dxhat and dxhat*xhat
		for j := g * width; j < (g+1)*width; j++ {
			sum := float64(b.dz[j])
			dot := rstd * (float64(b.x[j]) - mean*sum) // of dz and xhat
			gamma, beta, k := float64(in[1][j]), float64(in[2][j]), 1.0
			if s != nil {
				k += float64(s[j])
				if din[3] != nil {
					film := din[3][i*2*o.D:]
					film[j], film[o.D+j] = float32(gamma*dot+beta*sum), float32(sum)
				}
			}
			dgamma[j], dbeta[j] = float32(k*dot), float32(k*sum)
			first += k * gamma * sum / n
			second += k * gamma * dot / n
			b.dz[j] = float32(rstd * k * gamma)
		}
		for j := g * width; j < (g+1)*width; j++ {
			b.x[j] = float32(-rstd * rstd * second)
			b.one[j] = float32(rstd * (rstd*second*mean - first))
		}
	}
}
