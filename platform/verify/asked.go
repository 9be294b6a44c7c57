package verify

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Asked is what a guide by states answers about every state of a graph. What is
// trained answers the same each time, so it is asked once.
type Asked struct {
	graph          *oracle.Graph
	atState, atEnd []float64
	posterior      [][]float64
}

var _ sample.Posterior = (*Asked)(nil)

// Ask asks a guide for so many models about every state.
func Ask(ctx context.Context, g *oracle.Graph, models int, guide sample.Posterior) (*Asked, error) {
	n := len(g.States)
	a := &Asked{g, make([]float64, n), make([]float64, n), make([][]float64, n)}
	for s := range a.posterior {
		a.posterior[s] = make([]float64, models)
	}
	const part = 256 // states asked about at once
	for from := 0; from < n; from += part {
		to := min(n, from+part)
		states := g.States[from:to]
		err := guide.LogQ(ctx, states, false, a.atState[from:to])
		if err == nil {
			err = guide.LogQ(ctx, states, true, a.atEnd[from:to])
		}
		if err == nil {
			err = guide.LogPosterior(ctx, states, a.posterior[from:to])
		}
		if err != nil {
			return nil, err
		}
	}
	return a, nil
}

// LogQ implements [sample.Guide].
func (a *Asked) LogQ(_ context.Context, states []space.State, finished bool, dst []float64) error {
	from := a.atState
	if finished {
		from = a.atEnd
	}
	return Each(a.graph, states, func(i, at int) { dst[i] = from[at] })
}

// LogPosterior implements [sample.Posterior].
func (a *Asked) LogPosterior(_ context.Context, states []space.State, dst [][]float64) error {
	return Each(a.graph, states, func(i, at int) { copy(dst[i], a.posterior[at]) })
}

// GuidedLaw is the exact law of the policy of Garipov et al. 2023 that the guide
// steers: at s the mixture of the models by the guide's posterior of them, times
// its Q(y|s') at each child, and at Stop its value of s as an end point,
// normalised. Where the target is a mixture nothing is observed, and Q is 1.
func (a *Asked) GuidedLaw(t *Target) *oracle.Law {
	atState, atEnd := a.atState, a.atEnd
	if t.Mixture() {
		atState, atEnd = make([]float64, len(atState)), make([]float64, len(atEnd))
	}
	return oracle.Guided(oracle.MixedBy(a.posterior, t.Laws), atState, atEnd)
}

// Each calls f with every state's place in a list and in a graph; an error where
// one is not there.
func Each(g *oracle.Graph, states []space.State, f func(i, at int)) error {
	for i, s := range states {
		at, ok := g.Index(s)
		if !ok {
			return fmt.Errorf("verify: state %x is not in the graph", s)
		}
		f(i, at)
	}
	return nil
}
