package guide_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/plugins/guide"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// BenchmarkUpdate is an update of the paper's guide: 64 paths of each of two
// models on the grid of side 32, alpha on. It counts the multiplications and
// additions of the products of matrices, forward and backward, per second and as
// a share of the peak of all cores.
func BenchmarkUpdate(b *testing.B) {
	d := gridDomain(b, 32, gridRewards, "shubert", "diagonal")
	threads := runtime.GOMAXPROCS(0)
	tr, err := guide.NewTrainer(d.space, d.models, guide.Config{Alpha: true, Threads: threads}, 1)
	if err != nil {
		b.Fatal(err)
	}
	source := d.paths(1)
	paths, err := source.Paths(b.Context(), 0, 64)
	if err != nil {
		b.Fatal(err)
	}
	distinct, visits := map[space.State]bool{}, 0
	for _, p := range paths {
		for _, s := range p.States {
			distinct[s] = true
		}
		visits += len(p.States)
	}
	// Of each product x W: forward, the gradient of W, and but for the first layer
	// that of x.
	const width, alpha, code, head = 256, 64, 16, 16
	perState := 4*64*width + 6*width*width + 6*width*(head+alpha)
	perVisit := 4*code*alpha + 6*alpha*alpha + 6*alpha*head
	flops := float64(len(distinct)*perState + visits*perVisit)
	b.ResetTimer()
	for range b.N {
		if _, err := tr.Update(paths); err != nil {
			b.Fatal(err)
		}
	}
	second := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(float64(len(distinct)), "states")
	b.ReportMetric(float64(visits), "visits")
	b.ReportMetric(1/second, "updates/s")
	b.ReportMetric(flops/second/1e9, "GFLOP/s")
	start := time.Now()
	operations := kern.MultiplyAdd(1 << 22)
	if peak := operations / time.Since(start).Seconds() * float64(threads); peak > 0 {
		b.ReportMetric(flops/second/peak, "of-peak")
	}
}
