package optest

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// pixel is where channel c of a pixel lies, or -1 beyond the image's edges.
func pixel(g *op.Grid, channels, image, y, x, c int) int {
	if y < 0 || y >= g.Height || x < 0 || x >= g.Width {
		return -1
	}
	return ((image*g.Height+y)*g.Width+x)*channels + c
}

// Conv is a convolution with a 3x3 kernel, see [op.Conv]; r may be nil.
func Conv(g *op.Grid, x, w, b, r []float64, k int) []float64 {
	n := len(b)
	out := make([]float64, g.Pixels.Live*n)
	for i := range out {
		c, p := i%n, i/n
		s := b[c]
		for dy := range 3 {
			for dx := range 3 {
				for j := range k {
					at := pixel(g, k, p/g.Size(), p%g.Size()/g.Width+dy-1, p%g.Width+dx-1, j)
					if at >= 0 {
						s += x[at] * w[((dy*3+dx)*k+j)*n+c]
					}
				}
			}
		}
		if r != nil {
			s += r[i]
		}
		out[i] = s
	}
	return out
}

// GroupNorm is group norm and GELU, see [op.GroupNorm]; film may be nil.
func GroupNorm(g *op.Grid, x, gamma, beta, film []float64, groups int) []float64 {
	d := len(gamma)
	out := make([]float64, len(x))
	width, size := d/groups, g.Size()
	for i := range g.Images.Live {
		for group := range groups {
			var values []float64
			for p := i * size; p < (i+1)*size; p++ {
				values = append(values, x[p*d+group*width:p*d+(group+1)*width]...)
			}
			var mean, variance float64
			for _, v := range values {
				mean += v / float64(len(values))
			}
			for _, v := range values {
				variance += (v - mean) * (v - mean) / float64(len(values))
			}
			for j, v := range values {
				c := group*width + j%width
				z := (v-mean)/math.Sqrt(variance+normEps)*gamma[c] + beta[c]
				if film != nil {
					z = z*(1+film[i*2*d+c]) + film[i*2*d+d+c]
				}
				out[(i*size+j/width)*d+c] = Gelu(z)
			}
		}
	}
	return out
}

// Patches is what outputs of a convolution read, see [op.Patches].
func Patches(o *op.Patches, x []float64) []float64 {
	out := make([]float64, o.Out.Pixels.Live*o.Width)
	for p := range o.Out.Pixels.Live {
		image, y, at := p/o.Out.Size(), p%o.Out.Size()/o.Out.Width, p%o.Out.Width
		for i := range o.Side {
			for j := range o.Side {
				for c := range o.Channels {
					from := pixel(o.In, o.Channels, image, y*o.Stride-o.Pad+i, at*o.Stride-o.Pad+j, c)
					if from >= 0 {
						out[p*o.Width+(i*o.Side+j)*o.Channels+c] = x[from]
					}
				}
			}
		}
	}
	return out
}

// Assemble puts squares of pixels together, see [op.Assemble].
func Assemble(o *op.Assemble, x []float64) []float64 {
	out := make([]float64, o.Out.Images.Live*o.Out.Size()*o.Channels)
	for i := range out {
		c, p := i%o.Channels, i/o.Channels
		image, y, at := p/o.Out.Size(), p%o.Out.Size()/o.Out.Width, p%o.Out.Width
		row := (image*o.In.Height+y/o.Side)*o.In.Width + at/o.Side
		out[i] = x[row*o.Width+(y%o.Side*o.Side+at%o.Side)*o.Channels+c]
	}
	return out
}

// Join enlarges images and puts them beside others, see [op.Join].
func Join(o *op.Join, low, high []float64) []float64 {
	var out []float64
	for p := range o.High.Pixels.Live {
		image, y, x := p/o.High.Size(), p%o.High.Size()/o.High.Width, p%o.High.Width
		at := pixel(o.Low, o.K, image, y/o.Factor, x/o.Factor, 0)
		out = append(append(out, low[at:at+o.K]...), high[p*o.N:(p+1)*o.N]...)
	}
	return out
}

// Pool is the mean over the pixels, see [op.Pool].
func Pool(o *op.Pool, x []float64) []float64 {
	out := make([]float64, o.Grid.Images.Live*o.D)
	for i, v := range x {
		out[i/o.D/o.Grid.Size()*o.D+i%o.D] += v / float64(o.Grid.Size())
	}
	return out
}
