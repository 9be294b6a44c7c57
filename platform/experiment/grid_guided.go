package experiment

import (
	"math"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/verify"
)

// guidedLaw is the exact law of the policy of Garipov et al. 2023 that a
// classifier guides: at s the mixture of the models by the classifier's posterior
// of them, times its Q(y|s') at each child, and at Stop its value of s as an end
// point, normalised. Where the target is a mixture nothing is observed, and Q is 1.
func guidedLaw(t *verify.Target, guide *asked) *oracle.Law {
	n := len(t.Graph.States)
	atState, atEnd := guide.atState, guide.atEnd
	if t.Mixture() {
		atState, atEnd = make([]float64, n), make([]float64, n)
	}
	mixture := &oracle.Law{Graph: t.Graph, Stop: make([]float64, n), Step: make([][]float64, n)}
	for s := range t.Graph.States {
		mixture.Stop[s] = mixed(guide.posterior[s], func(i int) float64 { return t.Laws[i].Stop[s] })
		mixture.Step[s] = make([]float64, len(t.Graph.Children[s]))
		for k := range mixture.Step[s] {
			mixture.Step[s][k] = mixed(guide.posterior[s], func(i int) float64 { return t.Laws[i].Step[s][k] })
		}
	}
	return oracle.Guided(mixture, atState, atEnd)
}

// mixed is log sum_i exp(w_i + l_i).
func mixed(w []float64, l func(int) float64) float64 {
	var sum float64
	for i := range w {
		sum += math.Exp(w[i] + l(i))
	}
	return math.Log(sum)
}
