package fragment

import (
	"math/rand/v2"
	"os"
	"testing"
)

// vocab72 is the published vocabulary of 72 fragments.
func vocab72(t testing.TB) *Vocabulary {
	t.Helper()
	data, err := os.ReadFile(dataFile(t, "fragments", "fragments_72.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEveryTreeIsAmongTheDecompositionsOfItsMolecule(t *testing.T) {
	t.Parallel()
	ts, err := NewTrees(vocab72(t), 6)
	if err != nil {
		t.Fatal(err)
	}
	if n := ts.v.Columns(); n != 106 {
		t.Errorf("columns of the 72 fragments: got %d, want 106", n)
	}
	r := rand.New(rand.NewPCG(1, 2))
	total, further := 0, 0
	for range 300 {
		x := ts.Random(1+r.IntN(6), r)
		m, err := ts.Assemble(x)
		if err != nil {
			t.Fatal(err)
		}
		all, complete := ts.Decompose(m, 20000)
		if !complete {
			t.Logf("%d trees and more", len(all))
		}
		found := false
		for _, y := range all {
			found = found || x == y
		}
		if !found && complete {
			t.Fatalf("tree %v of %d fragments is not found among %d", x.Nodes(nil), x.Size(), len(all))
		}
		total++
		if len(all) > 1 {
			further++
		}
	}
	t.Logf("%d of %d molecules have further trees", further, total)
}
