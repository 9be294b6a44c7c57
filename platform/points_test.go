package platform

import (
	"context"
	"errors"
	"iter"
	"math"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// onLine is a process and the points of a line that it makes noise of.
func onLine(t *testing.T) (noise.Process, *space.Points) {
	t.Helper()
	p, err := noise.New(noise.VP, nil)
	if err != nil {
		t.Fatal(err)
	}
	sp, err := space.NewPoints(1, p)
	if err != nil {
		t.Fatal(err)
	}
	return p, sp
}

func TestNestedCompositionsOfPointsAreNormalised(t *testing.T) {
	t.Parallel()
	p, sp := onLine(t)
	normal := func(mean float64) *oracle.Gaussians {
		return &oracle.Gaussians{Weights: []float64{1}, Means: [][]float64{{mean}}, SDs: []float64{.6}}
	}
	laws := []*oracle.Gaussians{normal(-.5), normal(.5), normal(0)}
	m := &PointModels{Names: []string{"a", "b", "c"}, Space: sp}
	for _, l := range laws {
		m.Fields = append(m.Fields, &oracle.Field{Law: l, Process: p})
	}
	c, fields, err := m.Compose(t.Context(), "(a & b) - c", diffuse.Options{Seed: 1, Steps: 80, Particles: 32, Populations: 24})
	if err != nil {
		t.Fatal(err)
	}
	if len(fields) != 3 {
		t.Fatalf("%d fields", len(fields))
	}
	// Compiled with the exact evidence it is the same function, but for the error of
	// the evidence.
	inner, err := compose.Compile(expression(t, "a & b"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	law, err := oracle.NewPointLaw(inner, laws[:2], 1000)
	if err != nil {
		t.Fatal(err)
	}
	exact, err := compose.Compile(expression(t, "(a & b) - c"), nil, compose.Normalisers{"a & b": law.LogEvidence})
	if err != nil {
		t.Fatal(err)
	}
	for x := -1.5; x <= 1.5; x += .3 {
		l := make([]float64, 3)
		for i, g := range laws {
			l[i] = g.LogDensity([]float64{x})
		}
		if got, want := c.LogDensity(l, 0), exact.LogDensity(l, 0); math.Abs(got-want) > .05 {
			t.Errorf("at %g the composition is %v, with the exact evidence %v", x, got, want)
		}
	}
	if _, _, err := m.Compose(t.Context(), "a & d", diffuse.Options{}); err == nil {
		t.Error("a model that is not there composes")
	}
}

// late is a field that knows times from an end on, and keeps the smallest that it was
// asked about.
type late struct {
	diffuse.Field
	end   float64
	least *atomic.Uint64 // the bits of a number
}

func (f late) End() float64 { return f.end }

func (f late) Score(ctx context.Context, points []float32, times []float64, dst []float32) error {
	for _, t := range times {
		for old := f.least.Load(); t < math.Float64frombits(old) && !f.least.CompareAndSwap(old, math.Float64bits(t)); {
			old = f.least.Load()
		}
	}
	return f.Field.Score(ctx, points, times, dst)
}

// The evidence of a nested composition is that of chains which end where those of the
// whole do, also where its own models know earlier times.
func TestNestedCompositionsEndWhereTheWholeDoes(t *testing.T) {
	t.Parallel()
	p, sp := onLine(t)
	var least atomic.Uint64
	least.Store(math.Float64bits(1))
	law := &oracle.Gaussians{Weights: []float64{1}, Means: [][]float64{{0}}, SDs: []float64{.6}}
	m := &PointModels{Names: []string{"a", "b", "c"}, Space: sp}
	for _, end := range []float64{0, .02, .1} {
		m.Fields = append(m.Fields, late{&oracle.Field{Law: law, Process: p}, end, &least})
	}
	for text, want := range map[string]float64{"(a & b) - c": .1, "(a & b) - a": .02} {
		least.Store(math.Float64bits(1))
		if _, _, err := m.Compose(t.Context(), text, diffuse.Options{Steps: 60, Particles: 4, Populations: 2}); err != nil {
			t.Fatal(err)
		}
		if got := math.Float64frombits(least.Load()); got < want || got > 1.3*want {
			t.Errorf("%s: the evidence asks about time %g; all models know times from %g on", text, got, want)
		}
	}
	if _, _, err := m.Compose(t.Context(), "(a & b) - c", diffuse.Options{End: .05}); err == nil || !strings.Contains(err.Error(), "know times from 0.1 on") {
		t.Errorf("an end before that of c: error %v", err)
	}
}

func pointsTask(t *testing.T, files map[string][]string, text string) (*trainingTask, error) {
	t.Helper()
	tr, err := config.ParseTraining(filepath.Join("folder", "a.yaml"), []byte("version: 1\nname: a\nseed: 3\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return openTask(t.Context(), tr, nil, TrainOptions{Lines: func(names []string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			lines, ok := files[filepath.Base(names[0])]
			if !ok {
				yield("", errors.New("no such file"))
				return
			}
			for _, l := range lines {
				if !yield(l, nil) {
					return
				}
			}
		}
	}})
}

func TestPointsAreReadFromLines(t *testing.T) {
	t.Parallel()
	files := map[string][]string{
		"a.csv": {"x, y", "1, 2.5", "", "-3e-1\t4 "}, "b.csv": {"5;6"},
		"short.csv": {"1 2", "3"}, "word.csv": {"1 2", "3 four"}, "first.csv": {"1 two", "3 4"}, "huge.csv": {"1e99 2", "3 4"}, "one.csv": {"1 2"},
	}
	task, err := pointsTask(t, files, "data: {points: [a.csv, b.csv], hold_out: 0}\n")
	if err != nil {
		t.Fatal(err)
	}
	sp, ok := task.space.(*space.Points)
	if !ok || sp.Dim() != 2 {
		t.Fatalf("the space is %v", task.space.Descriptor())
	}
	var got []float32
	for _, e := range task.data.examples[sdk.SourceTrain] {
		got = sp.Point(e.State, got)
	}
	want := []float32{1, 2.5, -.3, 4, 5, 6}
	if len(got) != len(want) {
		t.Fatalf("points %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("points %v, want %v", got, want)
		}
	}
	if s := task.data.stats; s.Points != 3 || s.Train != 3 || s.HeldOut != 0 {
		t.Errorf("counted %+v", s)
	}
	for file, want := range map[string]string{
		"short.csv": "line 2 of short.csv has 1 numbers, the first point has 2", "word.csv": `line 2 of word.csv: "four" is no finite number`,
		"first.csv": `line 1 of first.csv: "two" is no finite number`, "huge.csv": `"1e99" is no finite number`, "one.csv": "there are 1 points to learn from", "none.csv": "no such file",
	} {
		if _, err := pointsTask(t, files, "data: {points: ["+file+"], hold_out: 0}\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", file, err, want)
		}
	}
}
