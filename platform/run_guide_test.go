package platform

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/store"
)

// guidedSite is a folder with two trained models of a small space and a guide for
// them.
type guidedSite struct {
	dir string
	cat *catalog.Catalog
}

const guidedVocabulary = `[
	{"smiles":"c1ccccc1","attach":[0,1,2,3,4,5]},
	{"smiles":"C","attach":[0,0,0]},
	{"smiles":"CO","attach":[1,0]},
	{"smiles":"F","attach":[0]}]`

// guidedModels are the models as training files and campaigns have them.
const guidedModels = `
  a: {plugin: core/gflownet, weights: a.safetensors, beta: 8}
  b: {plugin: core/gflownet, weights: b.safetensors, beta: 8}`

func newGuidedSite(t *testing.T) *guidedSite {
	t.Helper()
	if testing.Short() {
		t.Skip("trains some seconds")
	}
	g := &guidedSite{t.TempDir(), live(t)}
	if err := os.WriteFile(filepath.Join(g.dir, "v.json"), []byte(guidedVocabulary), 0o644); err != nil {
		t.Fatal(err)
	}
	const space = "space: {vocabulary: ./v.json, max_fragments: 4}\n"
	for _, text := range []string{
		"reward: {function: qed}\ntrain: {width: 16, layers: 1, steps: 80, batch: 16}\nout: a.safetensors\n",
		"reward: {function: logp, goal: maximize, curve: [[0, 0.01], [4, 1]]}\ntrain: {width: 16, layers: 1, steps: 80, batch: 16}\nout: b.safetensors\n",
		"kind: guide\nmodels:" + guidedModels + "\ntrain: {labels: exact, head: action, width: 16, layers: 1, steps: 80, batch: 16, report_paths: 50}\nout: guide.safetensors\n",
		"kind: guide\nmodels:" + guidedModels + "\ntrain: {width: 16, layers: 1, steps: 3, batch: 4, report_paths: 10}\nout: states.safetensors\n",
		"kind: guide\nmodels:" + guidedModels + "\ntrain: {alpha: true, width: 16, layers: 1, steps: 20, batch: 8, report_paths: 10}\nout: alpha.safetensors\n",
	} {
		if _, err := Train(t.Context(), gridTraining(t, g.dir, space+text), g.cat, TrainOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// campaign is a plan of a & b on the site, changed by pairs of old and new text.
func (g *guidedSite) campaign(sample string, changes ...string) (*Plan, error) {
	text := strings.NewReplacer(changes...).Replace(`version: 1
name: guided
seed: 3
space: {vocabulary: ./v.json, max_fragments: 4}
models:` + guidedModels + `
compose: a & b
sample: {` + sample + `, particles: 16}
objectives: [{reward: mw}]
budget: {molecules: 160}
`)
	c, err := config.ParseCampaign(filepath.Join(g.dir, "c.yaml"), []byte(text))
	if err != nil {
		return nil, err
	}
	return NewPlan(c, g.cat)
}

// run runs a plan into a store, told of progress, and summarises it.
func (g *guidedSite) run(ctx context.Context, t *testing.T, p *Plan, file string, progress func(*Session, Progress)) (*run, *Summary, error) {
	t.Helper()
	s, err := Start(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	st, err := store.Open(filepath.Join(g.dir, file), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	c, err := s.Run(ctx, st, RunOptions{Progress: func(p Progress) {
		if progress != nil {
			progress(s, p)
		}
	}})
	if err != nil {
		_ = st.Close()
		return nil, nil, err
	}
	if _, err := s.Check(t.Context(), c, CheckOptions{}); err != nil {
		t.Fatal(err)
	}
	sum, err := Summarize(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &run{campaign: c}, sum, nil
}

// Models and guides are real processes. Every campaign runs once undisturbed, once
// cut off and taken up, and once with the guide's process killed: with one result.
// Those that correct their weights come to what smc without a guide comes to.
func TestCampaignsWithAGuide(t *testing.T) {
	t.Parallel()
	g := newGuidedSite(t)
	plan, err := g.campaign("method: smc")
	if err != nil {
		t.Fatal(err)
	}
	plan.Campaign.Budget.Molecules = 960
	_, plain, err := g.run(t.Context(), t, plan, "plain.db", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c := plain.Diagnostics.Checks; c == nil || c.Guide != nil {
		t.Errorf("a check of a guide that is not there: %+v", c)
	}
	for _, test := range []struct {
		sample, method, steps string
		guided                bool
	}{
		{"guide: guide.safetensors", "smc", "actions", false},
		{"method: smc, guide: ./guide.safetensors, steps: all", "smc", "all", false},
		{"method: smc, guide: states.safetensors", "smc", "all", false},
		{"method: smc, guide: guide.safetensors, steps: candidates", "smc", "candidates", false},
		{"method: pimh, guide: guide.safetensors", "pimh", "actions", false},
		{"method: guided, guide: guide.safetensors", "guided", "gumbel", true},
		{"method: guided, guide: guide.safetensors, steps: all", "guided", "all", true},
		{"method: guided, guide: guide.safetensors, steps: thinning", "guided", "thinning", true},
		{"method: guided, guide: guide.safetensors, steps: actions", "guided", "actions", true},
	} {
		t.Run(test.sample, func(t *testing.T) {
			t.Parallel()
			plan, err := g.campaign(test.sample)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(plan.Text, "method: "+test.method) || !strings.Contains(plan.Text, "# identity weights "+plan.Guide.Weights.SHA256) {
				t.Errorf("the plan is\n%s", plan.Text)
			}
			name := strings.NewReplacer(" ", "", "/", "", ":", "", ",", "").Replace(test.sample)
			whole, s, err := g.run(t.Context(), t, plan, name+"-whole.db", nil)
			if err != nil {
				t.Fatal(err)
			}
			settings := map[string]string{}
			for _, o := range whole.campaign.Plan().Sampler {
				settings[o.Name] = o.Value
			}
			if settings["steps"] != test.steps || settings["guide sha256"] != plan.Guide.Weights.SHA256 || !strings.HasPrefix(settings["guide plugin"], "core/guide@") {
				t.Errorf("the store says %v", settings)
			}

			ctx, cancel := context.WithCancel(t.Context())
			_, _, err = g.run(ctx, t, plan, name+"-cut.db", func(_ *Session, p Progress) {
				if p.Populations >= 4 {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("cut off: %v", err)
			}
			killed := false
			cut, resumed, err := g.run(t.Context(), t, plan, name+"-cut.db", func(s *Session, _ Progress) {
				if pid := s.models.guide.plugin.Status().PID; !killed && pid > 0 {
					killed = true
					if p, err := os.FindProcess(pid); err != nil || p.Kill() != nil {
						t.Errorf("the process %d cannot be killed", pid)
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if resumed.Restarts < 1 {
				t.Error("no process was started again")
			}
			if d := cmp.Diff(dumped(t, whole), dumped(t, cut)); d != "" {
				t.Errorf("cut off and killed, the campaign is another: %.2000s", d)
			}
			if d := cmp.Diff(s.Diagnostics.Checks, resumed.Diagnostics.Checks); d != "" {
				t.Errorf("and so is its check: %s", d)
			}

			if c := s.Diagnostics.Checks.Guide; c == nil || len(c.Steps) < 3 || c.Calibration.N == 0 {
				t.Errorf("the check of the guide is %+v", c)
			}
			if test.guided {
				if !math.IsNaN(s.LogEvidence.Value) || s.Diagnostics.Exact || s.Diagnostics.Verdict.Trust != diagnose.No || !strings.Contains(s.Diagnostics.Verdict.Text, "guide") {
					t.Errorf("samples of a guide pass for those of the composition: %+v", s.Diagnostics.Verdict)
				}
				return
			}
			if x, y := s.LogEvidence, plain.LogEvidence; !(math.Abs(x.Value-y.Value) < 5*math.Hypot(x.SE, y.SE)) {
				t.Errorf("log evidence %v with the guide, %v without", x, y)
			}
			if x, y := s.Objectives[0].Mean, plain.Objectives[0].Mean; !(math.Abs(x.Value-y.Value) < 5*math.Hypot(x.SE, y.SE)) {
				t.Errorf("mean %v with the guide, %v without", x, y)
			}
		})
	}
	t.Run("other names", func(t *testing.T) {
		t.Parallel()
		a, err := g.campaign("guide: guide.safetensors")
		if err != nil {
			t.Fatal(err)
		}
		b, err := g.campaign("guide: guide.safetensors", "  a: {", "  good: {", "  b: {", "  greasy: {", "a & b", "good & greasy")
		if err != nil {
			t.Fatal(err)
		}
		x, _, err := g.run(t.Context(), t, a, "name-a.db", nil)
		if err != nil {
			t.Fatal(err)
		}
		y, _, err := g.run(t.Context(), t, b, "name-b.db", nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(dumped(t, x), dumped(t, y)); d != "" {
			t.Errorf("with other names the campaign is another: %.2000s", d)
		}
	})
	t.Run("alpha", func(t *testing.T) {
		t.Parallel()
		got := map[string]*Summary{}
		for _, sample := range []string{"method: smc", "guide: alpha.safetensors"} {
			p, err := g.campaign(sample, "a & b", "a -{0.2} b", "molecules: 160", "molecules: 480")
			if err != nil {
				t.Fatal(err)
			}
			if _, got[sample], err = g.run(t.Context(), t, p, "alpha-"+sample[:5]+".db", nil); err != nil {
				t.Fatal(err)
			}
		}
		with, without := got["guide: alpha.safetensors"], got["method: smc"]
		if x, y := with.LogEvidence, without.LogEvidence; x == y || !(math.Abs(x.Value-y.Value) < 5*math.Hypot(x.SE, y.SE)) {
			t.Errorf("log evidence %v with the guide, %v without", x, y)
		}
		if with.Diagnostics.Checks.Guide == nil {
			t.Error("the guide was not checked")
		}
	})
	t.Run("mistakes", func(t *testing.T) {
		t.Parallel()
		g.mistakes(t)
	})
}

// mistakes are found with their place, before a run or when it starts.
func (g *guidedSite) mistakes(t *testing.T) {
	for i, test := range []struct {
		sample  string
		changes []string
		want    string
	}{
		{"guide: nowhere.safetensors", nil, "c.yaml:9:17: there are no weights at nowhere.safetensors"},
		{"guide: a.safetensors", nil, "c.yaml:9:17: load a.safetensors: the card beside it is not that of a guide"},
		{"guide: v.json", nil, "c.yaml:9:17: read the card of v.json"},
		{"guide: guide.safetensors", []string{"max_fragments: 4", "max_fragments: 5"}, "c.yaml:9:17: the guide was trained on another space"},
		{"guide: guide.safetensors", []string{"b.safetensors, beta: 8", "b.safetensors, beta: 9"}, "c.yaml:9:17: the guide was trained for another b: at beta 8, here it is at beta 9"},
		{"guide: guide.safetensors", []string{"b.safetensors, beta: 8", "b.safetensors"}, "at beta 8, here it is at none"},
		{"guide: guide.safetensors", []string{"weights: b.safetensors", "weights: a.safetensors"}, "the guide was trained for another b: of weights "},
		{"guide: guide.safetensors", []string{"  b: {plugin: core/gflownet, weights: b", "  c: {plugin: core/gflownet, weights: a", "a & b", "a & c"}, "the guide was trained for a model b, which is not in the composition"},
		{"guide: guide.safetensors", []string{"a & b", "a"}, "c.yaml:9:17: the guide was trained for 2 models, the composition is of 1"},
		{"guide: guide.safetensors", []string{"a & b", "a & (a - b)"}, "c.yaml:9:17: a & (a - b) nests a composition"},
		{"guide: guide.safetensors", []string{"a & b", "product(a, b)"}, "no list of observations"},
		{"guide: guide.safetensors", []string{"a & b", "a &{0.2} b"}, "c.yaml:9:17: the guide cannot steer this: read a &{0.2} b off a guide of [a b]: observation 2 has the prior weights"},
		{"guide: guide.safetensors", []string{"a & b", "obs(a, a, b; over a, b)"}, "the composition makes 3 observations, the guide 2"},
		{"guide: states.safetensors, steps: actions", nil, "it answers at states alone"},
		{"method: guided", nil, "c.yaml:9:18: the method guided needs a guide"},
		{"method: rejection, guide: guide.safetensors", nil, "the method rejection takes no guide"},
		{"method: annealed, guide: guide.safetensors", nil, "the method annealed takes no guide"},
		{"method: smc, guide: guide.safetensors, steps: gumbel", nil, "try: steps: all, or method: guided"},
		{"method: guided, guide: guide.safetensors, steps: candidates", nil, "candidates need the weights of smc"},
		{"steps: all", nil, "c.yaml:9:17: steps say what a guide is asked for, and there is no guide"},
	} {
		p, err := g.campaign(test.sample, test.changes...)
		if err == nil {
			var s *Session
			if s, err = Start(t.Context(), p, nil); err == nil {
				s.Close()
			}
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d, %s %q: got %v, want %s", i, test.sample, test.changes, err, test.want)
		}
		var placed *config.Error
		if err != nil && !errors.As(err, &placed) {
			t.Errorf("%s: the mistake has no place: %v", fmt.Sprint(test.changes), err)
		}
	}
}

func TestAGuideKnowsItsModels(t *testing.T) {
	t.Parallel()
	model := func(name, weights, options string, beta float64) PlannedModel {
		m := PlannedModel{Name: name, Weights: catalog.Weights{SHA256: weights}, Plugin: catalog.Plugin{ID: "./p", SHA256: "s"}}
		if options != "" {
			m.Options = []byte(options)
		}
		m.file.Conditions = []config.Condition{{Name: "beta", Value: beta}}
		return m
	}
	own := func(name, weights, options string, beta float64) CardModel {
		c := CardModel{Name: name, WeightsSHA256: weights, Plugin: "./elsewhere/p", PluginSHA256: "s", Conditions: []store.Setting{{Name: "beta", Value: formatNumber(beta)}}}
		if options != "" {
			c.Options = []byte(options)
		}
		return c
	}
	for name, test := range map[string]struct {
		card  []CardModel
		plan  []PlannedModel
		names []string // nil for a mistake
	}{
		"same":         {[]CardModel{own("a", "x", "", 1), own("b", "y", "", 1)}, []PlannedModel{model("b", "y", "", 1), model("a", "x", "", 1)}, []string{"a", "b"}},
		"renamed":      {[]CardModel{own("a", "x", "", 1), own("b", "y", "", 1)}, []PlannedModel{model("q", "y", "", 1), model("r", "x", "", 1)}, []string{"r", "q"}},
		"swapped":      {[]CardModel{own("a", "x", "", 1), own("b", "y", "", 1)}, []PlannedModel{model("a", "y", "", 1), model("b", "x", "", 1)}, []string{"b", "a"}},
		"twins":        {[]CardModel{own("a", "x", "", 1), own("b", "x", "", 1)}, []PlannedModel{model("b", "x", "", 1), model("c", "x", "", 1)}, []string{"c", "b"}},
		"two betas":    {[]CardModel{own("a", "x", "", 1), own("b", "x", "", 2)}, []PlannedModel{model("q", "x", "", 2), model("r", "x", "", 1)}, []string{"r", "q"}},
		"options":      {[]CardModel{own("a", "x", "{\n  \"k\": 1\n}", 1)}, []PlannedModel{model("a", "x", `{"k":1}`, 1)}, []string{"a"}},
		"other option": {[]CardModel{own("a", "x", `{"k":2}`, 1)}, []PlannedModel{model("a", "x", `{"k":1}`, 1)}, nil},
		"no option":    {[]CardModel{own("a", "x", "", 1)}, []PlannedModel{model("a", "x", `{"k":1}`, 1)}, nil},
		"one twice":    {[]CardModel{own("a", "x", "", 1), own("b", "y", "", 1)}, []PlannedModel{model("a", "x", "", 1), model("b", "x", "", 1)}, nil},
		"fewer":        {[]CardModel{own("a", "x", "", 1), own("b", "y", "", 1)}, []PlannedModel{model("a", "x", "", 1)}, nil},
	} {
		g := &PlannedGuide{Card: ModelCard{Models: test.card}}
		got, err := g.match(test.plan)
		if (err != nil) != (test.names == nil) || test.names != nil && cmp.Diff(test.names, got) != "" {
			t.Errorf("%s: %v, %v; want %v", name, got, err, test.names)
		}
	}
}
