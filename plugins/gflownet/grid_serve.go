package gflownet

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/sdk"
)

// gridServed is a model of a grid as the SDK sees it.
type gridServed struct{ *GridModel }

// Info implements sdk.PolicyModel.
func (gridServed) Info() sdk.PolicyInfo { return sdk.PolicyInfo{} }

// Close implements sdk.PolicyModel.
func (gridServed) Close() error { return nil }

// Step implements sdk.PolicyModel. It allocates when [GridModel.Steps] does.
func (s gridServed) Step(ctx context.Context, req *sdk.StepRequest, reply *sdk.StepReply) error {
	if req.Columns != s.grid.Columns() {
		return fmt.Errorf("gflownet: tables of %d columns, the space has %d", req.Columns, s.grid.Columns())
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if n := len(req.States); s.alone(n) {
		e := <-s.free
		defer func() { s.free <- e }()
		return e.answer(req, reply, 0, n)
	}
	return s.share(len(req.States), func(e *gridEvaluator, from, to int) error { return e.answer(req, reply, from, to) })
}

// answer fills in the outputs of the network as they are; the host masks and
// normalises.
func (e *gridEvaluator) answer(req *sdk.StepRequest, reply *sdk.StepReply, from, to int) error {
	if err := e.load(req.States[from:to], from); err != nil {
		return err
	}
	for i := from; i < to; i++ {
		if rows := e.model.grid.Rows(req.States[i]); rows != req.Rows[i] {
			return fmt.Errorf("gflownet: state %d: %d rows, the space says %d", i, req.Rows[i], rows)
		}
		out := e.out(i - from)
		reply.Stop[i] = out[len(out)-1]
		if req.Rows[i] > 0 {
			copy(reply.Cells(i), out)
		}
	}
	return nil
}
