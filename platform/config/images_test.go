package config

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImagesAreReadFromATrainingFile(t *testing.T) {
	t.Parallel()
	for file, models := range map[string]string{"images.train.good.yaml": "zeros", "images-guide.train.good.yaml": "judge"} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseTraining(file, text)
		if err != nil {
			t.Fatal(err)
		}
		var classes []string
		for _, c := range f.Data.Images.Classes {
			classes = append(classes, c.Value)
		}
		got := []any{f.Name, f.Plugin.Value, f.Data.Images.Images.Value, f.Data.Images.Labels.Value, classes, f.Data.HoldOut, len(f.Data.Files), len(f.Models)}
		want := []any{models, "core/score", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", []string{"red 0", "green 0"}, DefaultHoldOut, 0, 0}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
	}
}
