package smiles_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// drugs are molecules of about 25 to 35 heavy atoms.
var drugs = []string{
	"CC(C)c1c(C(=O)Nc2ccccc2)c(-c2ccccc2)c(-c2ccc(F)cc2)n1CC[C@@H](O)C[C@@H](O)CC(=O)O",
	"Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
	"COc1ccc(NC(C)=O)c(NC(=O)CCc2cnn(-c3ccccc3)c2)c1",
	"CCN(Cc1cccc(NC(=O)C2C[C@H](C)O[C@H](C)C2)c1)C(C)=O",
	"O=C(c1ccc(OCCN2CCCCC2)cc1)c1c(-c2ccc(O)cc2)sc2cc(O)ccc12",
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := smiles.Parse(drugs[i%len(drugs)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAndCanonical(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m, err := smiles.Parse(drugs[i%len(drugs)])
		if err != nil {
			b.Fatal(err)
		}
		smiles.Canonical(m)
	}
}

func BenchmarkPerceive(b *testing.B) {
	var mols []*chem.Mol
	for _, s := range drugs {
		mols = append(mols, chem.StripStereo(chemtest.Parse(b, s)))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := chem.Perceive(mols[i%len(mols)]); err != nil {
			b.Fatal(err)
		}
	}
}
