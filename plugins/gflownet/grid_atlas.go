package gflownet

import (
	"math"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// atlas numbers the points of a grid that a training has come to, and keeps what
// is known of them. Walks go from number to number.
type atlas struct {
	grid   *space.Grid
	index  map[space.State]int32
	states []space.State
	points []int     // Dim coordinates to a point
	next   []int32   // Dim to a point: the number of the child along an axis; unknown or none
	logPB  []float64 // log-probability of each step backwards: -log of the number of parents
	worth  []float64 // log reward, NaN where it is not known
	row    []int32   // in the batch of an update
	seen   []int     // the update, counted from 1, that row is of
}

const (
	unknown = -1 // not looked up yet
	none    = -2 // the end of the axis
)

// maxPlaces is how many points an atlas may hold at the beginning of an update;
// beyond, it begins anew, which costs asking for rewards again and nothing else.
const maxPlaces = 1 << 20

func newAtlas(g *space.Grid) *atlas {
	a := &atlas{grid: g, index: map[space.State]int32{}}
	a.number("")
	return a
}

// origin is the number of the initial state.
const origin = 0

// number is that of a state, a new one if it has none.
func (a *atlas) number(s space.State) int32 {
	if i, ok := a.index[s]; ok {
		return i
	}
	i := int32(len(a.states))
	a.index[s] = i
	a.states = append(a.states, s)
	a.points = a.grid.Coordinates(s, a.points)
	parents := 0
	for _, x := range a.point(i) {
		way := int32(unknown)
		if x == a.grid.Side()-1 {
			way = none
		}
		a.next = append(a.next, way)
		if x > 0 {
			parents++
		}
	}
	a.logPB = append(a.logPB, -math.Log(float64(max(parents, 1))))
	a.worth = append(a.worth, math.NaN())
	a.row, a.seen = append(a.row, 0), append(a.seen, 0)
	return i
}

// point is the coordinates of a numbered point.
func (a *atlas) point(i int32) []int { return a.points[int(i)*a.grid.Dim():][:a.grid.Dim()] }

// child is the number of the point one further along an axis.
func (a *atlas) child(i int32, axis int) int32 {
	at := int(i)*a.grid.Dim() + axis
	if a.next[at] == unknown {
		c := a.number(a.grid.Child(a.states[i], axis))
		a.next[at] = c
	}
	return a.next[at]
}
