package op_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
)

// codeWidth is the length of a code of log Z.
const codeWidth = 16

// randomPaths are n trajectories of one state and more, in groups, in buffers
// with room for more.
func randomPaths(r *rand.Rand, n, shortest int) *op.Paths {
	b := &op.Paths{States: &op.Rows{}, Paths: &op.Rows{Live: n}, Start: []int32{0}, Residual: make([]float64, n)}
	groups := int32(0)
	for range n {
		states := shortest + r.IntN(7)
		if r.IntN(3) == 0 {
			states = shortest
		}
		b.States.Live += states
		b.Start = append(b.Start, int32(b.States.Live))
		for range states {
			b.Target = append(b.Target, 6*r.NormFloat64())
		}
		b.Code = append(b.Code, normal(r, codeWidth, 1))
		g := int32(r.IntN(int(groups) + 1))
		groups = max(groups, g+1)
		b.Group = append(b.Group, g)
	}
	b.Paths.Cap, b.States.Cap = n+2, b.States.Live+3
	return b
}

func TestBalanceIsItsDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(11, 12))
		for _, objective := range []op.Objective{op.TrajectoryBalance, op.Variance, op.SubTrajectories, op.Likelihood} {
			for _, knee := range []float64{0, 2.5} {
				for _, n := range []int{0, 1, 2, 13} {
					t.Run(fmt.Sprintf("objective %d, knee %v, %d paths", objective, knee, n), func(t *testing.T) {
						// The first state of a path of more than one may not
						// stop: its log-probability is never read.
						b := randomPaths(r, n, 2)
						e := &op.Env{}
						o := &op.Balance{Env: e, Paths: b, Objective: objective, Knee: knee, Z: codeWidth}
						c := optest.Case{
							Op: o, Env: e, Same: objective == op.Variance, Constant: []bool{false, objective == op.Variance || objective == op.Likelihood},
							Shapes: []op.Shape{{Rows: b.States, Cols: 2}, {Rows: op.Fixed(1), Cols: codeWidth}},
						}
						draw(r, &c, 2, 1)
						for p := range n {
							c.In[0][2*b.Start[p]+1] = op.Illegal
						}
						c.Form = func(in [][]float64) []float64 {
							loss, _ := optest.Balance(b, objective, knee, in[0], in[1])
							return loss
						}
						optest.Check(t, r, c)

						logp, z := widen(c.In[0]), widen(c.In[1])
						_, residual := optest.Balance(b, objective, knee, logp, z)
						for p, want := range residual {
							if math.Abs(b.Residual[p]-want) > 1e-5*(1+math.Abs(want)) {
								t.Fatalf("path %d: residual %v, want %v", p, b.Residual[p], want)
							}
						}
						if objective == op.Variance {
							fittedBeside(t, b, knee, o, c.In, residual)
						}
					})
				}
			}
		}
	})
}

func TestAgreementIsItsDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(21, 22))
		for _, knee := range []float64{0, 2.5} {
			for _, n := range []int{0, 1, 2, 13} {
				t.Run(fmt.Sprintf("knee %v, %d paths", knee, n), func(t *testing.T) {
					b := randomPaths(r, n, 1)
					e := &op.Env{}
					c := optest.Case{
						Op: &op.Balance{Env: e, Paths: b, Objective: op.Likelihood, Agree: .3, Knee: knee, Z: codeWidth}, Env: e, Same: true, Constant: []bool{false, true},
						Shapes: []op.Shape{{Rows: b.States, Cols: 2}, {Rows: op.Fixed(1), Cols: codeWidth}},
					}
					draw(r, &c, 2, 1)
					c.Form = func(in [][]float64) []float64 { return optest.Agreement(b, knee, .3, in[0], in[1]) }
					optest.Check(t, r, c)
				})
			}
		}
	})
}

// fittedBeside checks the gradient of log Z under op.Variance, which is that of
// trajectory balance: the mean of each residual, cut off at the knee, times its
// code.
func fittedBeside(t *testing.T, b *op.Paths, knee float64, o *op.Balance, in [][]float32, residual []float64) {
	t.Helper()
	n := b.Paths.Live
	out, dout, din := make([]float32, n), make([]float32, n), make([]float32, codeWidth)
	for i := range dout {
		dout[i] = 1
	}
	o.Forward(in, out)
	o.Backward(in, out, dout, [][]float32{nil, din})
	for k, got := range din {
		var want float64
		for p, d := range residual {
			if knee > 0 {
				d = min(max(d, -knee), knee)
			}
			want += d / float64(n) * float64(b.Code[p][k])
		}
		if math.Abs(float64(got)-want) > 1e-5*(1+math.Abs(want)) {
			t.Fatalf("log Z: gradient %d is %v, want %v", k, got, want)
		}
	}
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func TestCrossEntropyIsItsDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(13, 14))
		for _, n := range []int{0, 1, 7, 230} {
			for _, classes := range []int{1, 2, 6, 16, 21} {
				t.Run(fmt.Sprintf("%d rows, %d classes", n, classes), func(t *testing.T) {
					l := &op.Labels{Rows: &op.Rows{Cap: n + 2, Live: n}, Classes: classes}
					if classes == 6 { // three observations of three models
						l.Multiplicity = []float64{1, 3, 3, 1, 6, 3}
					}
					for i := range n {
						switch weight := r.ExpFloat64(); i % 3 {
						case 0:
							l.Hard(weight, r.IntN(classes))
						case 1:
							l.Soft(weight, shares(r, classes)...)
						default:
							l.Soft(0, shares(r, classes)...)
						}
					}
					e, width := &op.Env{}, (classes+15)/16*16
					c := optest.Case{
						Op: &op.CrossEntropy{Env: e, Label: "x", Labels: l, Columns: width}, Env: e,
						Shapes: []op.Shape{{Rows: l.Rows, Cols: width}},
					}
					draw(r, &c, 3)
					c.Form = func(in [][]float64) []float64 { return optest.CrossEntropy(l, in[0], width) }
					optest.Check(t, r, c)
				})
			}
		}
	})
}

// shares are random, some of them zero, and need not add up to one.
func shares(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = max(r.Float64()-0.3, 0)
	}
	return x
}

// Logits far apart, infinite ones without a share, and weight nothing are no
// trouble.
func TestCrossEntropyAtTheEdges(t *testing.T) {
	inf := float32(math.Inf(-1))
	l := &op.Labels{Rows: &op.Rows{Cap: 4, Live: 4}, Classes: 3}
	l.Hard(1, 0)
	l.Hard(1, 1)
	l.Soft(1, 0.5, 0.5, 0)
	l.Hard(0, 2)
	e := &op.Env{}
	o := &op.CrossEntropy{Env: e, Labels: l, Columns: 16}
	in := make([]float32, 4*16)
	copy(in, []float32{3e4, -3e4, 0})
	copy(in[16:], []float32{3e4, -3e4, 0})
	copy(in[32:], []float32{2, 2, inf})
	copy(in[48:], []float32{0, 0, inf})
	out, din := make([]float32, 4), make([]float32, len(in))
	o.Forward([][]float32{in}, out)
	o.Backward([][]float32{in}, out, []float32{1, 1, 1, 1}, [][]float32{din})
	for i, want := range []float64{0, 6e4, math.Log(2), 0} {
		if math.Abs(float64(out[i])-want) > 1e-6*(1+want) {
			t.Errorf("row %d: loss %v, want %v", i, out[i], want)
		}
	}
	for i, want := range map[int]float32{0: 0, 16: 1, 17: -1, 32: 0, 33: 0, 34: 0, 48: 0, 50: 0} {
		if math.Abs(float64(din[i]-want)) > 1e-15 {
			t.Errorf("gradient %d is %v, want %v", i, din[i], want)
		}
	}
}

// The loss of a network that knows nothing is the logarithm of the number of
// cases, whatever the classes: multiplicities make a class as large as it is.
func TestMultiplicitiesCountCases(t *testing.T) {
	mu := []float64{1, 3, 3, 1} // three coins, by the number of heads
	l := &op.Labels{Rows: op.Fixed(1), Classes: 4, Multiplicity: mu}
	l.Soft(1, 1./8, 3./8, 3./8, 1./8)
	in := make([]float32, 16)
	for c, m := range mu {
		in[c] = float32(math.Log(m))
	}
	out := make([]float32, 1)
	(&op.CrossEntropy{Env: &op.Env{}, Labels: l, Columns: 16}).Forward([][]float32{in}, out)
	if math.Abs(float64(out[0])-math.Log(8)) > 1e-6 {
		t.Errorf("the loss is %v, want log 8", out[0])
	}
}

func TestLabelsThatDoNotFitPanic(t *testing.T) {
	l := &op.Labels{Rows: op.Fixed(2), Classes: 3}
	for want, f := range map[string]func(){
		"one share per class": func() { l.Soft(1, 0.5, 0.5) },
		"does not exist":      func() { l.Hard(1, 3) },
		"as many labels": func() {
			l.Hard(1, 2)
			(&op.CrossEntropy{Env: &op.Env{}, Labels: l, Columns: 16}).Forward([][]float32{make([]float32, 32)}, make([]float32, 2))
		},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, want) {
					t.Errorf("panic %q, want %q", text, want)
				}
			}()
			f()
		}()
	}
}
