package oracle

import (
	"errors"
	"math"

	"github.com/molsculpt/molsculpt/platform/compose"
)

// ErrNoSupport says that a composition is zero everywhere.
var ErrNoSupport = errors.New("oracle: the composition has no support: no end point is possible under it")

// Composite is the closed form of a composition at the end points of its
// models' laws, and the logarithm of its evidence. The laws are in the order of
// the composition's models, on one graph.
func Composite(c *compose.Composition, laws []*Law) (terminal []float64, logEvidence float64, err error) {
	terminal = atEnds(c, laws)
	logEvidence = Normalise(terminal)
	if math.IsInf(logEvidence, -1) {
		return nil, logEvidence, ErrNoSupport
	}
	return terminal, logEvidence, nil
}

func atEnds(c *compose.Composition, laws []*Law) []float64 {
	out := make([]float64, len(laws[0].Terminal))
	l := make([]float64, len(laws))
	for x := range out {
		for i, law := range laws {
			l[i] = law.Terminal[x]
		}
		out[x] = c.LogDensity(l, 0)
	}
	return out
}

// MixturePolicy is P_M (Garipov et al. 2023): at each state the policies of the
// models, mixed by the posterior w_i u_i(s) of which of them came here. Its law
// ends as sum_i w_i p_i.
func MixturePolicy(weights []float64, laws []*Law) *Law {
	return PathPosterior(compose.Mixture(make([]string, len(laws)), weights), laws)
}

// PathPosterior is the law of the path-posterior proposal without its weights
// for balanced models, whose path likelihoods differ from the visit
// probabilities u_i(s) by a common factor: at s it takes an action with
// probability proportional to G(u_1(s) P_1(a|s), ..., u_m(s) P_m(a|s)). The
// composition must be homogeneous of degree one in its models.
func PathPosterior(c *compose.Composition, laws []*Law) *Law {
	g := laws[0].Graph
	out := &Law{Graph: g, Stop: make([]float64, len(g.States)), Step: make([][]float64, len(g.States))}
	l := make([]float64, len(laws))
	for s := range g.States {
		for i, law := range laws {
			l[i] = law.Reach[s] + law.Stop[s]
		}
		actions := []float64{c.LogDensity(l, 0)}
		for k := range g.Children[s] {
			for i, law := range laws {
				l[i] = law.Reach[s] + law.Step[s][k]
			}
			actions = append(actions, c.LogDensity(l, 0))
		}
		Normalise(actions)
		out.Stop[s], out.Step[s] = actions[0], actions[1:]
	}
	out.walk()
	return out
}

// MixedBy is the policy that mixes those of the models at each state s by
// probabilities of the models there, e^posterior[s][i].
func MixedBy(posterior [][]float64, laws []*Law) *Law {
	g := laws[0].Graph
	out := &Law{Graph: g, Stop: make([]float64, len(g.States)), Step: make([][]float64, len(g.States))}
	for s := range g.States {
		step := make([]float64, len(g.Children[s]))
		for i, l := range laws {
			p := math.Exp(posterior[s][i])
			out.Stop[s] += p * math.Exp(l.Stop[s])
			for k := range step {
				step[k] += p * math.Exp(l.Step[s][k])
			}
		}
		out.Stop[s] = math.Log(out.Stop[s])
		for k := range step {
			step[k] = math.Log(step[k])
		}
		out.Step[s] = step
	}
	out.walk()
	return out
}

// Potential is log Q(y|s) of the observations of a composition: the expectation
// of their likelihood at the end of a path of the mixture policy that is now at
// s, by backward recursion. atEnd is its value at the Stop
// edge, the likelihood of the observations at s as an end point. The mixture is
// that of the composition's bound.
func Potential(c *compose.Composition, mixture *Law, laws []*Law) (atState, atEnd []float64) {
	g := mixture.Graph
	atEnd = atEnds(c, laws)
	atState = make([]float64, len(g.States))
	for x := range atEnd {
		if math.IsInf(mixture.Terminal[x], -1) {
			atEnd[x] = math.Inf(-1)
			continue
		}
		atEnd[x] -= mixture.Terminal[x]
	}
	for s := len(g.States) - 1; s >= 0; s-- {
		atState[s] = mixture.Stop[s] + atEnd[s]
		if math.IsInf(mixture.Stop[s], -1) {
			atState[s] = math.Inf(-1)
		}
		for k, e := range g.Children[s] {
			if !math.IsInf(mixture.Step[s][k], -1) {
				atState[s] = logAdd(atState[s], mixture.Step[s][k]+atState[e.Child])
			}
		}
	}
	return atState, atEnd
}

// Guided is the policy P(s'|s, y) = P_M(s'|s) Q(y|s') / Q(y|s) (Garipov et al. 2023),
// normalised at every state, for any potential, exact or learned. With the exact
// one its law ends as the composite.
func Guided(mixture *Law, atState, atEnd []float64) *Law {
	g := mixture.Graph
	out := &Law{Graph: g, Stop: make([]float64, len(g.States)), Step: make([][]float64, len(g.States))}
	for s := range g.States {
		actions := []float64{mixture.Stop[s] + atEnd[s]}
		for k, e := range g.Children[s] {
			actions = append(actions, mixture.Step[s][k]+atState[e.Child])
		}
		for i, a := range actions {
			if math.IsNaN(a) {
				actions[i] = math.Inf(-1)
			}
		}
		Normalise(actions)
		out.Stop[s], out.Step[s] = actions[0], actions[1:]
	}
	out.walk()
	return out
}
