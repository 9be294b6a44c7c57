package verify

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// noisyGuide is a guide that knows the truth but for errors of a known size.
type noisyGuide struct {
	target *Target
	noise  float64
}

func (g noisyGuide) States(*compose.Composition) (sample.Posterior, error) {
	return guideOf(g.target, g.noise, 7), nil
}

func (noisyGuide) Actions(*compose.Composition) (sample.ActionGuide, error) {
	return nil, errors.New("no head for actions")
}

// imperfectTarget is a composite of models with errors, and a guide with some.
func imperfectTarget(t *testing.T, text string, models, guide float64) *Target {
	t.Helper()
	d, err := Grid(t.Context(), 2, 8, GridRewards())
	if err != nil {
		t.Fatal(err)
	}
	if d, err = d.Perturbed("noisy", models, 5); err != nil {
		t.Fatal(err)
	}
	var tg *Target
	d.Guide = func(_ context.Context, g GuideTraining) (TrainedGuide, error) {
		if g.Dim != 2 || g.Side != 8 || len(g.Models) != 2 {
			t.Errorf("a guide for %+v is wanted", g)
		}
		return noisyGuide{tg, guide}, nil
	}
	if tg, err = NewTarget(d, text); err != nil {
		t.Fatal(err)
	}
	return tg
}

// A classifier that knows the truth ends as the closed form on states; a bad one
// does not, but what is drawn by it has the law that is found for it all the
// same, and SMC makes up for it.
func TestClassifiersAreHeldAgainstTheClosedForm(t *testing.T) {
	t.Parallel()
	r := &Run{Options: Options{Seed: 2, Draws: 5000}}
	for _, text := range []string{"shubert & diagonal", "shubert -{0.05} diagonal", "diagonal -{0.95} shubert"} {
		for noise, right := range map[float64]bool{0: true, 1: false} {
			tg := imperfectTarget(t, text, .1, noise)
			results, err := classifierEMA.Check(t.Context(), tg, r)
			if err != nil {
				t.Fatal(err)
			}
			if results[0].Passed() != right || noise == 0 && results[0].Error > exactly {
				t.Errorf("%s: errors of %g nats: L1 %g, bound %g", text, noise, results[0].Error, results[0].Bound)
			}
			weighted, err := smcClassifier.Check(t.Context(), tg, r)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range append(results[1:], weighted...) {
				if !x.Passed() {
					t.Errorf("%s: errors of %g nats: %s %g, exact %g, bound %g", text, noise, x.Quantity, x.Estimate, x.Exact, x.Bound)
				}
			}
		}
	}
	if tg := imperfectTarget(t, "circle1 & circle2", .1, 0); hasGuide(tg) {
		t.Error("there is a guide for circles")
	}
	if _, err := smcActions.Check(t.Context(), imperfectTarget(t, "shubert & diagonal", .1, 0), r); err == nil {
		t.Error("a guide without actions steers by them")
	}
}

// With models so bad that both composites can be told apart, draws of one are not
// near the other, unless the gap is allowed for.
func TestDrawsOfOneCompositeAreNotNearTheOther(t *testing.T) {
	t.Parallel()
	r := &Run{Options: Options{Seed: 3, Draws: 100_000}}
	tg := imperfectTarget(t, "shubert - diagonal", .3, 0)
	for _, m := range []Method{visits, pathsForStates} {
		results, err := m.Check(t.Context(), tg, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range results {
			if !x.Passed() {
				t.Errorf("%s by %s: %g, exact %g, bound %g", x.Quantity, m.Name, x.Estimate, x.Exact, x.Bound)
			}
		}
	}
	d, err := draw(t.Context(), tg, r.forMillion(sample.Rejection, acceptance(tg)))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(d.N/100_000-1) > .1 {
		t.Errorf("%g draws are kept, 100,000 were wanted", d.N)
	}
	if x := nearlyAtFloor(tg.Law, oracle.L1(tg.Law, d.Frequencies()), int(d.N), 0, 3); x.Passed() {
		t.Errorf("draws of the composite on paths pass for that on states: %g, bound %g", x.Error, x.Bound)
	}
}

// Plain SMC is left to other methods exactly where its weights are hopeless.
func TestHeavyTailsAreFoundExactly(t *testing.T) {
	t.Parallel()
	for text, heavy := range map[string]bool{hardest: true, "circle1 - circle2": true, "shubert & diagonal": false, "circle1 & circle2": false} {
		tg := target(t, 32, text)
		if smc.Covers(tg) == heavy || smcHeavy.Covers(tg) != heavy {
			t.Errorf("%s: the limit of the effective sample size is %g", text, limitESS(tg))
			continue
		}
		if !heavy {
			continue
		}
		if results, err := smcHeavy.Check(t.Context(), tg, &Run{}); err != nil || !results[0].Control || !results[0].Passed() {
			t.Errorf("%s: %+v %v", text, results, err)
		}
	}
}
