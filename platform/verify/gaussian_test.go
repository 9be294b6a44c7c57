package verify

import (
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform/diffuse"
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
