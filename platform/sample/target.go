package sample

import (
	"math"

	"github.com/molsculpt/molsculpt/platform/compose"
)

// steering is what a sampler's steps follow: the targets on paths that its
// proposals and weights are made of. A guide's values multiply them.
type steering struct {
	cells   *compose.Composition // target of unfinished paths
	ends    *compose.Composition // target of finished paths
	mixture *compose.Composition // foot of the ladder
	ladder  Ladder
	endsQ   bool // whether the guide's value of Stop multiplies ends
}

// steer finds what the steps of a method follow.
func steer(m Method, target *compose.Composition, t *Twist, bound compose.Bound) steering {
	s := steering{cells: target, ends: target, ladder: t.Ladder}
	if m == Rejection {
		s.cells = compose.Mixture(target.Models(), bound.Weights)
		s.ends = s.cells
	}
	if len(t.Ladder) > 0 {
		s.mixture = mixtureOf(target)
	}
	if t.guided() {
		if t.Actions == nil || !t.Actions.Residual() {
			s.cells = mixtureOf(target)
		}
		if t.GuideEnds {
			s.ends, s.endsQ = s.cells, true
		}
	}
	return s
}

// log is the logarithm of the target of a path with that many steps, but for the
// guide's value.
func (s *steering) log(l []float64, logB float64, steps int, finished bool) float64 {
	switch {
	case finished:
		return s.ends.LogDensity(l, logB)
	case len(s.ladder) > 0:
		return s.ladder.at(steps).log(s.mixture.LogDensity(l, logB), s.ends.LogDensity(l, logB))
	}
	return s.cells.LogDensity(l, logB)
}

// densities sets t.r to the target of a path with each action added, and returns
// its sum; scale holds the densities of the path, b that of the backward kernel,
// steps its steps without the action.
func (s *steering) densities(t *proposal, scale []float64, b float64, steps int) (sum float64) {
	if s.cells == s.ends && len(s.ladder) == 0 && !t.guided {
		return s.ends.Densities(t.r, t.p, scale, b)
	}
	cells, p := t.r[1:], t.p[t.m:]
	if len(s.ladder) > 0 {
		rungs := s.ladder.at(steps + 1)
		s.mixture.Densities(cells, p, scale, b)
		s.ends.Densities(t.x2[:len(cells)], p, scale, b)
		for a, g := range t.x2[:len(cells)] {
			cells[a] = rungs.at(cells[a], g)
		}
	} else {
		s.cells.Densities(cells, p, scale, b)
	}
	s.ends.Densities(t.r[:1], t.p[:t.m], scale, b)
	if t.guided {
		if s.endsQ {
			t.r[0] *= exp(t.logQ[0])
		}
		for a := range cells {
			if cells[a] > 0 {
				cells[a] *= exp(t.logQ[a+1])
			}
		}
	}
	for _, r := range t.r {
		sum += r
	}
	return sum
}

// logDensity is the logarithm of one entry of densities, for paths whose
// densities floating point does not reach; l holds the log-likelihoods with the
// action.
func (s *steering) logDensity(t *proposal, action int, l []float64, logB float64, steps int) float64 {
	out := s.log(l, logB, steps+1, action == stop)
	if t.guided && (action != stop || s.endsQ) && !math.IsInf(out, -1) {
		out += t.logQ[action+1]
	}
	return out
}
