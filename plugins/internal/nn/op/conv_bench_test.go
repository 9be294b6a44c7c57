package op_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// peak is the number of floating-point operations that a core makes in a
// second, at best.
func peak() float64 {
	best := 0.0
	for range 5 {
		start := time.Now()
		operations := kern.MultiplyAdd(1 << 21)
		best = max(best, operations/time.Since(start).Seconds())
	}
	return best
}

// fastest is the shortest time that f took, in seconds: the machine may be busy.
func fastest(b *testing.B, f func()) float64 {
	best := math.Inf(1)
	for b.Loop() {
		start := time.Now()
		f()
		best = min(best, time.Since(start).Seconds())
	}
	return best
}

// BenchmarkConv tells how fast one core convolves, as a share of the most that
// it can compute: padding, packing and all gradients included.
func BenchmarkConv(b *testing.B) {
	for _, s := range []struct{ side, k, n int }{{28, 16, 16}, {28, 32, 32}, {14, 32, 32}, {14, 48, 48}, {14, 64, 64}, {14, 96, 32}, {7, 64, 64}, {7, 96, 96}} {
		b.Run(fmt.Sprintf("%dx%d,%d-%d", s.side, s.side, s.k, s.n), func(b *testing.B) {
			const images = 8
			r := rand.New(rand.NewPCG(1, 2))
			g := op.NewGrid(op.Fixed(images), s.side, s.side)
			g.Update()
			e := &op.Env{Threads: 1, Train: true}
			o := &op.Conv{Env: e, Label: "x", Grid: g, K: s.k, N: s.n}
			in := [][]float32{normal(r, g.Pixels.Live*s.k, 1), normal(r, 9*s.k*s.n, 1), normal(r, s.n, 1)}
			var din [][]float32
			for _, x := range in {
				din = append(din, make([]float32, len(x)))
			}
			out := make([]float32, g.Pixels.Live*s.n)
			dout := normal(r, len(out), 1)
			top := peak()
			flops := float64(2 * g.Pixels.Live * 9 * s.k * s.n)
			b.Run("forward", func(b *testing.B) {
				rate := flops / fastest(b, func() { o.Forward(in, out) })
				b.ReportMetric(rate/1e9, "GFLOP/s")
				b.ReportMetric(100*rate/top, "%peak")
			})
			b.Run("backward", func(b *testing.B) {
				rate := 2 * flops / fastest(b, func() { o.Backward(in, out, dout, din) })
				b.ReportMetric(rate/1e9, "GFLOP/s")
				b.ReportMetric(100*rate/top, "%peak")
			})
		})
	}
}

// BenchmarkGroupNorm tells how fast one core normalises, in numbers a second.
func BenchmarkGroupNorm(b *testing.B) {
	const images, d = 8, 32
	r := rand.New(rand.NewPCG(1, 2))
	g := op.NewGrid(op.Fixed(images), 14, 14)
	g.Update()
	o := &op.GroupNorm{Env: &op.Env{Threads: 1, Train: true}, Label: "x", Grid: g, D: d, Groups: 4}
	in := [][]float32{normal(r, g.Pixels.Live*d, 1), normal(r, d, 1), normal(r, d, 1)}
	var din [][]float32
	for _, x := range in {
		din = append(din, make([]float32, len(x)))
	}
	out := make([]float32, len(in[0]))
	dout := normal(r, len(out), 1)
	b.Run("forward", func(b *testing.B) {
		b.ReportMetric(1e9*fastest(b, func() { o.Forward(in, out) })/float64(len(out)), "ns/number")
	})
	b.Run("backward", func(b *testing.B) {
		b.ReportMetric(1e9*fastest(b, func() { o.Backward(in, out, dout, din) })/float64(len(out)), "ns/number")
	})
}
