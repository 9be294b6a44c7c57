package score

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// evaluator runs a network over some points.
type evaluator struct {
	rows          op.Rows
	runner        *nn.Runner
	points, noise []float32
	out           nn.Value
	columns       int // of a point
}

// rowsOf is how many points are run at once: some megabytes of what layers make of
// them, whatever a point is.
func rowsOf(dimension int) int { return min(max((1<<15)/Pad(dimension), 16), 256) }

// newEvaluator builds a network over parameters, which must not change while it
// runs.
func newEvaluator(n Network, params *nn.Params, dimension, outputs, threads int) (*evaluator, error) {
	e := &evaluator{runner: nn.NewRunner(params, threads), columns: Pad(dimension)}
	e.rows.Cap = rowsOf(dimension)
	var x, code nn.Value
	x, e.points = e.runner.Input("points", &e.rows, e.columns)
	code, e.noise = e.runner.Input("noise", &e.rows, NoiseWidth)
	e.out = n.Define(e.runner, x, code, outputs)
	return e, e.runner.Err()
}

// run computes the outputs of the first n rows; stride is the distance between two
// of them.
func (e *evaluator) run(n int, version uint64) (out []float32, stride int) {
	e.rows.Live = n
	e.runner.Run(version)
	return e.runner.Data(e.out), e.out.Shape.Cols
}

// pool is evaluators that calls share.
type pool struct {
	free chan *evaluator
	dim  int
}

// newPool makes as many evaluators as there are threads, of one thread each.
func newPool(n Network, params *nn.Params, dimension, outputs, threads int) (*pool, error) {
	p := &pool{free: make(chan *evaluator, threads), dim: dimension}
	for range threads {
		e, err := newEvaluator(n, params, dimension, outputs, 1)
		if err != nil {
			return nil, err
		}
		p.free <- e
	}
	return p, nil
}

// each runs the network over points, some at a time; use gets the outputs of
// point i. It may be called for different points at the same time.
func (p *pool) each(ctx context.Context, s *Scaling, points []float32, times []float64, use func(i int, a at, out []float32)) error {
	for i, t := range times {
		if !(t >= 0 && t <= 1) {
			return fmt.Errorf("point %d is at time %g; times are from 0 to 1", i, t)
		}
	}
	size := rowsOf(p.dim)
	if len(times) < size*cap(p.free) { // some for everybody
		size = max((len(times)+cap(p.free)-1)/cap(p.free), 1)
	}
	errs := make([]error, (len(times)+size-1)/size)
	kern.ParRows(cap(p.free), len(times), size, func(from, to int) {
		e := <-p.free
		defer func() { p.free <- e }()
		if errs[from/size] = ctx.Err(); errs[from/size] != nil {
			return
		}
		at := make([]at, to-from)
		for i := range at {
			at[i] = s.at(max(times[from+i], s.End/100)) // at 0 there is no score
			s.input(at[i], points[(from+i)*p.dim:(from+i+1)*p.dim], e.points[i*e.columns:(i+1)*e.columns])
			s.code(at[i], e.noise[i*NoiseWidth:(i+1)*NoiseWidth])
		}
		out, stride := e.run(to-from, 0)
		for i := range at {
			use(from+i, at[i], out[i*stride:(i+1)*stride])
		}
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
