package blas

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// peak measures the multiply-adds of one core in GFLOP/s: the best of many
// short runs in a fifth of a second.
func peak() float64 {
	const rounds = 1 << 13
	operations, best := kern.MultiplyAdd(1)*rounds, 0.0
	for stop := time.Now().Add(200 * time.Millisecond); time.Now().Before(stop); {
		start := time.Now()
		kern.MultiplyAdd(rounds)
		best = max(best, operations/float64(time.Since(start).Nanoseconds()))
	}
	return best
}

// BenchmarkSgemm gives the mean speed, the best single call's and the best's
// share of the cores' peak, which is measured right afterwards. On a machine that does other
// things as well only the best means something.
func BenchmarkSgemm(b *testing.B) {
	old := kern.Active()
	defer func() { _ = kern.Use(old) }()
	for _, name := range kern.Available()[1:] { // the generic one is gonum's
		_ = kern.Use(name)
		for _, threads := range []int{1, 2} {
			for _, s := range []struct{ m, n, k int }{
				{5120, 128, 128},
				{5120, 512, 128},
				{5120, 128, 512},
				{512, 512, 512},
				{768, 768, 768},
				{1024, 1024, 1024},
				{10, 128, 128},
				{64, 64, 64},
			} {
				if threads > 1 && s.m < 500 {
					continue // such a product stays on one core
				}
				b.Run(fmt.Sprintf("%s/threads=%d/%dx%dx%d", name, threads, s.m, s.n, s.k), func(b *testing.B) {
					impl := Implementation{Threads: threads}
					benchmark(b, threads, s.m, s.n, s.k, blas.NoTrans, blas.NoTrans, impl)
				})
			}
		}
		for _, t := range []struct{ a, b blas.Transpose }{{blas.NoTrans, blas.Trans}, {blas.Trans, blas.NoTrans}, {blas.Trans, blas.Trans}} {
			for _, s := range []struct{ m, n, k int }{{5120, 128, 128}, {128, 512, 5120}, {512, 512, 512}, {1024, 1024, 1024}} {
				b.Run(fmt.Sprintf("%s/threads=1/%c%c/%dx%dx%d", name, t.a, t.b, s.m, s.n, s.k), func(b *testing.B) {
					benchmark(b, 1, s.m, s.n, s.k, t.a, t.b, Implementation{Threads: 1})
				})
			}
		}
	}
	b.Run("gonum/512x512x512", func(b *testing.B) {
		benchmark(b, 0, 512, 512, 512, blas.NoTrans, blas.NoTrans, gonum.Implementation{})
	})
}

func benchmark(b *testing.B, threads, m, n, k int, tA, tB blas.Transpose, impl blas.Float32) {
	r := rand.New(rand.NewPCG(1, 1))
	x, y, c := normal(r, m*k), normal(r, k*n), make([]float32, m*n)
	lda, ldb := k, n
	if tA != blas.NoTrans {
		lda = m
	}
	if tB != blas.NoTrans {
		ldb = k
	}
	fastest := measure(b, 2*float64(m)*float64(n)*float64(k), func() {
		impl.Sgemm(tA, tB, m, n, k, 1, x, lda, y, ldb, 0, c, n)
	})
	if threads > 0 {
		b.ReportMetric(100*fastest/(float64(threads)*peak()), "%peak")
	}
}

// measure runs f, of so many floating-point operations, and reports and returns
// the best speed in GFLOP/s. Short ones are timed by several, so that the clock
// does not matter.
func measure(b *testing.B, work float64, f func()) (fastest float64) {
	f()
	start := time.Now()
	f()
	times := int(max(1, 20*time.Microsecond/max(1, time.Since(start))))
	b.ReportAllocs()
	best := time.Duration(1 << 62)
	for b.Loop() {
		start := time.Now()
		for range times {
			f()
		}
		best = min(best, time.Since(start))
	}
	work *= float64(times)
	fastest = work / float64(best.Nanoseconds())
	b.ReportMetric(work*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
	b.ReportMetric(fastest, "best-GFLOP/s")
	return fastest
}

// BenchmarkLevels compares routines that are overridden with gonum's.
func BenchmarkLevels(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{64, 128, 512, 1024} {
		a, m, c := normal(r, n*n), normal(r, n*n), normal(r, n*n)
		x, y := normal(r, n*n), normal(r, n)
		for i := range n {
			a[i*n+i] = float32(n)
		}
		square := float64(n) * float64(n)
		for _, routine := range []struct {
			name string
			work float64
			run  func(blas.Float32)
		}{
			{"Sdot", 2 * float64(n), func(b blas.Float32) { b.Sdot(n, x, 1, y, 1) }},
			{"Saxpy", 2 * float64(n), func(b blas.Float32) { b.Saxpy(n, 1e-9, x, 1, y, 1) }},
			{"Sscal", float64(n), func(b blas.Float32) { b.Sscal(n, -1, x, 1) }},
			{"Snrm2", 2 * float64(n), func(b blas.Float32) { b.Snrm2(n, x, 1) }},
			{"Sgemv", 2 * square, func(b blas.Float32) { b.Sgemv(blas.NoTrans, n, n, 1, a, n, x, 1, 0, y, 1) }},
			{"SgemvT", 2 * square, func(b blas.Float32) { b.Sgemv(blas.Trans, n, n, 1, a, n, x, 1, 0, y, 1) }},
			{"Sger", 2 * square, func(b blas.Float32) { b.Sger(n, n, 1e-9, y, 1, x, 1, c, n) }},
			{"Ssyrk", square * float64(n), func(b blas.Float32) { b.Ssyrk(blas.Upper, blas.NoTrans, n, n, 1, m, n, 0, c, n) }},
			{"Ssyr2k", 2 * square * float64(n), func(b blas.Float32) { b.Ssyr2k(blas.Upper, blas.NoTrans, n, n, 1, m, n, a, n, 0, c, n) }},
			{"Ssymm", 2 * square * float64(n), func(b blas.Float32) { b.Ssymm(blas.Left, blas.Upper, n, n, 1, a, n, m, n, 0, c, n) }},
			{"Strsm", square * float64(n), func(b blas.Float32) {
				copy(c, m)
				b.Strsm(blas.Left, blas.Lower, blas.NoTrans, blas.NonUnit, n, n, 1, a, n, c, n)
			}},
			{"Strmm", square * float64(n), func(b blas.Float32) {
				copy(c, m)
				b.Strmm(blas.Right, blas.Lower, blas.NoTrans, blas.Unit, n, n, 1, a, n, c, n)
			}},
		} {
			for _, impl := range []struct {
				name string
				blas blas.Float32
			}{{"ours", Implementation{Threads: 1}}, {"gonum", gonum.Implementation{}}} {
				b.Run(fmt.Sprintf("%s/%d/%s", routine.name, n, impl.name), func(b *testing.B) {
					measure(b, routine.work, func() { routine.run(impl.blas) })
				})
			}
		}
	}
}
