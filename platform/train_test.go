package platform

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/config"
)

func trainingWith(t *testing.T, dir, out string) *config.Training {
	t.Helper()
	tr, err := config.ParseTraining(filepath.Join(dir, "a.yaml"), []byte("version: 1\nname: a\nreward: {function: qed}\nout: "+out+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestAPlaceForTheWeightsThatCannotBeWrittenIsFoundBeforeTraining(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "b.card.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	for out, message := range map[string]string{
		"absent/a.safetensors": "there is no folder", ".": "is no file", "b.safetensors": "b.card.json is no file",
	} {
		tr := trainingWith(t, dir, out)
		_, err := Train(t.Context(), tr, bundle(), TrainOptions{})
		var placed *config.Error
		if !errors.As(err, &placed) || placed.Line != 4 || !strings.Contains(err.Error(), message) {
			t.Errorf("out: %s: got %v", out, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestFinishedWeightsAreNotTrainedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tr := trainingWith(t, dir, "a.safetensors")
	out := tr.Path(tr.Out.Value)
	mine, other := &checkpoint{identity: "mine"}, &checkpoint{identity: "other"}
	if done, err := mine.finished(tr, out); done != nil || err != nil {
		t.Fatalf("nothing is there yet: %v, %v", done, err)
	}
	var first Trained
	if err := first.write(out, []byte("weights"), ModelCard{Name: "a", Identity: "mine"}); err != nil {
		t.Fatal(err)
	}
	if done, err := mine.finished(tr, out); err != nil || done == nil || !done.Already || done.SHA256 != first.SHA256 {
		t.Errorf("the same training: %+v, %v", done, err)
	}
	if _, err := other.finished(tr, out); err == nil || !strings.Contains(err.Error(), "--fresh") {
		t.Errorf("another training: %v", err)
	}
	if _, err := Train(t.Context(), tr, bundle(), TrainOptions{}); err == nil || !strings.Contains(err.Error(), "the weights of another training") {
		t.Errorf("a training as a whole: %v", err)
	}
	if err := os.WriteFile(out, []byte("others"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.finished(tr, out); err == nil {
		t.Error("the card is of other weights")
	}
}
