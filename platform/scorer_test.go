package platform

import (
	"context"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/plugins/gflownet"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// sizes is a plugin whose scores are the length of the text and how many letters
// c there are, times its option; for text with an N it has none.
var sizes = sdk.Plugin{Name: "test/sizes", Version: "1.0.0", Scorer: sizesScorer{}}

type sizesScorer struct{ times float64 }

func (sizesScorer) Load(_ context.Context, req sdk.LoadRequest) (sdk.ScorerModel, error) {
	s := sizesScorer{1}
	if text, ok := strings.CutPrefix(strings.TrimSuffix(string(req.Options), "}"), `{"times":`); ok {
		var err error
		if s.times, err = strconv.ParseFloat(text, 64); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (sizesScorer) Info() sdk.ScorerInfo {
	return sdk.ScorerInfo{Outputs: []sdk.Output{{Name: "length"}, {Name: "carbons"}}}
}

func (s sizesScorer) Score(_ context.Context, smiles []string) ([]sdk.Score, error) {
	out := make([]sdk.Score, len(smiles))
	for i, text := range smiles {
		if strings.ContainsRune(text, 'N') {
			out[i] = sdk.Score{Status: sdk.NotApplicable, Reason: "it has an N"}
			continue
		}
		out[i] = sdk.Score{Status: sdk.OK, Values: []float64{float64(len(text)) * s.times, float64(strings.Count(strings.ToUpper(text), "C")) * s.times}}
	}
	return out, nil
}

func (sizesScorer) Close() error { return nil }

func scoring(t *testing.T, text string) ([]config.Objective, *catalog.Catalog) {
	t.Helper()
	c, err := config.ParseCampaign("f", []byte(`{version: 1, name: x, models: {a: {plugin: ./p}}, budget: {molecules: 1}, objectives: [`+text+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return c.Objectives, live(t)
}

func TestAPluginScoresInAProfile(t *testing.T) {
	t.Parallel()
	objectives, cat := scoring(t, `
  {name: long, reward: length, plugin: test/sizes, options: {times: 3}, goal: maximize, curve: [[0, 0], [60, 1]]},
  {name: carbons, reward: carbons, plugin: test/sizes, goal: target, target: 3, width: 4},
  {reward: mw}`)
	p, err := NewProfile(t.Context(), objectives, cat, "", hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var batch []Molecule
	for _, s := range []string{"CCCO", "CN", "CCCCCCC"} {
		batch = append(batch, Molecule{SMILES: s, Mol: chemtest.Parse(t, s)})
	}
	got := p.Judge(t.Context(), batch)
	want := [][2]ObjectiveScore{
		{{Value: 12, Desirability: 0.2, Status: "ok"}, {Value: 3, Desirability: 1, Status: "ok"}},
		{{Status: "not applicable", Reason: "it has an N"}, {Status: "not applicable", Reason: "it has an N"}},
		{{Value: 21, Desirability: 0.35, Status: "ok"}, {Value: 7, Desirability: 0, Status: "ok"}},
	}
	for i := range want {
		for k, w := range want[i] {
			g := got[i].Scores[k]
			if w.Status != "ok" && math.IsNaN(g.Desirability) {
				g.Desirability = 0
			}
			if g.Status != w.Status || g.Reason != w.Reason || g.Value != w.Value || math.Abs(g.Desirability-w.Desirability) > 1e-12 {
				t.Errorf("%s: %s is %+v, want %+v", batch[i].SMILES, p.Names()[k], g, w)
			}
		}
		if got[i].Scores[2].Status != "ok" {
			t.Errorf("%s: the built-in function is lost: %+v", batch[i].SMILES, got[i].Scores[2])
		}
	}
}

func TestAScorerThatCannotBeUsedIsAMistakeInTheFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{reward: width, plugin: test/sizes, goal: maximize, curve: [[0, 0], [8, 1]]}`:                       `f:1:97: the plugin test/sizes has no output "width"`,
		`{reward: qed, plugin: ` + gflownet.Name + `, goal: maximize, curve: [[0, 0], [8, 1]]}`:              "the plugin " + gflownet.Name + " does not score",
		`{reward: length, plugin: test/none, goal: maximize, curve: [[0, 0], [8, 1]]}`:                       `no plugin "test/none" is bundled`,
		`{reward: length, plugin: test/sizes, weights: nowhere, goal: maximize, curve: [[0, 0], [8, 1]]}`:    "there are no weights at nowhere",
		`{reward: length, plugin: test/sizes, options: {times: x}, goal: maximize, curve: [[0, 0], [8, 1]]}`: "objective length cannot be loaded",
	} {
		objectives, cat := scoring(t, text)
		p, err := NewProfile(t.Context(), objectives, cat, "", hclog.NewNullLogger())
		if err == nil {
			p.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want %q", text, err, want)
		}
	}
}

func TestAPluginRewardsATrainer(t *testing.T) {
	t.Parallel()
	objectives, cat := scoring(t, `{reward: length, plugin: test/sizes, goal: maximize, curve: [[0, 0], [100, 1]]}`)
	o, err := NewObjective(objectives[0], cat, "")
	if err != nil {
		t.Fatal(err)
	}
	task := trainingTask{}
	task.reward = append(task.reward, o)
	if err := startScorers(t.Context(), task.reward, hclog.NewNullLogger()); err != nil {
		t.Fatal(err)
	}
	defer closeScorers(task.reward)
	sp, graph := enumerable(t)
	var trees []space.State
	for i, s := range graph.States {
		if graph.Stop[i] && len(trees) < 3*statesAtOnce+1 {
			trees = append(trees, s)
		}
	}
	source := newRewardSource(sp, o, 1e-3)
	got, err := source.rewards(t.Context(), trees)
	if err != nil {
		t.Fatal(err)
	}
	worth := 0
	for i, s := range trees {
		alone := newRewardSource(sp, o, 1e-3).of(t.Context(), []space.State{s})[0]
		if got[i] != alone {
			t.Errorf("tree %d is worth %+v, alone %+v", i, got[i], alone)
		}
		if got[i].Status == sdk.OK {
			worth++
			if math.Abs(got[i].Log-math.Log(got[i].Raw/100)) > 1e-12 {
				t.Errorf("tree %d of length %v has the logarithm %v", i, got[i].Raw, got[i].Log)
			}
		}
	}
	if worth == 0 {
		t.Error("no tree has a reward, and nothing is tested")
	}
}
