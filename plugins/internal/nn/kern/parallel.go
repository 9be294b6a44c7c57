package kern

import (
	"sync"
	"sync/atomic"
)

// Par calls f(0), ..., f(n-1), from up to threads goroutines. The calls must
// be independent of each other; which goroutine makes which call is not
// determined, so nothing that f computes may depend on it.
func Par(threads, n int, f func(i int)) {
	threads = min(threads, n)
	if threads <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			f(i)
		}
	}
	for range threads - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
}

// ParRows splits n rows into parts of at most size rows and calls f(from, to)
// for each, from up to threads goroutines.
func ParRows(threads, n, size int, f func(from, to int)) {
	Par(threads, (n+size-1)/size, func(i int) { f(i*size, min(n, (i+1)*size)) })
}
