package config

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImagesAreReadFromATrainingFile(t *testing.T) {
	t.Parallel()
	for file, c := range map[string]struct {
		name string
		sets []string
	}{
		"images.train.good.yaml":       {"zeros", []string{": red 0 green 0"}},
		"images-guide.train.good.yaml": {"judge", []string{"red 0: red 0", "green 0: green 0"}},
		"images-sets.train.good.yaml":  {"pair", []string{"zeros: red 0 green 0", "greens: green 0 green 1"}},
	} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseTraining(file, text)
		if err != nil {
			t.Fatal(err)
		}
		var sets []string
		for _, set := range f.Data.Images.Sets {
			text := set.Name + ":"
			for _, c := range set.Classes {
				text += " " + c.Value
			}
			sets = append(sets, text)
		}
		got := []any{f.Name, f.Plugin.Value, f.Data.Images.Images.Value, f.Data.Images.Labels.Value, sets, f.Data.HoldOut, len(f.Data.Files), len(f.Models)}
		want := []any{c.name, "core/score", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", c.sets, DefaultHoldOut, 0, 0}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
	}
}
