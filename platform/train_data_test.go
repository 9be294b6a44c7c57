package platform

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/verify"
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
			if source != sdk.SourceTrain && source != sdk.SourceHeldOut {
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
	for _, e := range d.examples[sdk.SourceTrain] {
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

// written is a space written out as trees and as molecules, with exact models of
// rewards that see the molecule alone.
type written struct {
	*verify.Domain
	space     *space.Fragments
	molecules []string // canonical SMILES; the first is that of no fragment, none
	of        []int    // the molecule of each state of the graph
	trees     []int    // of each molecule
}

// writeOut enumerates the molecules of 24 published fragments, at most 3 in each.
func writeOut(t *testing.T) *written {
	t.Helper()
	d, err := verify.Fragments24(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sp, ok := d.Graph.Space.(*space.Fragments)
	if !ok {
		t.Fatalf("the space is a %T", d.Graph.Space)
	}
	w := &written{Domain: d, space: sp}
	known := map[string]int{}
	for _, s := range d.Graph.States {
		name := ""
		if s != "" {
			m, err := sp.Trees().Assemble(fragment.Tree(s))
			if err != nil {
				t.Fatal(err)
			}
			name = smiles.Canonical(m)
		}
		at, ok := known[name]
		if !ok {
			at = len(w.molecules)
			known[name] = at
			w.molecules, w.trees = append(w.molecules, name), append(w.trees, 0)
		}
		w.of, w.trees[at] = append(w.of, at), w.trees[at]+1
	}
	return w
}

// asMolecules is the law of the molecules of a law of trees.
func (w *written) asMolecules(trees []float64) []float64 {
	return oracle.Coarse(trees, w.of, len(w.molecules))
}

// read gives the weights of the trees of a file of molecules, those to learn from
// and those kept back, by states; 0 for others.
func (w *written) read(t *testing.T, has func(molecule int) bool) (weights []float64) {
	t.Helper()
	var lines []string
	for m := 1; m < len(w.molecules); m++ {
		if has(m) {
			lines = append(lines, w.molecules[m])
		}
	}
	d, err := readData(t.Context(), w.space, linesOf(lines), 0.1, 3)
	if err != nil {
		t.Fatal(err)
	}
	if s := d.stats; s.Unread != 0 || s.Stopped != 0 || s.Molecules != len(lines) || s.Expressed != len(lines) {
		t.Fatalf("of %d molecules: %+v", len(lines), s)
	}
	weights = make([]float64, len(w.Graph.States))
	for _, list := range d.examples {
		for _, e := range list {
			x, ok := w.Graph.Index(e.State)
			if !ok || weights[x] != 0 {
				t.Fatalf("tree %x is not in the space, or is there twice", e.State)
			}
			weights[x] = e.Weight
		}
	}
	return weights
}

// lawOf is the logarithm of weights that are made to add up to one.
func lawOf(weights []float64) []float64 {
	out := make([]float64, len(weights))
	for i, x := range weights {
		out[i] = math.Log(x)
	}
	oracle.Normalise(out)
	return out
}

// What is learned from a file of molecules is the law of trees p(molecule)/N: all N
// trees of a molecule have the same share. So has a GFlowNet whose reward sees the
// molecule. Composites of such laws, seen as laws of molecules, are therefore the
// composites of the laws of molecules, of the same evidence. Where a law prefers one
// of a molecule's trees they are not.
func TestCompositesOfDataAreCompositesOfTheirMolecules(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads 51,943 molecules")
	}
	w := writeOut(t)
	states, n := len(w.Graph.States), len(w.molecules)
	several := 0
	for _, trees := range w.trees[1:] {
		if trees > 1 {
			several++
		}
	}
	if got := fmt.Sprint(states-1, n-1, several); got != "52324 51943 360" {
		t.Fatalf("trees, molecules, and molecules of several trees: %s", got)
	}

	// Every tree of every molecule is found, and has its share.
	share := w.read(t, func(int) bool { return true })
	for x, m := range w.of {
		if want := 1 / float64(w.trees[m]); x > 0 && share[x] != want {
			t.Fatalf("a tree of %s weighs %v, want %v", w.molecules[m], share[x], want)
		}
	}

	// Laws of molecules: any weights for all of them, two files of some of them, and
	// the reward of a GFlowNet.
	r := rand.New(rand.NewPCG(5, 6))
	given, first, second := make([]float64, n), make([]float64, n), make([]float64, n)
	for m := 1; m < n; m++ {
		given[m] = math.Exp(2 * r.NormFloat64())
		first[m], second[m] = float64(r.IntN(4)/3), float64(r.IntN(4)/3)
	}
	onTrees := make([]float64, states)
	for x, m := range w.of {
		onTrees[x] = given[m] * share[x]
	}
	trees := map[string][]float64{
		"any":    lawOf(onTrees),
		"first":  lawOf(w.read(t, func(m int) bool { return first[m] > 0 })),
		"second": lawOf(w.read(t, func(m int) bool { return second[m] > 0 })),
		"size":   w.Models["size"].Law.Terminal,
	}
	asMolecules := map[string][]float64{"any": lawOf(given), "first": lawOf(first), "second": lawOf(second), "size": w.asMolecules(trees["size"])}
	for name, law := range trees {
		if d := oracle.L1(w.asMolecules(law), asMolecules[name]); d > 1e-11 {
			t.Errorf("%s: seen as a law of molecules it differs from it by %g", name, d)
		}
	}

	// The control has all of a molecule in one of its trees.
	one, seen := make([]float64, states), make([]bool, n)
	for x, m := range w.of {
		if !seen[m] {
			seen[m], one[x] = true, given[m]
		}
	}
	preferring := maps.Clone(trees)
	preferring["any"] = lawOf(one)

	for _, test := range []struct {
		text    string
		control bool // whether the composite shows which of its trees a molecule has
	}{
		{"any & size", true},
		{"any - size", true},
		{"size -{0.7} any", true},
		{"any &{0.2} first", true},
		{"any & first & size", true},
		{"any & (first | size)", true},
		{"product(any^0.5, size^0.5)", true},
		{"obs(any, any; over any, second, size)", true},
		{"first & second", false},
		{"second - first", false},
		{"0.3 any | 0.7 second", false},
	} {
		c, err := compose.Compile(expression(t, test.text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		composite := func(of map[string][]float64) (law []float64, logEvidence float64) {
			var laws []*oracle.Law
			for _, name := range c.Models() {
				laws = append(laws, &oracle.Law{Terminal: of[name]})
			}
			if law, logEvidence, err = oracle.Composite(c, laws); err != nil {
				t.Fatalf("%s: %v", test.text, err)
			}
			return law, logEvidence
		}
		want, wantEvidence := composite(asMolecules)
		law, evidence := composite(trees)
		if d := oracle.L1(w.asMolecules(law), want); d > 1e-11 || math.Abs(evidence-wantEvidence) > 1e-11 {
			t.Errorf("%s: seen as molecules it is off by %g, its log evidence is %v, want %v", test.text, d, evidence, wantEvidence)
		}
		law, _ = composite(preferring)
		if d := oracle.L1(w.asMolecules(law), want); test.control != (d > 1e-5) {
			t.Errorf("%s: of the control it is off by %g", test.text, d)
		}
	}
}

func TestExamplesComeInPartsAndEnd(t *testing.T) {
	t.Parallel()
	d := &dataSource{examples: map[string][]sdk.Example{sdk.SourceTrain: make([]sdk.Example, 5)}}
	for _, want := range []struct {
		first, n int
		more     bool
	}{{0, 2, true}, {2, 2, true}, {4, 1, false}, {5, 0, false}, {6, 0, false}} {
		got, more, err := d.Examples(context.Background(), sdk.SourceTrain, want.first, 2)
		if err != nil || len(got) != want.n || more != want.more {
			t.Errorf("from %d: %d examples, more %v, %v", want.first, len(got), more, err)
		}
	}
	if _, _, err := d.Examples(context.Background(), "nothing", 0, 1); err == nil {
		t.Error("a source that does not exist answers")
	}
}
