package sample_test

import (
	"fmt"
	"math"
	"testing"

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
