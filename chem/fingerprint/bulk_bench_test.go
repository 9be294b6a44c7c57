package fingerprint

import (
	"math/rand/v2"
	"testing"
)

// randomTable has n vectors of 2048 bits, about 50 of them set.
func randomTable(n int) *Table {
	r := rand.New(rand.NewPCG(1, 2))
	t := NewTable(2048)
	for range n {
		b := NewBits(2048)
		for range 50 {
			b.Set(r.IntN(2048))
		}
		t.Append(b)
	}
	return t
}

func perPair(b *testing.B, pairs int) {
	b.ReportMetric(float64(b.N)*float64(pairs)/b.Elapsed().Seconds()/1e6, "Mpairs/s")
}

func BenchmarkTableTanimoto(b *testing.B) {
	t := randomTable(4096)
	q, dst := t.Row(0), make([]float64, t.Len())
	for b.Loop() {
		t.Tanimoto(dst, q)
	}
	perPair(b, t.Len())
}

func BenchmarkCommonPlain(b *testing.B) {
	t := randomTable(4096)
	dst := make([]int32, t.Len())
	for b.Loop() {
		commonPlain(dst, t.rows[:t.stride], t.rows)
	}
	perPair(b, t.Len())
}

func BenchmarkMatrix(b *testing.B) {
	t := randomTable(1024)
	dst := make([]float64, t.Len()*t.Len())
	for b.Loop() {
		Matrix(dst, t, t)
	}
	perPair(b, t.Len()*t.Len())
}
