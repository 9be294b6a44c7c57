package scaffold_test

import (
	"os"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/scaffold"
)

// benchmark runs f on the molecules of the golden table.
func benchmark(b *testing.B, f func(*chem.Mol) error) {
	text, err := os.ReadFile("testdata/molecules.smi")
	if err != nil {
		b.Fatal(err)
	}
	var mols []*chem.Mol
	for s := range strings.FieldsSeq(string(text)) {
		mols = append(mols, chemtest.Parse(b, s))
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := f(mols[n%len(mols)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "mol/s")
}

func BenchmarkMurcko(b *testing.B) {
	benchmark(b, func(m *chem.Mol) error { _, err := scaffold.Murcko(m); return err })
}

func BenchmarkMurckoSMILES(b *testing.B) {
	benchmark(b, func(m *chem.Mol) error { _, err := scaffold.MurckoSMILES(m); return err })
}

func BenchmarkLargestFragment(b *testing.B) {
	benchmark(b, func(m *chem.Mol) error { _, err := scaffold.LargestFragment(m, true); return err })
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
