package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/plugins/diffusion/score"
	"github.com/molsculpt/molsculpt/plugins/gflownet"
	"github.com/molsculpt/molsculpt/plugins/guide"
	"github.com/molsculpt/molsculpt/sdk"
)

// servesArg makes the test program serve the plugin, as the product does.
const servesArg = "serve-gflownet"

// servesGuideArg makes it serve the guide.
const servesGuideArg = "serve-guide"

// servesScoreArg makes it serve the continuous models.
const servesScoreArg = "serve-score"

// servesSizesArg makes it serve the scorer of the tests.
const servesSizesArg = "serve-sizes"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case servesArg:
			sdk.Serve(gflownet.Plugin())
			return
		case servesGuideArg:
			sdk.Serve(guide.Plugin())
			return
		case servesScoreArg:
			sdk.Serve(score.Plugin())
			return
		case servesSizesArg:
			sdk.Serve(sizes)
			return
		}
	}
	os.Exit(m.Run())
}

// live is a catalog whose plugin is a process of this test program.
func live(t *testing.T) *catalog.Catalog {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &catalog.Catalog{Executable: self, Plugins: []catalog.Bundled{{ID: gflownet.Name, Args: []string{servesArg}}, {ID: guide.Name, Args: []string{servesGuideArg}}, {ID: score.Name, Args: []string{servesScoreArg}}, {ID: sizes.Name, Args: []string{servesSizesArg}}}}
}

func gridTraining(t *testing.T, dir, text string) *config.Training {
	t.Helper()
	tr, err := config.ParseTraining(filepath.Join(dir, "a.yaml"), []byte("version: 1\nname: a\nseed: 3\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// A grid is trained and loaded over the real plugin process; the law of the
// model is near R/Z, as near as its card says.
func TestAModelOfAGridIsTrainedAndLoaded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains a second")
	}
	dir, cat := t.TempDir(), live(t)
	const file = "space: {grid: {dim: 2, side: 8}}\nreward: {function: grid/circle2}\ntrain: {width: 64, rate: 0.003, average: 0.99, steps: 1200, checkpoint_every: 100, progress_every: 20}\n"
	tr := gridTraining(t, dir, file+"out: whole.safetensors\n")
	whole, err := Train(t.Context(), tr, cat, TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if whole.Stats.Scored != 64 || whole.Stats.Failed+whole.Stats.Clipped > 0 {
		t.Errorf("rewards: %+v", whole.Stats)
	}
	// Stopped on the way and gone on with, it is the same.
	stop := make(chan struct{})
	tr = gridTraining(t, dir, file+"out: parts.safetensors\n")
	first, err := Train(t.Context(), tr, cat, TrainOptions{Stop: stop, Progress: func(p sdk.Progress, _ RewardStats) {
		if p.Step == 200 {
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
	again, err := Train(t.Context(), tr, cat, TrainOptions{})
	if err != nil || !again.Already || again.SHA256 != parts.SHA256 {
		t.Errorf("done before: %+v, %v", again, err)
	}

	m, err := LoadGridModel(t.Context(), cat, whole.Weights, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	g, err := oracle.Enumerate(t.Context(), m.Grid, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	law, err := oracle.LawOf(t.Context(), g, m.Policy)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float64, len(g.States))
	for i, s := range g.States {
		want[i] = oracle.Circle(2)(m.Grid.Coordinates(s, nil), 8)
	}
	logZ := oracle.Normalise(want)
	l1 := oracle.L1(law.Terminal, want)
	var card struct {
		Report struct {
			Exact struct {
				L1   float64 `json:"l1"`
				LogZ float64 `json:"log_z"`
			} `json:"exact"`
		} `json:"report"`
	}
	if err := json.Unmarshal(m.Card.Model, &card); err != nil {
		t.Fatal(err)
	}
	if l1 > 0.05 || math.Abs(card.Report.Exact.L1-l1) > 1e-6 || math.Abs(card.Report.Exact.LogZ-logZ) > 1e-9 {
		t.Errorf("L1 is %v and log Z %v, the card has %+v", l1, logZ, card.Report.Exact)
	}
	if m.Card.Reward.Function != "grid/circle2" || m.Card.Grid.Side != 8 || m.Card.Vocabulary != "" {
		t.Errorf("the card is %+v", m.Card)
	}
	if err := os.WriteFile(cardFile(whole.Weights), []byte(`{"grid": {"dim": 2, "side": 8}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadGridModel(t.Context(), cat, whole.Weights, nil); err == nil || !strings.Contains(err.Error(), "of other weights") {
		t.Errorf("with another card: %v", err)
	}
}

func TestMistakesInTheTrainingOfAGridArePlaced(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"space: {grid: {dim: 2, side: 8}}\nreward: {function: grid/shubbert}":                    "did you mean grid/shubert?",
		"space: {grid: {dim: 2, side: 8}}\nreward: {function: qed}":                              `no reward "qed" on a grid`,
		"space: {grid: {dim: 65, side: 8}}\nreward: {function: grid/shubert}":                    "65 axes",
		"reward: {function: grid/shubert}":                                                       `there is no reward "grid/shubert"`,
		"space: {grid: {dim: 2, side: 8}}\nreward: {function: grid/corners}\ntrain: {width: 20}": "width is 20",
	} {
		_, err := Train(t.Context(), gridTraining(t, t.TempDir(), text+"\n"), live(t), TrainOptions{})
		var placed *config.Error
		if !errors.As(err, &placed) || placed.Line < 4 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
