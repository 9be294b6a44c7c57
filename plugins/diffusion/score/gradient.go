package score

import (
	"sync"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// frozen builds a network whose parameters are constants: what is derived is with
// respect to the points alone.
type frozen struct {
	*nn.Graph
	params *nn.Params
}

// Param implements nn.Builder.
func (f *frozen) Param(name string, rows, cols int, init nn.Init) nn.Value {
	p := f.params.Get(name)
	if p == nil || p.Rows != rows || p.Cols != cols {
		// The graph says what is wrong.
		return f.Graph.Param(name, rows, cols, init)
	}
	return f.Const(name, rows, cols, p.Data)
}

// Gradient finds the gradients of log Q at points, by the backward passes of the
// network's operations. It serves one goroutine.
type Gradient struct {
	graph   *nn.Graph
	points  *nn.Param // rows x padded dimension
	noise   []float32
	labels  op.Labels
	rows    int
	version uint64
}

// building guards gorgonia's pools while graphs are made.
var building sync.Mutex

// newGradient builds the graph of a classifier with so many outcomes.
func newGradient(n Network, params *nn.Params, dimension, outcomes int) (*Gradient, error) {
	building.Lock()
	defer building.Unlock()
	g := &Gradient{rows: rowsOf(dimension)}
	moved := nn.NewParams(nil)
	if err := moved.Set("points", g.rows, Pad(dimension), make([]float32, g.rows*Pad(dimension))); err != nil {
		return nil, err
	}
	g.points = moved.Get("points")
	g.graph = nn.NewGraph(moved, 1)
	b := &frozen{Graph: g.graph, params: params}
	rows := op.Fixed(g.rows)
	x := g.graph.Param("points", g.rows, Pad(dimension), nn.Init{})
	var code nn.Value
	code, g.noise = g.graph.Input("noise", rows, NoiseWidth)
	logits := n.Define(b, x, code, outcomes)
	g.labels = op.Labels{Rows: rows, Classes: outcomes}
	loss := g.graph.Apply(&op.CrossEntropy{Env: g.graph.Env(), Label: "outcome", Labels: &g.labels, Columns: Pad(outcomes)}, logits)
	if err := g.graph.Minimize(loss); err != nil {
		return nil, err
	}
	return g, nil
}

// run gives the gradients of log Q of an outcome at the network's inputs in the
// first n rows.
func (g *Gradient) run(n, outcome int) ([]float32, error) {
	g.labels.Reset()
	for i := range g.rows {
		// The loss is -log Q, so that minus it is log Q; rows behind n do not count.
		weight := -1.0
		if i >= n {
			weight = 0
		}
		g.labels.Hard(weight, outcome)
	}
	g.version++
	if _, err := g.graph.Run(g.version); err != nil {
		return nil, err
	}
	return g.points.Grad, nil
}
