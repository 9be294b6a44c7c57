package fragment

import (
	"math/rand/v2"
	"testing"
)

// walks are random trees of 9 fragments with the trees on the way to them.
func walks(ts *Trees, n int) [][]Tree {
	r := rand.New(rand.NewPCG(9, 9))
	var all [][]Tree
	for range n {
		x := ts.Random(9, r)
		way := []Tree{x}
		for len(x) > 0 {
			p := ts.Parents(x)
			x = p[r.IntN(len(p))].Tree
			way = append(way, x)
		}
		all = append(all, way)
	}
	return all
}

// BenchmarkTrajectory measures rows, child and parents of every step of
// trajectories with 9 fragments, as a sampler asks for them, with a cold cache.
func BenchmarkTrajectory(b *testing.B) {
	b.Run("builtin", func(b *testing.B) { benchmarkTrajectory(b, Builtin()) })
	b.Run("72", func(b *testing.B) { benchmarkTrajectory(b, vocab72(b)) })
}

func benchmarkTrajectory(b *testing.B, v *Vocabulary) {
	ts, err := NewTrees(v, 9)
	if err != nil {
		b.Fatal(err)
	}
	all := walks(ts, 500)
	b.ReportAllocs()
	b.ResetTimer()
	steps := 0
	for i := 0; b.Loop(); i++ {
		if i%len(all) == 0 {
			clear(ts.cache)
		}
		way := all[i%len(all)]
		for k := len(way) - 1; k > 0; k-- {
			_ = ts.Rows(way[k])
			for _, p := range ts.Parents(way[k-1]) {
				if p.Tree == way[k] {
					_ = ts.Child(way[k], p.Cells[0])
				}
			}
			steps++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
}

// BenchmarkAssemble measures molecules of trees with 5 fragments.
func BenchmarkAssemble(b *testing.B) {
	ts, err := NewTrees(vocab72(b), 9)
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(9, 9))
	var all []Tree
	for range 200 {
		all = append(all, ts.Random(5, r))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := ts.Assemble(all[i%len(all)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadBuiltin measures what the first use of the built-in vocabulary
// costs.
func BenchmarkReadBuiltin(b *testing.B) {
	for b.Loop() {
		if _, err := Parse(builtinJSON); err != nil {
			b.Fatal(err)
		}
	}
}
