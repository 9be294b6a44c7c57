package experiment

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The shares that the algebra predicts, against the formulas worked out by hand.
func TestPredictedSharesAreThoseOfTheFormulas(t *testing.T) {
	t.Parallel()
	// Classes: red 0, green 0, green 1; then green 2.
	laws := map[string][]float64{"a": {.5, .5, 0, 0}, "b": {0, .4, .6, 0}, "c": {0, .25, .25, .5}}
	ratio := func(x ...float64) []float64 {
		sum := 0.0
		for _, v := range x {
			sum += v
		}
		out := slices.Clone(x)
		for i := range out {
			out[i] /= sum
		}
		return out
	}
	pair := []string{"a", "b"}
	for _, c := range []struct {
		text  string
		names []string
		want  []float64
	}{
		{"a & b", pair, ratio(0, 1, 0, 0)},
		{"a - b", pair, ratio(.5, .25/.9, 0, 0)},
		{"b - a", pair, ratio(0, .16/.9, .6, 0)},
		{"a -{0.05} b", pair, ratio(.25/(.05*.5), .25/(.05*.5+.95*.4), 0, 0)},
		{"a | b", pair, ratio(.5, .9, .6, 0)},
		{"a & b & c", []string{"a", "b", "c"}, ratio(0, 1, 0, 0)},
		{"obs(c, c, c; over a, b, c)", []string{"a", "b", "c"}, ratio(0, .25*.25*.25/(1.15*1.15), .25*.25*.25/(.85*.85), .5)},
		// b & c is .4*.25/.65 at green 0 and .6*.25/.85 at green 1, before it is normalised.
		{"(b & c) - a", []string{"a", "b", "c"}, func() []float64 {
			inner := ratio(0, .1/.65, .15/.85, 0)
			return ratio(0, inner[1]*inner[1]/(inner[1]+.5), inner[2], 0)
		}()},
	} {
		_, got, err := predict(c.text, c.names, laws, 4)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		for k, want := range c.want {
			if math.Abs(got[k]-want) > 1e-12 {
				t.Errorf("%s: shares %v, want %v", c.text, got, c.want)
				break
			}
		}
	}
	if _, _, err := predict("a & d", pair, laws, 4); err == nil {
		t.Error("a model that is not there is composed")
	}
	if _, _, err := predict("a & b", pair, map[string][]float64{"a": {1, 0}, "b": {0, 1}}, 2); err == nil {
		t.Error("a composition of nothing has shares")
	}
}

// The reduced form: a report comes out, the same one when it is run again.
func TestTheImagesExperimentRuns(t *testing.T) {
	t.Parallel()
	data := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "mnist")); err != nil {
		t.Skip("without reference data: ", err)
	}
	if testing.Short() {
		t.Skip("trains some seconds")
	}
	e := bench(t)
	e.Data, e.Small = data, true
	if _, err := Run(t.Context(), images(), e); err != nil {
		t.Fatal(err)
	}
	first := contents(t, e.Folder)
	said := done(e)
	if _, err := Run(t.Context(), images(), e); err != nil {
		t.Fatal(err)
	}
	if len(*said) > 0 {
		t.Errorf("done again: %v", *said)
	}
	for name, text := range contents(t, e.Folder) {
		if first[name] != text {
			t.Errorf("%s differs after a run that had nothing to do", name)
		}
	}
}
