package guide

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// trunk is the part of a network that reads states, with room for a number of
// them. What it reads is the same whatever the batch.
type trunk interface {
	// define builds it, with what the action head needs where it is wanted.
	define(b nn.Builder, actions bool) trunkValues
	// place is where the action head has a cell of a state, or Stop where the
	// cell is -1: a row and a slot of it. Slot -1 has no residual.
	place(state int32, cell int) (row, slot int32)
	// rows is the family of the states.
	rows() *op.Rows
	// read puts distinct states in place of those before; false where there
	// is too little room.
	read(states []space.State) (bool, error)
}

// trunkValues are the places of what a trunk says.
type trunkValues struct {
	states nn.Value // a row per state
	rows   nn.Value // of trees: rows of the action tables
	keys   nn.Value // of trees: a row per column
}

// trunks makes the trunks of one space.
type trunks interface {
	// room makes a trunk with room for these states and more.
	room(states []space.State) (trunk, error)
	// columns is the width of the space's action tables.
	columns() int
	// tables are what the network is told of the space and is stored with the
	// weights; none for grids.
	tables() [][]float32
}

// gridTrunks is for grids: hidden layers with GELU on one-hot coordinates.
type gridTrunks struct {
	grid   *space.Grid
	width  int
	layers int
}

func (t gridTrunks) columns() int { return t.grid.Columns() }

func (t gridTrunks) tables() [][]float32 { return nil }

func (t gridTrunks) room(states []space.State) (trunk, error) {
	g := &gridTrunk{gridTrunks: t}
	g.count.Cap = max(64, len(states)+len(states)/2)
	return g, nil
}

type gridTrunk struct {
	gridTrunks
	count op.Rows
	input []float32
	at    []int
}

// inputs is the length of the code of a point.
func (t *gridTrunk) inputs() int { return pad(t.grid.Dim() * t.grid.Side()) }

func (t *gridTrunk) rows() *op.Rows { return &t.count }

func (t *gridTrunk) place(state int32, cell int) (row, slot int32) { return state, int32(1 + cell) }

func (t *gridTrunk) define(b nn.Builder, _ bool) trunkValues {
	x, data := b.Input("coordinates", &t.count, t.inputs())
	t.input = data
	for i := range t.layers {
		x = nn.Linear(b, fmt.Sprintf("trunk%d", i), x, t.width, true, gain(i, t.inputs(), t.grid.Dim()))
	}
	return trunkValues{states: x}
}

// gain makes the first layer as loud as the others: of its inputs only one per
// axis is not zero.
func gain(layer, inputs, axes int) float64 {
	const gelu = 1.4
	if layer > 0 {
		return gelu
	}
	return gelu * sqrt(inputs/axes)
}

func (t *gridTrunk) read(states []space.State) (bool, error) {
	if len(states) > t.count.Cap {
		return false, nil
	}
	t.count.Live = len(states)
	w := t.inputs()
	for i, s := range states {
		if err := t.grid.Validate(s); err != nil {
			return false, fmt.Errorf("guide: state %d: %w", i, err)
		}
		row := t.input[i*w : (i+1)*w]
		clear(row)
		t.at = t.grid.Coordinates(s, t.at[:0])
		for axis, z := range t.at {
			row[axis*t.grid.Side()+z] = 1
		}
	}
	return true, nil
}
