package platform

import "context"

// ordered produces items first, first+1, ... on several workers and consumes
// them in the order of their numbers, until consume says that there is enough,
// something fails, or ctx ends. What is produced and not consumed is dropped:
// since an item depends on nothing but its number, it can be produced again.
func ordered[T any](ctx context.Context, first, workers int, produce func(ctx context.Context, i int) (T, error), consume func(i int, item T) (more bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	type result struct {
		item T
		err  error
	}
	running := make(chan struct{}, workers)
	var ahead []chan result // of the numbers first, first+1, ...
	defer func() {
		cancel()
		for _, c := range ahead {
			<-c // no goroutine outlives the call
		}
	}()
	next := first
	for {
		// Twice as many as workers may be ahead of the consumer, so that no
		// worker waits while an earlier item takes longer.
		for len(ahead) < 2*workers {
			c := make(chan result, 1)
			ahead = append(ahead, c)
			go func(i int) {
				var r result
				select {
				case running <- struct{}{}:
					if r.err = ctx.Err(); r.err == nil {
						r.item, r.err = produce(ctx, i)
					}
					<-running
				case <-ctx.Done():
					r.err = ctx.Err()
				}
				c <- r
			}(next)
			next++
		}
		r := <-ahead[0]
		ahead = ahead[1:]
		if r.err != nil {
			return r.err
		}
		more, err := consume(first, r.item)
		first++
		if err != nil || !more {
			return err
		}
	}
}
