package treemodel

import (
	"math"
	"sync"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Trajectory is a way to a finished tree, ready to learn from.
type Trajectory struct {
	States []space.State // from the empty tree to the finished one
	Steps  []treenet.Step
	LogPB  []float64 // of the way to each state
	Beta   float64
}

// Last is the finished tree.
func (t *Trajectory) Last() space.State { return t.States[len(t.States)-1] }

// Encoder turns states into what the network reads.
type Encoder struct {
	Masks *treenet.Masks

	space *space.Fragments
	trees *treenet.Encoder
	empty treenet.Step
	legal sync.Pool // of *[]bool
}

// NewEncoder makes the encoder of a space.
func NewEncoder(sp *space.Fragments, f *treenet.Features) *Encoder {
	e := &Encoder{space: sp, trees: treenet.NewEncoder(f), Masks: treenet.NewMasks(sp.Columns())}
	e.empty = e.encode("")
	return e
}

// Step encodes a state; the cells are the caller's to set.
func (e *Encoder) Step(s space.State) treenet.Step {
	if s == "" {
		return e.empty
	}
	return e.encode(s)
}

func (e *Encoder) encode(s space.State) treenet.Step {
	rows := e.space.RowSites(s)
	buf, ok := e.legal.Get().(*[]bool)
	if !ok {
		buf = new([]bool)
	}
	defer e.legal.Put(buf)
	n := len(rows) * e.space.Columns()
	if cap(*buf) < n {
		*buf = make([]bool, 2*n)
	}
	legal := (*buf)[:n]
	stop := e.space.Legal(s, legal)
	return treenet.Step{
		Tree: e.trees.Encode(e.space.Nodes(s, nil), rows), Masks: e.Masks.Number(legal), Stops: stop,
	}
}

func (e *Encoder) steps(states []space.State) []treenet.Step {
	out := make([]treenet.Step, len(states))
	for i, s := range states {
		out[i] = e.Step(s)
	}
	return out
}

// Complete makes a Trajectory of a walk in the space.
func (e *Encoder) Complete(w space.Trajectory) Trajectory {
	return e.join(w, e.steps(w.States))
}

// join makes a Trajectory of a walk and its encoded states.
func (e *Encoder) join(w space.Trajectory, steps []treenet.Step) Trajectory {
	t := Trajectory{States: w.States, Steps: steps, LogPB: make([]float64, len(w.States))}
	for k := range w.Cells {
		steps[k].Cells = w.Cells[k]
		t.LogPB[k+1] = t.LogPB[k] - math.Log(float64(len(e.space.Parents(w.States[k+1]))))
	}
	return t
}
