package verify

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

func TestContinuousModelsAreRight(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	var last Progress
	err := Verify(t.Context(), Options{Seed: 1, Draws: 1500, Only: []string{normalsOnLine, normalsInPlane}}, func(p Progress) { last = p }, func(results []Result) {
		for _, r := range results {
			seen[r.Method]++
			if !r.Passed() {
				t.Errorf("%s of %s by %s on %s: %g, exact %g, error %g, bound %g", r.Quantity, r.Target, r.Method, r.Domain, r.Estimate, r.Exact, r.Error, r.Bound)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if last.Done == 0 || last.Done != last.Total {
		t.Errorf("the run ends at %d of %d", last.Done, last.Total)
	}
	for _, m := range pointMethods {
		if !m.full && seen[m.name] == 0 {
			t.Errorf("nothing was checked by %s", m.name)
		}
	}
}

// A field that is wrong is found out: one shifted by a quarter, as a model would
// be that learned from other data.
func TestAWrongScoreIsFoundOut(t *testing.T) {
	t.Parallel()
	d := pointDomains[0]
	target, err := newPointTarget(&d, "left", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := target.sp.Process()
	target.fields[0] = diffuse.Single(func(x []float64, at float64, dst []float64) {
		moved := []float64{x[0] - 0.25*p.Alpha(at)}
		d.laws["left"].Noised(p, at).Score(moved, dst)
	})
	r := &Run{Options: Options{Seed: 3, Draws: 1500}}
	for _, m := range pointMethods {
		if m.full || !m.covers(target) || m.name == "quadrature" {
			continue
		}
		results, err := m.check(t.Context(), target, r)
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0
		for _, r := range results {
			if !r.Passed() || math.IsNaN(r.Error) {
				wrong++
			}
		}
		if wrong == 0 {
			t.Errorf("%s finds nothing wrong with it", m.name)
		}
	}
}

// Controls of the full form, whose error is small, are caught by fewer draws too.
func TestControlsOfHarmonicMeansAreCaught(t *testing.T) {
	t.Parallel()
	d := pointDomains[0]
	target, err := newPointTarget(&d, "left & right", nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &Run{Options: Options{Seed: 1, Draws: 8000}}
	for _, name := range []string{"sum of scores", "guide at scale 3, harmonic mean"} {
		i := slices.IndexFunc(pointMethods, func(m pointMethod) bool { return m.name == name })
		if i < 0 || !pointMethods[i].covers(target) {
			t.Fatalf("%s is no method for it", name)
		}
		results, err := pointMethods[i].check(t.Context(), target, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if !r.Control || !r.Passed() {
				t.Errorf("%s: %+v is not caught", name, r)
			}
		}
	}
}

// Learned scores pass beside exact ones where they are these, and fail where they
// were learned from other data.
func TestLearnedScoresAreHeldAgainstExactOnes(t *testing.T) {
	t.Parallel()
	i := slices.IndexFunc(pointDomains, func(d pointDomain) bool { return d.name == learnedInPlane })
	d := pointDomains[i]
	for _, shift := range []float64{0, .5} {
		fields := map[string]diffuse.Field{}
		for name, law := range d.laws {
			p, err := noise.New(d.process, nil)
			if err != nil {
				t.Fatal(err)
			}
			fields[name] = diffuse.Single(func(x []float64, at float64, dst []float64) {
				law.Noised(p, at).Score([]float64{x[0] - shift*p.Alpha(at), x[1]}, dst)
			})
		}
		target, err := newPointTarget(&d, "left & right", fields)
		if err != nil {
			t.Fatal(err)
		}
		results, err := learnedBesideExact(t.Context(), target, &Run{Options: Options{Seed: 2, Draws: 3000}})
		if err != nil {
			t.Fatal(err)
		}
		passed := true
		for _, r := range results {
			passed = passed && r.Passed()
		}
		if passed != (shift == 0) {
			t.Errorf("scores shifted by %g: %+v", shift, results)
		}
	}
}

// Every model of a run that is trained has a name of its own.
func TestTrainingsOfScoresHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	o := Options{Scores: func(_ context.Context, s ScoreTraining) (diffuse.Field, error) {
		if seen[s.Name] {
			t.Errorf("two models are called %s", s.Name)
		}
		seen[s.Name] = true
		return nil, nil
	}}
	for _, d := range pointDomains {
		if _, err := d.learn(t.Context(), &o); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 4 {
		t.Errorf("trained are %v", seen)
	}
}
