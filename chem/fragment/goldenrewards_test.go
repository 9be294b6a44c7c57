package fragment

import (
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/descriptor"
)

// TestGoldenSpaceHasTheKnownLawsOfQEDAndSA checks the rewards QED^beta and
// ((10-SA)/9)^beta, for which the numbers were found with RDKit's values.
func TestGoldenSpaceHasTheKnownLawsOfQEDAndSA(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("QED and SA of 52,324 molecules")
	}
	_, _, mols := goldenSpace(t)
	qed := make([]float64, len(mols))
	easy := make([]float64, len(mols))
	for i, m := range mols {
		a := descriptor.New(m)
		qed[i] = a.QED()
		easy[i] = (10 - a.SA()) / 9
	}
	power := func(r []float64, beta float64) law {
		i := -1
		return newLaw(mols, func(*chem.Mol) float64 {
			i++
			return beta * math.Log(r[i])
		})
	}
	good := func(p []float64) float64 {
		sum := 0.0
		for i := range p {
			if qed[i] >= 0.6 && 10-9*easy[i] <= 3 {
				sum += p[i]
			}
		}
		return sum
	}
	for _, c := range []struct {
		beta                   float64
		logZQED, logZSA, hmean float64
	}{
		{8, 8.379454, 9.164470, .180768},
		{32, 3.742351, 6.029560, .032035},
		{96, -5.481235, 3.595807, .000307},
	} {
		one, two := power(qed, c.beta), power(easy, c.beta)
		evidence, both := composite(one, two, func(p, q float64) float64 { return p * q })
		near(t, "log Z of QED", one.logZ, c.logZQED, 1e-5)
		near(t, "log Z of SA", two.logZ, c.logZSA, 1e-5)
		near(t, "evidence of the harmonic mean", evidence, c.hmean, 1e-6)
		if c.beta != 32 {
			continue
		}
		mixture := make([]float64, len(mols))
		for i := range mixture {
			mixture[i] = (one.p[i] + two.p[i]) / 2
		}
		near(t, "share of good molecules, QED", good(one.p), .487, 6e-4)
		near(t, "share of good molecules, SA", good(two.p), .771, 6e-4)
		near(t, "share of good molecules, mixture", good(mixture), .629, 6e-4)
		near(t, "share of good molecules, harmonic mean", good(both), .970, 6e-4)
	}
}
