package sample

import (
	"math"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// arrival is the time at which an action arrives. Action a of rate pi_a Q_a
// arrives at an exponential time E_a / (pi_a Q_a), and the first to arrive has
// the law of the guided policy: Gumbel-max in other words. A bound U_a of log Q_a
// gives the earliest time at which it can arrive.
type arrival struct {
	action  int
	logTime float64 // the earliest, then the actual one
}

// tolerance is what a guide's value may exceed its bound by, for rounding.
const tolerance = 1e-9

// upper bounds the log of the guide's value of an action.
func (l *lane) upper(slot, action int) float64 {
	switch {
	case l.opts.Twist.Upper == nil:
		return l.bound.LogM
	case action == stop:
		return l.guide.actions[slot].Stop
	}
	return l.guide.actions[slot].Cells[action]
}

// startRace gives every action its earliest time. The value of Stop is known
// where it is the composition's own: it has arrived.
func (l *lane) startRace(s *search) {
	p, t := s.at(), &l.table
	s.first = arrival{stop, math.Inf(1)}
	if !t.weigh(&l.steer, l.mixed(s.slot, p), p.logB, p.path.steps-1) {
		l.fail(s)
		return
	}
	for a, r := range t.r {
		if r == 0 {
			continue
		}
		e := s.rng.ExpFloat64()
		at := arrival{a - 1, math.Log(e) - math.Log(r)}
		if !l.needs(at.action) {
			s.first = at
			continue
		}
		if u := l.upper(s.slot, at.action); !math.IsInf(u, -1) {
			at.logTime -= u
			s.race = append(s.race, at)
		}
	}
	for i := len(s.race)/2 - 1; i >= 0; i-- {
		sift(s.race, i)
	}
	l.wantNext(s)
}

// wantNext asks about actions that may come next, or ends the race. It asks about
// twice as many each time, so that a long race takes few rounds and asks about
// twice what it needs at most. What comes of it is as if it had asked one by one.
func (l *lane) wantNext(s *search) {
	n := max(1, 2*len(s.front))
	s.front = s.front[:0]
	for len(s.front) < n && len(s.race) > 0 && (s.crossed || s.race[0].logTime < s.first.logTime) {
		at := s.race[0]
		last := len(s.race) - 1
		s.race[0] = s.race[last]
		s.race = s.race[:last]
		sift(s.race, 0)
		l.want(s, at.action)
		s.front = append(s.front, at)
	}
	switch {
	case len(s.front) > 0:
	case math.IsInf(s.first.logTime, 1):
		l.fail(s)
	default:
		l.take(s, s.first.action)
	}
}

// arrive gives the actions in front their actual times.
func (l *lane) arrive(s *search) {
	for _, at := range s.front {
		if !s.crossed && at.logTime >= s.first.logTime {
			break // one by one, it would not have been asked about
		}
		u, q := l.upper(s.slot, at.action), l.answer(s, at.action)
		s.crossed = s.crossed || q > u+tolerance
		if at.logTime += u - q; at.logTime < s.first.logTime {
			s.first = at
		}
	}
	l.wantNext(s)
}

// sift restores the heap of earliest times below entry i.
func sift(heap []arrival, i int) {
	for {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < len(heap) && heap[c].logTime < heap[least].logTime {
				least = c
			}
		}
		if least == i {
			return
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
}

const (
	ahead    = 8    // draws that thinning makes at a time
	patience = 1000 // draws that it makes before it asks about all children
)

// thin draws actions at the loaded state as the bound has them.
func (l *lane) thin(s *search) {
	p, t := s.at(), &l.table
	if !t.weigh(&l.steer, l.mixed(s.slot, p), p.logB, p.path.steps-1) {
		l.fail(s)
		return
	}
	top := 0.
	for a := range t.r {
		if l.needs(a - 1) {
			top = max(top, l.upper(s.slot, a-1))
		}
	}
	t.sum = 0
	for a := range t.r {
		u := 0.
		if l.needs(a - 1) {
			u = l.upper(s.slot, a-1)
		}
		t.r[a] *= exp(u - top)
		t.sum += t.r[a]
	}
	if t.sum == 0 {
		l.fail(s)
		return
	}
	s.drawn += ahead
	s.tries = s.tries[:0]
	for range ahead {
		s.tries = append(s.tries, try{action: t.pick(s.rng.Float64()), u: s.rng.Float64()})
	}
	l.consider(s)
}

// consider looks at the draw in front: it asks, or takes what needs no asking.
func (l *lane) consider(s *search) {
	if front := s.tries[0].action; l.needs(front) {
		l.want(s, front)
	} else {
		l.take(s, front)
	}
}

// decide accepts the draw in front with probability Q / bound.
func (l *lane) decide(s *search) {
	if s.crossed || s.drawn > patience {
		l.takeOfAll(s)
		return
	}
	front := s.tries[0]
	u, q := l.upper(s.slot, front.action), l.answer(s, front.action)
	switch {
	case q > u+tolerance:
		s.crossed = true
		l.wantAll(s)
	case math.Log(front.u) < q-u:
		l.take(s, front.action)
	case len(s.tries) > 1:
		s.tries = s.tries[1:]
		l.consider(s)
	case s.drawn >= patience:
		s.drawn = patience + 1
		l.wantAll(s)
	default:
		l.table.load(l.answers, s.slot, s.at().path.state)
		l.thin(s)
	}
}

// wantAll asks about every child. Draws so far do not matter: what was rejected
// says nothing about the next.
func (l *lane) wantAll(s *search) {
	state := s.at().path.state
	l.table.open(l.answers, s.slot, state)
	l.eachChild(state, func(cell int, _ space.State) { l.want(s, cell) })
	if l.steer.endsQ {
		l.want(s, stop)
	}
}

// takeOfAll takes an action of the guided policy itself.
func (l *lane) takeOfAll(s *search) {
	p, t := s.at(), &l.table
	t.load(l.answers, s.slot, p.path.state)
	l.value(p.path.state, s.slot)
	if !t.weigh(&l.steer, l.mixed(s.slot, p), p.logB, p.path.steps-1) {
		l.fail(s)
		return
	}
	l.take(s, t.pick(s.rng.Float64()))
}
