package sample

import (
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// stop is the number of the Stop action, before the cells.
const stop = -1

var stopCells = []int{stop}

// proposal is the distribution over the actions at a state that one step draws
// from: r(action) proportional to the target of the path with that action added,
// times the guide's value of the action. It is loaded once for a state and then
// weighed for every particle there.
type proposal struct {
	m     int
	steps []*space.Steps // of each model, at the loaded state

	// p holds exp of the steps, action by action, Stop first: p[a*m+i] under
	// model i.
	p []float64

	region  *Region
	allowed []bool // in a region, whether each action stays in it, Stop first

	guided bool
	logQ   []float64 // of a guide, its value of each action, Stop first

	r       []float64 // r of each action, Stop first, not normalised
	sum     float64
	weighed bool      // since it was loaded
	going   bool      // what weigh reported then
	x       []float64 // scratch, one for each model
	x2      []float64 // scratch, one for each action
}

// open takes the answers of all models for one state.
func (t *proposal) open(answers [][]space.Steps, slot int, s space.State) {
	t.m = len(answers)
	t.steps = t.steps[:0]
	for i := range answers {
		t.steps = append(t.steps, &answers[i][slot])
	}
	t.x = slices.Grow(t.x[:0], t.m)[:t.m]
	t.guided = false
	if t.region != nil {
		n := 1 + len(t.steps[0].Cells)
		t.allowed = slices.Grow(t.allowed[:0], n)[:n]
		t.region.bar(s, t.allowed)
	}
}

// load opens a state and makes ready to weigh its actions.
func (t *proposal) load(answers [][]space.Steps, slot int, s space.State) {
	t.open(answers, slot, s)
	t.weighed = false
	n := 1 + len(t.steps[0].Cells)
	t.p = slices.Grow(t.p[:0], n*t.m)[:n*t.m]
	t.r = slices.Grow(t.r[:0], n)[:n]
	t.x2 = slices.Grow(t.x2[:0], n)[:n]
	for i, answer := range t.steps {
		t.p[i] = exp(answer.Stop)
		at := t.m + i
		if len(answer.Prob) == len(answer.Cells) {
			for _, p := range answer.Prob {
				t.p[at] = p
				at += t.m
			}
			continue
		}
		for _, l := range answer.Cells {
			t.p[at] = exp(l)
			at += t.m
		}
	}
}

// exp spares the common zero the cost of an exponential.
func exp(l float64) float64 {
	if l < -745.2 {
		return 0
	}
	return math.Exp(l)
}

// log is the log-probability of an action under model i.
func (t *proposal) log(i, action int) float64 {
	if action == stop {
		return t.steps[i].Stop
	}
	return t.steps[i].Cells[action]
}

// tooSmall is a sum of scaled densities so small that underflow may have taken
// part of it.
const tooSmall = 1e-200

// weigh fills r for a path of that many steps whose log-likelihoods are l and
// logB. It reports false where no action is possible.
//
// The densities are scaled by the greatest likelihood of the path, which r, a
// ratio, does not notice. The backward kernel's share of the coming step is left
// out: it would cost the parents of every child, and belongs to the weight, not
// to the proposal.
func (t *proposal) weigh(s *steering, l []float64, logB float64, steps int) bool {
	top := slices.Max(l)
	scale := t.x
	for i := range l {
		scale[i] = math.Exp(l[i] - top)
	}
	b := math.Exp(logB - top)
	t.sum = s.densities(t, scale, b, steps)
	if t.region != nil {
		t.stay()
	}
	if t.sum > tooSmall && t.sum < 1/tooSmall {
		return true
	}
	return t.weighLogs(s, l, logB, steps)
}

// stay takes out the actions that leave the region.
func (t *proposal) stay() {
	t.sum = 0
	for a, ok := range t.allowed {
		if !ok {
			t.r[a] = 0
		}
		t.sum += t.r[a]
	}
}

// weighLogs is weigh on logarithms, for paths whose densities lie further apart
// than floating point reaches.
func (t *proposal) weighLogs(s *steering, l []float64, logB float64, steps int) bool {
	best := logImpossible
	for a := range t.r {
		if t.region != nil && !t.allowed[a] {
			t.r[a] = logImpossible
			continue
		}
		for i := range l {
			t.x[i] = l[i] + t.log(i, a-1)
		}
		t.r[a] = s.logDensity(t, a-1, t.x, logB, steps)
		best = max(best, t.r[a])
	}
	t.sum = 0
	if math.IsInf(best, -1) {
		return false
	}
	for a, r := range t.r {
		t.r[a] = exp(r - best)
		t.sum += t.r[a]
	}
	return true
}

// pick is the action at a uniform random number u in [0, 1).
func (t *proposal) pick(u float64) (action int) {
	left := u * t.sum
	last := stop
	for a, r := range t.r {
		if r > 0 {
			if left < r {
				return a - 1
			}
			last = a - 1
			left -= r
		}
	}
	// Rounding only: u lies at the far end.
	return last
}

// logR is the log-probability of drawing any of the cells.
func (t *proposal) logR(cells []int) float64 {
	var sum float64
	for _, c := range cells {
		sum += t.r[c+1]
	}
	return math.Log(sum / t.sum)
}

// possible reports whether any model takes the action, and may.
func (t *proposal) possible(action int) bool {
	if t.region != nil && !t.allowed[action+1] {
		return false
	}
	for i := range t.steps {
		if !math.IsInf(t.log(i, action), -1) {
			return true
		}
	}
	return false
}

// logStep is the log-probability of taking any of the cells under model i.
func (t *proposal) logStep(i int, cells []int) float64 {
	if len(cells) == 1 {
		return t.log(i, cells[0])
	}
	return logSum(cells, func(c int) float64 { return t.log(i, c) })
}

// logValue is the guide's value of a child that the cells lead to: their mean.
func (t *proposal) logValue(cells []int) float64 {
	if len(cells) == 1 {
		return t.logQ[cells[0]+1]
	}
	return logSum(cells, func(c int) float64 { return t.logQ[c+1] }) - math.Log(float64(len(cells)))
}

// logSum is the logarithm of a sum over cells of exponentials.
func logSum(cells []int, log func(cell int) float64) float64 {
	best := logImpossible
	for _, c := range cells {
		best = max(best, log(c))
	}
	if math.IsInf(best, -1) {
		return best
	}
	var sum float64
	for _, c := range cells {
		sum += math.Exp(log(c) - best)
	}
	return best + math.Log(sum)
}
