package gflownet

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func toyGrid(tb testing.TB, dim, side int) *space.Grid {
	tb.Helper()
	g, err := space.NewGrid(dim, side)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// hill is a reward for grids of any dimension: it is highest off the middle.
func hill(g *space.Grid, s space.State) float64 {
	sum := 1.0
	for a, x := range g.Coordinates(s, nil) {
		d := float64(x)/float64(g.Side()-1) - 0.4 - 0.1*float64(a)
		sum -= 8 * d * d
	}
	return sum
}

// surface is a reward of the paper as a function of states.
func surface(r oracle.GridReward) func(*space.Grid, space.State) float64 {
	return func(g *space.Grid, s space.State) float64 { return r(g.Coordinates(s, nil), g.Side()) }
}

var surfaces = []struct {
	name   string
	reward oracle.GridReward
}{
	{"shubert", oracle.Shubert},
	{"diagonal", oracle.Diagonal},
	{"circle1", oracle.Circle(1)},
	{"circle2", oracle.Circle(2)},
	{"circle3", oracle.Circle(3)},
}

func newGridTrainer(tb testing.TB, g *space.Grid, c GridConfig, seed uint64) *GridTrainer {
	tb.Helper()
	t, err := NewGridTrainer(g, c, seed)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// learn makes n updates.
func learn(tb testing.TB, t *GridTrainer, n int, reward func(*space.Grid, space.State) float64) (last GridStats) {
	tb.Helper()
	for range n {
		var log []float64
		for _, s := range t.Propose() {
			log = append(log, reward(t.grid, s))
		}
		var err error
		if last, err = t.Update(log); err != nil {
			tb.Fatal(err)
		}
	}
	return last
}

func gridSnap(tb testing.TB, t *GridTrainer) []byte {
	tb.Helper()
	data, err := t.Snapshot()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// target is R/Z over the states of a graph.
func target(g *oracle.Graph, reward func(*space.Grid, space.State) float64, grid *space.Grid) []float64 {
	out := make([]float64, len(g.States))
	for i, s := range g.States {
		out[i] = reward(grid, s)
	}
	oracle.Normalise(out)
	return out
}

// trueL1 is the L1 distance of the model's exact law to R/Z, by package oracle.
func trueL1(tb testing.TB, m *GridModel, reward func(*space.Grid, space.State) float64) float64 {
	tb.Helper()
	g, err := oracle.Enumerate(tb.Context(), m.grid, 0, 0)
	if err != nil {
		tb.Fatal(err)
	}
	law, err := oracle.LawOf(tb.Context(), g, m)
	if err != nil {
		tb.Fatal(err)
	}
	return oracle.L1(law.Terminal, target(g, reward, m.grid))
}

func TestGridModelsLearnTheirReward(t *testing.T) {
	for _, c := range []struct {
		name      string
		dim, side int
		reward    func(*space.Grid, space.State) float64
		steps     int
	}{
		{"shubert", 2, 8, surface(oracle.Shubert), 1500},
		{"circle2", 2, 8, surface(oracle.Circle(2)), 1500},
		{"a line", 1, 20, hill, 1000},
		{"a cube", 3, 5, hill, 1500},
		{"corners", 5, 2, hill, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := toyGrid(t, c.dim, c.side)
			tr := newGridTrainer(t, g, GridConfig{Width: 64, Steps: c.steps, Average: 0.99, Rate: 0.003, Threads: 2}, 1)
			first := learn(t, tr, 1, c.reward)
			last := learn(t, tr, c.steps-1, c.reward)
			m, err := tr.Model()
			if err != nil {
				t.Fatal(err)
			}
			l1 := trueL1(t, m, c.reward)
			t.Logf("L1 %.4f, log Z %.4f, residual %.4f", l1, m.LogZ(), last.Residual)
			if !tr.Done() || last.Step != c.steps || l1 > 0.03 || last.Loss > first.Loss/20 {
				t.Errorf("L1 to R/Z is %.4f; loss %.4f at first, %.4f at last", l1, first.Loss, last.Loss)
			}
		})
	}
}

// The bar: 20,000 updates of 16 trajectories of each reward of the paper give a
// model whose exact law is within an L1 of 0.04 of R/Z.
func TestGridModelsOfThePaper(t *testing.T) {
	if os.Getenv("MOLSCULPT_EXACT") != "grid" {
		t.Skip("some two minutes: set MOLSCULPT_EXACT=grid")
	}
	g := toyGrid(t, 2, 32)
	for _, c := range surfaces {
		t.Run(c.name, func(t *testing.T) {
			tr := newGridTrainer(t, g, GridConfig{Threads: 2}, 100)
			start, points := time.Now(), 0
			for !tr.Done() {
				points += learn(t, tr, 1, surface(c.reward)).Points
			}
			rate := float64(tr.config.Steps) / time.Since(start).Seconds()
			m, err := tr.Model()
			if err != nil {
				t.Fatal(err)
			}
			l1 := trueL1(t, m, surface(c.reward))
			t.Logf("L1 %.4f; %.0f updates a second, %d points each", l1, rate, points/tr.config.Steps)
			if l1 > 0.04 {
				t.Errorf("L1 to R/Z is %.4f", l1)
			}
		})
	}
}

// The gradient of the loss in the network's outputs and in log Z is the
// difference quotient of the definition.
func TestGridBalanceIsTheSlopeOfItsDefinition(t *testing.T) {
	g := toyGrid(t, 3, 4)
	tr := newGridTrainer(t, g, GridConfig{Width: 32, Batch: 24, Steps: 10, Rate: 0.05}, 3)
	learn(t, tr, 4, hill) // so that log Z and the outputs are not zero
	for _, s := range tr.Propose() {
		tr.atlas.worth[tr.atlas.index[s]] = hill(g, s)
	}
	stats := tr.balance()
	// The definition, over the outputs in double precision.
	n, width := tr.batch.Len(), g.Dim()+1
	out := make([][]float64, n)
	for i := range out {
		for _, v := range tr.batch.Out(i) {
			out[i] = append(out[i], float64(v))
		}
	}
	logZ := float64(tr.params.Get(logZName).Data[0])
	loss := func() (sum float64) {
		for i := range tr.walks {
			w := &tr.walks[i]
			r := logZ - hill(g, tr.atlas.states[w.last()])
			for k, at := range w.places {
				o := out[tr.atlas.row[at]]
				all := math.Exp(o[width-1])
				for a, x := range tr.atlas.point(at) {
					if x < g.Side()-1 {
						all += math.Exp(o[a])
					}
				}
				r += o[w.actions[k]] - math.Log(all)
				if k > 0 {
					r += math.Log(float64(len(g.Parents(tr.atlas.states[at]))))
				}
			}
			sum += r * r / float64(len(tr.walks))
		}
		return sum
	}
	if want := loss(); math.Abs(stats.Loss-want) > 1e-9*want {
		t.Errorf("the loss is %v, want %v", stats.Loss, want)
	}
	const h = 1e-5
	slope := func(x *float64) float64 {
		was := *x
		*x = was + h
		up := loss()
		*x = was - h
		down := loss()
		*x = was
		return (up - down) / (2 * h)
	}
	for i := range out {
		for a := range out[i] {
			got, want := float64(tr.dout[i*tr.net.OutWidth()+a]), slope(&out[i][a])
			if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
				t.Errorf("point %d: slope in output %d is %v, want %v", i, a, got, want)
			}
		}
	}
	if got, want := float64(tr.params.Get(logZName).Grad[0]), slope(&logZ); math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
		t.Errorf("slope in log Z is %v, want %v", got, want)
	}
}

func TestGridTrainingIsTheSameWithAnyThreadsAndInterruptions(t *testing.T) {
	before := kern.Active()
	defer func() { _ = kern.Use(before) }()
	for _, set := range kern.Available() {
		if err := kern.Use(set); err != nil {
			t.Fatal(err)
		}
		g := toyGrid(t, 2, 9)
		c := GridConfig{Width: 48, Steps: 60, Batch: 7, Threads: 1}
		whole := newGridTrainer(t, g, c, 5)
		learn(t, whole, c.Steps, hill)
		want := gridSnap(t, whole)
		r := rand.New(rand.NewPCG(1, 2))
		for range 3 {
			c.Threads = 1 + r.IntN(4)
			tr := newGridTrainer(t, g, c, 5)
			for !tr.Done() {
				learn(t, tr, min(r.IntN(20), c.Steps-tr.step), hill)
				data := gridSnap(t, tr)
				if !tr.Done() {
					tr.Propose() // must leave no trace
				}
				if r.IntN(2) == 0 {
					if !tr.Done() {
						learn(t, tr, 1, hill)
					}
					tr = newGridTrainer(t, g, c, 5)
				}
				if err := tr.Restore(data); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(gridSnap(t, tr), want) {
				t.Fatalf("%s: with %d threads and interruptions it ends elsewhere", set, c.Threads)
			}
		}
		other := newGridTrainer(t, g, c, 6)
		learn(t, other, c.Steps, hill)
		if bytes.Equal(gridSnap(t, other), want) {
			t.Error("another seed gives the same weights")
		}
	}
}

// A point's reward is asked for once, unless the atlas was thrown away, which
// changes nothing else.
func TestGridRewardsAreAskedForOnce(t *testing.T) {
	g := toyGrid(t, 2, 6)
	c := GridConfig{Width: 16, Steps: 200}
	tr, forgetful := newGridTrainer(t, g, c, 1), newGridTrainer(t, g, c, 1)
	asked := map[space.State]bool{}
	for !tr.Done() {
		for _, s := range tr.Propose() {
			if asked[s] {
				t.Fatalf("the reward of %x is asked for again", s)
			}
			asked[s] = true
		}
		learn(t, tr, 1, hill)
		forgetful.atlas = newAtlas(g)
		learn(t, forgetful, 1, hill)
	}
	if len(asked) < 30 {
		t.Errorf("only %d points were visited", len(asked))
	}
	if !bytes.Equal(gridSnap(t, tr), gridSnap(t, forgetful)) {
		t.Error("an atlas that is thrown away changes the weights")
	}
}

func TestGridSnapshotsOfOthersAreRefused(t *testing.T) {
	g := toyGrid(t, 2, 6)
	tr := newGridTrainer(t, g, GridConfig{Width: 16, Steps: 20}, 1)
	learn(t, tr, 3, hill)
	data := gridSnap(t, tr)
	for name, other := range map[string]*GridTrainer{
		"seed 1, now 2":                  newGridTrainer(t, g, GridConfig{Width: 16, Steps: 20}, 2),
		"another training file":          newGridTrainer(t, g, GridConfig{Width: 16, Steps: 21}, 1),
		"the snapshot is of space":       newGridTrainer(t, toyGrid(t, 2, 7), GridConfig{Width: 16, Steps: 20}, 1),
		"not a snapshot of this version": nil,
	} {
		what := data
		if other == nil {
			other, what = tr, bytes.Replace(data, []byte("training/1"), []byte("training/0"), 1)
		}
		if err := other.Restore(what); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for cut := 0; cut < len(data); cut += 1 + len(data)/50 {
		if err := tr.Restore(data[:cut]); err == nil {
			t.Fatalf("a snapshot cut off at %d is accepted", cut)
		}
	}
}

func TestGridUpdatesRefuseWhatIsNoReward(t *testing.T) {
	tr := newGridTrainer(t, toyGrid(t, 1, 4), GridConfig{Width: 16, Steps: 5}, 1)
	if _, err := tr.Update(nil); err == nil {
		t.Error("an update without a proposal is accepted")
	}
	log := make([]float64, len(tr.Propose()))
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		log[0] = bad
		if _, err := tr.Update(log); err == nil || !strings.Contains(err.Error(), "log reward 0 is") {
			t.Errorf("a log reward of %v: %v", bad, err)
		}
	}
	if _, err := tr.Update(slices.Concat(log, []float64{0})); err == nil {
		t.Error("too many rewards are accepted")
	}
}

func TestWrongGridOptionsAreNamed(t *testing.T) {
	g := toyGrid(t, 2, 6)
	start := sdk.TrainStart{Space: sdk.SpaceDefinition{Descriptor: g.Descriptor(), Columns: g.Columns(), Definition: g.Definition()}}
	for spec, want := range map[string]string{
		`{"beta_max": 3}`:   `gflownet: there is no training option "beta_max"; there are average, batch, checkpoint_every`,
		`{"width": 20}`:     "gflownet: width is 20; give a multiple of 16 up to 4096",
		`{"epsilon": 2}`:    "gflownet: epsilon is 2; give 0 to 1",
		`{"steps": -1}`:     "gflownet: steps is -1; give 1 or more",
		`{"average": 1}`:    "gflownet: average is 1; give less than 1",
		`{"last_rate": -1}`: "gflownet: last_rate is -1; give a number above 0",
		`{"batch": 1.5}`:    "gflownet: batch is 1.5; give a whole number",
	} {
		start.Spec = []byte(spec)
		_, err := trainer{}.Train(t.Context(), start, nil)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", spec, err, want)
		}
	}
}
