package sample

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// try is an action that was drawn, with the log-probability of the draw or,
// where it is yet to be thinned, the random number that decides.
type try struct {
	action int
	logR   float64
	u      float64
}

// propose draws the candidates of a step. They come from the proposal r of the
// target of finished paths: the path posterior, or the mixture where the guide
// gives the value of end points.
func (l *lane) propose(s *search) {
	p, t := s.at(), &l.table
	prior := steering{cells: l.steer.ends, ends: l.steer.ends}
	if !t.weigh(&prior, p.logBase, p.logB, p.path.steps-1) {
		l.fail(s)
		return
	}
	for range l.opts.Twist.Candidates {
		action := t.pick(s.rng.Float64())
		cells := stopCells
		if action != stop {
			cells = l.known.take(p.path.state, action).cells
		}
		s.tries = append(s.tries, try{action: action, logR: t.logR(cells)})
		if l.needs(action) {
			l.want(s, action)
		}
	}
}

// choose takes one of the candidates a_1..a_k in proportion to v_j = target of
// the path with a_j / r(a_j); the weight of the step is their mean over the
// target of the path. For every function h of the path so far its expectation
// times h is that of the step over all actions (METHODS: the average over j
// cancels the sum that J is drawn by).
func (l *lane) choose(s *search) {
	p, t := s.at(), &l.table
	t.open(l.answers, s.slot)
	gammas, logs := make([]float64, len(s.tries)), make([]float64, len(s.tries))
	after := make([]float64, len(p.logBase))
	for j, c := range s.tries {
		cells, logB := stopCells, p.logB
		if c.action != stop {
			next := l.known.take(p.path.state, c.action)
			cells, logB = next.cells, logB+next.logBackward
		}
		for i := range after {
			after[i] = p.logBase[i] + t.logStep(i, cells)
		}
		gammas[j] = l.steer.log(after, logB, p.path.steps, c.action == stop)
		if l.needs(c.action) {
			gammas[j] += l.answer(s, c.action)
		}
		logs[j] = gammas[j] - c.logR
	}
	chosen := systematic(logs, 1, s.rng.Float64())
	if len(chosen) == 0 {
		l.fail(s)
		return
	}
	j := chosen[0]
	mean := floats.LogSumExp(logs) - math.Log(float64(len(logs)))
	action := s.tries[j].action
	l.end(s)
	l.advance(p, action)
	s.walk.weigh(p, gammas[j], mean-gammas[j])
}
