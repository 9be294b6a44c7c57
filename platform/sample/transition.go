package sample

import (
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// transition is a step from one state to a child: all cells that lead there, and
// the log-probability of the step back.
type transition struct {
	child       space.State
	cells       []int
	logBackward float64
}

// transitions remembers steps, which many particles share near the start. What
// it forgets it computes again, so it never changes a result.
type transitions struct {
	space space.Space
	known map[step]*transition
}

type step struct {
	from space.State
	cell int
}

// maxKnown bounds the memory of a lane: about 50 MB of fragment trees.
const maxKnown = 1 << 17

func (t *transitions) take(from space.State, cell int) *transition {
	key := step{from, cell}
	if known, ok := t.known[key]; ok {
		return known
	}
	if t.known == nil || len(t.known) >= maxKnown {
		t.known = map[step]*transition{}
	}
	child := t.space.Child(from, cell)
	parents := t.space.Parents(child)
	for _, p := range parents {
		if p.State == from {
			out := &transition{child, p.Cells, -math.Log(float64(len(parents)))}
			for _, c := range p.Cells {
				t.known[step{from, c}] = out
			}
			return out
		}
	}
	panic(fmt.Sprintf("sample: cell %d of state %x leads to %x, which does not list it as a parent", cell, from, child))
}
