package diagnose_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// sharpened is a guide that is too sure of itself: Q^2 of unfinished states.
type sharpened struct{ exactQ }

func (s sharpened) LogQ(ctx context.Context, states []space.State, finished bool, dst []float64) error {
	err := s.exactQ.LogQ(ctx, states, finished, dst)
	for i := range dst {
		if !finished {
			dst[i] *= 2
		}
	}
	return err
}

func TestTheExactPotentialForetellsItsObservationsAndAnotherDoesNot(t *testing.T) {
	t.Parallel()
	d := newDomain(t, 16)
	for _, text := range []string{"shubert & diagonal", "c1 - c2", "c1 &{0.2} c2", "obs(c1, c2; over 0.2 c1, 0.5 c2, 0.3 c3)"} {
		c, laws, bases := d.composition(t, text)
		bound, _ := c.Bound()
		mixture := oracle.MixturePolicy(bound.Weights, laws)
		going, ends := oracle.Potential(c, mixture, laws)
		ref, err := diagnose.NewRollouts(t.Context(), d.grid, bases, c, 24, 5)
		if err != nil {
			t.Fatal(err)
		}
		exact := exactQ{laws[0].Graph, going, ends}
		check, err := diagnose.CheckGuide(t.Context(), exact, c, ref, 1)
		if err != nil {
			t.Fatal(err)
		}
		for step, q := range check.Steps {
			if math.Abs(q.Mean-math.Exp(going[0])) > 4.5*q.SE+1e-12 {
				t.Errorf("%s: after %d steps the mean of Q is %g ± %g, the evidence %g", text, step, q.Mean, q.SE, math.Exp(going[0]))
			}
		}
		if e := check.Evidence; math.Abs(e.Mean-math.Exp(going[0])) > 4.5*e.SE || !(e.SE > 0) {
			t.Errorf("%s: the evidence is %g ± %g, not %g", text, e.Mean, e.SE, math.Exp(going[0]))
		}
		if said := check.Sentence(); !strings.Contains(said, "the guide says the same at every step") {
			t.Errorf("%s: of the exact guide it is said that %s", text, said)
		}
		if k := check.Calibration; k.ECE > 3*k.ECESE || k.N < 500 {
			t.Errorf("%s: ECE %g of %d states, by chance %g", text, k.ECE, k.N, k.ECESE)
		}
		wrong, err := diagnose.CheckGuide(t.Context(), sharpened{exact}, c, ref, 1)
		if err != nil {
			t.Fatal(err)
		}
		if said := wrong.Sentence(); !strings.HasSuffix(said, "too low") || strings.Contains(said, "same") {
			t.Errorf("%s: of Q^2 it is said that %s", text, said)
		}
		if k := wrong.Calibration; k.ECE < 3*k.ECESE || k.ECE < check.Calibration.ECE {
			t.Errorf("%s: Q^2 passes with ECE %g, by chance %g", text, k.ECE, k.ECESE)
		}
	}
	c, laws, bases := d.composition(t, "harmonic(c1, c2, c3)")
	ref, err := diagnose.NewRollouts(t.Context(), d.grid, bases, c, 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := diagnose.CheckGuide(t.Context(), exactQ{graph: laws[0].Graph}, c, ref, 1); err == nil {
		t.Error("a composition that is no list of observations has a guide")
	}
}
