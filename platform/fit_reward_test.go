package platform

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/config"
)

// The reward of a plugin is found again by the card, started, and is what the
// plugin says.
func TestAFitAsksThePluginOfTheReward(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains some seconds")
	}
	dir, cat := t.TempDir(), live(t)
	if err := os.WriteFile(filepath.Join(dir, "v.json"), []byte(guidedVocabulary), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sizes.bin"), []byte("any"), 0o644); err != nil {
		t.Fatal(err)
	}
	tr, err := config.ParseTraining(filepath.Join(dir, "a.yaml"), []byte(`version: 1
name: a
space: {vocabulary: ./v.json, max_fragments: 3}
reward: {function: length, plugin: test/sizes, weights: sizes.bin, options: {times: 3}, goal: maximize, curve: [[0, 0], [200, 1]]}
train: {width: 16, layers: 1, steps: 40, batch: 16}
`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Train(t.Context(), tr, cat, TrainOptions{}); err != nil {
		t.Fatal(err)
	}
	weights := filepath.Join(dir, "a.safetensors")
	o := FitOptions{Models: []string{weights}, Betas: []float64{4}, Molecules: 64, Paths: 4}
	if _, err := MeasureFit(t.Context(), cat, o); err == nil || !strings.Contains(err.Error(), "weights whose sha256 begins with") {
		t.Errorf("without the weights of the reward: %v", err)
	}
	o.RewardWeights = []string{filepath.Join(dir, "v.json"), filepath.Join(dir, "sizes.bin")}
	reports, err := MeasureFit(t.Context(), cat, o)
	if err != nil {
		t.Fatal(err)
	}
	at := reports[0].Fit.ByBeta[0]
	// The curve divides by 200 what the plugin says, and nothing is clipped.
	if at.Failed != 0 || at.Clipped != 0 || !(at.Value >= 3) || math.Abs(at.Reward-at.Value/200) > 1e-4 {
		t.Errorf("at beta 4: %+v", at)
	}
}
