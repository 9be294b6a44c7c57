package platform

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/diagnose"
)

func TestACheckConfirmsARunAndIsKept(t *testing.T) {
	t.Parallel()
	r, comp := smallRun(t, twoModels("smc", "640"), "check.db")
	s := &Session{plan: r.plan, models: r.models, target: comp}
	if _, err := s.Check(t.Context(), r.campaign, CheckOptions{}); err == nil || !strings.Contains(err.Error(), "no molecule yet") {
		t.Errorf("a check of nothing: %v", err)
	}
	if err := r.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	before, err := Summarize(t.Context(), r.campaign, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := before.Diagnostics.Weights
	if before.Diagnostics.Checks != nil || w.Populations != 40 || w.Drawn != 640 || w.Ancestors < 1 || w.Ancestors > 16 || w.Residual.Count == 0 || w.KL < 0 {
		t.Errorf("diagnostics %+v", before.Diagnostics)
	}
	found, err := s.Check(t.Context(), r.campaign, CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Check(t.Context(), r.campaign, CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(found, again); diff != "" {
		t.Errorf("a check found something else the second time: %s", diff)
	}
	after, err := Summarize(t.Context(), r.campaign, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(found, after.Diagnostics.Checks); diff != "" {
		t.Errorf("the store has another check: %s", diff)
	}
	a := found.Agrees
	if a == nil || a.P < .001 || a.EvidenceP < .001 || len(a.Differences) != 4 {
		t.Fatalf("the reference contradicts the run: %+v", a)
	}
	if d := math.Abs(a.LogEvidence - before.LogEvidence.Value); d > 5*math.Hypot(a.LogEvidenceSE, before.LogEvidence.SE) {
		t.Errorf("log evidence %g ± %g of the reference, %g ± %g of the run", a.LogEvidence, a.LogEvidenceSE, before.LogEvidence.Value, before.LogEvidence.SE)
	}
	d := found.Distance
	if d == nil || d.Size != 250 || !(d.Floor > 0) || d.Reference == nil || *d.Reference > 2*d.Floor || len(d.Models) != 2 {
		t.Errorf("distances %+v", d)
	}
	if c := found.Calibration; c.ECE > 4*c.ECESE || c.N != 2*found.Draws {
		t.Errorf("the posterior of paths is exact, and its calibration %+v", c)
	}
	for i, m := range found.Models {
		// The models are any, not trained: no path is balanced, no reward known.
		if m.Name != []string{"a", "b"}[i] || m.Path.N < 10 || m.Path.SD == 0 || m.Reward != nil || (m.Ratio.SD == 0) != (i == 0) {
			t.Errorf("model %+v", m)
		}
	}
}

// Samples that are not those of the composition are found out.
func TestACheckFindsWrongSamples(t *testing.T) {
	t.Parallel()
	r, comp := smallRun(t, twoModels("smc", "640"), "wrong.db")
	e, err := compose.Parse("a - b")
	if err != nil {
		t.Fatal(err)
	}
	other, err := compose.Compile(e, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	s := &Session{plan: r.plan, models: r.models, target: other}
	found, err := s.Check(t.Context(), r.campaign, CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	summary, err := Summarize(t.Context(), r.campaign, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := found.Agrees; a == nil || a.EvidenceP > 1e-6 || summary.Diagnostics.Verdict.Trust != diagnose.No {
		t.Errorf("samples of a & b pass for those of a - b: %+v, %s", a, summary.Diagnostics.Verdict.Text)
	}
}
