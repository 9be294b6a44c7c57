package treemodel

import (
	"context"
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// At is the model at a beta as a policy, without a plugin or a host between:
// for reports and tests inside the plugin.
func (m *Model) At(beta float64) space.Policy { return policy{m, beta} }

type policy struct {
	*Model
	beta float64
}

// Steps implements space.Policy.
func (p policy) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	s := p.sampler
	errs := make([]error, (len(states)+statesAtOnce-1)/statesAtOnce)
	kern.ParRows(s.threads, len(states), statesAtOnce, func(from, to int) {
		e := <-s.free
		defer func() { s.free <- e }()
		if errs[from/statesAtOnce] = ctx.Err(); ctx.Err() == nil {
			errs[from/statesAtOnce] = s.answer(e, states[from:to], dst[from:to], p.beta)
		}
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Sampler) answer(e *evaluator, states []space.State, dst []space.Steps, beta float64) error {
	e.trees, e.beta = e.trees[:0], e.beta[:0]
	steps := s.enc.steps(states)
	for i := range steps {
		e.trees, e.beta = append(e.trees, steps[i].Tree), append(e.beta, beta)
	}
	if err := e.policy.Load(e.trees, e.beta, 0); err != nil {
		return err
	}
	e.bias(s.enc.Masks)
	width := s.enc.space.Columns()
	for i := range steps {
		x, stop, total := s.stepWeights(e, i, &steps[i])
		dst[i].Stop, dst[i].Cells = math.Log(stop/total), make([]float64, steps[i].Tree.Rows()*width)
		for c := range dst[i].Cells {
			dst[i].Cells[c] = math.Log(float64(x[c/width*s.columns+c%width]) / total)
		}
	}
	return nil
}
