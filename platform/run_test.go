package platform

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// smallRun is a run over the enumerable space, its models in this process.
func smallRun(t *testing.T, campaign, file string) (*run, *compose.Composition) {
	t.Helper()
	c, err := config.ParseCampaign("f", []byte(campaign))
	if err != nil {
		t.Fatal(err)
	}
	sp, _ := enumerable(t)
	p := &Plan{Campaign: c, Space: sp, Digest: "d"}
	if p.Expression, err = parseExpression(c); err != nil {
		t.Fatal(err)
	}
	if p.Region, p.allow, err = findRegion(c.Allow, sp); err != nil {
		t.Fatal(err)
	}
	if p.method, err = findMethod(c, p.Expression, p.Region); err != nil {
		t.Fatal(err)
	}
	for _, o := range c.Objectives {
		objective, err := NewObjective(o, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		p.Objectives = append(p.Objectives, objective)
	}
	comp, err := compose.Compile(p.Expression, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(filepath.Join(t.TempDir(), file), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	policies := []space.Policy{uneven{sp, 1}, uneven{sp, 2}}
	r := &run{plan: p, models: &models{policies: policies[:len(comp.Models())]}}
	if r.how, err = decide(t.Context(), p, r.models, comp); err != nil {
		t.Fatal(err)
	}
	r.campaign, err = st.Start(t.Context(), r.record(nil), store.StartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r, comp
}

func twoModels(method string, molecules string) string {
	return `{version: 1, name: small, seed: 3, compose: a & b,
  models: {a: {plugin: ./p}, b: {plugin: ./p}},
  sample: {method: ` + method + `, particles: 16}, objectives: [{reward: mw}],
  budget: {molecules: ` + molecules + `}}`
}

func TestRejectionGoesOnUntilTheBudgetOfMoleculesIsFinished(t *testing.T) {
	t.Parallel()
	whole, comp := smallRun(t, twoModels("rejection", "64"), "whole.db")
	if err := whole.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	end, err := whole.campaign.State()
	if err != nil {
		t.Fatal(err)
	}
	if end.Trajectories < 64 {
		t.Errorf("%d finished molecules where 64 were asked for", end.Trajectories)
	}
	if end.Populations <= 4 {
		t.Fatalf("%d populations of 16: nothing was rejected, and nothing is tested", end.Populations)
	}

	// Cut off twice, the run ends at the same population.
	cut, comp := smallRun(t, twoModels("rejection", "64"), "cut.db")
	for _, at := range []int{2, 5} {
		ctx, cancel := context.WithCancel(t.Context())
		cut.options.Progress = func(p Progress) {
			if p.Populations >= at {
				cancel()
			}
		}
		if err := cut.populations(ctx, comp); !errors.Is(err, context.Canceled) {
			t.Fatalf("cut off at %d: %v", at, err)
		}
	}
	cut.options.Progress = nil
	if err := cut.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	again, err := cut.campaign.State()
	if err != nil {
		t.Fatal(err)
	}
	if again.Populations != end.Populations || again.Trajectories != end.Trajectories || again.Candidates != end.Candidates {
		t.Errorf("cut off: %+v; in one go: %+v", again, end)
	}
}

func TestEveryPopulationCountsWhereAllDrawsAreMolecules(t *testing.T) {
	t.Parallel()
	r, comp := smallRun(t, twoModels("smc", "60"), "a.db")
	if err := r.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	if s, err := r.campaign.State(); err != nil || s.Populations != 4 || s.Trajectories != 64 {
		t.Errorf("%+v, %v; want 4 populations of 16", s, err)
	}
}

func TestASummaryHasAcceptanceAndSmallestSampleSize(t *testing.T) {
	t.Parallel()
	got := map[string]*Summary{}
	for _, method := range []string{"smc", "rejection"} {
		r, comp := smallRun(t, twoModels(method, "800"), method+".db")
		if err := r.populations(t.Context(), comp); err != nil {
			t.Fatal(err)
		}
		s, err := Summarize(t.Context(), r.campaign, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Acceptance == nil || !(s.Acceptance.Value > 0) || !(s.Acceptance.Value < 1) || !(s.Acceptance.SE > 0) {
			t.Fatalf("%s: acceptance %v", method, s.Acceptance)
		}
		if !(s.MinESS >= 0 && s.MinESS <= 1) || method == "smc" && s.MinESS == 0 { // rejection may keep none of a population
			t.Errorf("%s: smallest effective sample size %v", method, s.MinESS)
		}
		got[method] = s
		if method == "rejection" { // what was kept of what was drawn
			kept := float64(s.Molecules) / float64(16*s.Populations)
			if math.Abs(s.Acceptance.Value-kept) > 1e-9 {
				t.Errorf("acceptance %v, but %v was kept", s.Acceptance.Value, kept)
			}
		}
	}
	a, b := got["smc"].Acceptance, got["rejection"].Acceptance
	if math.Abs(a.Value-b.Value) > 5*math.Hypot(a.SE, b.SE) {
		t.Errorf("acceptance %v by smc, %v by rejection", a, b)
	}

	// No bound, no acceptance.
	r, comp := smallRun(t, strings.Replace(twoModels("smc", "32"), "a & b", "a^2", 1), "power.db")
	r.models.policies = r.models.policies[:1]
	if err := r.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	if s, err := Summarize(t.Context(), r.campaign, nil); err != nil || s.Acceptance != nil {
		t.Errorf("%v, %v: a power has no bound", s.Acceptance, err)
	}
}

func TestRejectionThatKeepsNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	r, _ := smallRun(t, twoModels("rejection", "64"), "a.db")
	if err := r.hopeless(store.State{Populations: 1000}); err != nil {
		t.Errorf("16000 draws are not enough to give up: %v", err)
	}
	if err := r.hopeless(store.State{Populations: minDraws / 16}); err == nil || !strings.Contains(err.Error(), "method: smc") {
		t.Errorf("got %v", err)
	}
	if err := r.hopeless(store.State{Populations: maxPerMolecule * 64, Trajectories: 3}); err == nil {
		t.Error("three molecules of 64 after so many draws")
	}
	r, _ = smallRun(t, twoModels("smc", "64"), "b.db")
	if err := r.hopeless(store.State{Populations: 16}); !errors.Is(err, sample.ErrNoSupport) {
		t.Errorf("got %v", err)
	}
}

// TestAutoIsTheMethodItChose runs a campaign by auto and by the method that it
// stands for, and one by annealed smc and by plain.
func TestAutoIsTheMethodItChose(t *testing.T) {
	t.Parallel()
	evidence := func(expression, method, molecules string) (*run, sample.Estimate) {
		r, comp := smallRun(t, strings.Replace(twoModels(method, molecules), "a & b", expression, 1), "auto.db")
		if err := r.populations(t.Context(), comp); err != nil {
			t.Fatal(err)
		}
		s, err := Summarize(t.Context(), r.campaign, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r, s.LogEvidence
	}
	auto, a := evidence(`"a -{0.95} b"`, "auto", "64")
	if c := auto.how; c.Method != sample.Rejection || !strings.HasPrefix(c.Reason, "rejection: of 256 rollouts") {
		t.Fatalf("auto is %v: %s", c.Method, c.Reason)
	}
	if _, b := evidence(`"a -{0.95} b"`, "rejection", "64"); a != b {
		t.Errorf("log evidence %v by auto, %v by rejection", a, b)
	}
	annealed, c := evidence("a - b", "annealed", "640")
	_, plain := evidence("a - b", "smc", "640")
	if len(annealed.how.Ladder) == 0 || math.Abs(c.Value-plain.Value) > 4*math.Hypot(c.SE, plain.SE)+1e-9 {
		t.Errorf("log evidence %v annealed by %v, %v by smc", c, annealed.how.Ladder, plain)
	}
}

// dumped is all that the run's store holds, but for the clock and the name.
func dumped(t *testing.T, r *run) string {
	t.Helper()
	var out strings.Builder
	for p, err := range r.campaign.Populations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		p.Diagnostics.Clock = store.PopulationTime{}
		fmt.Fprintf(&out, "%d %+v\n", p.Index, p)
		path, err := r.campaign.Trajectory(p.Index, 0)
		fmt.Fprintf(&out, "%+v %v\n", path, err)
	}
	for c, err := range r.campaign.Candidates(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%+v\n", c)
	}
	return out.String()
}

// A chain of unweighted draws has one from each population, goes on as if it had
// never been cut off, and comes to what smc comes to.
func TestAChainOfDrawsIsOneListHoweverOftenItIsCutOff(t *testing.T) {
	t.Parallel()
	campaign := func(method, molecules string) string {
		return strings.Replace(strings.Replace(twoModels(method, molecules), "a & b", "a - b", 1), "particles: 16", "particles: 4", 1)
	}
	whole, comp := smallRun(t, campaign("pimh", "400"), "whole.db")
	if err := whole.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	cut, comp := smallRun(t, campaign("pimh", "400"), "cut.db")
	for _, at := range []int{1, 7, 8, 111} {
		ctx, cancel := context.WithCancel(t.Context())
		cut.options.Progress = func(p Progress) {
			if p.Populations >= at {
				cancel()
			}
		}
		if err := cut.populations(ctx, comp); !errors.Is(err, context.Canceled) {
			t.Fatalf("cut off at %d: %v", at, err)
		}
	}
	cut.options.Progress = nil
	if err := cut.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(dumped(t, whole), dumped(t, cut)); d != "" {
		t.Errorf("cut off, the chain is another (-whole +cut): %.2000s", d)
	}
	s, err := Summarize(t.Context(), whole.campaign, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := s.Diagnostics.ChainAcceptance
	if s.Molecules != 400 || s.Populations != 400 || a == nil || !(*a > .2 && *a < 1) {
		t.Fatalf("%d draws of %d populations, acceptance %v", s.Molecules, s.Populations, a)
	}
	if !(s.ESS > .2*400**a && s.ESS < 400) || !(s.Diagnostics.Weights.Largest > 1./400 && s.Diagnostics.Weights.Largest < .2) {
		t.Errorf("effective sample size %g of 400 draws, longest repeat %g of all", s.ESS, s.Diagnostics.Weights.Largest)
	}
	smc, comp := smallRun(t, campaign("smc", "4000"), "smc.db")
	if err := smc.populations(t.Context(), comp); err != nil {
		t.Fatal(err)
	}
	want, err := Summarize(t.Context(), smc.campaign, nil)
	if err != nil {
		t.Fatal(err)
	}
	x, y := s.Objectives[0].Mean, want.Objectives[0].Mean
	if !(math.Abs(x.Value-y.Value) < 4*math.Hypot(x.SE, y.SE)) {
		t.Errorf("mean %v of the chain, %v of smc", x, y)
	}
	if x, y := s.LogEvidence, want.LogEvidence; !(math.Abs(x.Value-y.Value) < 4*math.Hypot(x.SE, y.SE)) {
		t.Errorf("log evidence %v of the chain, %v of smc", x, y)
	}
}
