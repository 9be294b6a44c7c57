package diagnose_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/diagnose"
)

// imported is a sample of the normal law of the given mean, drawn from a wider
// one with importance weights.
func imported(rng *rand.Rand, populations, each int, mean float64) (*diagnose.Weighted, []float64) {
	w := &diagnose.Weighted{Populations: populations}
	var values []float64
	for p := range populations {
		for range each {
			x := 1.5 * rng.NormFloat64()
			w.Population = append(w.Population, p)
			w.LogWeight = append(w.LogWeight, -(x-mean)*(x-mean)/2+x*x/(2*1.5*1.5))
			values = append(values, x)
		}
	}
	return w, values
}

func TestEqualLawsAreRarelyToldApartAndOthersAre(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	const rounds = 400
	low, found := 0, 0
	for range rounds {
		a, x := imported(rng, 20, 40, 0)
		b, y := imported(rng, 10, 60, 0)
		if _, p := diagnose.Compare(a, b, []diagnose.Values{{"x", x, y}}); p < .05 {
			low++
		}
		c, z := imported(rng, 10, 60, .5)
		if _, p := diagnose.Compare(a, c, []diagnose.Values{{"x", x, z}}); p < .05 {
			found++
		}
	}
	// Bonferroni over correlated functions is conservative; t is approximate.
	if low > rounds*8/100 {
		t.Errorf("%d of %d pairs of one law are told apart at 5 %%", low, rounds)
	}
	if found < rounds*90/100 {
		t.Errorf("only %d of %d pairs of different laws are told apart", found, rounds)
	}
}

func TestCompareLeavesOutMissingValuesAndConstants(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	a, x := imported(rng, 5, 20, 0)
	b, y := imported(rng, 5, 20, 0)
	same := func(n int, v float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = v
		}
		return out
	}
	list, p := diagnose.Compare(a, b, []diagnose.Values{
		{"missing", same(len(x), math.NaN()), same(len(y), math.NaN())},
		{"constant", same(len(x), 3), same(len(y), 3)},
	})
	if p != 1 {
		t.Errorf("p = %g of %v", p, list)
	}
	_, p = diagnose.Compare(a, b, []diagnose.Values{{"constants", same(len(x), 3), same(len(y), 4)}})
	if p != 0 {
		t.Errorf("p = %g of two different constants", p)
	}
	one := &diagnose.Weighted{Populations: 1, Population: []int{0}, LogWeight: []float64{0}}
	if _, p := diagnose.Compare(one, b, []diagnose.Values{{"x", []float64{9}, y}}); p != 1 {
		t.Errorf("p = %g of a sample that has no error", p)
	}
}

func TestCalibrationMeasuresWhatItsNameSays(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 200_000
	p, honest, bold := make([]float64, n), make([]bool, n), make([]bool, n)
	for i := range p {
		p[i] = rng.Float64()
		honest[i] = rng.Float64() < p[i]
		bold[i] = rng.Float64() < p[i]*p[i]
	}
	r := diagnose.Calibrate(p, honest)
	// Brier is E p(1-p) = 1/6, the log-loss that of the entropy of p, 1/2.
	if r.ECE > 4*r.ECESE || math.Abs(r.Brier-1./6) > 2e-3 || math.Abs(r.LogLoss-.5) > 4e-3 || len(r.Bins) != 10 {
		t.Errorf("honest probabilities: %+v", r)
	}
	// E |p - p^2| = 1/6.
	if r := diagnose.Calibrate(p, bold); math.Abs(r.ECE-1./6) > 3e-3 || r.ECE < 20*r.ECESE {
		t.Errorf("bold probabilities: %+v", r)
	}
	// Certainties.
	r = diagnose.Calibrate([]float64{0, 1, 1}, []bool{false, true, true})
	if r.ECE != 0 || r.Brier != 0 || r.LogLoss != 0 || len(r.Bins) != 2 {
		t.Errorf("certainties: %+v", r)
	}
}

func TestAgreementIsThatOfTheDefinitions(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	var x, y []float64
	for range 500 {
		v := 1e6 + 3*rng.NormFloat64() // a large constant in common must not matter
		x, y = append(x, v), append(y, 2*v+rng.NormFloat64())
	}
	x, y = append(x, math.Inf(-1), 3), append(y, 4, math.Inf(-1))
	a := diagnose.Agree(x, y)
	var mx, my, sxx, syy, sxy, sdd float64
	for i := range 500 {
		mx += x[i] / 500
		my += y[i] / 500
	}
	for i := range 500 {
		dx, dy := x[i]-mx, y[i]-my
		sxx, syy, sxy, sdd = sxx+dx*dx, syy+dy*dy, sxy+dx*dy, sdd+(dy-dx)*(dy-dx)
	}
	if a.N != 500 || math.Abs(a.Slope-sxy/sxx) > 1e-9 || math.Abs(a.Correlation-sxy/math.Sqrt(sxx*syy)) > 1e-9 || math.Abs(a.SD-math.Sqrt(sdd/499)) > 1e-9 {
		t.Errorf("%+v", a)
	}
	if a := diagnose.Agree([]float64{1, 1}, []float64{2, 2}); a != (diagnose.Agreement{N: 2}) {
		t.Errorf("constants: %+v", a)
	}
}
