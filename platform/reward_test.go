package platform

import (
	"context"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// counting scores by the number of heavy atoms and has none for single atoms.
type counting struct{ calls *int }

func (c counting) Score(_ context.Context, batch []rewards.Molecule) []rewards.Score {
	out := make([]rewards.Score, len(batch))
	for i, m := range batch {
		*c.calls++
		n := m.Mol.HeavyAtoms()
		if n == 1 {
			out[i] = rewards.Score{Status: rewards.Failed, Reason: "too small"}
			continue
		}
		out[i] = rewards.Score{Value: float64(n)}
	}
	return out
}

func TestAStateIsScoredOnceAndAFailedOneCountsAsTheFloor(t *testing.T) {
	t.Parallel()
	sp, err := space.NewFragments(fragment.Builtin(), 3)
	if err != nil {
		t.Fatal(err)
	}
	var states []space.State
	legal := make([]bool, sp.Columns())
	sp.Legal("", legal)
	for c, ok := range legal {
		if ok {
			states = append(states, sp.Child("", c), sp.Child("", c))
		}
	}
	calls := 0
	o, err := rewards.Objective{Function: rewards.Function{
		Name: "atoms", Low: 0, High: 20, Goal: rewards.Maximize, Curve: rewards.Rising(0, 20), Scorer: counting{&calls},
	}}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	const floor = 0.01
	r := newRewardSource(sp, o, floor)
	for range 2 {
		got, err := r.rewards(t.Context(), states[:min(len(states), 16)]) // few enough for one worker
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range got {
			switch {
			case a != got[i-i%2]:
				t.Errorf("state %d: equal states have other rewards", i)
			case a.Status == sdk.OK && math.Abs(a.Log-math.Log(math.Max(a.Raw/20, floor))) > 1e-12:
				t.Errorf("state %d: log-reward %v of %v atoms", i, a.Log, a.Raw)
			case a.Status != sdk.OK && a.Log != math.Log(floor):
				t.Errorf("state %d: a failed reward counts as %v", i, a.Log)
			}
		}
	}
	if s := r.Stats(); s.Scored != calls || calls != min(len(states), 16)/2 || s.Asked != 4*calls {
		t.Errorf("%d calls, %+v", calls, s)
	}
}
