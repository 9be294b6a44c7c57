package platform

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// allowing is a campaign of the bundle's models that allows some molecules.
func allowing(allow, method string) string {
	return `version: 1
name: a
models:
  qed: {plugin: core/gflownet, weights: "builtin:qed", beta: 32}
  sa: {plugin: core/gflownet, weights: "builtin:sa"}
compose: qed & sa
allow: ` + allow + `
sample: {method: ` + method + `}
objectives: [{reward: qed}]
budget: {molecules: 10}
`
}

func allowingPlan(t *testing.T, allow, method string) (*Plan, error) {
	t.Helper()
	c, err := config.ParseCampaign("f", []byte(allowing(allow, method)))
	if err != nil {
		t.Fatal(err)
	}
	return NewPlan(c, bundle())
}

func TestWhatCannotBeAllowedIsAnErrorWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ allow, method, want string }{
		{"{scaffold: C1CCCCCCCCCCC1}", "smc", "f:7:19: the vocabulary cannot express the scaffold: C1CCCCCCCCCCC1 is no fragment of the vocabulary"},
		{"{scaffold: c1ccccc1.C}", "smc", "f:7:19: the vocabulary cannot express the scaffold: it has several components"},
		{"{scaffold: c1ccccc}", "smc", "f:7:20: not a SMILES: "},
		{"{scaffold: CC(C}", "smc", "not a SMILES: "},
		{"{forbid: [c1ccccc1, C1CCCCCCCCCCC1]}", "smc", "f:7:28: C1CCCCCCCCCCC1 is no fragment of the vocabulary"},
		{`{forbid: [c1ccccc1, {smarts: "[#92]"}]}`, "smc", "f:7:37: no fragment of the vocabulary matches [#92]"},
		{`{forbid: [{smarts: "[#6"}]}`, "smc", "not a SMARTS: "},
		{"{forbid: [CC, c1ccccc1], scaffold: c1ccccc1C}", "smc", "f:7:22: the fragment c1ccccc1 is forbidden, but the scaffold contains it"},
		{`{forbid: [{smarts: "c"}], scaffold: c1ccccc1C}`, "smc", "is forbidden, but the scaffold contains it"},
		{"{fragments: {min: 4, max: 3}}", "smc", "f:7:20: at least 4 and at most 3 fragments cannot be"},
		{"{fragments: {max: 10}}", "smc", "f:7:20: molecules of 10 fragments are allowed, but the space ends at 9"},
		{"{fragments: {max: 1}, scaffold: c1ccccc1C}", "smc", "f:7:20: the scaffold has 2 fragments, and at most 1 are allowed"},
		{`{forbid: [{smarts: "*"}]}`, "smc", "f:7:8: no molecule of 1 fragments can be made"},
		{"{fragments: {min: 2}}", "ancestral", "no mixture of models"},
	} {
		_, err := allowingPlan(t, test.allow, test.method)
		var wrong *config.Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\nwant %s", test.allow, err, test.want)
		}
	}
}

func TestPlansThatAllowTheSameAreTheSame(t *testing.T) {
	t.Parallel()
	plan := func(allow string) *Plan {
		p, err := allowingPlan(t, allow, "smc")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	a := plan("{scaffold: c1cccc(c1)C, forbid: [c1ccncc1, C1CCNCC1], fragments: {max: 7}}")
	b := plan("{fragments: {max: 7}, scaffold: Cc1ccccc1, forbid: [N1CCCCC1, n1ccccc1, c1ccncc1]}")
	if a.Digest != b.Digest {
		t.Errorf("different plans:\n%s\n%s", a.Text, b.Text)
	}
	for _, other := range []string{
		"{scaffold: Cc1ccccc1, forbid: [c1ccncc1], fragments: {max: 7}}",
		"{scaffold: c1ccccc1, forbid: [c1ccncc1, C1CCNCC1], fragments: {max: 7}}",
		"{scaffold: Cc1ccccc1, forbid: [c1ccncc1, C1CCNCC1], fragments: {max: 8}}",
	} {
		if plan(other).Digest == a.Digest {
			t.Errorf("%s has the same plan", other)
		}
	}
	again, err := config.ParseCampaign("plan", []byte(a.Text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPlan(again, bundle())
	if err != nil || p.Digest != a.Digest {
		t.Errorf("the plan is not its own plan: %v\n%s", err, a.Text)
	}
}

// withAllow is a small campaign in a region of the enumerable space.
func withAllow(method, molecules, allow string) string {
	return strings.Replace(twoModels(method, molecules), "compose: a & b,", "compose: a & b, allow: "+allow+",", 1)
}

// TestARunStaysInItsRegion runs campaigns whole and cut off, looks for the scaffold
// in every molecule, and has the reference of a check agree with the samples.
func TestARunStaysInItsRegion(t *testing.T) {
	t.Parallel()
	for method, molecules := range map[string]string{"smc": "160", "annealed": "160", "importance": "160", "rejection": "20", "pimh": "64", "auto": "160"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			text := withAllow(method, molecules, "{scaffold: Cc1ccccc1, forbid: [CO], fragments: {min: 3}}")
			whole, comp := smallRun(t, text, "whole.db")
			if err := whole.populations(t.Context(), comp); err != nil {
				t.Fatal(err)
			}
			cut, comp := smallRun(t, text, "cut.db")
			ctx, cancel := context.WithCancel(t.Context())
			cut.options.Progress = func(p Progress) {
				if p.Populations >= 2 {
					cancel()
				}
			}
			if err := cut.populations(ctx, comp); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			cut.options.Progress = nil
			if err := cut.populations(t.Context(), comp); err != nil {
				t.Fatal(err)
			}
			query, oxygen := smarts.MustCompile("[CH3,CH2,CH]c1ccccc1"), smarts.MustCompile("O")
			scores := [2]map[string]float64{{}, {}}
			for i, r := range []*run{whole, cut} {
				for c, err := range r.campaign.Candidates(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					m, err := smiles.Parse(c.SMILES)
					if err != nil {
						t.Fatal(err)
					}
					if !query.Matches(m) || oxygen.Matches(m) {
						t.Errorf("%s is not allowed", c.SMILES)
					}
					for _, o := range c.Occurrences {
						scores[i][c.SMILES] += math.Exp(o.LogWeight)
					}
				}
			}
			if len(scores[0]) < 5 || len(scores[0]) != len(scores[1]) {
				t.Fatalf("%d molecules, cut off %d", len(scores[0]), len(scores[1]))
			}
			for s, w := range scores[0] {
				if scores[1][s] != w {
					t.Errorf("%s has the weight %g, cut off %g", s, w, scores[1][s])
				}
			}
		})
	}
}

// TestTheReferenceOfACheckIsRestrictedToo: draws of the models everywhere, those
// inside weighted, have the evidence of samples that never leave the region.
func TestTheReferenceOfACheckIsRestrictedToo(t *testing.T) {
	t.Parallel()
	r, comp := smallRun(t, withAllow("smc", "3200", "{forbid: [CO], fragments: {max: 3}}"), "a.db")
	reference, err := diagnose.NewRollouts(t.Context(), r.plan.Space, r.models.policies, comp, 60, 4)
	if err != nil {
		t.Fatal(err)
	}
	all := reference.LogEvidence()
	restrict(reference, r.plan.Region)
	inside := reference.LogEvidence()
	s, err := newSampler(r.plan, r.models, comp, r.how, 0, 200)
	if err != nil {
		t.Fatal(err)
	}
	var e sample.Evidence
	for p, err := range s.Populations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		e.Add(p)
	}
	z, err := e.Log()
	if err != nil {
		t.Fatal(err)
	}
	if d := math.Abs(z.Value - inside.Value); d > 4*math.Hypot(z.SE, inside.SE) || z.SE > .05 {
		t.Errorf("log evidence %.4f ± %.4f, of the reference %.4f ± %.4f", z.Value, z.SE, inside.Value, inside.SE)
	}
	if all.Value-inside.Value < .2 {
		t.Errorf("nearly everything is inside: %g of %g", inside.Value, all.Value)
	}
	restrict(reference, nil) // leaves it as it is
	if reference.LogEvidence() != inside {
		t.Error("no region takes something out")
	}
}

// TestVisitsOfTheScaffoldAreKept with the plan.
func TestVisitsOfTheScaffoldAreKept(t *testing.T) {
	t.Parallel()
	r, comp := smallRun(t, withAllow("smc", "16", "{scaffold: Cc1ccccc1}"), "a.db")
	for _, name := range comp.Models() {
		r.plan.Models = append(r.plan.Models, PlannedModel{Name: name})
	}
	got, err := visits(t.Context(), r.plan, r.models)
	if err != nil {
		t.Fatal(err)
	}
	logs, err := r.plan.Region.LogVisits(t.Context(), r.models.policies)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1].Name != "log visits of the scaffold by b" || got[1].Value != formatNumber(logs[1]) || !(logs[1] < 0) {
		t.Errorf("%v, %v", got, logs)
	}
	r, _ = smallRun(t, withAllow("smc", "16", "{fragments: {min: 2}}"), "b.db")
	if got, err := visits(t.Context(), r.plan, r.models); err != nil || got != nil {
		t.Errorf("without a scaffold: %v, %v", got, err)
	}
}
