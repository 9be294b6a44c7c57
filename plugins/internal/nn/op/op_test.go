package op_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
)

// forced is the environment variable that forces an implementation of the
// kernels.
const forced = "MOLSCULPT_KERNELS"

// each runs f for every implementation of the kernels that this machine has,
// or for the one that the environment forces.
func each(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	names := kern.Available()
	if os.Getenv(forced) != "" {
		names = []string{kern.Active()}
	}
	old := kern.Active()
	t.Cleanup(func() { _ = kern.Use(old) })
	for _, name := range names {
		if err := kern.Use(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, f)
	}
}

// operation makes a random case of one operation over a batch of trees, with
// inputs drawn from r in an order that does not depend on the batch's size.
type operation struct {
	name string
	make func(r *rand.Rand, f *forest) optest.Case
}

// draw fills a case's inputs.
func draw(r *rand.Rand, c *optest.Case, sd ...float64) {
	for i, s := range c.Shapes {
		c.In = append(c.In, normal(r, s.Rows.Live*s.Cols, sd[i]))
	}
}

func linear(gelu, residual bool) operation {
	return operation{fmt.Sprintf("linear,gelu=%v,residual=%v", gelu, residual), func(r *rand.Rand, f *forest) optest.Case {
		k, n, rows, e := width(r), 16*(1+r.IntN(4)), f.trees.Tokens, &op.Env{}
		o := &op.Linear{Env: e, Label: "x", Rows: rows, K: k, N: n, Gelu: gelu, Residual: residual}
		c := optest.Case{Op: o, Env: e, Shapes: []op.Shape{{Rows: rows, Cols: k}, {Rows: op.Fixed(k), Cols: n}, {Rows: op.Fixed(1), Cols: n}}}
		if residual {
			c.Shapes = append(c.Shapes, op.Shape{Rows: rows, Cols: n})
		}
		draw(r, &c, 1, 0.4, 1, 1)
		c.Form = func(in [][]float64) []float64 {
			var add []float64
			if residual {
				add = in[3]
			}
			return optest.Linear(in[0], in[1], in[2], add, k, gelu)
		}
		return c
	}}
}

func width(r *rand.Rand) int { return 16 * (1 + r.IntN(3)) }

var operations = []operation{
	linear(false, false), linear(true, false), linear(false, true), linear(true, true),
	{"norm", func(r *rand.Rand, f *forest) optest.Case {
		d, e := width(r), &op.Env{}
		rows, one := f.trees.Tokens, op.Fixed(1)
		c := optest.Case{Op: &op.Norm{Env: e, Label: "x", Rows: rows, D: d}, Env: e, Shapes: []op.Shape{{Rows: rows, Cols: d}, {Rows: one, Cols: d}, {Rows: one, Cols: d}}}
		draw(r, &c, 3, 1, 1)
		c.Form = func(in [][]float64) []float64 { return optest.Norm(in[0], in[1], in[2]) }
		return c
	}},
	{"attention", func(r *rand.Rand, f *forest) optest.Case {
		d, e := width(r), &op.Env{}
		c := optest.Case{
			Op: &op.Attention{Env: e, Label: "x", Trees: &f.trees, D: d}, Env: e,
			Shapes: []op.Shape{{Rows: f.trees.Tokens, Cols: 3 * d}, {Rows: op.Fixed(d / 16), Cols: 16}},
		}
		draw(r, &c, 1, 1)
		c.Form = func(in [][]float64) []float64 { return optest.Attention(&f.trees, in[0], in[1], d) }
		return c
	}},
	{"block", func(r *rand.Rand, f *forest) optest.Case {
		d, e := 16*(1+r.IntN(2)), &op.Env{}
		one := op.Fixed(1)
		c := optest.Case{Op: op.NewBlock(e, "x", &f.trees, d), Env: e, Backward: 2e-5, Shapes: []op.Shape{
			{Rows: f.trees.Tokens, Cols: d},
			{Rows: one, Cols: d},
			{Rows: one, Cols: d},
			{Rows: op.Fixed(d), Cols: 3 * d},
			{Rows: one, Cols: 3 * d},
			{Rows: op.Fixed(d / 16), Cols: 16},
			{Rows: op.Fixed(d), Cols: d},
			{Rows: one, Cols: d},
			{Rows: one, Cols: d},
			{Rows: one, Cols: d},
			{Rows: op.Fixed(d), Cols: 4 * d},
			{Rows: one, Cols: 4 * d},
			{Rows: op.Fixed(4 * d), Cols: d},
			{Rows: one, Cols: d},
		}}
		draw(r, &c, 1, 1, 1, 0.2, 1, 1, 0.2, 1, 1, 1, 0.2, 1, 0.2, 1)
		c.Form = func(in [][]float64) []float64 { return optest.Block(&f.trees, in[0], in[1:], d) }
		return c
	}},
	{"tokens", func(r *rand.Rand, f *forest) optest.Case {
		d, e := width(r), &op.Env{}
		c := optest.Case{
			Op: &op.Tokens{Env: e, Nodes: &f.nodes, Kinds: kinds, Sites: sites, D: d}, Env: e,
			Shapes: []op.Shape{{Rows: op.Fixed(kinds), Cols: d}, {Rows: op.Fixed(sites), Cols: 2 * d}, {Rows: f.trees.Trees, Cols: d}},
		}
		draw(r, &c, 1, 1, 1)
		c.Form = func(in [][]float64) []float64 { return optest.Tokens(&f.nodes, in[0], in[1], in[2], d) }
		return c
	}},
	{"hidden", func(r *rand.Rand, f *forest) optest.Case {
		d, e := width(r), &op.Env{}
		c := optest.Case{
			Op: &op.Hidden{Env: e, Table: &f.table, Sites: sites, D: d}, Env: e,
			Shapes: []op.Shape{{Rows: f.trees.Tokens, Cols: 2 * d}, {Rows: op.Fixed(sites), Cols: d}},
		}
		draw(r, &c, 1, 1)
		c.Form = func(in [][]float64) []float64 { return optest.Hidden(&f.table, in[0], in[1], d) }
		return c
	}},
	{"log-probability", func(r *rand.Rand, f *forest) optest.Case {
		d, e := width(r), &op.Env{}
		c := optest.Case{Op: &op.LogProb{Env: e, Choice: &f.choice, D: d, Columns: columns}, Env: e, Shapes: []op.Shape{
			{Rows: f.table.Rows, Cols: d},
			{Rows: op.Fixed(columns), Cols: d},
			{Rows: op.Fixed(1), Cols: columns},
			{Rows: op.Fixed(1), Cols: d},
			{Rows: op.Fixed(1), Cols: 16},
		}}
		draw(r, &c, 1, 0.4, 1, 0.4, 1)
		c.Form = func(in [][]float64) []float64 {
			return optest.LogProb(&f.choice, in[0], in[1], in[2], in[3], in[4][0])
		}
		return c
	}},
}

// forests are batches at the edges, and random ones.
func forests(r *rand.Rand, random int) map[string]*forest {
	masks := randomMasks(r)
	one := tree{kinds: []int32{2}, rel: slices.Repeat([]int32{op.Padding}, 16), stop: true}
	one.rel[0] = 3
	list := map[string]*forest{
		"no tree":                     plant(nil, masks, 3),
		"one token and nothing to do": plant([]tree{one}, masks, 0),
		"empty tables":                plant([]tree{one, one, one}, masks, 2),
	}
	for i := range random {
		var trees []tree
		for range 1 + r.IntN(9) {
			trees = append(trees, randomTree(r, masks))
		}
		list[fmt.Sprint("random ", i)] = plant(trees, masks, r.IntN(4))
	}
	return list
}

func TestOperationsAreTheirDefinitions(t *testing.T) {
	each(t, func(t *testing.T) {
		for _, o := range operations {
			t.Run(o.name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				for name, f := range forests(r, 6) {
					t.Run(name, func(t *testing.T) {
						optest.Check(t, rand.New(rand.NewPCG(3, 4)), o.make(rand.New(rand.NewPCG(5, 6)), f))
					})
				}
			})
		}
	})
}

// Sums over rows have several parts from 128 rows on, and tasks 96.
func TestLargeBatchesAreSummedRight(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		masks := randomMasks(r)
		var trees []tree
		for range 60 {
			trees = append(trees, randomTree(r, masks))
		}
		f := plant(trees, masks, 5)
		if f.trees.Tokens.Live < 2*128+1 {
			t.Fatalf("%d tokens are too few for this test", f.trees.Tokens.Live)
		}
		for _, o := range operations {
			if o.name == "block" { // its parts are checked
				continue
			}
			t.Run(o.name, func(t *testing.T) {
				c := o.make(rand.New(rand.NewPCG(5, 6)), f)
				c.Backward = 2e-5
				optest.Check(t, rand.New(rand.NewPCG(3, 4)), c)
			})
		}
	})
}

func TestOutputsDoNotDependOnTheBatch(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 10))
		masks := randomMasks(r)
		var trees []tree
		for range 40 {
			trees = append(trees, randomTree(r, masks))
		}
		whole := plant(trees, masks, 0)
		for _, o := range operations {
			t.Run(o.name, func(t *testing.T) {
				all := o.make(rand.New(rand.NewPCG(5, 6)), whole)
				shape := all.Op.Shape()
				out := make([]float32, shape.Rows.Live*shape.Cols)
				all.Env.Threads = 3
				all.Op.Forward(all.In, out)
				for i := range trees {
					single := plant(trees[i:i+1], masks, 0)
					one := o.make(rand.New(rand.NewPCG(5, 6)), single)
					for k, s := range all.Shapes {
						one.In[k] = all.In[k]
						if rows := whole.rowsOf(s.Rows, i); rows != nil {
							one.In[k] = pick(all.In[k], rows, s.Cols)
						}
					}
					alone := make([]float32, one.Op.Shape().Rows.Live*shape.Cols)
					one.Op.Forward(one.In, alone)
					in := pick(out, whole.rowsOf(shape.Rows, i), shape.Cols)
					if at := optest.Differ(alone, in); at >= 0 {
						t.Fatalf("tree %d: value %d is %v alone, %v in the batch", i, at, alone[at], in[at])
					}
				}
			})
		}
	})
}

// pick copies some rows of x.
func pick(x []float32, rows []int, cols int) (y []float32) {
	for _, i := range rows {
		y = append(y, x[i*cols:(i+1)*cols]...)
	}
	return y
}

func TestWrongShapesAreErrorsWithNames(t *testing.T) {
	e := &op.Env{}
	rows, other, one := &op.Rows{Cap: 5}, &op.Rows{Cap: 5}, op.Fixed(1)
	trees := &op.Trees{Trees: &op.Rows{Cap: 3}, Tokens: rows}
	table := &op.Table{Trees: trees, Rows: &op.Rows{Cap: 9}}
	shape := func(r *op.Rows, cols int) op.Shape { return op.Shape{Rows: r, Cols: cols} }
	linear := &op.Linear{Env: e, Label: "query", Rows: rows, K: 32, N: 16, Residual: true}
	for _, c := range []struct {
		op   op.Op
		in   []op.Shape
		want string
	}{
		{linear, []op.Shape{shape(rows, 32)}, "op: linear query: 1 inputs, want 4"},
		{linear, []op.Shape{shape(rows, 48), shape(op.Fixed(32), 16), shape(one, 16), shape(rows, 16)}, "op: linear query: input 0 is 5x48, want 5x32"},
		{linear, []op.Shape{shape(rows, 32), shape(op.Fixed(16), 16), shape(one, 16), shape(rows, 16)}, "op: linear query: input 1 is 16x16, want 32x16"},
		{linear, []op.Shape{shape(rows, 32), shape(op.Fixed(32), 16), shape(one, 16), shape(other, 16)}, "op: linear query: input 3 has rows of another family than the operation works on"},
		{linear, []op.Shape{shape(op.Fixed(5), 32), shape(op.Fixed(32), 16), shape(one, 16), shape(rows, 16)}, "op: linear query: input 0 has rows of another family than the operation works on"},
		{&op.Norm{Env: e, Label: "last", Rows: rows, D: 16}, []op.Shape{shape(rows, 16), shape(one, 32), shape(one, 16)}, "op: norm last: input 1 is 1x32, want 1x16"},
		{&op.Attention{Env: e, Label: "layer2", Trees: trees, D: 32}, []op.Shape{shape(rows, 96), shape(op.Fixed(3), 16)}, "op: attention layer2: input 1 is 3x16, want 2x16"},
		{op.NewBlock(e, "layer2", trees, 16), []op.Shape{shape(rows, 16)}, "op: block layer2: 1 inputs, want 14"},
		{&op.Tokens{Env: e, Nodes: &op.Nodes{Trees: trees}, Kinds: 4, Sites: 6, D: 16}, []op.Shape{shape(op.Fixed(4), 16), shape(op.Fixed(6), 16), shape(trees.Trees, 16)}, "op: tokens: input 1 is 6x16, want 6x32"},
		{&op.Hidden{Env: e, Table: table, Sites: 6, D: 16}, []op.Shape{shape(rows, 32), shape(op.Fixed(5), 16)}, "op: hidden: input 1 is 5x16, want 6x16"},
		{&op.LogProb{Env: e, Choice: &op.Choice{Table: table, States: trees.Trees}, D: 16, Columns: 32}, []op.Shape{shape(rows, 16), shape(op.Fixed(32), 16), shape(one, 32), shape(one, 16), shape(one, 16)}, "op: log-probability: input 0 is 5x16, want 9x16"},
		{&op.Balance{Env: e, Paths: &op.Paths{States: rows, Paths: trees.Trees}, Z: 48}, []op.Shape{shape(rows, 2), shape(one, 32)}, "op: balance: input 1 is 1x32, want 1x48"},
		{&op.CrossEntropy{Env: e, Label: "kind", Labels: &op.Labels{Rows: rows, Classes: 3}, Columns: 16}, []op.Shape{shape(rows, 32)}, "op: cross-entropy kind: input 0 is 5x32, want 5x16"},
	} {
		if err := c.op.Check(c.in); err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v, want %s", c.op.Name(), err, c.want)
		}
	}
}

// A forced implementation is the one that computes, in a process of its own.
func TestTheEnvironmentForcesTheKernels(t *testing.T) {
	if name := os.Getenv(forced); name != "" {
		t.Logf("kernels in use: %s", kern.Active())
		if kern.Active() != name {
			t.Fatalf("%s=%s, but %s is in use", forced, name, kern.Active())
		}
		return
	}
	for _, name := range kern.Available() {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", "^(TestTheEnvironmentForcesTheKernels|TestOperationsAreTheirDefinitions)$")
		cmd.Env = append(os.Environ(), forced+"="+name)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		for _, line := range []string{"kernels in use: " + name, "--- PASS: TestOperationsAreTheirDefinitions/" + name + "/"} {
			if !strings.Contains(string(out), line) {
				t.Fatalf("%s: no %q in\n%s", name, line, out)
			}
		}
	}
}

// Packed weights are made anew when Env.Version or Env.Epoch changes, in both
// passes.
func TestANewVersionReadsTheWeightsAnew(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(15, 16))
		masks := randomMasks(r)
		var trees []tree
		for range 12 {
			trees = append(trees, randomTree(r, masks))
		}
		f := plant(trees, masks, 0)
		for _, o := range operations {
			t.Run(o.name, func(t *testing.T) {
				fresh := func() optest.Case { return o.make(rand.New(rand.NewPCG(5, 6)), f) }
				used, first, second := fresh(), fresh(), fresh()
				for _, x := range second.In {
					copy(x, normal(rand.New(rand.NewPCG(7, 8)), len(x), 0.5))
				}
				run := func(c optest.Case, in [][]float32) []float32 {
					shape := c.Op.Shape()
					out := make([]float32, shape.Rows.Cap*shape.Cols)
					dout := normal(rand.New(rand.NewPCG(9, 10)), len(out), 1)
					var din [][]float32
					for _, x := range in {
						din = append(din, make([]float32, len(x)))
					}
					c.Env.Train = true
					c.Op.Forward(in, out)
					c.Op.Backward(in, out, dout, din)
					return slices.Concat(append(din, out)...)
				}
				a, b := run(first, first.In), run(second, second.In) // freshly packed
				if optest.Differ(a, b) < 0 {
					t.Fatal("the weights make no difference")
				}
				run(used, first.In)
				used.Env.Version++
				if i := optest.Differ(b, run(used, second.In)); i >= 0 {
					t.Fatalf("after another version value %d is of the old weights", i)
				}
				used.Env.Epoch++
				if i := optest.Differ(a, run(used, first.In)); i >= 0 {
					t.Fatalf("after another epoch value %d is of the old weights", i)
				}
			})
		}
	})
}
