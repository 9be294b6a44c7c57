package assay

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// drawn are compounds with scores that have something to do with their
// potencies; some share a score or a potency, some have bounds only.
func drawn(rng *rand.Rand, n int) (scores []float64, potencies []Potency) {
	for range n {
		v := math.Round(10*(6+rng.NormFloat64())) / 10
		scores = append(scores, math.Round(2*(v+2*rng.NormFloat64()))/2)
		p := Potency{v, v}
		switch rng.IntN(6) {
		case 0:
			p.Low = math.Inf(-1)
		case 1:
			p.High = math.Inf(1)
		case 2:
			p.High += 0.5
		}
		potencies = append(potencies, p)
	}
	return scores, potencies
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) < 1e-12) && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The example of Kendall, Rank correlation methods (1948), chapter 1: ranks of
// ten pupils in mathematics and in music. The sum of squared differences is 182.
func TestSpearmanOfATextbook(t *testing.T) {
	t.Parallel()
	mathematics := []float64{7, 4, 3, 10, 6, 2, 9, 8, 1, 5}
	music := []float64{5, 7, 3, 10, 1, 9, 6, 2, 8, 4}
	potencies := make([]Potency, len(music))
	for i, v := range music {
		potencies[i] = Potency{v, v}
	}
	a, err := Compare(mathematics, potencies)
	if err != nil {
		t.Fatal(err)
	}
	want := 1 - 6*182./(10*99)
	near(t, "rho", a.Spearman, want)
	near(t, "its error", a.SpearmanError, math.Sqrt((1+want*want/2)/7))
}

func TestSpearmanIsTheCorrelationOfRanks(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	// A rank is one more than the number of smaller values, plus half the number
	// of other equal ones.
	rank := func(x []float64, i int) float64 {
		r := 1.0
		for j, v := range x {
			switch {
			case v < x[i]:
				r++
			case v == x[i] && j != i:
				r += 0.5
			}
		}
		return r
	}
	for range 100 {
		scores, potencies := drawn(rng, 4+rng.IntN(40))
		var x, y []float64
		for i, p := range potencies {
			if p.Exact() {
				x, y = append(x, scores[i]), append(y, p.Low)
			}
		}
		a, err := Compare(scores, potencies)
		if err != nil {
			t.Fatal(err)
		}
		if a.Exact != len(x) || a.Exact+a.Weaker+a.Better+a.Between != len(scores) {
			t.Fatalf("%d exact of %d, counted %+v", len(x), len(scores), a)
		}
		if len(x) < 4 {
			near(t, "rho of fewer than four", a.Spearman, math.NaN())
			continue
		}
		middle := float64(len(x)+1) / 2
		var xy, xx, yy float64
		for i := range x {
			u, v := rank(x, i)-middle, rank(y, i)-middle
			xy, xx, yy = xy+u*v, xx+u*u, yy+v*v
		}
		near(t, "rho", a.Spearman, xy/math.Sqrt(xx*yy))
	}
}

// ordered counts the pairs of one more and one less potent compound, and those
// of them that the scores have in order, from the definition.
func ordered(scores []float64, potencies []Potency, wanted func(p, q Potency) bool) (right float64, pairs int) {
	for i, p := range potencies {
		for j, q := range potencies {
			if p.Low > q.High && wanted(p, q) {
				pairs++
				right += (1 + float64(sign(scores[i]-scores[j]))) / 2
			}
		}
	}
	return right, pairs
}

func sign(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func TestConcordanceIsTheShareOfPairsInOrder(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		scores, potencies := drawn(rng, 3+rng.IntN(25))
		a, err := Compare(scores, potencies)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			got    Concordance
			wanted func(p, q Potency) bool
		}{
			"measured": {a.Measured, func(p, q Potency) bool { return p.Low == p.High && q.Low == q.High }},
			"bounded":  {a.Bounded, func(p, q Potency) bool { return p.Low != p.High || q.Low != q.High }},
			"all":      {a.All, func(Potency, Potency) bool { return true }},
		} {
			right, pairs := ordered(scores, potencies, c.wanted)
			if c.got.Pairs != pairs {
				t.Fatalf("%s: %d pairs, want %d", name, c.got.Pairs, pairs)
			}
			near(t, name, c.got.Share, right/float64(pairs))
			// The jackknife: what becomes of it without each compound that counts.
			var left []float64
			for i := range scores {
				s := append(append([]float64{}, scores[:i]...), scores[i+1:]...)
				p := append(append([]Potency{}, potencies[:i]...), potencies[i+1:]...)
				if r, n := ordered(s, p, c.wanted); n > 0 && n < pairs {
					left = append(left, r/float64(n))
				}
			}
			mean, sum := 0.0, 0.0
			for _, v := range left {
				mean += v / float64(len(left))
			}
			for _, v := range left {
				sum += (v - mean) * (v - mean)
			}
			want := math.NaN()
			if n := float64(len(left)); n > 1 {
				want = math.Sqrt((n - 1) / n * sum)
			}
			near(t, name+" error", c.got.Error, want)
		}
		if a.Measured.Pairs+a.Bounded.Pairs != a.All.Pairs {
			t.Errorf("pairs do not add up: %+v", a)
		}
	}
}

func TestAgreementDependsOnTheOrderOfScoresAlone(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	scores, potencies := drawn(rng, 60)
	up, down := make([]float64, len(scores)), make([]float64, len(scores))
	for i, s := range scores {
		up[i], down[i] = math.Exp(s)-3, -s
	}
	one, _ := Compare(scores, potencies)
	same, _ := Compare(up, potencies)
	other, _ := Compare(down, potencies)
	near(t, "rho of a rising function", same.Spearman, one.Spearman)
	near(t, "concordance of a rising function", same.All.Share, one.All.Share)
	near(t, "rho of a falling function", other.Spearman, -one.Spearman)
	near(t, "concordance of a falling function", other.All.Share, 1-one.All.Share)

	var truth []float64
	for i, p := range potencies {
		if !p.Exact() {
			potencies[i] = Potency{6, 6}
		}
		truth = append(truth, potencies[i].Low)
	}
	best, _ := Compare(truth, potencies)
	near(t, "rho of the truth", best.Spearman, 1)
	near(t, "concordance of the truth", best.All.Share, 1)
}

// A partial correlation is the correlation of what a line through the known
// ranks leaves of the others.
func TestBeyondIsTheCorrelationOfResiduals(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	for range 50 {
		scores, potencies := drawn(rng, 20+rng.IntN(50))
		known := make([]float64, len(scores))
		var x, y, z []float64
		for i, p := range potencies {
			known[i] = math.Round(scores[i] + 3*rng.NormFloat64())
			if p.Exact() {
				x, y, z = append(x, scores[i]), append(y, p.Low), append(z, known[i])
			}
		}
		got, _, err := Beyond(known, scores, potencies)
		if err != nil {
			t.Fatal(err)
		}
		x, y, z = ranks(x), ranks(y), ranks(z)
		u, v := residuals(x, z), residuals(y, z)
		var uv, uu, vv float64
		for i := range u {
			uv, uu, vv = uv+u[i]*v[i], uu+u[i]*u[i], vv+v[i]*v[i]
		}
		if want := uv / math.Sqrt(uu*vv); math.Abs(got-want) > 1e-10 {
			t.Errorf("the partial correlation is %v, of residuals %v", got, want)
		}
	}
	five := Potency{5, 5}
	if _, _, err := Beyond([]float64{1}, []float64{1, 2}, []Potency{five, five}); err == nil {
		t.Error("a missing value passes")
	}
	if _, _, err := Beyond([]float64{1, math.NaN()}, []float64{1, 2}, []Potency{five, five}); err == nil {
		t.Error("NaN passes")
	}
	if r, _, err := Beyond([]float64{1, 2}, []float64{1, 2}, []Potency{five, five}); err != nil || !math.IsNaN(r) {
		t.Errorf("of two compounds: %v, %v", r, err)
	}
}

// residuals are what the least-squares line over z leaves of x.
func residuals(x, z []float64) []float64 {
	n := float64(len(x))
	var mx, mz, xz, zz float64
	for i := range x {
		mx, mz = mx+x[i]/n, mz+z[i]/n
	}
	for i := range x {
		xz, zz = xz+(x[i]-mx)*(z[i]-mz), zz+(z[i]-mz)*(z[i]-mz)
	}
	out := make([]float64, len(x))
	for i := range x {
		out[i] = x[i] - mx - xz/zz*(z[i]-mz)
	}
	return out
}

func TestCompareRefusesWhatIsNoNumber(t *testing.T) {
	t.Parallel()
	five := Potency{5, 5}
	for want, c := range map[string]struct {
		scores    []float64
		potencies []Potency
	}{
		"1 scores for 2 compounds":              {[]float64{1}, []Potency{five, five}},
		"a score is not a number":               {[]float64{math.NaN()}, []Potency{five}},
		"compound 1 has a potency from 6 to 5":  {[]float64{1, 2}, []Potency{five, {6, 5}}},
		"compound 0 has a potency from NaN to ": {[]float64{1}, []Potency{{math.NaN(), 5}}},
	} {
		if _, err := Compare(c.scores, c.potencies); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	none, err := Compare(nil, nil)
	if err != nil || !math.IsNaN(none.Spearman) || !math.IsNaN(none.All.Share) || none.All.Pairs != 0 {
		t.Errorf("of nothing: %+v, %v", none, err)
	}
}
