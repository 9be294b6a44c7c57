package nn

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"gorgonia.org/gorgonia"
)

// Value is the place of a matrix in a model.
type Value struct {
	Shape op.Shape

	node   *gorgonia.Node // in a Graph
	buffer int            // in a Runner
	fixed  bool           // Graph: has no gradient; Runner: depends on parameters and constants alone
	param  string         // name, if it is one
}

// Builder is what a model's definition builds with. It collects errors: after
// the first one all calls do nothing useful, and Err tells it.
type Builder interface {
	// Env is shared by all operations of the model.
	Env() *op.Env
	// Param is the parameter of that name, for one use by one operation; what
	// two operations need goes through one that both read.
	Param(name string, rows, cols int, init Init) Value
	// Const is a matrix that never changes. The builder keeps data. Like those of
	// parameters and inputs, its columns are a multiple of 16.
	Const(name string, rows, cols int, data []float32) Value
	// Input is a matrix that the caller fills before each run.
	Input(name string, rows *op.Rows, cols int) (Value, []float32)
	// Apply puts an operation behind its inputs.
	Apply(o op.Op, in ...Value) Value
	// Err is the first error.
	Err() error
}

// Linear applies a linear layer with parameters name.w and name.b: He-scaled
// normal weights times gain, no bias at first.
func Linear(b Builder, name string, x Value, n int, gelu bool, gain float64, residual ...Value) Value {
	k := x.Shape.Cols
	w := b.Param(name+".w", k, n, Init{Noise: gain / sqrt(k), Decay: true})
	bias := b.Param(name+".b", 1, n, Init{})
	o := &op.Linear{Env: b.Env(), Label: name, Rows: x.Shape.Rows, K: k, N: n, Gelu: gelu, Residual: len(residual) > 0}
	return b.Apply(o, append([]Value{x, w, bias}, residual...)...)
}

// Norm applies a layer norm with parameters name.gamma and name.beta.
func Norm(b Builder, name string, x Value) Value {
	d := x.Shape.Cols
	gamma := b.Param(name+".gamma", 1, d, Init{Value: 1})
	beta := b.Param(name+".beta", 1, d, Init{})
	return b.Apply(&op.Norm{Env: b.Env(), Label: name, Rows: x.Shape.Rows, D: d}, x, gamma, beta)
}

// Block applies a transformer layer over the trees of a batch. depth is the
// number of layers of the model, by which the residual branches are scaled.
func Block(b Builder, name string, trees *op.Trees, x Value, depth int) Value {
	return LastBlock(b, name, trees, nil, x, depth)
}

// LastBlock is a Block behind which nothing but the tokens of read is looked at,
// see [op.Block].
func LastBlock(b Builder, name string, trees *op.Trees, read *[]int32, x Value, depth int) Value {
	d := x.Shape.Cols
	ones := Init{Value: 1}
	weight := func(k int, gain float64) Init { return Init{Noise: gain / sqrt(k), Decay: true} }
	branch := 1 / sqrt(2*depth)
	o := op.NewBlock(b.Env(), name, trees, d)
	o.Read = read
	return b.Apply(o, x,
		b.Param(name+".norm1.gamma", 1, d, ones), b.Param(name+".norm1.beta", 1, d, Init{}),
		b.Param(name+".qkv.w", d, 3*d, weight(d, 1)), b.Param(name+".qkv.b", 1, 3*d, Init{}),
		b.Param(name+".relation", d/op.HeadWidth, 16, Init{Noise: 0.02}),
		b.Param(name+".project.w", d, d, weight(d, branch)), b.Param(name+".project.b", 1, d, Init{}),
		b.Param(name+".norm2.gamma", 1, d, ones), b.Param(name+".norm2.beta", 1, d, Init{}),
		b.Param(name+".widen.w", d, 4*d, weight(d, 1)), b.Param(name+".widen.b", 1, 4*d, Init{}),
		b.Param(name+".narrow.w", 4*d, d, weight(4*d, branch)), b.Param(name+".narrow.b", 1, d, Init{}))
}

// uses holds what both builders check.
type uses struct {
	err  error
	seen map[string]bool
	used map[string]bool // parameters that operations read
}

func (u *uses) fail(err error) {
	if u.err == nil {
		u.err = err
	}
}

// name notes a name and checks the width of what has it.
func (u *uses) name(kind, name string, cols int) {
	if cols%kern.Lane != 0 {
		u.fail(fmt.Errorf("nn: %s %s has %d columns, which is not a multiple of %d", kind, name, cols, kern.Lane))
	}
	if u.seen == nil {
		u.seen, u.used = map[string]bool{}, map[string]bool{}
	}
	if u.seen[name] {
		u.fail(fmt.Errorf("nn: %s %s is used twice in one model", kind, name))
	}
	u.seen[name] = true
}

func (u *uses) check(o op.Op, in []Value) bool {
	if u.err != nil {
		return false
	}
	shapes := make([]op.Shape, len(in))
	for i, v := range in {
		shapes[i] = v.Shape
	}
	if err := o.Check(shapes); err != nil {
		u.fail(err)
		return false
	}
	for _, v := range in {
		if v.param == "" {
			continue
		}
		if u.used[v.param] {
			u.fail(fmt.Errorf("nn: %s reads parameter %s, which has its one use already", o.Name(), v.param))
			return false
		}
		u.used[v.param] = true
	}
	return true
}
