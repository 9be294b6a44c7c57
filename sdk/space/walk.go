package space

import (
	"math"
	"math/rand/v2"
)

// Trajectory is a way from the initial state to a finished one. States begins
// with the initial state; Cells[k] are the cells at States[k] that lead to
// States[k+1], so that the probability of the step is the sum over them. The
// Stop at the end is not listed.
type Trajectory struct {
	States []State
	Cells  [][]int

	// LogPB is the log-probability (natural) of the trajectory under the
	// backward kernel, given its last state.
	LogPB float64
}

// Last is the state where the trajectory stops.
func (t *Trajectory) Last() State { return t.States[len(t.States)-1] }

// Walk draws a trajectory by chance: at each state it stops with probability
// stop where Stop is legal, and else takes one of the legal cells with equal
// probability. With stop 0 it goes on for as long as it can.
func Walk(sp Space, stop float64, r *rand.Rand) Trajectory {
	t := Trajectory{States: []State{""}}
	var legal []bool
	for {
		s := t.Last()
		n := sp.Rows(s) * sp.Columns()
		if cap(legal) < n {
			legal = make([]bool, n)
		}
		legal = legal[:n]
		mayStop := sp.Legal(s, legal)
		open := 0
		for _, ok := range legal {
			if ok {
				open++
			}
		}
		if open == 0 || mayStop && r.Float64() < stop {
			break
		}
		k, cell := r.IntN(open), 0
		for c, ok := range legal {
			if ok {
				if k == 0 {
					cell = c
					break
				}
				k--
			}
		}
		next := sp.Child(s, cell)
		parents := sp.Parents(next)
		t.LogPB -= math.Log(float64(len(parents)))
		t.States = append(t.States, next)
		t.Cells = append(t.Cells, cellsFrom(parents, s))
	}
	return t
}

// Backward draws a trajectory that ends at s by the backward kernel: from s
// back to the initial state, each time to a distinct parent with equal
// probability.
func Backward(sp Space, s State, r *rand.Rand) Trajectory {
	n := sp.Size(s)
	t := Trajectory{States: make([]State, n+1), Cells: make([][]int, n)}
	t.States[n] = s
	for k := n; k > 0; k-- {
		parents := sp.Parents(t.States[k])
		p := parents[r.IntN(len(parents))]
		t.LogPB -= math.Log(float64(len(parents)))
		t.States[k-1], t.Cells[k-1] = p.State, p.Cells
	}
	return t
}

// Retrace is the trajectory through the given states, which begin with the
// initial one; it reports false where one is not a child of the one before.
func Retrace(sp Space, states []State) (Trajectory, bool) {
	t := Trajectory{States: states}
	for k := 1; k < len(states); k++ {
		parents := sp.Parents(states[k])
		cells := cellsFrom(parents, states[k-1])
		if cells == nil {
			return Trajectory{}, false
		}
		t.LogPB -= math.Log(float64(len(parents)))
		t.Cells = append(t.Cells, cells)
	}
	return t, len(states) > 0 && states[0] == ""
}

// cellsFrom are the cells that lead from s, nil if s is no parent.
func cellsFrom(parents []Parent, s State) []int {
	for i := range parents {
		if parents[i].State == s {
			return parents[i].Cells
		}
	}
	return nil
}
