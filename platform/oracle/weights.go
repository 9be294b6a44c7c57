package oracle

import (
	"math"

	"github.com/molsculpt/molsculpt/platform/compose"
)

// Weighted is what importance weights make of a proposal, summed exactly over
// all its paths: the truth about the sampler of package sample before any
// resampling.
type Weighted struct {
	// Terminal is the log of the proposal's law times the weights, summed over
	// the paths to each end point: the composite times its evidence, if the
	// proposal reaches all of it.
	Terminal []float64

	// LogEvidence is the log of its sum, the mean weight.
	LogEvidence float64

	// ESS is the effective sample size (E w)^2 / E w^2 as a fraction of the
	// particles, after each step, in the limit of many particles that are
	// never resampled.
	ESS []float64
}

// MinESS is the smallest effective sample size on the way.
func (w *Weighted) MinESS() float64 {
	least := 1.
	for _, e := range w.ESS {
		least = min(least, e)
	}
	return least
}

// Weigh sums law times weights of any proposal for a composition of balanced
// models. Of a balanced model the likelihood of a path to s is u_i(s) times the
// backward probability of the path, so with gamma(s) = G(u_1(s), ..., u_m(s)) a
// step has the weight
//
//	W = G(u_1(s) P_1(a|s), ..., u_m(s) P_m(a|s)) / (r(a|s) gamma(s))
//
// wherever it came from, and first and second moments of the weights follow by
// recursion over states. The composition must be homogeneous of degree one.
func Weigh(c *compose.Composition, laws []*Law, proposal *Law) *Weighted {
	g := proposal.Graph
	n := len(g.States)
	first, second := impossible(n), impossible(n) // log sum of law * w and of law * w^2, over paths to s
	out := &Weighted{Terminal: impossible(n)}
	l := make([]float64, len(laws))
	gamma := func(s int, step func(law *Law) float64) float64 {
		for i, law := range laws {
			l[i] = law.Reach[s]
			if step != nil {
				l[i] += step(law)
			}
		}
		return c.LogDensity(l, 0)
	}
	start := gamma(0, nil)
	first[0], second[0] = start, 2*start
	size := make([]int, n)
	var walking, walkingSquares, ended, endedSquares []float64 // by size
	for s := range g.States {
		t := size[s]
		for len(walking) <= t {
			walking, walkingSquares = append(walking, math.Inf(-1)), append(walkingSquares, math.Inf(-1))
			ended, endedSquares = append(ended, math.Inf(-1)), append(endedSquares, math.Inf(-1))
		}
		walking[t], walkingSquares[t] = logAdd(walking[t], first[s]), logAdd(walkingSquares[t], second[s])
		here := gamma(s, nil)
		take := func(r float64, step func(law *Law) float64) (one, two float64) {
			there := gamma(s, step)
			if math.IsInf(r, -1) || math.IsInf(there, -1) {
				return math.Inf(-1), math.Inf(-1)
			}
			w := there - r - here
			return first[s] + r + w, second[s] + r + 2*w
		}
		one, two := take(proposal.Stop[s], func(law *Law) float64 { return law.Stop[s] })
		out.Terminal[s] = one
		ended[t], endedSquares[t] = logAdd(ended[t], one), logAdd(endedSquares[t], two)
		for k, e := range g.Children[s] {
			one, two := take(proposal.Step[s][k], func(law *Law) float64 { return law.Step[s][k] })
			first[e.Child], second[e.Child] = logAdd(first[e.Child], one), logAdd(second[e.Child], two)
			size[e.Child] = t + 1
		}
	}
	done, doneSquares := math.Inf(-1), math.Inf(-1)
	for t := range walking {
		out.ESS = append(out.ESS, math.Exp(2*logAdd(done, walking[t])-logAdd(doneSquares, walkingSquares[t])))
		done, doneSquares = logAdd(done, ended[t]), logAdd(doneSquares, endedSquares[t])
	}
	out.ESS = append(out.ESS, math.Exp(2*done-doneSquares))
	out.LogEvidence = done
	return out
}
