package scaffold_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/scaffold"
)

// benchmark runs f on the molecules of the golden table.
func benchmark(b *testing.B, f func(*chem.Mol) error) {
	b.Helper()
	chemtest.Benchmark(b, "testdata/molecules.smi", f)
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
