package descriptor_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/descriptor"
)

// druglike are molecules of usual size for benchmarks and golden values.
var druglike = []string{
	"COc1ccc(NC(C)=O)c(NC(=O)CCc2cnn(-c3ccccc3)c2)c1",
	"CC(C)CCn1c(C[NH+]2CCN(Cc3ccccc3)CC2)nc2c1c(=O)[nH]c(=O)n2C",
	"C[C@@]1(c2ccc(F)cc2F)NC(=O)N(Cc2nc(-c3cccc(C(F)(F)F)c3)no2)C1=O",
	"CC(C)S(=O)(=O)c1ccc(-c2nnc(NC(=O)c3c[nH]c4ccccc34)o2)cc1",
	"Cc1cc2c(cc1Br)NC(=O)/C2=N\\NC(=O)COc1ccc2ccccc2c1",
	"CN1CCC23c4c5ccc(O)c4OC2C(O)C=CC3C1C5",
	"CC(=O)Oc1ccccc1C(=O)O",
	"C[NH+](C)C[C@H](O)Cn1cc(Nc2ccc([N+](=O)[O-])cc2C#N)cn1",
}

func benchmark(b *testing.B, f func(*descriptor.Analysis)) {
	mols := make([]*chem.Mol, len(druglike))
	for i, s := range druglike {
		mols[i] = chemtest.Parse(b, s)
	}
	var a descriptor.Analysis
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.Reset(mols[i%len(mols)])
		f(&a)
	}
}

func BenchmarkQED(b *testing.B)  { benchmark(b, func(a *descriptor.Analysis) { a.QED() }) }
func BenchmarkSA(b *testing.B)   { benchmark(b, func(a *descriptor.Analysis) { a.SA() }) }
func BenchmarkLogP(b *testing.B) { benchmark(b, func(a *descriptor.Analysis) { a.LogP() }) }
func BenchmarkTPSA(b *testing.B) { benchmark(b, func(a *descriptor.Analysis) { a.TPSA() }) }
func BenchmarkMolWt(b *testing.B) {
	benchmark(b, func(a *descriptor.Analysis) { descriptor.MolWt(a.Mol()) })
}

func BenchmarkRotatableBonds(b *testing.B) {
	benchmark(b, func(a *descriptor.Analysis) { a.RotatableBonds() })
}

func BenchmarkStereoCentres(b *testing.B) {
	benchmark(b, func(a *descriptor.Analysis) { a.StereoCentres() })
}

func BenchmarkMorgan(b *testing.B) { benchmark(b, func(a *descriptor.Analysis) { a.Morgan() }) }
func BenchmarkHBA(b *testing.B)    { benchmark(b, func(a *descriptor.Analysis) { a.HBA() }) }
