package unet

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// groupWidth is how many channels are normalised together.
const groupWidth = 8

// embed is the width of the embedding of the noise.
const embed = 64

// conv is a convolution with normal weights that keep the variance, times gain;
// residual, if not nil, is added.
func conv(b nn.Builder, name string, g *op.Grid, x nn.Value, n int, gain float64, residual ...nn.Value) nn.Value {
	k := x.Shape.Cols
	w := b.Param(name+".w", 9*k, n, nn.Init{Noise: gain / math.Sqrt(float64(9*k)), Decay: true})
	bias := b.Param(name+".b", 1, n, nn.Init{})
	o := &op.Conv{Env: b.Env(), Label: name, Grid: g, K: k, N: n, Residual: len(residual) > 0}
	return b.Apply(o, append([]nn.Value{x, w, bias}, residual...)...)
}

// norm is group norm and GELU, modulated by film where it is given.
func norm(b nn.Builder, name string, g *op.Grid, x nn.Value, film ...nn.Value) nn.Value {
	d := x.Shape.Cols
	gamma := b.Param(name+".gamma", 1, d, nn.Init{Value: 1})
	beta := b.Param(name+".beta", 1, d, nn.Init{})
	o := &op.GroupNorm{Env: b.Env(), Label: name, Grid: g, D: d, Groups: d / groupWidth, Film: len(film) > 0}
	return b.Apply(o, append([]nn.Value{x, gamma, beta}, film...)...)
}

// block is two convolutions beside the identity, or beside a linear map where
// the number of channels changes (He et al. 2016), the second one modulated by
// the embedding of the noise.
func block(b nn.Builder, name string, g *op.Grid, x nn.Value, n int, noise nn.Value) nn.Value {
	h := conv(b, name+".conv1", g, norm(b, name+".norm1", g, x), n, math.Sqrt2)
	film := nn.Linear(b, name+".film", noise, 2*n, false, 0.1)
	skip := x
	if x.Shape.Cols != n {
		skip = nn.Linear(b, name+".skip", x, n, false, 1)
	}
	return conv(b, name+".conv2", g, norm(b, name+".norm2", g, h, film), n, 0.3, skip)
}

// halve is a convolution with a stride of 2 and a kernel of side x side pixels.
// Where whole is set the input has a row for each image.
func halve(b nn.Builder, name string, in, out *op.Grid, x nn.Value, channels, side, n int, whole bool) nn.Value {
	o := &op.Patches{
		Env: b.Env(), Label: name, In: in, Out: out, Channels: channels, Width: padded(side * side * channels),
		Side: side, Stride: 2, Pad: (side - 2) / 2, Whole: whole,
	}
	return nn.Linear(b, name, b.Apply(o, x), n, false, 1)
}
