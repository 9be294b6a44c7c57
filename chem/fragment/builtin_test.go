package fragment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

func TestBuiltinVocabularyIsOneToOneOnRandomTrees(t *testing.T) {
	t.Parallel()
	v := Builtin()
	if v.Rule() != RingAcyclic || v.Len() < 200 || v.Len() > 300 {
		t.Errorf("%d fragments under the rule %q", v.Len(), v.Rule())
	}
	if !bytes.Equal(v.Marshal(), builtinJSON) {
		t.Errorf("the file is not as the program writes it")
	}
	ts, err := NewTrees(v, 9)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(11, 13))
	seen := make(map[string]Tree)
	for range 3000 {
		x := ts.Random(1+r.IntN(9), r)
		m, err := ts.Assemble(x)
		if err != nil {
			t.Fatal(err)
		}
		s := smiles.Canonical(m)
		y, err := ts.Cut(m)
		if err != nil || x != y {
			t.Fatalf("%s: tree %v is cut into %v, %v", s, x.Nodes(nil), y.Nodes(nil), err)
		}
		// The way over text, and the neutral form, change nothing.
		again, err := smiles.Parse(s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		if z, err := ts.Cut(again); err != nil || z != x {
			t.Fatalf("%s read back is cut into %v, %v; want %v", s, z.Nodes(nil), err, x.Nodes(nil))
		}
		if w, ok := seen[s]; ok && w != x {
			t.Fatalf("%s has two trees", s)
		}
		seen[s] = x
	}
}

func TestZINCMoleculesAssembleFromTheirTrees(t *testing.T) {
	t.Parallel()
	ts, err := NewTrees(Builtin(), 9)
	if err != nil {
		t.Fatal(err)
	}
	mols, rebuilt := 0, 0
	for s, err := range smilesOf(t, chemtest.File(t, "molsets", "zinc250k.smi.gz"), 4000) {
		if err != nil {
			t.Fatal(err)
		}
		m, err := prepareSMILES(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		mols++
		x, err := ts.Cut(m)
		if err != nil {
			var cut *CutError
			if !errors.As(err, &cut) {
				t.Errorf("%s: %v", s, err)
			}
			continue
		}
		rebuilt++
		back, err := ts.Assemble(x)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := smiles.Canonical(back), smiles.Canonical(m); got != want {
			t.Errorf("%s becomes %s, want %s", s, got, want)
		}
	}
	if mols == 0 || float64(rebuilt)/float64(mols) < 0.45 {
		t.Errorf("%d of %d molecules rebuilt", rebuilt, mols)
	}
	t.Logf("%d of %d molecules rebuilt", rebuilt, mols)
}

// TestBuiltinVocabularyIsCountedFromItsSources counts everything anew, in half
// a minute, where MOLSCULPT_COUNT is set. The order of atoms follows the
// canonical SMILES of the day and is not compared.
func TestBuiltinVocabularyIsCountedFromItsSources(t *testing.T) {
	t.Parallel()
	if os.Getenv("MOLSCULPT_COUNT") == "" {
		t.Skip("set MOLSCULPT_COUNT=1 to count 348,760 molecules")
	}
	b := NewBuilder(BuildOptions{MinSite: 10})
	for _, name := range []string{"zinc250k.smi.gz", "chembl_reinvent_validation_78k.smi.gz", "chembl_mars_10k.smi.gz", "chembl_20_chiral_10k.smi.gz", "chembl_drugs.smi"} {
		if err := b.Count(context.Background(), smilesOf(t, chemtest.File(t, "molsets", name), 1<<30)); err != nil {
			t.Fatal(err)
		}
	}
	v, rebuilt, err := b.Vocabulary("built-in", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d molecules rebuilt", rebuilt, b.Counted().Molecules)
	kinds := func(v *Vocabulary) map[string]int {
		set := make(map[string]int)
		for i := range v.Len() {
			f := v.Fragment(i)
			m, err := smiles.Parse(f.SMILES)
			if err != nil {
				t.Fatal(err)
			}
			set[fmt.Sprintf("%s %d sites", smiles.Canonical(m), len(f.Sites))] = f.Count
		}
		return set
	}
	if d := cmp.Diff(kinds(Builtin()), kinds(v)); d != "" {
		t.Error(d)
	}
}
