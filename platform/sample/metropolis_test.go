package sample_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molsculpt/molsculpt/platform/sample"
)

func TestMetropolisChainHasTheLawOfTheComposition(t *testing.T) {
	t.Parallel()
	sp := bag{2}
	c := compile(t, "a - b", nil)
	bases := bagModels(sp, c, 2)
	want, total := map[string]float64{}, 0.
	for _, p := range allPaths(sp, bases) {
		g := math.Exp(c.LogDensity(p.logs, p.logB))
		want[p.key()] += g
		total += g
	}
	// Two particles: their weighted law alone would be far off.
	const n = 40000
	chain := sample.NewMetropolis(1)
	got := map[string]float64{}
	for _, p := range collect(t, sp, bases, c, sample.Options{Seed: 4, Particles: 2, Populations: n}) {
		if tr := chain.Next(p); tr != nil {
			got[fmt.Sprint(tr.States)]++
		}
	}
	l1 := 0.
	for key, g := range want {
		l1 += math.Abs(got[key]/n - g/total)
	}
	if l1 > .04 || chain.Acceptance() < .3 {
		t.Errorf("L1 %g at acceptance %g", l1, chain.Acceptance())
	}
}

// A chain that is taken up at what it had before goes where it would have gone.
func TestAMetropolisChainIsTakenUp(t *testing.T) {
	t.Parallel()
	sp := bag{2}
	c := compile(t, "a - b", nil)
	populations := collect(t, sp, bagModels(sp, c, 2), c, sample.Options{Method: sample.PIMH, Seed: 4, Particles: 4, Populations: 60})
	whole := sample.NewMetropolis(9)
	var cut *sample.Metropolis
	var at *sample.Trajectory
	var from *sample.Population
	for i, p := range populations {
		if i%7 == 0 {
			cut = sample.NewMetropolis(9)
			if at != nil {
				cut.Continue(at, from.LogEvidence)
			}
		}
		next := whole.Next(p)
		if got := cut.Next(p); got != next {
			t.Fatalf("at population %d the chain that was cut is elsewhere", i)
		}
		if next != at {
			at, from = next, p
		}
	}
	if a := whole.Acceptance(); a < .3 || a == 1 {
		t.Errorf("acceptance %g: nothing is tested", a)
	}
}

// The populations that PIMH proposes are those of SMC.
func TestPIMHProposesPopulationsOfSMC(t *testing.T) {
	t.Parallel()
	sp := bag{2}
	c := compile(t, "a & b", nil)
	bases := bagModels(sp, c, 2)
	o := sample.Options{Method: sample.SMC, Seed: 4, Particles: 8, Populations: 5}
	want := collect(t, sp, bases, c, o)
	o.Method = sample.PIMH
	if d := cmp.Diff(want, collect(t, sp, bases, c, o)); d != "" {
		t.Errorf("the populations differ: %s", d)
	}
	if m, err := sample.ParseMethod("pimh"); err != nil || m != sample.PIMH || m.String() != "pimh" || !m.Exact() {
		t.Errorf("%v, %v", m, err)
	}
}
