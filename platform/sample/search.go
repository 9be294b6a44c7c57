package sample

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// search is the step of one particle where the guide is asked about some children
// only. What it draws comes from the particle's random number of the step and
// from nothing else.
type search struct {
	mover
	slot int
	rng  *rand.Rand
	done bool

	asked   []space.State // some of them twice
	tries   []try         // of Candidates, and draws ahead of Thinning
	drawn   int           // of Thinning
	race    []arrival     // of GumbelMax, a heap
	front   []arrival     // taken out of it and asked about
	first   arrival       // the earliest so far
	crossed bool          // a value was found above its bound: ask about all
}

// searches bounds the steps that are under way at the same time, each with a
// number for every action of its state.
const searches = 256

// search moves the particles at the states by steps that ask about some children.
func (l *lane) search(ctx context.Context, states []space.State, movers [][]mover) error {
	t := &l.opts.Twist
	if t.GuideMixture {
		if err := l.askMixing(ctx, states); err != nil {
			return err
		}
	}
	if t.Upper != nil {
		if err := l.askActions(ctx, t.Upper, states); err != nil {
			return err
		}
	}
	var under []search
	for i := range states {
		for _, m := range movers[i] {
			seed := math.Float64bits(m.walk.particles[m.particle].draw)
			under = append(under, search{mover: m, slot: i, rng: rand.New(rand.NewPCG(scramble(seed), uint64(t.Children)))})
			if len(under) == searches {
				if err := l.settle(ctx, under); err != nil {
					return err
				}
				under = under[:0]
			}
		}
	}
	return l.settle(ctx, under)
}

// settle brings searches to their end, all of them at the same pace.
func (l *lane) settle(ctx context.Context, under []search) error {
	l.guide.forget()
	loaded := -1
	for i := range under {
		s := &under[i]
		if s.slot != loaded {
			l.table.load(l.answers, s.slot, s.at().path.state)
			loaded = s.slot
		}
		l.begin(s)
	}
	for {
		if err := l.guide.going.ask(ctx); err != nil {
			return err
		}
		if err := l.guide.finished.ask(ctx); err != nil {
			return err
		}
		going := false
		for i := range under {
			if s := &under[i]; !s.done {
				l.proceed(s)
				going = going || !s.done
			}
		}
		if !going {
			return nil
		}
	}
}

// begin starts a search at the loaded state: it wants answers, or is done.
func (l *lane) begin(s *search) {
	switch l.opts.Twist.Children {
	case Candidates:
		l.propose(s)
	case GumbelMax:
		l.startRace(s)
	case Thinning:
		l.thin(s)
	case AllChildren: // needs no search
	}
}

// proceed takes the answers that a search wanted.
func (l *lane) proceed(s *search) {
	switch l.opts.Twist.Children {
	case Candidates:
		l.choose(s)
	case GumbelMax:
		l.arrive(s)
	case Thinning:
		l.decide(s)
	case AllChildren:
	}
}

// at is the particle of the search.
func (s *search) at() *particle { return &s.walk.particles[s.particle] }

// want asks the guide about the end of an action.
func (l *lane) want(s *search, action int) {
	state := s.at().path.state
	p := &l.guide.finished
	if action != stop {
		state = l.known.take(state, action).child
		p = &l.guide.going
	}
	p.want(state)
	s.asked = append(s.asked, state) // only Stop leads to the state itself
}

// answer is the guide's value of the end of an action that was wanted.
func (l *lane) answer(s *search, action int) float64 {
	state := s.at().path.state
	if action == stop {
		return l.guide.finished.at(state)
	}
	return l.guide.going.at(l.known.take(state, action).child)
}

// needs reports whether the value of an action is the guide's to give.
func (l *lane) needs(action int) bool { return action != stop || l.steer.endsQ }

// take ends a search without weights by an action.
func (l *lane) take(s *search, action int) {
	l.end(s)
	l.table.open(l.answers, s.slot, s.at().path.state)
	l.advance(s.at(), action)
}

// fail ends a search that no action is left to.
func (l *lane) fail(s *search) {
	l.end(s)
	s.at().die()
}

func (l *lane) end(s *search) {
	s.done = true
	slices.Sort(s.asked)
	s.walk.questions += len(slices.Compact(s.asked)) // each counts once
	if s.crossed {
		s.walk.violations++
	}
	s.asked, s.tries, s.race, s.front = nil, nil, nil, nil
}
