package fragment

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

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
	for s, err := range smilesOf(t, dataFile(t, "molsets", "zinc250k.smi.gz"), 4000) {
		if err != nil {
			t.Fatal(err)
		}
		m, err := smiles.Parse(s)
		if err == nil {
			m, err = Prepare(m)
		}
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
