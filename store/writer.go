package store

import (
	"context"
	"time"

	bolt "go.etcd.io/bbolt"
)

// write is a change that waits for the writer.
type write struct {
	// check may refuse the change; it must not write.
	check func(tx *bolt.Tx) error
	// apply makes the change. An error of it undoes the whole batch.
	apply func(tx *bolt.Tx, now time.Time) error

	// urgent says that somebody stands and waits: the batch is committed as
	// soon as the queue is empty.
	urgent bool

	err  error
	done chan struct{}
}

// Pending is a write that was handed in.
type Pending struct{ w *write }

// Wait returns when the write is on disk, or with the reason why it is not.
// When ctx ends first the write may still happen.
func (p Pending) Wait(ctx context.Context) error {
	select {
	case <-p.w.done:
		return p.w.err
	default:
	}
	select {
	case <-p.w.done:
		return p.w.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// submit queues w; it blocks while the queue is full.
func (s *Store) submit(ctx context.Context, w *write) (Pending, error) {
	w.done = make(chan struct{})
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.closed:
		return Pending{}, ErrClosed
	case s.queue == nil:
		return Pending{}, ErrReadOnly
	case ctx.Err() != nil:
		return Pending{}, ctx.Err()
	}
	select {
	case s.queue <- w:
		return Pending{w}, nil
	case <-ctx.Done():
		return Pending{}, ctx.Err()
	}
}

// run queues w and waits for it.
func (s *Store) run(ctx context.Context, w *write) error {
	w.urgent = true
	p, err := s.submit(ctx, w)
	if err != nil {
		return err
	}
	return p.Wait(ctx)
}

// writer is the one goroutine that writes. It gathers changes until there are
// BatchSize of them, the first is BatchDelay old, or somebody waits and nothing
// more is queued, and commits them together in the order in which they came.
func (s *Store) writer() {
	defer close(s.idle)
	for first := range s.queue {
		batch := []*write{first}
		urgent := first.urgent
		timer := time.NewTimer(s.options.BatchDelay)
	gather:
		for len(batch) < s.options.BatchSize && (!urgent || len(s.queue) > 0) {
			select {
			case w, open := <-s.queue:
				if !open {
					break gather
				}
				batch = append(batch, w)
				urgent = urgent || w.urgent
			case <-timer.C:
				break gather
			}
		}
		timer.Stop()
		s.commit(batch)
	}
}

func (s *Store) commit(batch []*write) {
	refused := make([]error, len(batch))
	err := s.db.Update(func(tx *bolt.Tx) error {
		now := s.options.Now().UTC()
		for i, w := range batch {
			if w.check != nil {
				if refused[i] = w.check(tx); refused[i] != nil {
					continue
				}
			}
			if err := w.apply(tx, now); err != nil {
				return err
			}
		}
		return nil
	})
	for i, w := range batch {
		if w.err = refused[i]; w.err == nil {
			w.err = err
		}
		close(w.done)
	}
}
