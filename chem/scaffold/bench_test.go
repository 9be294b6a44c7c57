package scaffold_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/scaffold"
)

// drugs are molecules of about 25 to 35 heavy atoms.
var drugs = []string{
	"CC(C)c1c(C(=O)Nc2ccccc2)c(-c2ccccc2)c(-c2ccc(F)cc2)n1CC[C@@H](O)C[C@@H](O)CC(=O)O",
	"Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1.CS(=O)(=O)O",
	"COc1ccc(NC(C)=O)c(NC(=O)CCc2cnn(-c3ccccc3)c2)c1",
	"CCN(Cc1cccc(NC(=O)C2C[C@H](C)O[C@H](C)C2)c1)C(C)=O",
	"[O-]c1ccc(cc1)-c1sc2cc(O)ccc2c1C(=O)c1ccc(OCC[NH+]2CCCCC2)cc1",
}

func benchmark(b *testing.B, f func(*chem.Mol) error) {
	var mols []*chem.Mol
	for _, s := range drugs {
		mols = append(mols, chemtest.Parse(b, s))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := f(mols[i%len(mols)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMurcko(b *testing.B) {
	benchmark(b, func(m *chem.Mol) error { _, err := scaffold.Murcko(m); return err })
}

func BenchmarkMurckoSMILES(b *testing.B) {
	benchmark(b, func(m *chem.Mol) error { _, err := scaffold.MurckoSMILES(m); return err })
}

func BenchmarkStripSalts(b *testing.B) {
	benchmark(b, func(m *chem.Mol) error { _, _, err := scaffold.StripSalts(m); return err })
}

func BenchmarkParent(b *testing.B) {
	benchmark(b, func(m *chem.Mol) error { _, err := scaffold.Parent(m); return err })
}

func BenchmarkKey(b *testing.B) {
	benchmark(b, func(m *chem.Mol) error { _, err := scaffold.Key(m, scaffold.KeyOptions{}); return err })
}
