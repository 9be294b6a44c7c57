package gflownet

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/spec"
	"github.com/molsculpt/molsculpt/plugins/internal/treetest"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func TestWrongTrainingOptionsAreNamed(t *testing.T) {
	t.Parallel()
	sp := treetest.Toy(t, 4)
	start := sdk.TrainStart{Space: sdk.SpaceDefinition{Descriptor: sp.Descriptor(), Columns: sp.Columns(), Definition: sp.Definition()}}
	for spec, want := range map[string]string{
		`{"steps": 2.5}`:                       "gflownet: steps is 2.5; give a whole number",
		`{"steps": "many"}`:                    "gflownet: steps is a text; give a whole number",
		`{"rate": "fast"}`:                     "gflownet: rate is a text; give a number",
		`{"rate": [1]}`:                        "gflownet: rate is a list; give a number",
		`{"objective": 3}`:                     "gflownet: objective is a number; give a text",
		`{"checkpoint_every": true}`:           "gflownet: checkpoint_every is true or false; give a whole number",
		`{"threads": {}}`:                      "gflownet: threads is a group of keys; give a whole number",
		`[1]`:                                  "gflownet: the training options are a list; give keys with values",
		`{"step": 2}`:                          `gflownet: there is no training option "step"; there are average, batch, beta_focus`,
		`{"beta_focus": 65}`:                   "gflownet: beta_focus is 65; give 0 to beta_max, which is 64",
		`{"beta_focus": -1}`:                   "gflownet: beta_focus is -1; give 0 to beta_max, which is 64",
		`{"beta_max": 16, "beta_focus": 16.5}`: "gflownet: beta_focus is 16.5; give 0 to beta_max, which is 16",
	} {
		start.Spec = []byte(spec)
		_, err := trainer{}.Train(t.Context(), start, nil)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", spec, err, want)
		}
	}
}

func TestTheFocusIsWithinTheBetasThatAreTrained(t *testing.T) {
	t.Parallel()
	for top, want := range map[float64]float64{0: 32, 8: 8, 32: 32, 128: 32} {
		c, err := Config{BetaMax: top}.Complete()
		if err != nil || c.BetaFocus != want {
			t.Errorf("beta_max %g: focus %g, %v", top, c.BetaFocus, err)
		}
	}
}

func TestOptionsOfAModelAreRefused(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		``: "", `{}`: "", ` null `: "",
		`{"a": 1}`:          `options: "a": a model of core/gflownet takes no options`,
		`{"b": 1, "a": {}}`: `options: "a", "b": a model`,
		`[1]`:               "they are no group of keys",
	} {
		err := spec.None(Name, []byte(options))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", options, err, want)
		}
	}
	sp := treetest.Toy(t, 4)
	def := sdk.SpaceDefinition{Descriptor: sp.Descriptor(), Columns: sp.Columns(), Definition: sp.Definition()}
	_, err := Plugin().Policy.Load(t.Context(), sdk.LoadRequest{Space: def, Options: []byte(`{"a": 1}`)})
	if err == nil || !strings.Contains(err.Error(), "takes no options") {
		t.Errorf("got %v", err)
	}
}

func TestWeightsOfAnotherSizeSayTheirs(t *testing.T) {
	t.Parallel()
	m, err := newToy(t, treetest.Toy(t, 6), toyConfig(10, 1)).Model()
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.Encode(true, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Decode(data, treetest.Toy(t, 5), 1)
	if err == nil || !strings.Contains(err.Error(), "trained with max_fragments 6, here it is 5") {
		t.Errorf("got %v", err)
	}
}

// worthless is a host that gives one answer for every tree.
type worthless struct {
	sdk.TrainHost // what is not asked for below
	log           float64
}

func (h worthless) Rewards(_ context.Context, states []space.State, _ []float64) ([]sdk.Reward, error) {
	out := make([]sdk.Reward, len(states))
	for i := range out {
		out[i] = sdk.Reward{Status: sdk.OK, Log: h.log}
	}
	return out, nil
}

func (worthless) Progress(sdk.Progress) error              { return nil }
func (worthless) Checkpoint(context.Context, []byte) error { return nil }
func (worthless) Stopping() <-chan struct{}                { return nil }

func TestATrainingThatDivergesSaysSo(t *testing.T) {
	t.Parallel()
	sp := treetest.Toy(t, 4)
	start := sdk.TrainStart{
		Space: sdk.SpaceDefinition{Descriptor: sp.Descriptor(), Columns: sp.Columns(), Definition: sp.Definition()},
		Spec:  []byte(`{"width": 16, "layers": 1, "steps": 60, "batch": 8, "warmup": 1, "rate": 1e30, "report_trees": 20, "threads": 1}`),
	}
	_, err := trainer{}.Train(t.Context(), start, worthless{log: -1})
	if err == nil || !strings.Contains(err.Error(), "lower the learning rate (rate is 1e+30)") {
		t.Errorf("got %v", err)
	}
}

func TestAFinalReportThatIsNotFiniteIsNoCard(t *testing.T) {
	t.Parallel()
	sp := treetest.Toy(t, 4)
	tr := newToy(t, sp, toyConfig(10, 1))
	// Weights can be bad without a gradient that is.
	for _, x := range tr.average.All() {
		for i := range x.Data {
			x.Data[i] = 6e4
		}
	}
	run := &treeTraining{Trainer: tr, spec: treeSpec{ReportTrees: 10}}
	_, err := run.finish(func(states []space.State) ([]float64, error) {
		out := make([]float64, len(states))
		for i := range out {
			out[i] = math.Inf(1)
		}
		return out, nil
	})
	if err == nil || !strings.Contains(err.Error(), "the training diverged: ") || !strings.Contains(err.Error(), "of the final report is") {
		t.Errorf("got %v", err)
	}
	good := Report{ByBeta: []AtBeta{{}, {LogZ: math.NaN()}}}
	if err := diverged("it", good, 1); err == nil || !strings.Contains(err.Error(), "by_beta[1].log_z of it is NaN") {
		t.Errorf("got %v", err)
	}
	if _, err := json.Marshal(Report{}); err != nil || diverged("it", Report{}, 1) != nil || diverged("it", Stats{Step: 3}, 1) != nil {
		t.Error("finite figures are refused")
	}
}
