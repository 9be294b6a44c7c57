package nn

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

func sqrt(n int) float64 { return math.Sqrt(float64(n)) }

// Runner is a [Builder] whose model runs directly. With one thread a run
// allocates nothing once its buffers have grown, unless the parameters are
// others; with more, a little for each operation. A Runner serves one goroutine;
// several may share the Params while nobody changes them.
type Runner struct {
	uses
	params  *Params
	env     op.Env
	buffers [][]float32
	steps   []runStep
	ran     bool
	version uint64
}

type runStep struct {
	op    op.Op
	in    [][]float32
	out   []float32
	fixed bool
}

// NewRunner makes a runner for a model with these parameters.
func NewRunner(params *Params, threads int) *Runner {
	return &Runner{params: params, env: op.Env{Threads: threads}}
}

var _ Builder = (*Runner)(nil)

// Env implements Builder.
func (r *Runner) Env() *op.Env { return &r.env }

// Err implements Builder.
func (r *Runner) Err() error { return r.err }

func (r *Runner) value(shape op.Shape, data []float32, fixed bool) Value {
	r.buffers = append(r.buffers, data)
	return Value{Shape: shape, buffer: len(r.buffers) - 1, fixed: fixed}
}

// Param implements Builder.
func (r *Runner) Param(name string, rows, cols int, init Init) Value {
	r.name("parameter", name, cols)
	p, err := r.params.declare(name, rows, cols, init)
	if err != nil {
		r.fail(err)
		return Value{Shape: op.Shape{Rows: op.Fixed(rows), Cols: cols}}
	}
	v := r.value(op.Shape{Rows: op.Fixed(rows), Cols: cols}, p.Data, true)
	v.param = name
	return v
}

// Const implements Builder.
func (r *Runner) Const(name string, rows, cols int, data []float32) Value {
	r.name("constant", name, cols)
	return r.value(op.Shape{Rows: op.Fixed(rows), Cols: cols}, data, true)
}

// Input implements Builder.
func (r *Runner) Input(name string, rows *op.Rows, cols int) (Value, []float32) {
	r.name("input", name, cols)
	data := make([]float32, rows.Cap*cols)
	return r.value(op.Shape{Rows: rows, Cols: cols}, data, false), data
}

// Apply implements Builder.
func (r *Runner) Apply(o op.Op, in ...Value) Value {
	shape := o.Shape()
	if !r.check(o, in) {
		return Value{Shape: shape}
	}
	s := runStep{op: o, out: make([]float32, shape.Rows.Cap*shape.Cols), fixed: true}
	for _, v := range in {
		s.in = append(s.in, r.buffers[v.buffer])
		s.fixed = s.fixed && v.fixed
	}
	r.steps = append(r.steps, s)
	return r.value(shape, s.out, s.fixed)
}

// Data is the buffer of a value, valid after Run.
func (r *Runner) Data(v Value) []float32 { return r.buffers[v.buffer] }

// Run computes the model on the live rows. What depends on parameters alone is
// computed again only where version differs from the last run's.
func (r *Runner) Run(version uint64) {
	fresh := !r.ran || version != r.version
	r.ran, r.version, r.env.Version = true, version, version
	for i := range r.steps {
		if s := &r.steps[i]; fresh || !s.fixed {
			s.op.Forward(s.in, s.out)
		}
	}
}

// Forget makes the next Run compute everything anew, whatever the version; for
// parameters that were overwritten.
func (r *Runner) Forget() {
	r.ran = false
	r.env.Epoch++
}
