package sample

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// fleet is the lanes of one stream.
type fleet struct {
	next    atomic.Int64  // index of the next population that nobody walks yet
	end     int64         // one past the last
	tickets chan struct{} // one for each population between its start and its delivery
	done    chan result
	lanes   sync.WaitGroup
}

type result struct {
	population *Population
	err        error
}

// launch starts the lanes. They end by themselves after the last population,
// after an error, and when the context ends.
func (s *Sampler) launch(ctx context.Context, from begin) *fleet {
	// The tickets keep the lanes from running ahead of a slow reader. Indices
	// are taken in order, so the one that the reader waits for is always on its
	// way, and done has room for all that can be under way.
	window := 2 * s.opts.Lanes * s.opts.InFlight
	f := &fleet{
		end:     1<<63 - 1,
		tickets: make(chan struct{}, window),
		done:    make(chan result, window+s.opts.Lanes),
	}
	f.next.Store(int64(s.opts.First))
	if s.opts.Populations > 0 {
		f.end = int64(s.opts.First + s.opts.Populations)
	}
	for range s.opts.Lanes {
		f.lanes.Add(1)
		go func() {
			defer f.lanes.Done()
			if err := newLane(s, from).run(ctx, f); err != nil {
				f.done <- result{err: err}
			}
		}()
	}
	return f
}

func (f *fleet) wait() { f.lanes.Wait() }

// release gives back the ticket of a delivered population.
func (f *fleet) release() { <-f.tickets }

// claim takes the index of a population to start; wait says whether to wait for
// a ticket. It is false where there is none to start.
func (f *fleet) claim(ctx context.Context, wait bool) (int, bool) {
	if f.next.Load() >= f.end {
		return 0, false
	}
	if wait {
		select {
		case f.tickets <- struct{}{}:
		case <-ctx.Done():
			return 0, false
		}
	} else {
		select {
		case f.tickets <- struct{}{}:
		default:
			return 0, false
		}
	}
	if i := f.next.Add(1) - 1; i < f.end {
		return int(i), true
	}
	<-f.tickets
	return 0, false
}

// lane walks some populations step by step. In a round it gathers the distinct
// states of all their particles, asks every model about them at once, and moves
// each particle by one step.
type lane struct {
	*Sampler
	active []*walk

	states  []space.State
	slot    map[space.State]int
	movers  [][]mover       // per slot, the particles that stand there
	answers [][]space.Steps // per model, per state of the call
	table   proposal
	known   transitions
	guide   guidance
	from    begin
	through passing
	places  []place // allocated and not all used
}

// mover is one particle of one walk.
type mover struct {
	walk     *walk
	particle int
}

func newLane(s *Sampler, from begin) *lane {
	l := &lane{
		Sampler: s,
		from:    from,
		slot:    map[space.State]int{},
		answers: make([][]space.Steps, len(s.bases)),
		known:   transitions{space: s.space},
		guide:   guidance{twist: &s.opts.Twist},
	}
	if s.opts.Method != Rejection {
		l.table.region, l.through.region = s.opts.Region, s.opts.Region
	}
	return l
}

func (l *lane) run(ctx context.Context, f *fleet) error {
	var err error
	if l.from.logQ, err = l.guide.origin(ctx, l.from.state); err != nil {
		return err
	}
	for {
		for len(l.active) < l.opts.InFlight {
			index, ok := f.claim(ctx, len(l.active) == 0)
			if !ok {
				break
			}
			l.active = append(l.active, newWalk(l.Sampler, index, &l.from))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(l.active) == 0 {
			return nil
		}
		if err := l.round(ctx); err != nil {
			return err
		}
		going := l.active[:0]
		for _, w := range l.active {
			if w.finishRound() {
				if l.watch != nil {
					l.watch(w)
				}
				f.done <- result{population: w.population()}
			} else {
				going = append(going, w)
			}
		}
		clear(l.active[len(going):])
		l.active = going
	}
}

// batch is how many states one call asks about: enough to keep a model busy,
// few enough that the answers, tables of thousands of cells each, stay within
// some tens of megabytes however many particles there are.
const batch = 256

// round moves every unfinished particle by one step.
func (l *lane) round(ctx context.Context) error {
	l.gather()
	for first := 0; first < len(l.states); {
		if err := ctx.Err(); err != nil { // a model need not look
			return err
		}
		states := l.states[first:min(first+batch, len(l.states))]
		if l.guide.many() {
			states = l.few(states)
		}
		if err := l.ask(ctx, states); err != nil {
			return err
		}
		if err := l.step(ctx, states, l.movers[first:]); err != nil {
			return err
		}
		first += len(states)
	}
	return nil
}

// few is as many of the states as have some thousand children together, one at
// least.
func (l *lane) few(states []space.State) []space.State {
	cells := 0
	for i, s := range states {
		if cells += l.space.Rows(s) * l.space.Columns(); cells > maxChildren && i > 0 {
			return states[:i]
		}
	}
	return states
}

// maxChildren bounds the children that a guide of states is asked about at once.
const maxChildren = 1 << 14

// step moves the particles that stand at the states, of which the models have
// been asked.
func (l *lane) step(ctx context.Context, states []space.State, movers [][]mover) error {
	if l.opts.Twist.Children != AllChildren {
		return l.search(ctx, states, movers)
	}
	if err := l.askGuide(ctx, states); err != nil {
		return err
	}
	for i, s := range states {
		l.table.load(l.answers, i, s)
		questions := l.value(s, i)
		for _, m := range movers[i] {
			m.walk.questions += questions
			l.move(i, m.walk, &m.walk.particles[m.particle])
		}
	}
	return nil
}

// gather lists the distinct states where unfinished particles stand, and draws
// the random number of each particle's step, in the order of its population.
func (l *lane) gather() {
	l.states = l.states[:0]
	clear(l.slot)
	for _, w := range l.active {
		for j := range w.particles {
			p := &w.particles[j]
			p.logStep = logImpossible
			if p.done {
				continue
			}
			p.draw = w.rng.Float64()
			slot, ok := l.slot[p.path.state]
			if !ok {
				slot = len(l.states)
				l.slot[p.path.state] = slot
				l.states = append(l.states, p.path.state)
				if slot == len(l.movers) {
					l.movers = append(l.movers, nil)
				}
				l.movers[slot] = l.movers[slot][:0]
			}
			l.movers[slot] = append(l.movers[slot], mover{w, j})
			w.evaluations++
		}
	}
}

// ask calls all models at once, about the states whose answers are not in the
// memory.
func (l *lane) ask(ctx context.Context, states []space.State) error {
	for i := range l.answers {
		for len(l.answers[i]) < len(states) {
			l.answers[i] = append(l.answers[i], space.Steps{})
		}
	}
	unknown := l.memory.recall(states, l.answers)
	if len(unknown) == 0 {
		return nil
	}
	fresh := make([]space.State, len(unknown))
	for j, k := range unknown {
		fresh[j] = states[k]
	}
	errs := make([]error, len(l.bases))
	var calls sync.WaitGroup
	for i, base := range l.bases {
		call := func() {
			answers := make([]space.Steps, len(fresh))
			for j, k := range unknown {
				answers[j] = l.answers[i][k] // for its room
			}
			errs[i] = base.Steps(ctx, fresh, answers)
			for j, k := range unknown {
				l.answers[i][k] = answers[j]
			}
		}
		if i == len(l.bases)-1 {
			call()
			continue
		}
		calls.Go(call)
	}
	calls.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("sample: ask model %s: %w", l.target.Models()[i], err)
		}
	}
	for _, k := range unknown {
		if l.space.Size(states[k])-l.space.Size(l.from.state) <= earlySteps {
			l.memory.keep(states[k], l.answers, k)
		}
	}
	return nil
}
