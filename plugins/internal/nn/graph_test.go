package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// minimize builds a graph of a loss and closes it with the test.
func minimize(t *testing.T, p *nn.Params, build func(b nn.Builder) nn.Value) *nn.Graph {
	t.Helper()
	g := nn.NewGraph(p, 2)
	if err := g.Minimize(build(g)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

func run(t *testing.T, g *nn.Graph, version uint64) float64 {
	t.Helper()
	cost, err := g.Run(version)
	if err != nil {
		t.Fatal(err)
	}
	return cost
}

// Gorgonia merges nodes that it takes for equal; two of ours never are.
func TestOperationsOnOneValueAreNotMerged(t *testing.T) {
	p := params(1)
	rows := op.Fixed(4)
	g := minimize(t, p, func(b nn.Builder) nn.Value {
		w := b.Param("w", 4, 16, nn.Init{Noise: 1})
		w = b.Apply(&times{rows, 16, 1}, w)
		x, y := b.Apply(&times{rows, 16, 2}, w), b.Apply(&times{rows, 16, 3}, w)
		return b.Apply(&half{rows, 16}, x, y)
	})
	cost := run(t, g, 1)
	var want float64
	for i, v := range widen(p.Get("w").Data) {
		want += 25 * v * v / 2
		near(t, "the gradient", float64(p.Get("w").Grad[i]), 25*v, 1e-5*math.Abs(25*v))
	}
	near(t, "the cost", cost, want, 1e-5*want)
}

// A value that several operations read has the sum of their gradients, in every
// run the same.
func TestGradientsAddUpOverUsesButNotOverRuns(t *testing.T) {
	for uses := 1; uses <= 4; uses++ {
		p := params(2)
		rows := op.Fixed(3)
		g := minimize(t, p, func(b nn.Builder) nn.Value {
			w := b.Apply(&times{rows, 16, 1}, b.Param("w", 3, 16, nn.Init{Noise: 1}))
			var parts []nn.Value
			for i := range uses {
				parts = append(parts, b.Apply(&times{rows, 16, float32(i + 1)}, w))
			}
			return b.Apply(&half{rows, 16}, parts...)
		})
		w := p.Get("w")
		f := float64(uses * (uses + 1) / 2)
		var costs []float64
		var grads [][]float32
		for range 4 {
			costs = append(costs, run(t, g, 1))
			grads = append(grads, slices.Clone(w.Grad))
			for i, v := range w.Data {
				near(t, "the gradient", float64(w.Grad[i]), f*f*float64(v), 1e-5*f*f*math.Abs(float64(v)))
			}
		}
		for k := range costs {
			if costs[k] != costs[0] || !slices.Equal(grads[k], grads[0]) {
				t.Fatalf("%d uses: run %d gives another result than run 0", uses, k)
			}
		}
	}
}

func TestParametersHaveOneUse(t *testing.T) {
	rows := op.Fixed(4)
	for _, b := range []nn.Builder{nn.NewGraph(params(3), 1), nn.NewRunner(params(3), 1)} {
		w := b.Param("w", 4, 16, nn.Init{Noise: 1})
		b.Apply(&times{rows, 16, 2}, w)
		b.Apply(&times{rows, 16, 3}, w)
		if err := b.Err(); err == nil || err.Error() != "nn: times reads parameter w, which has its one use already" {
			t.Errorf("%T: error %v", b, err)
		}
	}
	for _, b := range []nn.Builder{nn.NewGraph(params(3), 1), nn.NewRunner(params(3), 1)} {
		w := b.Param("w", 4, 16, nn.Init{Noise: 1})
		b.Apply(&half{rows, 16}, w, w)
		if err := b.Err(); err == nil || err.Error() != "nn: half reads parameter w, which has its one use already" {
			t.Errorf("%T: error %v", b, err)
		}
	}
}

func TestEveryParameterMustCount(t *testing.T) {
	rows := op.Fixed(4)
	for want, build := range map[string]func(b nn.Builder) nn.Value{
		"nn: the cost does not depend on parameter idle": func(b nn.Builder) nn.Value {
			b.Param("idle", 1, 16, nn.Init{})
			return b.Apply(&half{rows, 16}, b.Param("w", 4, 16, nn.Init{Noise: 1}))
		},
		"nn: the cost does not depend on parameter dead end": func(b nn.Builder) nn.Value {
			b.Apply(&times{rows, 16, 2}, b.Param("dead end", 4, 16, nn.Init{}))
			return b.Apply(&half{rows, 16}, b.Param("w", 4, 16, nn.Init{Noise: 1}))
		},
		"nn: the cost does not depend on any parameter": func(b nn.Builder) nn.Value {
			return b.Apply(&half{rows, 16}, b.Const("c", 4, 16, make([]float32, 64)))
		},
	} {
		g := nn.NewGraph(params(4), 1)
		if err := g.Minimize(build(g)); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWrongShapesStopTheModel(t *testing.T) {
	g := nn.NewGraph(params(5), 1)
	x, _ := g.Input("x", &op.Rows{Cap: 5}, 32)
	h := nn.Norm(g, "first", x)
	v := g.Apply(&op.Linear{Env: g.Env(), Label: "head", Rows: h.Shape.Rows, K: 16, N: 16}, h, g.Param("w", 16, 16, nn.Init{}), g.Param("b", 1, 16, nn.Init{}))
	const want = "op: linear head: input 0 is 5x32, want 5x16"
	if err := g.Err(); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if err := g.Minimize(v); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// The cost is that of the live rows: what an earlier, larger batch left behind
// them does not count, in the cost or in the gradient.
func TestTheCostIsOfTheLiveRows(t *testing.T) {
	p := params(6)
	rows := &op.Rows{Cap: 6}
	var x []float32
	g := minimize(t, p, func(b nn.Builder) nn.Value {
		in, data := b.Input("x", rows, 16)
		x = data
		return b.Apply(&half{rows, 16}, nn.Linear(b, "layer", in, 16, false, 1))
	})
	r := rand.New(rand.NewPCG(1, 2))
	copy(x, normal(r, len(x), 1))
	type result struct {
		cost float64
		grad []float32
	}
	seen := map[int]result{}
	for _, live := range []int{2, 6, 2, 0, 6, 2} {
		rows.Live = live
		got := result{run(t, g, 1), slices.Clone(p.Get("layer.w").Grad)}
		if before, ok := seen[live]; ok && (before.cost != got.cost || !slices.Equal(before.grad, got.grad)) {
			t.Fatalf("%d rows: cost %v, before %v", live, got.cost, before.cost)
		}
		seen[live] = got
		if live == 0 && (got.cost != 0 || slices.ContainsFunc(got.grad, func(v float32) bool { return v != 0 })) {
			t.Fatalf("no rows cost %v", got.cost)
		}
	}
	if !(seen[6].cost > seen[2].cost) {
		t.Errorf("six rows cost %v, two %v", seen[6].cost, seen[2].cost)
	}
}

// Constants and inputs have no gradient; what depends on them alone is run, not
// differentiated.
func TestOperationsOverConstantsRun(t *testing.T) {
	p := params(7)
	rows := op.Fixed(2)
	var x []float32
	g := minimize(t, p, func(b nn.Builder) nn.Value {
		in, data := b.Input("x", rows, 16)
		x = data
		c := b.Apply(&times{rows, 16, 4}, b.Apply(&times{rows, 16, 0.5}, in))
		w := b.Apply(&times{rows, 16, 1}, b.Param("w", 2, 16, nn.Init{Noise: 1}))
		return b.Apply(&half{rows, 16}, c, w)
	})
	for k := range 3 {
		for i := range x {
			x[i] = float32(i * k)
		}
		run(t, g, 1)
		for i, v := range p.Get("w").Data {
			want := float64(v) + 2*float64(x[i])
			near(t, "the gradient", float64(p.Get("w").Grad[i]), want, 1e-5*(1+math.Abs(want)))
		}
	}
}

// A graph that is built anew over the same parameters has its own gradients.
func TestANewGraphTakesOver(t *testing.T) {
	p := params(8)
	rows := op.Fixed(2)
	build := func(f float32) func(b nn.Builder) nn.Value {
		return func(b nn.Builder) nn.Value {
			return b.Apply(&half{rows, 16}, b.Apply(&times{rows, 16, f}, b.Param("w", 2, 16, nn.Init{Noise: 1})))
		}
	}
	run(t, minimize(t, p, build(1)), 1)
	old := p.Get("w").Grad
	second := minimize(t, p, build(2))
	run(t, second, 1)
	w := p.Get("w")
	if &w.Grad[0] == &old[0] {
		t.Fatal("the gradient is the old graph's")
	}
	for i, v := range w.Data {
		near(t, "the gradient", float64(w.Grad[i]), 4*float64(v), 1e-5*math.Abs(4*float64(v)))
	}
	if list := second.Params(); len(list) != 1 || list[0] != w {
		t.Errorf("the graph lists %v", list)
	}
}

func TestAGraphThatFailsSaysSo(t *testing.T) {
	g := nn.NewGraph(params(9), 1)
	a, _ := g.Input("x", op.Fixed(1), 16)
	if _, data := g.Input("x", op.Fixed(1), 16); data == nil {
		t.Error("no buffer")
	}
	if err := g.Minimize(a); err == nil || !strings.Contains(err.Error(), "input x is used twice") {
		t.Errorf("error %v", err)
	}
}
