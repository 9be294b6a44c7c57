package kern

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Par calls f(0), ..., f(n-1), from up to threads goroutines. The calls must
// be independent of each other; which goroutine makes which call is not
// determined, so nothing that f computes may depend on it.
//
// The caller works itself, with workers that are idle: where the machine is
// busy it works alone. A network is a chain of short parallel parts, tens of
// microseconds each, so a worker looks out for the next one for a moment before
// it sleeps. Each has a range of the calls, the same one in every part of the
// chain, so that what a core has written stays in its cache; it helps with the
// others' after its own.
func Par(threads, n int, f func(i int)) {
	threads = min(threads, n)
	if threads <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	j := jobs.Get().(*job)
	j.open(threads, n, f)
	for t := 1; t < threads; t++ {
		w := team.take()
		if w == nil {
			break
		}
		w.give(j)
	}
	j.work(0)
	j.close()
	j.f = nil
	jobs.Put(j)
}

// ParRows splits n rows into parts of exactly size rows, but for the last, and
// calls f(from, to) for each, from up to threads goroutines.
func ParRows(threads, n, size int, f func(from, to int)) {
	Par(threads, (n+size-1)/size, func(i int) { f(i*size, min(n, (i+1)*size)) })
}

// Even is the size of parts of n rows, at most size, that gives every thread
// about as many rows, but none less than a quarter of size: handing over so few
// takes longer than they do.
func Even(threads, n, size int) int {
	threads = max(threads, 1)
	parts := (n + size - 1) / size
	parts = (parts + threads - 1) / threads * threads
	parts = max(1, min(parts, 4*n/size))
	return max(1, (n+parts-1)/parts)
}

// jobs are those that are done. A worker may come late to such a job: it finds
// it closed, or helps with what it is by then.
var jobs = sync.Pool{New: func() any { return &job{} }}

// job is the calls of one Par.
type job struct {
	f      func(i int)
	parts  []part       // one for each goroutine
	joined atomic.Int64 // workers so far
	state  atomic.Int64 // workers inside, plus closed
}

// part is the calls that one goroutine makes first.
type part struct {
	next atomic.Int64
	end  int64
	_    [48]byte // a cache line each
}

const closed = 1 << 32

// open shares out n calls and lets workers in.
func (j *job) open(threads, n int, f func(i int)) {
	j.f, j.parts = f, slices.Grow(j.parts[:0], threads)[:threads]
	for t := range j.parts {
		j.parts[t].next.Store(int64(t * n / threads))
		j.parts[t].end = int64((t + 1) * n / threads)
	}
	j.joined.Store(0)
	j.state.Store(0)
}

// work makes calls until all are taken, beginning with part t.
func (j *job) work(t int) {
	for k := range j.parts {
		p := &j.parts[(t+k)%len(j.parts)]
		for {
			i := p.next.Add(1) - 1
			if i >= p.end {
				break
			}
			j.f(int(i))
		}
	}
}

// help works unless the job is closed. Before it is done it calls free.
func (j *job) help(free func()) {
	for {
		s := j.state.Load()
		if s >= closed {
			free()
			return
		}
		if j.state.CompareAndSwap(s, s+1) {
			break
		}
	}
	j.work(int(j.joined.Add(1)))
	free()
	j.state.Add(-1)
}

// close lets no more workers in and waits for those inside, which are at their
// last call.
func (j *job) close() {
	j.state.Add(closed)
	for {
		for range looks {
			if j.state.Load() == closed {
				return
			}
		}
		runtime.Gosched()
	}
}

// looks is how often one looks out for something before one sleeps: some 100
// microseconds, as long as the others may be at their last calls.
const looks = 200_000

// worker is a goroutine that helps with jobs. It lives as long as the process.
type worker struct {
	job    atomic.Pointer[job]
	asleep atomic.Bool
	wake   chan struct{}
}

// give hands a job to an idle worker.
func (w *worker) give(j *job) {
	w.job.Store(j)
	if w.asleep.Swap(false) {
		w.wake <- struct{}{}
	}
}

// wait is the next job.
func (w *worker) wait() *job {
	for range looks {
		if w.job.Load() != nil {
			return w.job.Swap(nil)
		}
	}
	if w.job.Load() == nil {
		w.asleep.Store(true)
		// Whoever takes the flag down sends a signal, but for this goroutine.
		if w.job.Load() == nil || !w.asleep.Swap(false) {
			<-w.wake
		}
	}
	return w.job.Swap(nil)
}

// crew is the workers of a process, at most one less than processors.
type crew struct {
	mu   sync.Mutex
	idle []*worker
	size int
}

var team crew

// take is an idle worker, or nil where all are busy.
func (c *crew) take() *worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.idle); n > 0 {
		w := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return w
	}
	if c.size >= runtime.GOMAXPROCS(0)-1 {
		return nil
	}
	c.size++
	w := &worker{wake: make(chan struct{}, 1)}
	// A worker is idle before its job is done, so that whoever waits for that
	// finds it for the next one.
	idle := func() {
		c.mu.Lock()
		c.idle = append(c.idle, w)
		c.mu.Unlock()
	}
	go func() {
		for {
			w.wait().help(idle)
		}
	}()
	return w
}
