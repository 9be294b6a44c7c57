package guide_test

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/plugins/guide"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// treeDomain is a space of fragment trees with two exact models, whose log-rewards
// are given at every tree.
func treeDomain(t testing.TB, vocabulary []byte, size int, rewards ...func(s space.State, sp *space.Fragments) float64) *domain {
	t.Helper()
	v, err := fragment.Parse(vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	sp, err := space.NewFragments(v, size)
	if err != nil {
		t.Fatal(err)
	}
	g, err := oracle.Enumerate(context.Background(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := &domain{space: sp, graph: g, models: []string{"a", "b"}}
	for _, reward := range rewards {
		logR := make([]float64, len(g.States))
		for i, s := range g.States {
			logR[i] = reward(s, sp)
		}
		d.laws = append(d.laws, oracle.FlowsOf(g, logR).Law())
	}
	return d
}

// counted is a log-reward that falls with the square of the distance of a count
// of atoms from a mean.
func counted(count func(m *fragment.Fragment) float64, mean, width float64) func(space.State, *space.Fragments) float64 {
	return func(s space.State, sp *space.Fragments) float64 {
		n := 0.0
		for _, node := range sp.Nodes(s, nil) {
			n += count(sp.Vocabulary().Fragment(node.Fragment))
		}
		d := (n - mean) / width
		return -d * d
	}
}

func heavy(f *fragment.Fragment) float64 { return float64(f.Mol.HeavyAtoms()) }

func polar(f *fragment.Fragment) float64 {
	n := 0.0
	for i := range f.Mol.Atoms {
		if z := f.Mol.Atoms[i].Element; z == 7 || z == 8 {
			n++
		}
	}
	return n
}

// ofTrees are the compositions of two models, by outcomes of two observations.
var ofTrees = []observation{{"a & b", []int{0, 1}, 0}, {"a - b", []int{0, 0}, 0}, {"b - a", []int{1, 1}, 0}}

const fourFragments = `[
	{"smiles": "c1ccccc1", "attach": [0, 1, 2, 3, 4, 5]},
	{"smiles": "C1CNCCN1", "attach": [2, 5]},
	{"smiles": "CNC=O", "attach": [0, 2]},
	{"smiles": "CCOC(N)C", "attach": [0, 1, 4, 5]}
]`

func TestAGuideOverTreesLearnsStatesAndActions(t *testing.T) {
	t.Parallel()
	d := treeDomain(t, []byte(fourFragments), 3, counted(heavy, 16, 3), counted(polar, 4, 1))
	c := guide.Config{Head: "action", Labels: "exact", Width: 32, Layers: 1, Steps: 300, Batch: 16, Rate: .005}
	tr, err := guide.NewTrainer(d.space, d.models, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	untrained, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range ofTrees {
		if l1 := oracle.L1(d.actionLaw(t, untrained, o).Terminal, d.pathPosterior(t, o).Terminal); !(l1 <= 1e-9) {
			t.Errorf("%s: before training the law differs from the path posterior's by %g", o.text, l1)
		}
	}
	d.advance(t, tr, 1, -1)
	data := weights(t, tr)
	m, err := guide.Decode(data, d.space, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range ofTrees {
		closed := d.closed(t, o)
		mixture := oracle.L1(oracle.MixturePolicy([]float64{.5, .5}, d.laws).Terminal, closed)
		before := oracle.L1(d.pathPosterior(t, o).Terminal, closed)
		after := oracle.L1(d.actionLaw(t, m, o).Terminal, closed)
		states := oracle.L1(d.guided(t, m, o).Terminal, closed)
		t.Logf("%d trees, %s: L1 of the mixture %.3f, of the path posterior %.3f, of the action head %.3f, of the state head %.3f", len(d.graph.States), o.text, mixture, before, after, states)
		if !(after <= before*.8+.02) || !(states <= mixture/2) {
			t.Errorf("%s: L1 of the mixture %.3f, of the path posterior %.3f, of the action head %.3f, of the state head %.3f", o.text, mixture, before, after, states)
		}
	}
	plugintest.Run(t, guide.Plugin(), plugintest.Options{Guide: host.Model{Space: d.space, Weights: data}, States: 30})
}

func TestATrainingOnTreesIsTheSameWhenInterrupted(t *testing.T) {
	t.Parallel()
	d := treeDomain(t, []byte(fourFragments), 3, counted(heavy, 16, 3), counted(polar, 4, 1))
	for _, c := range []guide.Config{
		{Alpha: true, Width: 16, Layers: 1, Steps: 12, Batch: 6},
		{Head: "action", Observations: 3, Width: 16, Layers: 1, Steps: 12, Batch: 6},
	} {
		whole := weights(t, d.train(t, c, 3))
		tr, err := guide.NewTrainer(d.space, d.models, c, 3)
		if err != nil {
			t.Fatal(err)
		}
		d.advance(t, tr, 3, 5)
		data, err := tr.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		c.Threads = 2
		if tr, err = guide.NewTrainer(d.space, d.models, c, 3); err != nil {
			t.Fatal(err)
		}
		if err := tr.Restore(data); err != nil {
			t.Fatal(err)
		}
		d.advance(t, tr, 3, -1)
		if string(weights(t, tr)) != string(whole) {
			t.Errorf("%+v: an interrupted training on two threads ends elsewhere", c)
		}
	}
}

// TestFullTrainingOnTrees trains on 24 fragments, up to three, 52,324 trees, where
// MOLSCULPT_GUIDE says so.
func TestFullTrainingOnTrees(t *testing.T) {
	t.Parallel()
	labels := os.Getenv("MOLSCULPT_GUIDE")
	if labels == "" {
		t.Skip("set MOLSCULPT_GUIDE to ema or exact")
	}
	d := treeDomain(t, chemtest.Vocabulary24(t), 3, counted(heavy, 16, 4), counted(polar, 3, 1.5))
	start := time.Now()
	const steps = 2000
	tr := d.train(t, guide.Config{Head: "action", Labels: labels, Steps: steps, Rate: .003, Threads: runtime.GOMAXPROCS(0)}, 1)
	t.Logf("%d steps, %.1f per second", steps, steps/time.Since(start).Seconds())
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range ofTrees {
		closed := d.closed(t, o)
		before := oracle.L1(d.pathPosterior(t, o).Terminal, closed)
		after := oracle.L1(d.actionLaw(t, m, o).Terminal, closed)
		states := oracle.L1(d.guided(t, m, o).Terminal, closed)
		t.Logf("%s: L1 of the path posterior %.4f, of the action head %.4f, of the state head %.4f", o.text, before, after, states)
		if !(states <= .3) {
			t.Errorf("%s: L1 of the state head %.4f", o.text, states)
		}
	}
}
