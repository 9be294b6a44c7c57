package diffusion

import (
	"os"
	"runtime"
	"testing"

	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/plugins/internal/treetest"
)

// TestALawOfMoleculesIsLearned learns the law p(tree) ~ e^(-((heavy-16)/4)^2) on
// the space of 24 fragments from 5.1 million fresh draws, and holds the model's
// law, by dynamic programming, against it. It takes five minutes of one core:
//
//	MOLSCULPT_EXACT=diffusion go test -run ALawOfMolecules -timeout 2h -v ./plugins/diffusion
func TestALawOfMoleculesIsLearned(t *testing.T) {
	if os.Getenv("MOLSCULPT_EXACT") != "diffusion" {
		t.Skip("trains for five minutes of one core; set MOLSCULPT_EXACT=diffusion")
	}
	sp := treetest.Golden(t, 3)
	g := graphOf(t, sp)
	logP := normalised(g, func(i int) float64 {
		m, err := sp.Trees().Assemble(fragment.Tree(g.States[i]))
		if err != nil {
			t.Fatal(err)
		}
		d := float64(descriptor.HeavyAtoms(m)-16) / 4
		return -d * d
	})
	tv, bound := learned(t, sp, g, logP, Config{Width: 32, Layers: 2, Steps: 20000, Batch: 256, Rate: 0.004, Threads: runtime.GOMAXPROCS(0)})
	entropy := oracle.Entropy(logP)
	t.Logf("%d trees: total variation %.4f; bound %.4f nats, entropy %.4f", len(g.States)-1, tv, bound, entropy)
	if tv > 0.05 {
		t.Errorf("total variation %.4f", tv)
	}
	if bound < entropy || bound > 1.02*entropy {
		t.Errorf("bound %.4f nats, entropy %.4f", bound, entropy)
	}
}
