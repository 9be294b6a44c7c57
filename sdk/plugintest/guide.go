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

// guide asks a guide over states for states on the way and finished ones, and
// for actions where it has them.
func (k *checker) guide(ctx context.Context) {
	m := k.o.Guide
	if m.Space == nil {
		k.skip("its guide loads", "no space was given")
		return
	}
	g, err := k.c.LoadGuide(ctx, m)
	k.add("its guide loads", err)
	if err != nil {
		return
	}
	if g.Info().Dimension > 0 {
		k.skip("it tells outcomes apart at states", "it is a guide over points")
		return
	}
	states := k.states(m.Space)
	finished := make([]bool, len(states))
	for i, s := range states {
		n := m.Space.Rows(s) * m.Space.Columns()
		finished[i] = m.Space.Legal(s, make([]bool, n)) && i%2 == 1
	}
	whole, err := logQ(ctx, g, states, finished)
	k.add("its answers at states are log-probabilities of the outcomes", err)
	if err != nil {
		return
	}
	again, err := logQ(ctx, g, states, finished)
	if err == nil {
		err = near(whole, again, 0)
	}
	k.add("a guide gives the same question the same answer", err)
	err = nil
	for i := 0; i < len(states) && err == nil; i += max(1, len(states)/8) {
		var one []float32
		if one, err = logQ(ctx, g, states[i:i+1], finished[i:i+1]); err == nil {
			n := len(one)
			if err = near(whole[i*n:(i+1)*n], one, 1e-4); err != nil {
				err = fmt.Errorf("state %d alone: %w", i, err)
			}
		}
	}
	k.add("a guide's answer does not depend on the rest of the batch", err)
	k.add("a guide refuses conditions outside their range", outside(g.Conditions(), func(v map[string]float64) error {
		_, err := g.With(v)
		return err
	}))
	if g.Info().Actions != sdk.NoActions {
		k.actions(ctx, g, states)
	}
	if err = g.Unload(ctx); err == nil {
		if _, err = logQ(ctx, g, states[:1], nil); errors.Is(err, sdk.ErrUnknownHandle) {
			err = nil
		} else {
			err = fmt.Errorf("a call on an unloaded guide gave %s, not NOT_FOUND", fmt.Sprint(err))
		}
	}
	k.add("an unloaded guide is unknown", err)
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

func logQ(ctx context.Context, g *host.Guide, states []space.State, finished []bool) ([]float32, error) {
	r, err := g.LogQ(ctx, sdk.GuideRequest{States: states, Finished: finished})
	return r.LogQ, err
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
