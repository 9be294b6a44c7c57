package experiment

import (
	"context"
	"math"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/verify"
)

// guidedLaw is the exact law of the policy of Garipov et al. 2023 that a
// classifier guides: at s the mixture of the models by the classifier's posterior
// of them, times its Q(y|s') at each child, and at Stop its value of s as an end
// point, normalised. The classifier is asked about every state of the graph. The
// composition is the one that it was read for; where the target is a mixture,
// nothing is observed and Q is 1.
func guidedLaw(ctx context.Context, t *verify.Target, c *compose.Composition, guide sample.Posterior) (*oracle.Law, error) {
	n := len(t.Graph.States)
	atState, atEnd, posterior := make([]float64, n), make([]float64, n), make([][]float64, n)
	for s := range posterior {
		posterior[s] = make([]float64, len(c.Models()))
	}
	if err := guide.LogPosterior(ctx, t.Graph.States, posterior); err != nil {
		return nil, err
	}
	if _, mixture := t.Composition.Mixture(); !mixture {
		if err := guide.LogQ(ctx, t.Graph.States, false, atState); err != nil {
			return nil, err
		}
		if err := guide.LogQ(ctx, t.Graph.States, true, atEnd); err != nil {
			return nil, err
		}
	}
	mixture := &oracle.Law{Graph: t.Graph, Stop: make([]float64, n), Step: make([][]float64, n)}
	for s := range t.Graph.States {
		mixture.Stop[s] = mixed(posterior[s], func(i int) float64 { return t.Laws[i].Stop[s] })
		mixture.Step[s] = make([]float64, len(t.Graph.Children[s]))
		for k := range mixture.Step[s] {
			mixture.Step[s][k] = mixed(posterior[s], func(i int) float64 { return t.Laws[i].Step[s][k] })
		}
	}
	return oracle.Guided(mixture, atState, atEnd), nil
}

// mixed is log sum_i exp(w_i + l_i).
func mixed(w []float64, l func(int) float64) float64 {
	var sum float64
	for i := range w {
		sum += math.Exp(w[i] + l(i))
	}
	return math.Log(sum)
}
