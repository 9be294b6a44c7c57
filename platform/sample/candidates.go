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

// weighCandidates is the log target of the path with each candidate a_j, and its
// log ratio v_j to the probability r(a_j) that a_j was drawn with.
func (l *lane) weighCandidates(s *search) (logGamma, logV []float64) {
	p, t := s.at(), &l.table
	t.open(l.answers, s.slot, p.path.state)
	logGamma, logV = make([]float64, len(s.tries)), make([]float64, len(s.tries))
	after := make([]float64, len(p.logBase))
	for j, c := range s.tries {
		cells, logB, end := stopCells, p.logB, p.path.state
		if c.action != stop {
			next := l.known.take(p.path.state, c.action)
			cells, logB, end = next.cells, logB+next.logBackward, next.child
		}
		for i := range after {
			after[i] = p.logBase[i] + t.logStep(i, cells)
		}
		logGamma[j] = l.steer.log(after, logB, p.path.steps, c.action == stop) - l.through.log(end)
		if l.needs(c.action) {
			logGamma[j] += l.answer(s, c.action)
		}
		logV[j] = logGamma[j] - c.logR
	}
	return logGamma, logV
}

// choose takes one of k candidates in proportion to v_j, with the weight mean(v)
// over the target of the path so far. The expectation of the weight times any
// function h of the candidate taken is then that of the mean of v_j h(a_j), which
// is the sum of the targets times h over all actions, as it has to be (Naesseth,
// Lindsten and Schon 2015, Nested sequential Monte Carlo).
func (l *lane) choose(s *search) {
	logGamma, logV := l.weighCandidates(s)
	chosen := systematic(logV, 1, s.rng.Float64())
	if len(chosen) == 0 {
		l.fail(s)
		return
	}
	j := chosen[0]
	mean := floats.LogSumExp(logV) - math.Log(float64(len(logV)))
	action := s.tries[j].action
	l.end(s)
	p := s.at()
	l.advance(p, action)
	s.walk.weigh(p, logGamma[j], mean-logGamma[j])
}
