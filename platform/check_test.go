package platform

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/chem/fingerprint"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func TestACheckConfirmsARunAndIsKept(t *testing.T) {
	t.Parallel()
	r, comp := smallRun(t, twoModels("smc", "640"), "check.db")
	r.plan.Models = []PlannedModel{{Name: "a"}, {Name: "b"}}
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
	if len(found.Models) != 2 {
		t.Fatalf("%d models", len(found.Models))
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
	other, err := compose.Compile(expression(t, "a - b"), nil, nil)
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

// Where the models hardly overlap their own paths say nothing, and draws of the
// composition by itself confirm a run, and contradict a wrong one.
func TestACheckOfModelsThatHardlyOverlap(t *testing.T) {
	t.Parallel()
	r, comp := smallRun(t, twoModels("annealed", "6400"), "apart.db")
	g, err := oracle.Enumerate(t.Context(), r.plan.Space, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, slope := range []float64{30, -30} {
		logR := make([]float64, len(g.States))
		for x := range logR {
			logR[x] = slope * float64(x) / float64(len(logR))
		}
		r.models.policies[i] = oracle.FlowsOf(g, logR).Law().Policy()
	}
	r.plan.Models = []PlannedModel{{Name: "a"}, {Name: "b"}}
	if r.how, err = decide(t.Context(), r.plan, r.models, comp); err != nil {
		t.Fatal(err)
	}
	if err := r.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	s := &Session{plan: r.plan, models: r.models, target: comp}
	found, err := s.Check(t.Context(), r.campaign, CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if found.DrawsESS >= diagnose.MinReference || found.Independent == nil || found.Independent.ESS < diagnose.MinReference {
		t.Errorf("paths of the models count as %g, and independent draws: %+v", found.DrawsESS, found.Independent)
	}
	if a := found.Agrees; a == nil || a.P < .001 || a.EvidenceP < .001 || len(a.Differences) != 4 {
		t.Errorf("the reference contradicts the run: %+v", a)
	}
	if d := found.Distance; d == nil || d.Reference == nil {
		t.Errorf("distances %+v", d)
	}
	for _, m := range found.Models {
		if m.Path.SD > 1e-6 {
			t.Errorf("model %s is balanced, and its path against backward paths %+v", m.Name, m.Path)
		}
	}
	wrong, err := compose.Compile(expression(t, "a &{0.2} b"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.target = wrong
	if found, err = s.Check(t.Context(), r.campaign, CheckOptions{}); err != nil {
		t.Fatal(err)
	}
	if a := found.Agrees; a == nil || min(a.P, a.EvidenceP) > 1e-4 {
		t.Errorf("samples of a & b pass for those of a &{0.2} b: %+v", a)
	}
}

// Models that are exactly balanced for known rewards: all three estimates of
// their densities are the same.
func TestBalancedModelsAgreeWithTheirRewards(t *testing.T) {
	t.Parallel()
	r, comp := smallRun(t, twoModels("smc", "320"), "balanced.db")
	g, err := oracle.Enumerate(t.Context(), r.plan.Space, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	cat := &catalog.Catalog{}
	for i, m := range []struct {
		function, goal string
		beta           float64
	}{{"qed", "maximize", 6}, {"sa", "minimize", 4}} {
		card := ModelCard{WeightsSHA256: m.function, Reward: CardReward{Function: m.function, Goal: m.goal, Floor: 1e-3}}
		objective, err := card.Reward.objective()
		if err != nil {
			t.Fatal(err)
		}
		f := fitModel{card: card, clip: math.Inf(-1), source: newRewardSource(r.plan.Space, objective, 1e-3)}
		logR := make([]float64, len(g.States))
		for x, s := range g.States {
			if !g.Stop[x] {
				continue
			}
			l, err := f.targets(t.Context(), []space.State{s}, m.beta)
			if err != nil {
				t.Fatal(err)
			}
			logR[x] = l[0]
		}
		r.models.policies[i] = oracle.FlowsOf(g, logR).Law().Policy()
		r.plan.Models = append(r.plan.Models, PlannedModel{
			Name: []string{"a", "b"}[i], Conditions: map[string]float64{"beta": m.beta},
			Weights: catalog.Weights{Ref: "builtin:" + m.function, SHA256: m.function},
		})
		cat.Weights = append(cat.Weights, catalog.BundledWeights{Name: m.function, Card: func() ([]byte, error) { return json.Marshal(card) }})
	}
	if err := r.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	s := &Session{plan: r.plan, models: r.models, target: comp}
	found, err := s.Check(t.Context(), r.campaign, CheckOptions{Catalog: cat})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Models) != 2 {
		t.Fatalf("%d models", len(found.Models))
	}
	for _, m := range found.Models {
		if m.Path.SD > 1e-9 || m.Ratio.SD > 1e-9 || math.Abs(m.Path.Slope-1) > 1e-9 {
			t.Errorf("model %s: path against backward paths %+v, ratio %+v", m.Name, m.Path, m.Ratio)
		}
		if m.Reward == nil || m.Reward.SD > 1e-9 || math.Abs(m.Reward.Slope-1) > 1e-9 || math.Abs(m.Reward.Correlation-1) > 1e-9 {
			t.Errorf("model %s: against its reward %+v", m.Name, m.Reward)
		}
	}
	if a := found.Agrees; a == nil || a.P < .001 || a.EvidenceP < .001 {
		t.Errorf("the reference contradicts the run: %+v", a)
	}
}

// A molecule has one fingerprint, whether it was assembled or read.
func TestFingerprintsOfTheRunAndTheReferenceAreOfOneKind(t *testing.T) {
	t.Parallel()
	sp, g := enumerable(t)
	for _, s := range ends(g) {
		made, err := sp.Trees().Assemble(fragment.Tree(s))
		if err != nil {
			t.Fatal(err)
		}
		read, err := smiles.Parse(smiles.Canonical(made))
		if err != nil {
			t.Fatal(err)
		}
		if fingerprint.Tanimoto(fingerprint.MorganBits(made, 3, 2048), fingerprint.MorganBits(read, 3, 2048)) != 1 {
			t.Fatalf("%s has two fingerprints", smiles.Canonical(made))
		}
	}
}

func expression(t *testing.T, text string) *compose.Expression {
	t.Helper()
	e, err := compose.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
