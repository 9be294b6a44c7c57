package sample_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/sample"
)

func TestChooseTakesRejectionWhereItPays(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 32)
	d.bumps(t, .2, .9)
	for _, test := range []struct {
		text   string
		method sample.Method
		accept float64 // exact, 0 where nobody looks
		reason string
	}{
		{"c1 | c2", sample.Ancestral, 0, "ancestral: a mixture"},
		{"shubert & diagonal", sample.Rejection, .178984 * 4, "rejection: of 256 rollouts of the mixture it would keep 7"},
		{"c1 & c2 & c3", sample.Rejection, .011555 * 27, "rejection: of 256 rollouts"},
		{"left & right", sample.SMC, .009294 * 4, "smc: rejection would waste draws, of 256 rollouts"},
		{"c1^2", sample.SMC, 0, "smc: no bound is known"},
		// Where the weights of smc have the heaviest tails, a label is observed more
		// than once: then its model alone is an envelope, and a good one.
		{"obs(c3, c3; over c1, c2, c3)", sample.Rejection, .202820 * 3, "rejection: of 256 rollouts"},
		{"obs(c1, c1, c1; over c1, c2, c3)", sample.Rejection, .147745 * 3, "rejection: of 256 rollouts"},
	} {
		c := compile(t, test.text, nil)
		_, bases := d.models(c)
		choice, err := sample.Choose(context.Background(), d.grid, bases, c, sample.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if choice.Method != test.method || !strings.HasPrefix(choice.Reason, test.reason) {
			t.Errorf("%s: %v, %s", test.text, choice.Method, choice.Reason)
		}
		if test.accept == 0 != math.IsNaN(choice.Acceptance.Value) {
			t.Errorf("%s: acceptance %v", test.text, choice.Acceptance)
		}
		if test.accept > 0 {
			within(t, test.text+": acceptance", choice.Acceptance, test.accept, 4)
		}
		for _, lanes := range []int{1, 3} {
			again, err := sample.Choose(context.Background(), d.grid, bases, c, sample.Options{Seed: 1, Lanes: lanes})
			if err != nil || again.Reason != choice.Reason {
				t.Errorf("%s: with %d lanes %q, not %q (%v)", test.text, lanes, again.Reason, choice.Reason, err)
			}
		}
	}
	hard := compile(t, "obs(c1, c1, c1; over c1, c2, c3)", nil)
	_, three := d.models(hard)
	annealed, err := sample.Choose(context.Background(), d.grid, three, hard, sample.Options{Method: sample.Annealed, Seed: 1, Particles: 32, Populations: 16})
	if err != nil || annealed.Method != sample.Annealed || len(annealed.Ladder) < 10 {
		t.Errorf("%v %v", annealed, err)
	}
	o := sample.Options{Method: sample.Annealed, Twist: sample.Twist{Ladder: annealed.Ladder}, Seed: 3, Particles: 64, Populations: 40}
	within(t, "evidence, annealed", evidence(t, collect(t, d.grid, three, hard, o)), .147745, 4)
	c := compile(t, "c1 & c2", nil)
	_, bases := d.models(c)
	choice, err := sample.Choose(context.Background(), d.grid, bases, c, sample.Options{Method: sample.Uncorrected})
	if err != nil || choice.Method != sample.Uncorrected || choice.Reason != "unweighted: as asked for" {
		t.Errorf("%v %v", choice, err)
	}
}
