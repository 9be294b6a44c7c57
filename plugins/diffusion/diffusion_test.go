package diffusion

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/plugins/internal/treetest"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func graphOf(tb testing.TB, sp space.Space) *oracle.Graph {
	tb.Helper()
	g, err := oracle.Enumerate(tb.Context(), sp, 0, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// normalised is a law over the end points of a graph, log p, from logarithms of
// weights.
func normalised(g *oracle.Graph, log func(i int) float64) []float64 {
	p := make([]float64, len(g.States))
	for i := range p {
		p[i] = math.Inf(-1)
		if g.Stop[i] {
			p[i] = log(i)
		}
	}
	oracle.Normalise(p)
	return p
}

// dataOf is the data whose law this is.
func dataOf(tb testing.TB, sp *space.Fragments, g *oracle.Graph, logP []float64) *Data {
	tb.Helper()
	var examples []sdk.Example
	for i, l := range logP {
		if p := math.Exp(l); p > 0 {
			examples = append(examples, sdk.Example{State: g.States[i], Weight: p})
		}
	}
	d, err := NewData(sp, examples)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// trained trains a model to the end.
func trained(tb testing.TB, sp *space.Fragments, c Config, data *Data, seed uint64) *Model {
	tb.Helper()
	tr, err := NewTrainer(sp, c, data, &Data{}, seed)
	if err != nil {
		tb.Fatal(err)
	}
	for !tr.Done() {
		if _, err := tr.Update(); err != nil {
			tb.Fatal(err)
		}
	}
	m, err := tr.Model()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// learned trains a model and measures it by dynamic programming: the total
// variation of its law from the data's, and the mean bound of -log p over the data.
func learned(tb testing.TB, sp *space.Fragments, g *oracle.Graph, logP []float64, c Config) (tv, bound float64) {
	tb.Helper()
	law, err := oracle.LawOf(tb.Context(), g, trained(tb, sp, c, dataOf(tb, sp, g, logP), 1).At(0))
	if err != nil {
		tb.Fatal(err)
	}
	for s, b := range oracle.EvidenceBound(law) {
		if p := math.Exp(logP[s]); p > 0 {
			bound += p * b
		}
	}
	return oracle.L1(law.Terminal, logP) / 2, bound
}

// A model that learns from draws of a law comes to have that law, and the bound
// comes down to the law's entropy, the least that it can be.
func TestTheLawOfTheDataIsLearned(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a network")
	}
	sp := treetest.Toy(t, 3)
	g := graphOf(t, sp)
	r := rand.New(rand.NewPCG(1, 2))
	logP := normalised(g, func(int) float64 { return 1.5 * r.NormFloat64() })
	tv, bound := learned(t, sp, g, logP, Config{Width: 32, Layers: 2, Steps: 2500, Batch: 64, Rate: 0.004, Average: 0.99, Threads: 2})
	entropy := oracle.Entropy(logP)
	t.Logf("%d trees: total variation %.4f; bound %.4f nats, entropy %.4f", len(g.States)-1, tv, bound, entropy)
	if tv > 0.05 {
		t.Errorf("total variation %.4f", tv)
	}
	if bound < entropy || bound > 1.02*entropy {
		t.Errorf("bound %.4f nats, entropy %.4f", bound, entropy)
	}
}

// Where data are rare, the probability of a tree must not depend on the path to
// it: compositions walk there.
func TestPathsToTreesOffTheDataAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("trains two networks")
	}
	sp := treetest.Toy(t, 3)
	g := graphOf(t, sp)
	r := rand.New(rand.NewPCG(3, 4))
	logP := normalised(g, func(int) float64 { return 5 * r.NormFloat64() })
	data := dataOf(t, sp, g, logP)
	// apart is the root mean square of what two paths to a tree differ by, over
	// all trees alike, and the total variation of the law from the data's.
	measure := func(agree float64) (apart, tv float64) {
		m := trained(t, sp, Config{Width: 32, Layers: 2, Steps: 1200, Batch: 64, Rate: 0.004, Average: 0.99, Agree: agree, Threads: 2}, data, 1)
		trees := g.States[1:]
		one, err := m.LogP(trees, 0, 1, rand.New(rand.NewPCG(5, 6)))
		if err != nil {
			t.Fatal(err)
		}
		other, err := m.LogP(trees, 0, 1, rand.New(rand.NewPCG(7, 8)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range one {
			apart += (one[i] - other[i]) * (one[i] - other[i]) / float64(len(one))
		}
		law, err := oracle.LawOf(t.Context(), g, m.At(0))
		if err != nil {
			t.Fatal(err)
		}
		return math.Sqrt(apart), oracle.L1(law.Terminal, logP) / 2
	}
	without, tvWithout := measure(-1)
	with, tv := measure(0)
	t.Logf("paths differ by %.3f nats, without agreement by %.3f; total variation %.4f and %.4f", with, without, tv, tvWithout)
	if with > without/2 {
		t.Errorf("paths differ by %.3f nats, without agreement by %.3f", with, without)
	}
	if tv > tvWithout+0.02 {
		t.Errorf("total variation %.4f, without agreement %.4f", tv, tvWithout)
	}
}

// What a model says of a tree by one path each time has the evidence bound as its
// mean, for any weights; the bound is above -log p.
func TestOnePathGivesTheBound(t *testing.T) {
	sp := treetest.Toy(t, 3)
	g := graphOf(t, sp)
	logP := normalised(g, func(int) float64 { return 0 })
	m := trained(t, sp, Config{Width: 16, Layers: 1, Steps: 30, Batch: 16, Threads: 1}, dataOf(t, sp, g, logP), 3)
	law, err := oracle.LawOf(t.Context(), g, m.At(0))
	if err != nil {
		t.Fatal(err)
	}
	bound := oracle.EvidenceBound(law)
	const paths = 60 // to each tree
	log, err := m.LogP(slices.Repeat(g.States[1:], paths), 0, 1, rand.New(rand.NewPCG(5, 6)))
	if err != nil {
		t.Fatal(err)
	}
	n := len(g.States) - 1
	var off, square, gap float64
	for i, l := range log {
		d := -l - bound[1+i%n]
		off += d
		square += d * d
		gap += bound[1+i%n] + law.Terminal[1+i%n]
	}
	off, gap = off/float64(len(log)), gap/float64(len(log))
	se := math.Sqrt(square) / float64(len(log))
	if math.Abs(off) > 4*se+1e-5 {
		t.Errorf("the mean over paths is off the bound by %g ± %g nats", off, se)
	}
	if gap < 10*se {
		t.Errorf("the bound is %g nats above -log p, with errors of %g: the test says nothing", gap, se)
	}
}

func exampleData(tb testing.TB, sp *space.Fragments, n int, seed uint64) *Data {
	tb.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	var examples []sdk.Example
	for range n {
		w := space.Walk(sp, 0.3, r)
		examples = append(examples, sdk.Example{State: w.Last(), Weight: 1})
	}
	d, err := NewData(sp, examples)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestSameSeedGivesTheSameWeights(t *testing.T) {
	sp := treetest.Toy(t, 5)
	data, kept := exampleData(t, sp, 200, 1), exampleData(t, sp, 50, 2)
	config := Config{Width: 16, Layers: 1, Steps: 40, Batch: 16, Validate: 10}
	run := func(threads, stopAt int) []byte {
		c := config
		c.Threads = threads
		start := func() *Trainer {
			tr, err := NewTrainer(sp, c, data, kept, 5)
			if err != nil {
				t.Fatal(err)
			}
			return tr
		}
		tr := start()
		for i := 0; !tr.Done(); i++ {
			if i == stopAt {
				snapshot, err := tr.Snapshot()
				if err != nil {
					t.Fatal(err)
				}
				tr = start()
				if err := tr.Restore(snapshot); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := tr.Update(); err != nil {
				t.Fatal(err)
			}
		}
		m, err := tr.Model()
		if err != nil {
			t.Fatal(err)
		}
		weights, err := m.Encode(false, nil)
		if err != nil {
			t.Fatal(err)
		}
		return weights
	}
	want := run(1, -1)
	for _, other := range [][]byte{run(2, -1), run(1, 17), run(2, 20)} {
		if !bytes.Equal(other, want) {
			t.Error("other weights")
		}
	}
	// Other data are another training.
	tr, err := NewTrainer(sp, config, data, kept, 5)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := tr.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if tr, err = NewTrainer(sp, config, exampleData(t, sp, 200, 3), kept, 5); err != nil {
		t.Fatal(err)
	}
	if err := tr.Restore(snapshot); err == nil {
		t.Error("the snapshot of a training on other data is taken")
	}
}

func TestTreesAreDrawnByWeight(t *testing.T) {
	sp := treetest.Toy(t, 3)
	g := graphOf(t, sp)
	r := rand.New(rand.NewPCG(1, 2))
	logP := normalised(g, func(int) float64 { return r.NormFloat64() })
	d := dataOf(t, sp, g, logP)
	const n = 50000
	count := map[space.State]float64{}
	for range n {
		count[d.draw(r)]++
	}
	var chi float64
	for i, l := range logP {
		if want := n * math.Exp(l); want > 0 {
			chi += (count[g.States[i]] - want) * (count[g.States[i]] - want) / want
		}
	}
	if k := float64(d.Len()); chi > k+5*math.Sqrt(2*k) {
		t.Errorf("chi-square %.1f over %.0f trees", chi, k)
	}
	for _, e := range []sdk.Example{{State: "", Weight: 1}, {State: g.States[1]}, {State: g.States[1], Weight: math.NaN()}, {State: "nonsense", Weight: 1}} {
		if _, err := NewData(sp, []sdk.Example{e}); err == nil {
			t.Errorf("%+v is taken", e)
		}
	}
}

// The distance of two samples of one size is the mean distance of their order
// statistics.
func TestWassersteinIsItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + r.IntN(20)
		a, b := make([]float64, n), make([]float64, n)
		for i := range a {
			a[i], b[i] = float64(r.IntN(10)), float64(r.IntN(10))+r.Float64()
		}
		var want float64
		x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
		for i := range x {
			want += math.Abs(x[i]-y[i]) / float64(n)
		}
		if got := Wasserstein(a, b); math.Abs(got-want) > 1e-12 {
			t.Fatalf("%v and %v: %v, want %v", a, b, got, want)
		}
		// Repeating a sample does not change it.
		if got := Wasserstein(slices.Concat(a, a), b); math.Abs(got-want) > 1e-12 {
			t.Fatalf("repeated: %v, want %v", got, want)
		}
	}
	if !math.IsNaN(Wasserstein(nil, []float64{1})) {
		t.Error("an empty sample has a distance")
	}
}

// The plugin trains and serves over the protocol, and the card says what the
// model is like.
func TestTheProtocolTrainsAndServes(t *testing.T) {
	sp := treetest.Toy(t, 4)
	client, stop := plugintest.Serve(Plugin(), host.Options{})
	defer stop()
	sources := map[string]*Data{sdk.SourceTrain: exampleData(t, sp, 400, 1), sdk.SourceHeldOut: exampleData(t, sp, 100, 2)}
	var saved [][]byte
	training := func() host.Training {
		return host.Training{
			Spec: []byte(`{"width": 16, "layers": 1, "steps": 60, "batch": 16, "checkpoint_every": 20, "validate": 20, "report_trees": 100}`), Space: sp, Seed: 4,
			Examples: func(_ context.Context, source string, first, n int) (out []sdk.Example, more bool, err error) {
				all := sources[source].trees
				to := min(first+n, len(all))
				for _, s := range all[first:to] {
					out = append(out, sdk.Example{State: s, Weight: 1})
				}
				return out, to < len(all), nil
			},
			Save: func(_ context.Context, data []byte) error { saved = append(saved, data); return nil },
		}
	}
	done, err := client.Train(t.Context(), training())
	if err != nil {
		t.Fatal(err)
	}
	again := training()
	again.Checkpoint = saved[1]
	second, err := client.Train(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(second.Weights, done.Weights) {
		t.Error("a training that goes on from a checkpoint gives other weights")
	}
	var c card
	if err := json.Unmarshal(done.Card, &c); err != nil {
		t.Fatal(err)
	}
	rep := c.Report
	if rep.Learned != 400 || rep.KeptBack != 100 || rep.Valid != 1 || !(rep.LogLoss > 0 && rep.Bound > 0) || len(rep.Distance) != len(properties) || rep.Scaffold == nil {
		t.Errorf("the report is %+v", rep)
	}
	m, err := client.LoadPolicy(t.Context(), host.Model{Space: sp, Weights: done.Weights})
	if err != nil {
		t.Fatal(err)
	}
	law, err := oracle.LawOf(t.Context(), graphOf(t, sp), m)
	if err != nil {
		t.Fatal(err)
	}
	var total float64
	for _, l := range law.Terminal {
		total += math.Exp(l)
	}
	if math.Abs(total-1) > 1e-6 {
		t.Errorf("the law sums to %v", total)
	}
	plugintest.Run(t, Plugin(), plugintest.Options{Model: host.Model{Space: sp, Weights: done.Weights}})
}
