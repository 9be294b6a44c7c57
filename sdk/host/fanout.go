package host

import (
	"sync"
	"sync/atomic"
)

// fanOut runs do(0) to do(n-1), at most width at a time, and returns the error
// of the least index. After an error no more are begun.
func fanOut(n, width int, do func(i int) error) error {
	if n == 1 || width <= 1 {
		for i := range n {
			if err := do(i); err != nil {
				return err
			}
		}
		return nil
	}
	return parallel(n, min(width, n), do)
}

func parallel(n, width int, do func(i int) error) error {
	var (
		wg    sync.WaitGroup
		next  atomic.Int64
		mu    sync.Mutex
		first error
		at    = n
	)
	for range width {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				mu.Lock()
				stop := i >= n || i > at
				mu.Unlock()
				if stop {
					return
				}
				if err := do(i); err != nil {
					mu.Lock()
					if i < at {
						first, at = err, i
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return first
}
