package oracle_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
)

// The bound is the mean over all paths, is above -log p for imperfect models, and
// is -log p for balanced ones.
func TestEvidenceBoundIsTheMeanOverBackwardPaths(t *testing.T) {
	t.Parallel()
	for name, flows := range grid(t, 5) {
		for _, sd := range []float64{0, .5} {
			law := flows.Law().Perturbed(sd, rand.New(rand.NewPCG(3, 4)))
			want := make([]float64, len(law.Terminal))
			eachPath([]*oracle.Law{law}, func(end int, l []float64, logB float64) {
				want[end] += math.Exp(logB) * (logB - l[0])
			})
			loose := 0.
			for s, got := range oracle.EvidenceBound(law) {
				if math.Abs(got-want[s]) > 1e-12*math.Abs(want[s]) {
					t.Fatalf("%s, noise %g: the bound at state %d is %g, summed over paths %g", name, sd, s, got, want[s])
				}
				gap := got + law.Terminal[s]
				if gap < -1e-12 || sd == 0 && gap > 1e-12 {
					t.Fatalf("%s, noise %g: the bound at state %d is off -log p by %g", name, sd, s, gap)
				}
				loose = max(loose, gap)
			}
			if sd > 0 && loose < 1e-3 {
				t.Errorf("%s: the bound of an imperfect model is off by %g at most: nothing is tested", name, loose)
			}
		}
	}
}
