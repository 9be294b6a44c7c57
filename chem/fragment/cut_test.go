package fragment

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// vocab72 is the published vocabulary of 72 fragments.
func vocab72(t testing.TB) *Vocabulary {
	t.Helper()
	v, err := Parse(chemtest.Read(t, "fragments", "fragments_72.json"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRandomTreesAreAmongTheTreesOfTheirMolecules(t *testing.T) {
	t.Parallel()
	v := vocab72(t)
	if v.Columns() != 106 {
		t.Errorf("columns of the 72 fragments: got %d, want 106", v.Columns())
	}
	ts, err := NewTrees(v, 6)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ts.MeasureAmbiguity(1000, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	if a.Trees != 1000 || a.Mismatch != 0 || a.Stopped != 0 || a.Further == 0 || a.Mean*1000 < float64(a.Further) {
		t.Errorf("%+v", a)
	}
	t.Logf("%+v", a)
}

func TestOneToOneVocabulariesHaveNoFurtherTrees(t *testing.T) {
	t.Parallel()
	ts, err := NewTrees(Builtin(), 9)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ts.MeasureAmbiguity(500, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Ambiguity{Trees: 500}); a != want {
		t.Errorf("%+v", a)
	}
}

func TestCutErrorsNameThePart(t *testing.T) {
	t.Parallel()
	v := smallVocabulary(t, RingAcyclic,
		plainFragment{"c1ccccc1", []int{0, 1, 2, 3, 4, 5}}, plainFragment{"C", []int{0, 0}}, plainFragment{"CO", []int{1}})
	ts, err := NewTrees(v, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ smiles, part, reason string }{
		{"Cc1ccccc1", "", ""},
		{"c1ccc(Cc2ccccc2)cc1", "", ""},
		{"Cc1ccccc1Cl", "Cl", "no fragment"},
		{"OCc1ccccc1", "CO", "no site"},
		{"c1ccc(C(c2ccccc2)c2ccccc2)cc1", "", "4 fragments"},
		{"Cc1ccccc1.C", "", "several components"},
		{"c1ccc(S(=O)(=O)C)cc1", "CS(=O)=O", "no fragment"},
	} {
		m, err := smiles.Parse(c.smiles)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ts.Cut(m)
		if c.reason == "" {
			if err != nil {
				t.Errorf("%s: %v", c.smiles, err)
			}
			continue
		}
		var cut *CutError
		if !errors.As(err, &cut) || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: error %v does not say %q", c.smiles, err, c.reason)
			continue
		}
		if cut.Part != c.part || (cut.Part == "") != (cut.Atoms == nil) {
			t.Errorf("%s: the part is %q (atoms %v), want %q", c.smiles, cut.Part, cut.Atoms, c.part)
		}
	}
}

func TestTreesAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	ts, err := NewTrees(Builtin(), 9)
	if err != nil {
		t.Fatal(err)
	}
	// The same trees from several goroutines, each against a set of its own.
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			own, err := NewTrees(Builtin(), 9)
			if err != nil {
				t.Error(err)
				return
			}
			r := rand.New(rand.NewPCG(1, uint64(g%2)))
			for range 60 {
				x := ts.Random(9, r)
				for len(x) > 0 {
					p, q := ts.Parents(x), own.Parents(x)
					if !slices.EqualFunc(p, q, func(a, b Parent) bool { return a.Tree == b.Tree && slices.Equal(a.Cells, b.Cells) }) {
						t.Errorf("parents differ between two sets")
						return
					}
					x = p[r.IntN(len(p))].Tree
				}
			}
		})
	}
	wg.Wait()
}
