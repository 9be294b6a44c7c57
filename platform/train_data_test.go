package platform

import (
	"context"
	"iter"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// chains is a space where propane and its like have several trees.
func chains(t *testing.T) *space.Fragments {
	t.Helper()
	var entries []fragment.Entry
	for _, e := range []struct {
		smiles string
		sites  []int
	}{{"C", []int{0, 0, 0}}, {"CC", []int{0, 1}}, {"O", []int{0, 0}}, {"c1ccccc1", []int{0, 1, 2, 3, 4, 5}}} {
		m, err := smiles.Parse(e.smiles)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, fragment.Entry{SMILES: e.smiles, Mol: m, Sites: e.sites})
	}
	v, err := fragment.New("chains", "test", fragment.Any, entries)
	if err != nil {
		t.Fatal(err)
	}
	sp, err := space.NewFragments(v, 4)
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

func linesOf(list []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, l := range list {
			if !yield(l, nil) {
				return
			}
		}
	}
}

// A molecule of the data weighs 1, shared by all its trees, and each of them
// assembles to it; order and repetition of the lines do not matter.
func TestDataAreTheTreesOfTheirMolecules(t *testing.T) {
	t.Parallel()
	sp := chains(t)
	r := rand.New(rand.NewPCG(1, 2))
	molecules := map[string]map[space.State]bool{}
	var lines []string
	for range 300 {
		w := space.Walk(sp, 0.3, r)
		m, err := sp.Trees().Assemble(fragment.Tree(w.Last()))
		if err != nil {
			t.Fatal(err)
		}
		key := smiles.Canonical(m)
		lines = append(lines, key)
		if molecules[key] == nil {
			molecules[key] = map[space.State]bool{}
		}
		molecules[key][w.Last()] = true
	}
	lines = append(lines, "N1CCCCC1", "not a molecule", "C[C@H](O)c1ccccc1")
	d, err := readData(t.Context(), sp, linesOf(lines), 0.3, 7)
	if err != nil {
		t.Fatal(err)
	}
	weight := map[string]float64{}
	for source, list := range d.examples {
		for _, e := range list {
			m, err := sp.Trees().Assemble(fragment.Tree(e.State))
			if err != nil {
				t.Fatal(err)
			}
			key := smiles.Canonical(m)
			weight[key] += e.Weight
			delete(molecules[key], e.State)
			if source != DataTrain && source != DataHeldOut {
				t.Errorf("source %q", source)
			}
		}
	}
	several := 0
	for key, left := range molecules {
		if math.Abs(weight[key]-1) > 1e-12 {
			t.Errorf("%s weighs %v", key, weight[key])
		}
		if len(left) > 0 {
			t.Errorf("%s lacks %d of its trees", key, len(left))
		}
	}
	for _, e := range d.examples[DataTrain] {
		if e.Weight < 1 {
			several++
		}
	}
	s := d.stats
	if several == 0 || s.Trees <= s.Expressed {
		t.Error("no molecule has several trees: the test says nothing")
	}
	if s.Lines != len(lines) || s.Unread != 1 || s.Molecules != s.Expressed+1 || s.Stereo != 1 || s.Train+s.HeldOut != s.Expressed || s.HeldOut == 0 {
		t.Errorf("statistics %+v", s)
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	again, err := readData(t.Context(), sp, linesOf(append(lines, lines[:50]...)), 0.3, 7)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.examples, d.examples) || again.digest() != d.digest() {
		t.Error("the order of the lines matters")
	}
	other, err := readData(t.Context(), sp, linesOf(lines), 0.3, 8)
	if err != nil {
		t.Fatal(err)
	}
	if other.digest() == d.digest() {
		t.Error("the seed does not matter")
	}
}

func TestExamplesComeInPartsAndEnd(t *testing.T) {
	t.Parallel()
	d := &dataSource{examples: map[string][]sdk.Example{DataTrain: make([]sdk.Example, 5)}}
	for _, want := range []struct {
		first, n int
		more     bool
	}{{0, 2, true}, {2, 2, true}, {4, 1, false}, {5, 0, false}, {6, 0, false}} {
		got, more, err := d.Examples(context.Background(), DataTrain, want.first, 2)
		if err != nil || len(got) != want.n || more != want.more {
			t.Errorf("from %d: %d examples, more %v, %v", want.first, len(got), more, err)
		}
	}
	if _, _, err := d.Examples(context.Background(), "nothing", 0, 1); err == nil {
		t.Error("a source that does not exist answers")
	}
}
