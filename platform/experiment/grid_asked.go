package experiment

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// asked is what a guide by states answers about every state of a graph. What is
// trained answers the same each time, so it is asked once.
type asked struct {
	graph          *oracle.Graph
	atState, atEnd []float64
	posterior      [][]float64
}

var _ sample.Posterior = (*asked)(nil)

// ask asks a guide about every state.
func ask(ctx context.Context, g *oracle.Graph, models int, guide sample.Posterior) (*asked, error) {
	n := len(g.States)
	a := &asked{g, make([]float64, n), make([]float64, n), make([][]float64, n)}
	for s := range a.posterior {
		a.posterior[s] = make([]float64, models)
	}
	err := guide.LogPosterior(ctx, g.States, a.posterior)
	if err == nil {
		err = guide.LogQ(ctx, g.States, false, a.atState)
	}
	if err == nil {
		err = guide.LogQ(ctx, g.States, true, a.atEnd)
	}
	return a, err
}

// LogQ implements [sample.Guide].
func (a *asked) LogQ(_ context.Context, states []space.State, finished bool, dst []float64) error {
	from := a.atState
	if finished {
		from = a.atEnd
	}
	return each(a.graph, states, func(i, at int) { dst[i] = from[at] })
}

// LogPosterior implements [sample.Posterior].
func (a *asked) LogPosterior(_ context.Context, states []space.State, dst [][]float64) error {
	return each(a.graph, states, func(i, at int) { copy(dst[i], a.posterior[at]) })
}

// askedActions is the same of a guide by actions.
type askedActions struct {
	graph    *oracle.Graph
	residual bool
	values   []sample.ActionValues
}

var _ sample.ActionGuide = (*askedActions)(nil)

func askActions(ctx context.Context, g *oracle.Graph, guide sample.ActionGuide) (*askedActions, error) {
	a := &askedActions{g, guide.Residual(), make([]sample.ActionValues, len(g.States))}
	return a, guide.LogActions(ctx, g.States, a.values)
}

// Residual implements [sample.ActionGuide].
func (a *askedActions) Residual() bool { return a.residual }

// LogActions implements [sample.ActionGuide].
func (a *askedActions) LogActions(_ context.Context, states []space.State, dst []sample.ActionValues) error {
	return each(a.graph, states, func(i, at int) {
		dst[i].Stop, dst[i].Cells = a.values[at].Stop, append(dst[i].Cells[:0], a.values[at].Cells...)
	})
}

// each calls f with every state's place in the list and in the graph.
func each(g *oracle.Graph, states []space.State, f func(i, at int)) error {
	for i, s := range states {
		at, ok := g.Index(s)
		if !ok {
			return fmt.Errorf("state %x is not in the graph", s)
		}
		f(i, at)
	}
	return nil
}
