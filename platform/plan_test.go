package platform

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk"
)

// bundle is a catalog of two models that nobody starts.
func bundle() *catalog.Catalog {
	weights := func(name string) catalog.BundledWeights {
		return catalog.BundledWeights{Name: name, Data: func() ([]byte, error) { return []byte(name), nil }}
	}
	return &catalog.Catalog{
		Plugins: []catalog.Bundled{{ID: "core/gflownet"}},
		Weights: []catalog.BundledWeights{weights("qed"), weights("sa")},
	}
}

func planOf(t *testing.T, compose, method, objective string) *Plan {
	t.Helper()
	c, err := config.ParseCampaign("f", []byte(`{version: 1, name: a, compose: `+compose+`, sample: {method: `+method+`},
  models: {qed: {plugin: core/gflownet, weights: "builtin:qed", beta: 32}, sa: {plugin: core/gflownet, weights: "builtin:sa"}},
  objectives: [`+objective+`], budget: {molecules: 10}}`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPlan(c, bundle())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatAFileLeavesOutDoesNotChangeItsPlan(t *testing.T) {
	t.Parallel()
	want := planOf(t, "qed & sa", "smc", "{reward: qed, goal: maximize, curve: [[0, 0], [1, 1]]}")
	for _, same := range []*Plan{
		planOf(t, "qed & sa", "smc", "{reward: qed, goal: maximize}"),
		planOf(t, "qed & sa", "smc", "{reward: qed}"),
		planOf(t, "qed & sa", "smc", "{reward: qed, name: qed, weight: 1}"),
		planOf(t, `"( qed&sa )"`, "smc", "{reward: qed}"),
	} {
		if same.Digest != want.Digest {
			t.Errorf("another plan (-want +got):\n%s", cmp.Diff(want.Text, same.Text))
		}
	}
	for _, line := range []string{"goal: maximize", "curve: [[0, 0], [1, 1]]", "method: smc", `compose: "qed & sa"`} {
		if !strings.Contains(want.Text, line) {
			t.Errorf("the plan lacks %q:\n%s", line, want.Text)
		}
	}
	if p := planOf(t, "0.5 qed | 0.5 sa", "auto", "{reward: qed}"); !strings.Contains(p.Text, "method: ancestral") {
		t.Errorf("a mixture is drawn by ancestral sampling:\n%s", p.Text)
	}
	if p := planOf(t, "qed & sa", "auto", "{reward: qed}"); !strings.Contains(p.Text, "method: auto") {
		t.Errorf("only the models tell whether rejection pays:\n%s", p.Text)
	}
	if p := planOf(t, "qed^2 & sa", "auto", "{reward: qed}"); !strings.Contains(p.Text, "method: auto") {
		t.Errorf("a nested composition has a method once its parts are known:\n%s", p.Text)
	}
	if p := planOf(t, "qed & sa", "smc", "{reward: qed, goal: minimize}"); p.Digest == want.Digest {
		t.Error("another goal is another plan")
	}
	a := planOf(t, "qed & sa", "smc", "{reward: mw, goal: target, target: 300, width: 50}")
	b := planOf(t, "qed & sa", "smc", "{reward: mw, goal: target, curve: [[250, 0], [300, 1], [350, 0]]}")
	if a.Digest != b.Digest {
		t.Errorf("one curve in two spellings:\n%s", cmp.Diff(a.Text, b.Text))
	}
}

func TestAResolvedPlanIsAFileWithTheSamePlan(t *testing.T) {
	t.Parallel()
	for _, objective := range []string{"{reward: qed}", "{reward: logp}", "{reward: mw, goal: range, range: [200, 400]}", "{reward: sa, goal: minimize, weight: 1e-5}"} {
		p := planOf(t, `"qed -{0.2} sa"`, "auto", objective)
		c, err := config.ParseCampaign("f", []byte(p.Text))
		if err != nil {
			t.Fatalf("%v\n%s", err, p.Text)
		}
		again, err := NewPlan(c, bundle())
		if err != nil {
			t.Fatalf("%v\n%s", err, p.Text)
		}
		if again.Text != p.Text {
			t.Errorf("%s", cmp.Diff(p.Text, again.Text))
		}
	}
}

func TestADefaultCurveThatNoFileCanGiveIsInTheDigest(t *testing.T) {
	t.Parallel()
	p := planOf(t, "qed", "auto", "{reward: qed}")
	p.Objectives[0].Curve = rewards.Sigmoid{Middle: .5, Width: .1}
	p.resolve()
	first := p.Digest
	p.Objectives[0].Curve = rewards.Sigmoid{Middle: .5, Width: .2}
	p.resolve()
	if p.Digest == first {
		t.Errorf("the curve is not in the plan:\n%s", p.Text)
	}
}

func TestAWrongConditionIsShownWhereItStands(t *testing.T) {
	t.Parallel()
	p := planOf(t, "qed", "auto", "{reward: qed}")
	err := loadError(p.Models[0], fmt.Errorf("call: %w", &sdk.ConditionError{Name: "beta", Reason: "condition beta is 32, outside 1 to 8"}))
	var placed *config.Error
	if !errors.As(err, &placed) || placed.Line != 2 || !strings.HasPrefix(placed.Source[placed.Column-1:], "beta") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "call") {
		t.Errorf("the message names the call: %v", err)
	}
}

func TestTheNumericIDNamesTheSampler(t *testing.T) {
	t.Parallel()
	if n := (&models{}).numeric(); !strings.Contains(n, sample.Version) {
		t.Errorf("another sampler would go on with the campaign: %s", n)
	}
}
