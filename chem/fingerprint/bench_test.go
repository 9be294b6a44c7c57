package fingerprint_test

import (
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/fingerprint"
)

// benchmark runs f on the molecules of the golden table.
func benchmark(b *testing.B, f func(m *chem.Mol)) {
	b.Helper()
	chemtest.Benchmark(b, "testdata/molecules.smi", func(m *chem.Mol) error { f(m); return nil })
}

func BenchmarkMorgan(b *testing.B) {
	var w fingerprint.Workspace
	benchmark(b, func(m *chem.Mol) { w.Morgan(m, 2) })
}

func BenchmarkMorganBits(b *testing.B) {
	var w fingerprint.Workspace
	benchmark(b, func(m *chem.Mol) { w.MorganBits(m, 2, 2048) })
}

func BenchmarkFeatureMorgan(b *testing.B) {
	benchmark(b, func(m *chem.Mol) {
		fingerprint.FoldEnvironments(fingerprint.Environments(m, 2, fingerprint.MorganOptions{Features: true}), 2048)
	})
}

func BenchmarkAtomPairs(b *testing.B) {
	benchmark(b, func(m *chem.Mol) { fingerprint.AtomPairs(m, false) })
}

func BenchmarkAtomPairBits(b *testing.B) {
	benchmark(b, func(m *chem.Mol) { fingerprint.AtomPairBits(m, 2048, false) })
}

func BenchmarkTorsions(b *testing.B) {
	benchmark(b, func(m *chem.Mol) { fingerprint.Torsions(m, false) })
}

func BenchmarkTorsionBits(b *testing.B) {
	benchmark(b, func(m *chem.Mol) { fingerprint.TorsionBits(m, 2048, false) })
}

func BenchmarkSubgraphBits(b *testing.B) {
	benchmark(b, func(m *chem.Mol) { fingerprint.SubgraphBits(m, 2048) })
}

// randomTable has n vectors of 2048 bits, about 50 of them set.
func randomTable(n int) *fingerprint.Table {
	r := rand.New(rand.NewPCG(1, 2))
	t := fingerprint.NewTable(2048)
	for range n {
		b := fingerprint.NewBits(2048)
		for range 50 {
			b.Set(r.IntN(2048))
		}
		t.Append(b)
	}
	return t
}

func perPair(b *testing.B, pairs int) {
	b.ReportMetric(float64(b.N)*float64(pairs)/b.Elapsed().Seconds(), "pairs/s")
}

// BenchmarkTanimoto compares pairs one by one.
func BenchmarkTanimoto(b *testing.B) {
	t := randomTable(2)
	x, y := t.Row(0), t.Row(1)
	for b.Loop() {
		fingerprint.Tanimoto(x, y)
	}
	perPair(b, 1)
}

// BenchmarkTableTanimoto compares one vector with 4096, in one thread.
func BenchmarkTableTanimoto(b *testing.B) {
	t := randomTable(4096)
	q, dst := t.Row(0), make([]float64, t.Len())
	b.ReportAllocs()
	for b.Loop() {
		t.Tanimoto(dst, q)
	}
	perPair(b, t.Len())
}

// BenchmarkMatrix compares 2048 vectors with each other, on all processors.
func BenchmarkMatrix(b *testing.B) {
	t := randomTable(2048)
	dst := make([]float64, t.Len()*t.Len())
	for b.Loop() {
		fingerprint.Matrix(dst, t, t)
	}
	perPair(b, t.Len()*t.Len())
}

// BenchmarkNearest looks for the ten nearest of up to 10,000 molecules.
func BenchmarkNearest(b *testing.B) {
	t := fingerprint.NewTable(2048)
	for row := range chemtest.Rows(b, "zinc") {
		t.Append(fingerprint.MorganBits(chemtest.Parse(b, row["smiles"]), 2, 2048))
	}
	x := fingerprint.NewIndex(t)
	n := 0
	for b.Loop() {
		x.Nearest(t.Row(n%t.Len()), 10)
		n++
	}
	perPair(b, t.Len())
}
