package gflownet

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/treetest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// toyLog is a reward that likes four nodes and many of the third kind.
func toyLog(sp *space.Fragments, s space.State) float64 {
	n := float64(sp.Size(s))
	l := -0.1 * (n - 4) * (n - 4)
	for _, x := range sp.Nodes(s, nil) {
		if x.Fragment == 2 {
			l += 0.1
		}
	}
	return l
}

func toyConfig(steps, threads int) Config {
	return Config{Width: 16, Layers: 1, Steps: steps, Batch: 16, BetaMax: 8, BetaFocus: 4, Replay: 40, Threads: threads}
}

// advance makes n updates.
func advance(tb testing.TB, sp *space.Fragments, t *Trainer, n int) (last Stats) {
	tb.Helper()
	for range n {
		ask, err := t.Propose()
		if err != nil {
			tb.Fatal(err)
		}
		log := make([]float64, len(ask))
		for i, s := range ask {
			log[i] = toyLog(sp, s)
		}
		if last, err = t.Update(log); err != nil {
			tb.Fatal(err)
		}
	}
	return last
}

func newToy(tb testing.TB, sp *space.Fragments, c Config) *Trainer {
	tb.Helper()
	t, err := NewTrainer(sp, c, 7)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func snap(tb testing.TB, t *Trainer) []byte {
	tb.Helper()
	data, err := t.Snapshot()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestARestoredTrainerGoesOnBitForBit(t *testing.T) {
	sp := treetest.Toy(t, 6)
	for _, objective := range []string{"subtb", "tb", "vargrad"} {
		c := toyConfig(40, 2)
		c.Objective = objective
		whole := newToy(t, sp, c)
		advance(t, sp, whole, 13)
		middle := snap(t, whole)
		advance(t, sp, whole, 12)

		again := newToy(t, sp, c)
		advance(t, sp, again, 3) // must leave no trace
		if err := again.Restore(middle); err != nil {
			t.Fatal(err)
		}
		if _, err := again.Propose(); err != nil { // nor an unfinished proposal
			t.Fatal(err)
		}
		if !bytes.Equal(snap(t, again), middle) {
			t.Fatalf("%s: a restored trainer is not the one that was written", objective)
		}
		advance(t, sp, again, 12)
		if !bytes.Equal(snap(t, whole), snap(t, again)) {
			t.Fatalf("%s: the restored trainer went another way", objective)
		}
	}
}

func TestTrainingDoesNotDependOnThreads(t *testing.T) {
	sp := treetest.Toy(t, 6)
	one, three := newToy(t, sp, toyConfig(40, 1)), newToy(t, sp, toyConfig(40, 3))
	advance(t, sp, one, 15)
	advance(t, sp, three, 15)
	if !bytes.Equal(snap(t, one), snap(t, three)) {
		t.Fatal("one thread and three train different weights")
	}
}

func TestASnapshotOfAnotherRunIsRefused(t *testing.T) {
	sp := treetest.Toy(t, 6)
	a := newToy(t, sp, toyConfig(40, 1))
	advance(t, sp, a, 2)
	data := snap(t, a)
	b := newToy(t, sp, toyConfig(41, 1))
	if err := b.Restore(data); err == nil {
		t.Error("another configuration was accepted")
	}
	if err := newToy(t, treetest.Toy(t, 5), toyConfig(40, 1)).Restore(data); err == nil {
		t.Error("another space was accepted")
	}
	for _, cut := range []int{0, 7, 100, len(data) / 2, len(data) - 1} {
		if err := newToy(t, sp, toyConfig(40, 1)).Restore(data[:cut]); err == nil {
			t.Errorf("a snapshot cut at byte %d was accepted", cut)
		}
	}
}

func TestWeightsComeBackAsTheyWere(t *testing.T) {
	sp := treetest.Toy(t, 6)
	tr := newToy(t, sp, toyConfig(40, 2))
	advance(t, sp, tr, 10)
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	for _, half := range []bool{false, true} {
		data, err := m.Encode(half, json.RawMessage(`{"x":1}`))
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(data, sp, 2)
		if err != nil {
			t.Fatal(err)
		}
		again, err := back.Encode(half, back.Card())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, again) {
			t.Fatalf("half %v: written again it is another file", half)
		}
		if half {
			continue
		}
		a, err := m.Sample(50, 4, rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := back.Sample(50, 4, rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range a {
			if a[i] != b[i] {
				t.Fatal("the model that was read samples otherwise")
			}
		}
	}
	data, _ := m.Encode(true, nil)
	if _, err := Decode(data, treetest.Toy(t, 5), 1); err == nil {
		t.Error("weights of another space were accepted")
	}
	for _, cut := range []int{0, 9, len(data) / 2, len(data) - 2} {
		if _, err := Decode(data[:cut], sp, 1); err == nil {
			t.Errorf("weights cut at byte %d were accepted", cut)
		}
	}
}

func TestTrainingFitsASmallTarget(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a network")
	}
	sp := treetest.Toy(t, 4)
	c := toyConfig(600, 2)
	c.Width, c.Batch, c.Replay, c.Rate = 32, 32, 5000, 0.003
	tr := newToy(t, sp, c)
	advance(t, sp, tr, c.Steps)
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	rep, err := NewReport(m, 200, 32, -75, func(states []space.State) ([]float64, error) {
		out := make([]float64, len(states))
		for i, s := range states {
			out[i] = toyLog(sp, s)
		}
		return out, nil
	}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", rep)
	if rep.Both.Correlation < 0.98 || math.Abs(rep.Both.Slope-1) > 0.05 {
		t.Errorf("the fit is %+v", rep.Both)
	}
	for _, a := range rep.ByBeta {
		if a.Residual > 0.25 {
			t.Errorf("beta %g: residual %.3f nats", a.Beta, a.Residual)
		}
	}
}
