package kern

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestParMakesEveryCallOnce(t *testing.T) {
	old := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(old)
	var callers sync.WaitGroup
	for c := range 6 {
		callers.Go(func() {
			for round := range 300 {
				n, threads := (7*round+c)%40, (round+c)%5
				counts := make([]atomic.Int32, n)
				Par(threads, n, func(i int) {
					if round%50 == 0 {
						time.Sleep(50 * time.Microsecond)
					}
					counts[i].Add(1)
				})
				for i := range counts {
					if k := counts[i].Load(); k != 1 {
						t.Errorf("call %d of %d was made %d times", i, n, k)
					}
				}
				if round%100 == 0 {
					time.Sleep(time.Millisecond) // the workers fall asleep
				}
			}
		})
	}
	callers.Wait()
	if runtime.NumGoroutine() > 50 {
		t.Errorf("%d goroutines are left", runtime.NumGoroutine())
	}
}

func TestParMayBeCalledWithinItself(t *testing.T) {
	old := runtime.GOMAXPROCS(3)
	defer runtime.GOMAXPROCS(old)
	var sum atomic.Int64
	Par(3, 10, func(i int) {
		Par(3, 10, func(j int) { sum.Add(int64(10*i + j)) })
	})
	if sum.Load() != 99*100/2 {
		t.Errorf("the sum is %d", sum.Load())
	}
}

func TestParRowsCoversTheRows(t *testing.T) {
	for _, n := range []int{0, 1, 5, 96, 97, 1000} {
		covered := make([]atomic.Int32, n)
		ParRows(2, n, 96, func(from, to int) {
			for i := from; i < to; i++ {
				covered[i].Add(1)
			}
		})
		for i := range covered {
			if covered[i].Load() != 1 {
				t.Fatalf("row %d of %d is in %d parts", i, n, covered[i].Load())
			}
		}
	}
}

func TestEvenPartsCoverTheRowsAndAreNeitherLargeNorTiny(t *testing.T) {
	for threads := range 5 {
		for n := range 500 {
			for _, size := range []int{1, 3, 16, 96} {
				even := Even(threads, n, size)
				if even < 1 || even > size {
					t.Fatalf("%d threads, %d rows of %d at most: parts of %d", threads, n, size, even)
				}
				if even < n && 4*even < size {
					t.Fatalf("%d threads, %d rows of %d at most: tiny parts of %d", threads, n, size, even)
				}
			}
		}
	}
	if even := Even(2, 160, 96); even != 80 {
		t.Errorf("160 rows for two threads go by %d", even)
	}
}

// BenchmarkPar is what a parallel part costs beside its work.
func BenchmarkPar(b *testing.B) {
	for b.Loop() {
		Par(2, 2, func(int) {})
	}
}
