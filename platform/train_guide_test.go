package platform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// A guide is trained for two models of a grid, all three over real plugin
// processes, interrupted or not with the same weights, and steers SMC.
func TestAGuideIsTrainedForModelsAndSteers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains some seconds")
	}
	dir, cat := t.TempDir(), live(t)
	for i := 1; i <= 2; i++ {
		tr := gridTraining(t, dir, fmt.Sprintf("space: {grid: {dim: 2, side: 6}}\nreward: {function: grid/circle%d}\ntrain: {width: 32, steps: 200}\nout: c%d.safetensors\n", i, i))
		if _, err := Train(t.Context(), tr, cat, TrainOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	const file = `kind: guide
space: {grid: {dim: 2, side: 6}}
models:
  a: {plugin: core/gflownet, weights: c1.safetensors}
  b: {plugin: core/gflownet, weights: c2.safetensors}
train: {labels: exact, head: action, width: 32, steps: 150, batch: 16, checkpoint_every: 20, progress_every: 10, report_paths: 100}
`
	whole, err := Train(t.Context(), gridTraining(t, dir, file+"out: whole.safetensors\n"), cat, TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	tr := gridTraining(t, dir, file+"out: parts.safetensors\n")
	first, err := Train(t.Context(), tr, cat, TrainOptions{Stop: stop, Progress: func(p sdk.Progress, _ RewardStats) {
		if p.Step == 40 {
			close(stop)
		}
	}})
	if err != nil || !first.Stopped {
		t.Fatalf("%+v, %v", first, err)
	}
	parts, err := Train(t.Context(), tr, cat, TrainOptions{})
	if err != nil || !parts.Resumed {
		t.Fatalf("%+v, %v", parts, err)
	}
	a, errA := os.ReadFile(whole.Weights)
	b, errB := os.ReadFile(parts.Weights)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("interrupted, the training gives other weights (%v, %v)", errA, errB)
	}
	var card ModelCard
	text, err := os.ReadFile(whole.Card)
	if err == nil {
		err = json.Unmarshal(text, &card)
	}
	if err != nil || len(card.Models) != 2 || card.Models[1].Name != "b" || len(card.Models[1].WeightsSHA256) != 64 || card.Grid == nil {
		t.Errorf("the card says %+v (%v)", card, err)
	}

	// Loaded in a process of its own, the guide steers the composition.
	g, err := LoadGuide(t.Context(), cat, whole.Weights, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	e, err := parseExpression(&config.Campaign{Compose: config.Literal("test", "a & b"), Models: tr.Models})
	if err != nil {
		t.Fatal(err)
	}
	c, err := compose.Compile(e, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	states, err := g.States(c)
	if err != nil {
		t.Fatal(err)
	}
	actions, err := g.Actions(c)
	if err != nil {
		t.Fatal(err)
	}
	var bases []space.Policy
	for i := 1; i <= 2; i++ {
		m, err := LoadGridModel(t.Context(), cat, filepath.Join(dir, fmt.Sprintf("c%d.safetensors", i)), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		bases = append(bases, m.Policy)
	}
	evidence := map[string]sample.Estimate{}
	for name, twist := range map[string]sample.Twist{"none": {}, "states": {Guide: states}, "actions": {Actions: actions}} {
		s, err := sample.New(g.Space, bases, c, sample.Options{Method: sample.SMC, Particles: 100, Populations: 20, Seed: 1, Twist: twist})
		if err != nil {
			t.Fatal(err)
		}
		var all sample.Evidence
		for p, err := range s.Populations(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			all.Add(p)
		}
		if evidence[name], err = all.Value(); err != nil {
			t.Fatal(err)
		}
	}
	for name, z := range evidence {
		none := evidence["none"]
		if d := z.Value - none.Value; d*d > 25*(z.SE*z.SE+none.SE*none.SE) {
			t.Errorf("with %s the evidence is %v, without a guide %v", name, z, none)
		}
	}
}

func TestATrainingFileOfAGuideIsChecked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"kind: guides\n": "guides",
		"kind: guide\n":  "the key models is missing",
		"kind: guide\nmodels: {a: {plugin: core/gflownet, weights: a.safetensors}}\n":                                                                              "two are needed at least",
		"kind: guide\nreward: {function: qed}\nmodels: {a: {plugin: core/gflownet, weights: a.safetensors}, b: {plugin: core/gflownet, weights: b.safetensors}}\n": "a guide has no reward",
		"reward: {function: qed}\nmodels: {a: {plugin: core/gflownet, weights: a.safetensors}, b: {plugin: core/gflownet, weights: b.safetensors}}\n":              "only a guide is trained for models",
	} {
		_, err := config.ParseTraining("g.yaml", []byte("version: 1\nname: g\nseed: 1\n"+text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
