package op_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
)

// randomGrid is some images of random size in buffers with room for more.
func randomGrid(r *rand.Rand, images int) *op.Grid {
	g := op.NewGrid(&op.Rows{Cap: images + 2, Live: images}, 1+r.IntN(5), 1+r.IntN(5))
	g.Update()
	return g
}

// resized is the same images at another resolution.
func resized(g *op.Grid, height, width int) *op.Grid {
	h := op.NewGrid(g.Images, height, width)
	h.Update()
	return h
}

// imageOperation makes a random case of an operation over images.
type imageOperation struct {
	name string
	make func(r *rand.Rand, images int) optest.Case
}

func conv(residual bool) imageOperation {
	return imageOperation{fmt.Sprintf("conv,residual=%v", residual), func(r *rand.Rand, images int) optest.Case {
		g, k, n, e := randomGrid(r, images), width(r), width(r), &op.Env{}
		c := optest.Case{
			Op: &op.Conv{Env: e, Label: "x", Grid: g, K: k, N: n, Residual: residual}, Env: e, Backward: 2e-5,
			Shapes: []op.Shape{{Rows: g.Pixels, Cols: k}, {Rows: op.Fixed(9 * k), Cols: n}, {Rows: op.Fixed(1), Cols: n}},
		}
		if residual {
			c.Shapes = append(c.Shapes, op.Shape{Rows: g.Pixels, Cols: n})
		}
		draw(r, &c, 1, 0.2, 1, 1)
		c.Form = func(in [][]float64) []float64 {
			var add []float64
			if residual {
				add = in[3]
			}
			return optest.Conv(g, in[0], in[1], in[2], add, k)
		}
		return c
	}}
}

func groupNorm(film bool) imageOperation {
	return imageOperation{fmt.Sprintf("group norm,film=%v", film), func(r *rand.Rand, images int) optest.Case {
		g, d, e := randomGrid(r, images), width(r), &op.Env{}
		groups := []int{1, 2, 4, d / 16}[r.IntN(4)]
		c := optest.Case{
			Op: &op.GroupNorm{Env: e, Label: "x", Grid: g, D: d, Groups: groups, Film: film}, Env: e, Backward: 2e-5,
			Shapes: []op.Shape{{Rows: g.Pixels, Cols: d}, {Rows: op.Fixed(1), Cols: d}, {Rows: op.Fixed(1), Cols: d}},
		}
		if film {
			c.Shapes = append(c.Shapes, op.Shape{Rows: g.Images, Cols: 2 * d})
		}
		draw(r, &c, 2, 1, 1, 0.5)
		c.Form = func(in [][]float64) []float64 {
			var add []float64
			if film {
				add = in[3]
			}
			return optest.GroupNorm(g, in[0], in[1], in[2], add, groups)
		}
		return c
	}}
}

func patches(whole bool) imageOperation {
	return imageOperation{fmt.Sprintf("patches,whole=%v", whole), func(r *rand.Rand, images int) optest.Case {
		g, e := randomGrid(r, images), &op.Env{}
		o := &op.Patches{Env: e, Label: "x", In: g, Channels: width(r), Side: 1 + r.IntN(4), Stride: 1 + r.IntN(3), Whole: whole}
		if whole {
			o.Channels = 1 + r.IntN(3)
		}
		o.Pad = r.IntN(o.Side)
		o.Out = resized(g, max(0, g.Height+2*o.Pad-o.Side)/o.Stride+1, max(0, g.Width+2*o.Pad-o.Side)/o.Stride+1)
		o.Width = (o.Side*o.Side*o.Channels + 15) / 16 * 16
		c := optest.Case{Op: o, Env: e, Shapes: []op.Shape{{Rows: g.Pixels, Cols: o.Channels}}}
		if whole {
			c.Shapes[0] = op.Shape{Rows: g.Images, Cols: g.Size() * o.Channels}
		}
		draw(r, &c, 1)
		c.Form = func(in [][]float64) []float64 { return optest.Patches(o, in[0]) }
		return c
	}}
}

var imageOperations = []imageOperation{
	conv(false), conv(true), groupNorm(false), groupNorm(true), patches(false), patches(true),
	{"assemble", func(r *rand.Rand, images int) optest.Case {
		g, e := randomGrid(r, images), &op.Env{}
		o := &op.Assemble{Env: e, Label: "x", In: g, Channels: 1 + r.IntN(3), Side: 1 + r.IntN(3)}
		o.Out = resized(g, o.Side*g.Height, o.Side*g.Width)
		o.Width = (o.Side*o.Side*o.Channels + 15) / 16 * 16
		c := optest.Case{Op: o, Env: e, Shapes: []op.Shape{{Rows: g.Pixels, Cols: o.Width}}}
		draw(r, &c, 1)
		c.Form = func(in [][]float64) []float64 { return optest.Assemble(o, in[0]) }
		return c
	}},
	{"join", func(r *rand.Rand, images int) optest.Case {
		g, e := randomGrid(r, images), &op.Env{}
		o := &op.Join{Env: e, Label: "x", Low: g, K: width(r), N: width(r), Factor: 1 + r.IntN(3)}
		o.High = resized(g, o.Factor*g.Height, o.Factor*g.Width)
		c := optest.Case{Op: o, Env: e, Shapes: []op.Shape{{Rows: g.Pixels, Cols: o.K}, {Rows: o.High.Pixels, Cols: o.N}}}
		draw(r, &c, 1, 1)
		c.Form = func(in [][]float64) []float64 { return optest.Join(o, in[0], in[1]) }
		return c
	}},
	{"pool", func(r *rand.Rand, images int) optest.Case {
		g, e := randomGrid(r, images), &op.Env{}
		o := &op.Pool{Env: e, Label: "x", Grid: g, D: width(r)}
		c := optest.Case{Op: o, Env: e, Shapes: []op.Shape{{Rows: g.Pixels, Cols: o.D}}}
		draw(r, &c, 1)
		c.Form = func(in [][]float64) []float64 { return optest.Pool(o, in[0]) }
		return c
	}},
}

func TestImageOperationsAreTheirDefinitions(t *testing.T) {
	each(t, func(t *testing.T) {
		for _, o := range imageOperations {
			t.Run(o.name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(41, 42))
				for _, images := range []int{0, 1, 2, 9} {
					optest.Check(t, r, o.make(r, images))
				}
			})
		}
	})
}

// An image's output and gradient do not depend on the images around it.
func TestAnImageStandsAlone(t *testing.T) {
	each(t, func(t *testing.T) {
		for _, o := range imageOperations {
			t.Run(o.name, func(t *testing.T) {
				const images = 5
				c := o.make(rand.New(rand.NewPCG(43, 44)), images)
				shape := c.Op.Shape()
				first := func(s op.Shape, x []float32) []float32 { return x[:s.Rows.Live/images*s.Cols] }
				run := func() (out, dx []float32) {
					out = make([]float32, shape.Rows.Cap*shape.Cols)
					din := make([][]float32, len(c.In))
					din[0] = make([]float32, c.Shapes[0].Rows.Cap*c.Shapes[0].Cols)
					c.Env.Train = true
					c.Op.Forward(c.In, out)
					c.Op.Backward(c.In, out, normal(rand.New(rand.NewPCG(45, 46)), len(out), 1), din)
					return first(shape, out), first(c.Shapes[0], din[0])
				}
				out, dx := run()
				r := rand.New(rand.NewPCG(47, 48))
				for i, s := range c.Shapes {
					if s.Rows.Cap == s.Rows.Live {
						continue // a parameter
					}
					others := c.In[i][len(first(s, c.In[i])):]
					copy(others, normal(r, len(others), 3))
				}
				out2, dx2 := run()
				if i := optest.Differ(out, out2); i >= 0 {
					t.Fatalf("output %d is %v, and %v among others", i, out[i], out2[i])
				}
				if i := optest.Differ(dx, dx2); i >= 0 {
					t.Fatalf("gradient %d is %v, and %v among others", i, dx[i], dx2[i])
				}
			})
		}
	})
}
