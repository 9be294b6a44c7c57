package gflownet

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// peak is the multiply-adds of one core, in operations a second; NaN where the
// kernels cannot tell.
func peak() float64 {
	best := math.NaN()
	for range 5 {
		start := time.Now()
		operations := kern.MultiplyAdd(1 << 20)
		if rate := operations / time.Since(start).Seconds(); rate > 0 && !(rate < best) {
			best = rate
		}
	}
	return best
}

// The setting of the paper, after the first updates: updates a second, the
// multiply-adds of the network's products alone, and their share of what the
// cores can do.
func BenchmarkGridTraining(b *testing.B) {
	core := peak()
	for _, s := range surfaces {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", s.name, threads), func(b *testing.B) {
				tr := newGridTrainer(b, toyGrid(b, 2, 32), GridConfig{Threads: threads, Steps: math.MaxInt32}, 100)
				learn(b, tr, 500, surface(s.reward))
				points := 0
				for b.Loop() {
					points += learn(b, tr, 1, surface(s.reward)).Points
				}
				w := float64(tr.config.Width)
				rate := 3 * 2 * w * (w + 3) * float64(points) / b.Elapsed().Seconds()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
				b.ReportMetric(float64(points)/float64(b.N), "points")
				b.ReportMetric(rate/1e9, "GFLOP/s")
				b.ReportMetric(100*rate/core/float64(threads), "%peak")
			})
		}
	}
}

func BenchmarkGridPolicy(b *testing.B) {
	m := gridModel(b, 2, 32, 256)
	all := everyState(b, m)
	for _, n := range []int{16, 64, 1000} {
		for name, m := range map[string]*GridModel{"table": m, "network": untabled(m)} {
			b.Run(fmt.Sprintf("%s/states=%d", name, n), func(b *testing.B) {
				states := all[:n]
				dst := stepsOf(b, m, states)
				for b.Loop() {
					if err := m.Steps(b.Context(), states, dst); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Mstates/s")
			})
		}
	}
}
