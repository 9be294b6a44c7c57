package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// observer is a guide over a grid whose answers a test can compute; spoil may
// change what it says.
type observer struct {
	info  sdk.GuideInfo
	spoil func(logQ []float32)
}

// three is what the exchangeable observer tells apart: two observations of two
// models.
func three(actions sdk.ActionHead) sdk.GuideInfo {
	return sdk.GuideInfo{
		Outcomes: []string{"1,1", "1,2", "2,2"}, Models: []string{"a", "b"}, Lists: [][]int{{0, 0}, {0, 1}, {1, 1}}, Actions: actions,
		Conditions: []sdk.Condition{{Name: sdk.LogitAlpha, Min: -3, Max: 3}},
	}
}

// observed is log Q of outcome k of three where the first model is seen with
// probability q.
func observed(q float64, k int) float32 {
	return float32(float64(2-k)*math.Log(q) + float64(k)*math.Log(1-q))
}

// chance is the probability of the first model after an action; cell -1 is
// Stop, -2 none.
func chance(s space.State, cell int, finished bool) float64 {
	q := 0.1 + 0.02*float64(len(s)) + 0.1*float64(cell+2)
	if finished {
		q += 0.3
	}
	return q
}

func (o observer) Load(context.Context, sdk.LoadRequest) (sdk.GuideModel, error) { return o, nil }
func (o observer) Info() sdk.GuideInfo                                           { return o.info }
func (o observer) Close() error                                                  { return nil }

func (o observer) LogQ(_ context.Context, req *sdk.GuideRequest) (sdk.GuideReply, error) {
	var r sdk.GuideReply
	for i, s := range req.States {
		for k := range 3 {
			r.LogQ = append(r.LogQ, observed(chance(s, -2, req.Finished != nil && req.Finished[i]), k))
		}
	}
	if o.spoil != nil {
		o.spoil(r.LogQ)
	}
	return r, nil
}

func (o observer) LogQActions(_ context.Context, req *sdk.ActionRequest, reply *sdk.ActionReply) error {
	for i, s := range req.States {
		for k := range 3 {
			reply.StopOf(i)[k] = observed(chance(s, -1, false), k)
			for c := range req.Rows[i] * req.Columns {
				reply.Cells(i)[c*3+k] = observed(chance(s, c, false), k)
			}
		}
	}
	if o.spoil != nil {
		o.spoil(reply.Attach)
	}
	return nil
}

func loadObserver(t *testing.T, o observer, sp space.Space) (*host.Guide, error) {
	t.Helper()
	return serve(t, sdk.Plugin{Name: "test/observer", Guide: o}, host.Options{Cells: 8}).LoadGuide(t.Context(), host.Model{Space: sp})
}

func TestAGuideOverStatesAnswersItsOutcomes(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	g, err := loadObserver(t, observer{info: three(sdk.AbsoluteActions)}, grid)
	if err != nil {
		t.Fatal(err)
	}
	info := g.Info()
	if !cmp.Equal(info.Lists, [][]int{{0, 0}, {0, 1}, {1, 1}}) || info.Ordered || info.Actions != sdk.AbsoluteActions || !cmp.Equal(info.Models, []string{"a", "b"}) {
		t.Errorf("the guide says %+v", info)
	}
	if k, ok := info.Outcome([]int{1, 0}); k != 1 || !ok || info.Multiplicity(1) != 2 || info.Multiplicity(2) != 1 {
		t.Errorf("(2, 1) is outcome %d, %v", k, ok)
	}
	if _, ok := info.Outcome([]int{1, 2}); ok {
		t.Error("a list with a third model is an outcome")
	}
	states := []space.State{"", grid.At([]int{1, 0}), grid.At([]int{2, 1}), grid.At([]int{2, 2})}
	finished := []bool{false, true, false, true}
	r, err := g.LogQ(t.Context(), sdk.GuideRequest{States: states, Finished: finished})
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]host.GuideActions, len(states))
	if err := g.LogQActions(t.Context(), states, dst); err != nil {
		t.Fatal(err)
	}
	for i, s := range states {
		legal := make([]bool, grid.Rows(s)*grid.Columns())
		grid.Legal(s, legal)
		if len(dst[i].Cells) != 3*len(legal) {
			t.Fatalf("state %d: %d numbers for %d cells", i, len(dst[i].Cells), len(legal))
		}
		for k := range 3 {
			if got, want := r.LogQ[3*i+k], observed(chance(s, -2, finished[i]), k); got != want {
				t.Errorf("state %d, outcome %d: %v, want %v", i, k, got, want)
			}
			if got, want := dst[i].Stop[k], observed(chance(s, -1, false), k); got != want {
				t.Errorf("state %d, stop, outcome %d: %v, want %v", i, k, got, want)
			}
			for c, ok := range legal {
				want := float32(0)
				if ok {
					want = observed(chance(s, c, false), k)
				}
				if got := dst[i].Cells[3*c+k]; got != want {
					t.Errorf("state %d, cell %d, outcome %d: %v, want %v", i, c, k, got, want)
				}
			}
		}
	}
	if _, err := g.LogQ(t.Context(), sdk.GuideRequest{States: states, Finished: finished[:2]}); err == nil {
		t.Error("half the flags were enough")
	}
}

func TestWrongAnswersOfAGuideAreRefused(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	state := fmt.Sprintf("state 1 (%x)", string(grid.At([]int{1, 0})))
	for _, test := range []struct {
		actions sdk.ActionHead
		of      string // call
		at      int
		value   float32
		want    string
	}{
		{sdk.AbsoluteActions, "LogQ", 4, nan, state + ", outcome 1,2: NaN is no log-probability"},
		{sdk.AbsoluteActions, "LogQ", 4, 0.5, state + ", outcome 1,2: 0.5 is no log-probability"},
		{sdk.AbsoluteActions, "LogQ", 4, -9, state + ": the probabilities of what can be observed add up to "},
		{sdk.AbsoluteActions, "LogQActions", 6, nan, state + ", row 0, column 0, outcome 1,1: NaN is no log-probability"},
		{sdk.AbsoluteActions, "LogQActions", 11, -9, state + ", row 0, column 1: the probabilities of what can be observed add up to "},
		{sdk.ResidualActions, "LogQActions", 8, float32(math.Inf(-1)), state + ", row 0, column 0, outcome 2,2: -Inf is no finite number"},
		{sdk.ResidualActions, "LogQActions", 8, -9, ""},
	} {
		o := observer{info: three(test.actions), spoil: func(v []float32) { v[test.at] = test.value }}
		g, err := loadObserver(t, o, grid)
		if err != nil {
			t.Fatal(err)
		}
		states := []space.State{"", grid.At([]int{1, 0})}
		if test.of == "LogQ" {
			_, err = g.LogQ(t.Context(), sdk.GuideRequest{States: states})
		} else {
			// The other order: the first message has one state.
			c := serve(t, sdk.Plugin{Name: "test/observer", Guide: o}, host.Options{})
			if g, err = c.LoadGuide(t.Context(), host.Model{Space: grid}); err != nil {
				t.Fatal(err)
			}
			err = g.LogQActions(t.Context(), states, make([]host.GuideActions, 2))
		}
		switch want := "plugin test/observer: Guide." + test.of + ": " + test.want; {
		case test.want == "" && err != nil:
			t.Errorf("%v is refused: %v", test.value, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, sdk.ErrAnswer)):
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAGuideMustSayWhatItsOutcomesAre(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		change func(*sdk.GuideInfo)
		want   string
	}{
		{func(i *sdk.GuideInfo) { i.Lists = i.Lists[:2] }, "lists: 2 for 3 outcomes"},
		{func(i *sdk.GuideInfo) { i.Lists[1] = []int{1, 0} }, "not sorted"},
		{func(i *sdk.GuideInfo) { i.Lists[1] = []int{0, 0} }, "outcome 1,2: it observes what outcome 1,1 does"},
		{func(i *sdk.GuideInfo) { i.Lists[1] = []int{0, 2} }, "it observes model 2 of 2"},
		{func(i *sdk.GuideInfo) { i.Lists[1] = []int{0} }, "1 observations, the first outcome has 2"},
		{func(i *sdk.GuideInfo) { i.Ordered = true }, "lists: they are 3 of the 4 lists"},
		{func(i *sdk.GuideInfo) { i.Models = []string{"a", "b\x1b"} }, "name 4"},
		{func(i *sdk.GuideInfo) { i.Actions = 7 }, "actions: 7 is no kind"},
		{func(i *sdk.GuideInfo) { i.Lists = nil }, "does not say what its outcomes observe"},
		{func(i *sdk.GuideInfo) { i.End = 1 }, "end: 1 is no time"},
		{func(i *sdk.GuideInfo) { i.End = math.NaN() }, "end: NaN is no time"},
	} {
		o := observer{info: three(sdk.ResidualActions)}
		test.change(&o.info)
		if _, err := loadObserver(t, o, grid); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "plugin test/observer: Guide.Load: ") {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	noisy := three(sdk.NoActions)
	noisy.Process, noisy.Parameters, noisy.End = "vp-linear/1", map[string]float64{"beta_max": 15}, .25
	g, err := loadObserver(t, observer{info: noisy}, grid)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Info(); got.Process != noisy.Process || !cmp.Equal(got.Parameters, noisy.Parameters) || got.End != noisy.End {
		t.Errorf("what it says of its noise comes as %+v", got)
	}
	if err := g.LogQActions(t.Context(), []space.State{""}, make([]host.GuideActions, 1)); !errors.Is(err, sdk.ErrUnsupported) {
		t.Errorf("a guide without actions gives %v", err)
	}
}

// pupil asks for paths and hands them back as its card.
type pupil struct{ first uint64 }

func (p pupil) Train(ctx context.Context, start sdk.TrainStart, h sdk.TrainHost) (sdk.Trained, error) {
	if _, err := h.Rewards(ctx, []space.State{""}, nil); err == nil || !strings.Contains(err.Error(), "this training has no rewards") {
		return sdk.Trained{}, fmt.Errorf("rewards came without any: %w", err)
	}
	paths, err := h.Paths(ctx, p.first, 2)
	if err != nil {
		return sdk.Trained{}, err
	}
	return sdk.Trained{Weights: fmt.Append(nil, start.Models, paths)}, nil
}

func TestATrainerGetsPathsOfTheBaseModels(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	a, b := grid.At([]int{1, 0}), grid.At([]int{1, 1})
	paths := []sdk.Path{
		{Label: 0, States: []space.State{"", a, b}, Cells: []int{0, 1}, LogBase: []float64{-1, -2, -3, -4, -5, math.Inf(-1)}},
		{Label: 1, States: []space.State{""}, Cells: []int{}, LogBase: []float64{-.5, -.25}},
	}
	training := host.Training{
		Space: grid, Models: []string{"a", "b"},
		Save: func(context.Context, []byte) error { return nil },
		Paths: func(_ context.Context, first uint64, n int) ([]sdk.Path, error) {
			if first != 7 || n != 2 {
				return nil, fmt.Errorf("asked for %d paths from %d on", n, first)
			}
			return paths, nil
		},
	}
	c := serve(t, sdk.Plugin{Name: "test/pupil", Trainer: pupil{7}}, host.Options{})
	got, err := c.Train(t.Context(), training)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprint(training.Models, paths); string(got.Weights) != want {
		t.Errorf("the trainer got %s, want %s", got.Weights, want)
	}
	c = serve(t, sdk.Plugin{Name: "test/pupil", Trainer: pupil{8}}, host.Options{})
	if _, err := c.Train(t.Context(), training); err == nil || !strings.Contains(err.Error(), "paths for plugin test/pupil: asked for 2 paths from 8 on") {
		t.Errorf("a failed path gives %v", err)
	}
	c = serve(t, sdk.Plugin{Name: "test/pupil", Trainer: pupil{7}}, host.Options{})
	paths[1].LogBase = paths[1].LogBase[:1]
	if _, err := c.Train(t.Context(), training); err == nil || !strings.Contains(err.Error(), "path 1 has 1 states, 0 cells and 1 log-likelihoods under 2 models") {
		t.Errorf("a path without log-likelihoods gives %v", err)
	}
}

func TestTheChecksOfPlugintestHoldAGuideToTheProtocol(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	check := func(o observer) (failed []string) {
		c := serve(t, sdk.Plugin{Name: "test/observer", Version: "1.0.0", Guide: o}, host.Options{})
		for _, r := range plugintest.Check(t.Context(), c, plugintest.Options{Guide: host.Model{Space: grid}}) {
			if r.Err != nil {
				failed = append(failed, r.Name)
			}
		}
		return failed
	}
	if failed := check(observer{info: three(sdk.AbsoluteActions)}); len(failed) > 0 {
		t.Errorf("a good guide fails: %v", failed)
	}
	calls := 0
	forgetful := observer{info: three(sdk.NoActions), spoil: func(v []float32) {
		calls++
		q := 1 / float64(1+calls)
		for k := range 3 {
			v[k] = observed(q, k)
		}
	}}
	if failed := check(forgetful); !cmp.Equal(failed, []string{"a guide gives the same question the same answer", "a guide's answer does not depend on the rest of the batch"}) {
		t.Errorf("a guide that answers anew each time fails: %v", failed)
	}
}
