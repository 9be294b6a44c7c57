// Package wedge knows how drawings in the plane show tetrahedral stereocentres:
// what a wedge says about the atom at its narrow end, and which bonds to draw as
// wedges. Molfiles and pictures share it.
package wedge

// Kind is how a bond leaves the plane, seen from its narrow end.
type Kind uint8

// The kinds.
const (
	Flat   Kind = iota
	Up          // towards the reader
	Down        // away from the reader
	Either      // one or the other, not known which: a wavy bond
)

// Wedge is how a bond is drawn.
type Wedge struct {
	Kind Kind
	From int32 // the atom at the narrow end, which the wedge speaks of
}

// Point is a place in the plane, or the vector between two; y goes up.
type Point struct{ X, Y float64 }

func (p Point) minus(q Point) Point { return Point{p.X - q.X, p.Y - q.Y} }
