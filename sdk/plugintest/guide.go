package plugintest

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// guide loads a guide and asks it for states or for points, whichever it is over.
func (k *checker) guide(ctx context.Context) {
	m := k.o.Guide
	if m.Space == nil && len(m.Weights) == 0 {
		k.skip("its guide loads", "no guide was given")
		return
	}
	g, err := k.c.LoadGuide(ctx, m)
	k.add("its guide loads", err)
	if err != nil {
		return
	}
	dim := g.Info().Dimension
	switch {
	case dim > 0:
		k.points(ctx, g)
	case m.Space == nil:
		k.skip("its answers at states are log-probabilities of the outcomes", "it is a guide over states, and no space was given")
	default:
		k.atStates(ctx, g, m.Space)
	}
	k.add("a guide refuses conditions outside their range", outside(g.Conditions(), func(v map[string]float64) error {
		_, err := g.With(v)
		return err
	}))
	if err = g.Unload(ctx); err == nil {
		one := sdk.GuideRequest{States: []space.State{""}}
		if dim > 0 {
			one = sdk.GuideRequest{Points: make([]float32, dim), Times: []float64{1}}
		}
		if _, err = g.LogQ(ctx, one); errors.Is(err, sdk.ErrUnknownHandle) {
			err = nil
		} else {
			err = fmt.Errorf("a call on an unloaded guide gave %s, not NOT_FOUND", fmt.Sprint(err))
		}
	}
	k.add("an unloaded guide is unknown", err)
}

// atStates asks a guide for states on the way and finished ones, and for actions
// where it has them.
func (k *checker) atStates(ctx context.Context, g *host.Guide, sp space.Space) {
	states := k.states(sp)
	finished := make([]bool, len(states))
	for i, s := range states {
		n := sp.Rows(s) * sp.Columns()
		finished[i] = sp.Legal(s, make([]bool, n)) && i%2 == 1
	}
	req := sdk.GuideRequest{States: states, Finished: finished}
	whole, err := g.LogQ(ctx, req)
	k.add("its answers at states are log-probabilities of the outcomes", err)
	if err != nil {
		return
	}
	k.repeated(ctx, g, req, whole)
	if g.Info().Actions != sdk.NoActions {
		k.actions(ctx, g, states)
	}
}

// repeated asks the same again, all together and some entries alone.
func (k *checker) repeated(ctx context.Context, g *host.Guide, req sdk.GuideRequest, whole sdk.GuideReply) {
	again, err := g.LogQ(ctx, req)
	if err == nil {
		err = apart(whole, again, 0)
	}
	k.add("a guide gives the same question the same answer", err)
	info := g.Info()
	n, dim, outcomes := len(req.States)+len(req.Times), info.Dimension, len(info.Outcomes)
	err = nil
	for i := 0; i < n && err == nil; i += max(1, n/8) {
		one, part := req, sdk.GuideReply{LogQ: whole.LogQ[i*outcomes : (i+1)*outcomes]}
		if dim > 0 {
			one.Points, one.Times = req.Points[i*dim:(i+1)*dim], req.Times[i:i+1]
			part.Gradient = whole.Gradient[i*outcomes*dim : (i+1)*outcomes*dim]
		} else {
			one.States, one.Finished = req.States[i:i+1], req.Finished[i:i+1]
		}
		var alone sdk.GuideReply
		if alone, err = g.LogQ(ctx, one); err == nil {
			if err = apart(part, alone, 1e-4); err != nil {
				err = fmt.Errorf("entry %d alone: %w", i, err)
			}
		}
	}
	k.add("a guide's answer does not depend on the rest of the batch", err)
}

// apart says how two answers differ by more than a tolerance, gradients in units
// of their size.
func apart(a, b sdk.GuideReply, tolerance float64) error {
	if err := near(a.LogQ, b.LogQ, tolerance); err != nil {
		return fmt.Errorf("log Q: %w", err)
	}
	size := 1.0
	for _, v := range a.Gradient {
		size = max(size, math.Abs(float64(v)))
	}
	if err := near(a.Gradient, b.Gradient, tolerance*size); err != nil {
		return fmt.Errorf("gradient: %w", err)
	}
	return nil
}

// actions asks for all actions of states, together and one by one.
func (k *checker) actions(ctx context.Context, g *host.Guide, states []space.State) {
	whole := make([]host.GuideActions, len(states))
	err := g.LogQActions(ctx, states, whole)
	k.add("its answers for actions are of the right shape", err)
	if err != nil {
		return
	}
	for i := 0; i < len(states) && err == nil; i += max(1, len(states)/8) {
		one := make([]host.GuideActions, 1)
		if err = g.LogQActions(ctx, states[i:i+1], one); err == nil {
			if err = errors.Join(near(whole[i].Stop, one[0].Stop, 1e-4), near(whole[i].Cells, one[0].Cells, 1e-4)); err != nil {
				err = fmt.Errorf("state %d alone: %w", i, err)
			}
		}
	}
	k.add("its answer for actions does not depend on the rest of the batch", err)
}

func near(a, b []float32, tolerance float64) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d numbers, then %d", len(a), len(b))
	}
	for i := range a {
		if d := float64(a[i]) - float64(b[i]); a[i] != b[i] && !(math.Abs(d) <= tolerance) {
			return fmt.Errorf("number %d was %g, is %g", i, a[i], b[i])
		}
	}
	return nil
}
