package experiment

import (
	"context"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/verify"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// askedActions is what a guide by actions answers about every state of a graph, as
// [verify.Asked] is of one by states.
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
	return verify.Each(a.graph, states, func(i, at int) {
		dst[i].Stop, dst[i].Cells = a.values[at].Stop, append(dst[i].Cells[:0], a.values[at].Cells...)
	})
}
