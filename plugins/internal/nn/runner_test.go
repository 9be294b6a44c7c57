package nn_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// counting is times that counts its runs.
type counting struct {
	times
	runs int
}

func (o *counting) Forward(in [][]float32, out []float32) {
	o.runs++
	o.times.Forward(in, out)
}

// chain is a batch of trees that are paths: token i is i bonds from the first.
func chain(r *rand.Rand, trees *op.Trees, n int) {
	trees.Trees.Live, trees.Tokens.Live = n, 0
	trees.Start, trees.Rel = append(trees.Start[:0], 0), trees.Rel[:0]
	for range n {
		size := 1 + r.IntN(9)
		rel := slices.Repeat([]int32{op.Padding}, size*16)
		for i := range size {
			for j := range size {
				rel[i*16+j] = int32(max(i-j, j-i))
			}
		}
		trees.Tokens.Live += size
		trees.Start, trees.Rel = append(trees.Start, int32(trees.Tokens.Live)), append(trees.Rel, rel)
	}
}

// small is a network of every layer that this package has; it hands out the
// classes of its tokens.
func small(b nn.Builder, trees *op.Trees) (x []float32, logits nn.Value) {
	in, x := b.Input("x", trees.Tokens, 32)
	h := nn.Linear(b, "in", in, 32, true, 1)
	h = nn.Block(b, "block", trees, h, 1)
	h = nn.Linear(b, "out", nn.Norm(b, "norm", h), 32, false, 1, h)
	return x, nn.Linear(b, "head", h, 16, false, 1)
}

func TestGraphAndRunnerAgree(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		trees := &op.Trees{Trees: &op.Rows{Cap: 40}, Tokens: &op.Rows{Cap: 400}}
		labels := &op.Labels{Rows: trees.Tokens, Classes: 5}
		loss := func(b nn.Builder) ([]float32, nn.Value) {
			x, logits := small(b, trees)
			return x, b.Apply(&op.CrossEntropy{Env: b.Env(), Label: "x", Labels: labels, Columns: 16}, logits)
		}
		p := params(3)
		g := nn.NewGraph(p, 2)
		gx, cost := loss(g)
		if err := g.Minimize(cost); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = g.Close() })
		runner := nn.NewRunner(p, 1)
		rx, losses := loss(runner)
		if err := runner.Err(); err != nil {
			t.Fatal(err)
		}
		for version := range uint64(5) {
			chain(r, trees, []int{40, 1, 0, 17, 3}[version])
			n := trees.Tokens.Live
			copy(gx, normal(r, n*32, 1))
			copy(rx, gx[:n*32])
			labels.Reset()
			for range n {
				labels.Hard(1/float64(n), r.IntN(5))
			}
			for _, x := range p.All() {
				for i := range x.Data {
					x.Data[i] += float32(0.01 * r.NormFloat64())
				}
			}
			got := run(t, g, version)
			runner.Run(version)
			var want float64
			for _, v := range runner.Data(losses)[:n] {
				want += float64(v)
			}
			near(t, "the graph's cost", got, want, 1e-6*(1+want)) // it adds up in float32
		}
	})
}

func TestARunnerComputesAgainWhatHasChanged(t *testing.T) {
	p := params(4)
	rows := op.Fixed(2)
	b := nn.NewRunner(p, 1)
	table := &counting{times: times{rows, 16, 2}}
	state := &counting{times: times{rows, 16, 3}}
	keys := b.Apply(table, b.Param("w", 2, 16, nn.Init{Noise: 1}))
	in, x := b.Input("x", rows, 16)
	out := b.Apply(state, in)
	w := p.Get("w").Data
	check := func(what string, tables, states int) {
		t.Helper()
		if table.runs != tables || state.runs != states {
			t.Fatalf("%s: %d runs of what is fixed, want %d; %d of the rest, want %d", what, table.runs, tables, state.runs, states)
		}
		if b.Data(keys)[5] != 2*w[5] || b.Data(out)[5] != 3*x[5] {
			t.Fatalf("%s: the values are old", what)
		}
	}
	x[5] = 1
	b.Run(0)
	check("first run", 1, 1)
	x[5] = 2
	b.Run(0)
	check("another input", 1, 2)
	w[5]++
	b.Run(1)
	check("another version", 2, 3)
	w[5]++
	b.Forget()
	b.Run(1)
	check("after Forget", 3, 4)
}

// Packed weights too are made anew after Forget.
func TestForgetReadsWeightsAnew(t *testing.T) {
	p := params(5)
	b := nn.NewRunner(p, 1)
	in, x := b.Input("x", op.Fixed(1), 16)
	out := nn.Linear(b, "layer", in, 16, false, 1)
	x[3] = 1
	b.Run(7)
	p.Get("layer.w").Data[3*16]++
	b.Forget()
	b.Run(7)
	if got, want := b.Data(out)[0], p.Get("layer.w").Data[3*16]; got != want {
		t.Errorf("the output is %v, want %v", got, want)
	}
}

// A runner allocates nothing once its buffers have grown: no layer does, and no
// batch that is smaller than one before it.
func TestARunnerAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	trees := &op.Trees{Trees: &op.Rows{Cap: 40}, Tokens: &op.Rows{Cap: 400}}
	nodes := &op.Nodes{Trees: trees}
	table := &op.Table{Trees: trees, Rows: &op.Rows{Cap: 400}}
	b := nn.NewRunner(params(6), 1)
	h := nn.Block(b, "block", trees, tokensOf(b, nodes), 2)
	h = nn.Block(b, "another", trees, h, 2)
	h = nn.Linear(b, "project", nn.Norm(b, "norm", h), 64, false, 1)
	h = b.Apply(&op.Hidden{Env: b.Env(), Table: table, Sites: 3, D: 32}, h, b.Param("places", 3, 32, nn.Init{Noise: 1}))
	nn.Linear(b, "query", h, 32, true, 1)
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{40, 1, 13} {
		chain(r, trees, n)
		decorate(r, nodes, table)
		b.Run(1)
		if allocs := testing.AllocsPerRun(20, func() { b.Run(1) }); allocs != 0 {
			t.Errorf("a run over %d trees makes %v allocations", n, allocs)
		}
	}
}

// tokensOf is the first layer over trees of four kinds of nodes.
func tokensOf(b nn.Builder, nodes *op.Nodes) nn.Value {
	in, _ := b.Input("trees", nodes.Trees.Trees, 32)
	return b.Apply(&op.Tokens{Env: b.Env(), Nodes: nodes, Kinds: 4, Sites: 3, D: 32},
		b.Param("kinds", 4, 32, nn.Init{Noise: 1}), b.Param("sites", 3, 64, nn.Init{Noise: 1}), in)
}

// decorate draws kinds, bonds and a row per token for the trees of a chain.
func decorate(r *rand.Rand, nodes *op.Nodes, table *op.Table) {
	nodes.Kind, nodes.Token, nodes.Own, nodes.Other = nil, nil, nil, nil
	nodes.EndStart, table.RowStart = []int32{0}, []int32{0}
	table.Token, table.Site = nil, nil
	for t := range nodes.Trees.Trees.Live {
		for i := nodes.Start[t]; i < nodes.Start[t+1]; i++ {
			nodes.Kind = append(nodes.Kind, int32(r.IntN(4)))
			nodes.Token, nodes.Own, nodes.Other = append(nodes.Token, i), append(nodes.Own, int32(r.IntN(3))), append(nodes.Other, int32(r.IntN(3)))
			table.Token, table.Site = append(table.Token, i), append(table.Site, int32(r.IntN(3)))
		}
		nodes.EndStart, table.RowStart = append(nodes.EndStart, int32(len(nodes.Token))), append(table.RowStart, int32(len(table.Token)))
	}
	table.Rows.Live = len(table.Token) + nodes.Trees.Trees.Live
}
