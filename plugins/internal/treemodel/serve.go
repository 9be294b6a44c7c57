package treemodel

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/sdk"
)

// denseColumns says up to how many columns, in widths of the network, whole
// tables are answered: beyond that, sending them takes longer than the host
// takes to multiply them out of queries and keys.
const denseColumns = 16

// Serve is the model as the SDK sees it, with beta as its
// condition if the family has one.
func (m *Model) Serve() (sdk.PolicyModel, error) {
	return m.serve(m.space.Columns() > denseColumns*m.config.Width)
}

func (m *Model) serve(queries bool) (*served, error) {
	s := &served{model: m}
	if m.family.Beta {
		s.info.Conditions = []sdk.Condition{{
			Name: "beta", Min: 0, Max: m.BetaMax(), Default: m.Beta(),
			Summary: "how much reward counts: p(x) is proportional to reward(x)^beta",
		}}
	}
	if !queries {
		return s, nil
	}
	var err error
	s.info.Width = m.config.Width
	s.info.Keys, s.info.Bias, err = m.keys()
	return s, err
}

// keys are the keys and biases of the columns.
func (m *Model) keys() (keys, bias []float32, err error) {
	e := <-m.sampler.free
	defer func() { m.sampler.free <- e }()
	empty := m.sampler.enc.Step("")
	e.trees, e.beta = append(e.trees[:0], empty.Tree), append(e.beta[:0], 0)
	if err := e.policy.Load(e.trees, e.beta, 0); err != nil {
		return nil, nil, err
	}
	keys, bias = e.policy.Keys()
	return keys, bias, nil
}

// served is a model as the SDK sees it.
type served struct {
	model *Model
	info  sdk.PolicyInfo
}

// Info implements sdk.PolicyModel.
func (s *served) Info() sdk.PolicyInfo { return s.info }

// Close implements sdk.PolicyModel.
func (s *served) Close() error { return nil }

// Step implements sdk.PolicyModel.
func (s *served) Step(ctx context.Context, req *sdk.StepRequest, reply *sdk.StepReply) error {
	m := s.model
	if req.Columns != m.space.Columns() {
		return fmt.Errorf("tables of %d columns, the space has %d", req.Columns, m.space.Columns())
	}
	beta := req.Condition["beta"]
	errs := make([]error, (len(req.States)+statesAtOnce-1)/statesAtOnce)
	kern.ParRows(m.sampler.threads, len(req.States), statesAtOnce, func(from, to int) {
		errs[from/statesAtOnce] = m.answer(ctx, req, reply, beta, from, to)
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) answer(ctx context.Context, req *sdk.StepRequest, reply *sdk.StepReply, beta float64, from, to int) error {
	e := <-m.sampler.free
	defer func() { m.sampler.free <- e }()
	if err := ctx.Err(); err != nil {
		return err
	}
	e.trees, e.beta = e.trees[:0], e.beta[:0]
	for i := from; i < to; i++ {
		x := req.States[i]
		if err := m.space.Validate(x); err != nil {
			return fmt.Errorf("state %d: %w", i, err)
		}
		rows := m.space.RowSites(x)
		if len(rows) != req.Rows[i] {
			return fmt.Errorf("state %d: %d rows, the space says %d", i, req.Rows[i], len(rows))
		}
		e.trees = append(e.trees, m.sampler.enc.trees.Encode(m.space.Nodes(x, nil), rows))
		e.beta = append(e.beta, beta)
	}
	if err := e.policy.Load(e.trees, e.beta, 0); err != nil {
		return err
	}
	for i := from; i < to; i++ {
		reply.Stop[i] = e.policy.Stop(i - from)
		if reply.Queries != nil {
			copy(reply.Query(i), e.policy.Queries(i-from))
			continue
		}
		e.policy.Table(i-from, reply.Cells(i))
	}
	return nil
}
