package platform

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTheStandardErrorCoversTheTruth(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	const runs = 400
	covered := 0
	for range runs {
		// The target is N(1, 1) and samples come from N(0, 1): the weight is
		// exp(x - 1/2) and the mean 1.
		var w weighted
		for p := range 20 {
			for range 100 {
				x := r.NormFloat64()
				w.add(x-0.5, x, p)
			}
		}
		e := w.estimate()
		if math.Abs(e.Mean-1) < 2*e.SE {
			covered++
		}
	}
	if share := float64(covered) / runs; share < 0.90 || share > 0.995 {
		t.Errorf("two standard errors cover the truth in %.3f of the runs", share)
	}
}

func TestPopulationsThatDisagreeWidenTheError(t *testing.T) {
	t.Parallel()
	var together, apart weighted
	for i := range 100 {
		together.add(0, float64(i%2), i/10)
		apart.add(0, float64(i/50), i/10)
	}
	if a, b := together.estimate().SE, apart.estimate().SE; b < 2*a {
		t.Errorf("populations of one mind each: %.3f, mixed ones: %.3f", b, a)
	}
}

func TestEqualWeightsAreAllEffective(t *testing.T) {
	t.Parallel()
	var w weighted
	for i := range 50 {
		w.add(-700, float64(i), 0)
	}
	if e := w.effective(); math.Abs(e-50) > 1e-9 {
		t.Errorf("got %v", e)
	}
	if e := w.estimate(); math.Abs(e.Mean-24.5) > 1e-9 {
		t.Errorf("got %v", e)
	}
}
