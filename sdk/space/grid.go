package space

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// KindGrid is the kind of grid spaces.
const KindGrid = "grid/1"

// Grid is the hypergrid of Bengio et al. (2021): states are points with integer
// coordinates from 0 to side-1, an action adds one to a coordinate, Stop is
// legal everywhere. A state is its coordinates as 16-bit little-endian numbers;
// the origin is the empty string.
type Grid struct {
	dim, side int
	desc      Descriptor
}

// NewGrid is the grid with dim axes (1 to 64) of side points (2 to 65,535).
func NewGrid(dim, side int) (*Grid, error) {
	if dim < 1 || dim > 64 {
		return nil, fmt.Errorf("space: make grid: %d axes; from 1 to 64 are possible", dim)
	}
	if side < 2 || side > 65535 {
		return nil, fmt.Errorf("space: make grid: %d points on a side; from 2 to 65535 are possible", side)
	}
	g := &Grid{dim: dim, side: side}
	g.desc = Descriptor{
		Kind:    KindGrid,
		Digest:  digest("%s dim %d side %d", KindGrid, dim, side),
		Kernel:  UniformParents,
		MaxSize: side,
	}
	return g, nil
}

// Descriptor implements [Space].
func (g *Grid) Descriptor() Descriptor { return g.desc }

// Dim is the number of axes.
func (g *Grid) Dim() int { return g.dim }

// Side is the number of points on an axis.
func (g *Grid) Side() int { return g.side }

// Coordinates decodes a state, appending Dim numbers to dst.
func (g *Grid) Coordinates(s State, dst []int) []int {
	for i := range g.dim {
		dst = append(dst, g.coordinate(s, i))
	}
	return dst
}

func (g *Grid) coordinate(s State, i int) int {
	if s == "" {
		return 0
	}
	return int(s[2*i]) | int(s[2*i+1])<<8
}

// At is the state with the given coordinates, of which there must be Dim, each
// from 0 to Side-1.
func (g *Grid) At(coordinates []int) State {
	b := make([]byte, 0, 2*g.dim)
	origin := true
	for _, x := range coordinates {
		b = binary.LittleEndian.AppendUint16(b, uint16(x))
		origin = origin && x == 0
	}
	if origin {
		return ""
	}
	return State(b)
}

// Columns implements [Space]: the axes.
func (g *Grid) Columns() int { return g.dim }

// Rows implements [Space]: one, none where every coordinate is at its end.
func (g *Grid) Rows(s State) int {
	for i := range g.dim {
		if g.coordinate(s, i) < g.side-1 {
			return 1
		}
	}
	return 0
}

// Legal implements [Space].
func (g *Grid) Legal(s State, legal []bool) (stop bool) {
	if len(legal) == 0 {
		return true
	}
	for i := range g.dim {
		legal[i] = g.coordinate(s, i) < g.side-1
	}
	return true
}

// Child implements [Space].
func (g *Grid) Child(s State, cell int) State { return g.moved(s, cell, 1) }

// moved is s with delta added to a coordinate.
func (g *Grid) moved(s State, axis, delta int) State {
	var buf [16]int
	c := g.Coordinates(s, buf[:0])
	c[axis] += delta
	return g.At(c)
}

// Parents implements [Space]. They are in the order of their bytes.
func (g *Grid) Parents(s State) []Parent {
	var list []Parent
	for i := range g.dim {
		if g.coordinate(s, i) > 0 {
			list = append(list, Parent{State: g.moved(s, i, -1), Cells: []int{i}})
		}
	}
	sortParents(list)
	return list
}

// Size implements [Space]: the sum of the coordinates.
func (g *Grid) Size(s State) int {
	n := 0
	for i := range g.dim {
		n += g.coordinate(s, i)
	}
	return n
}

// Validate implements [Space].
func (g *Grid) Validate(s State) error {
	if s == "" {
		return nil
	}
	if len(s) != 2*g.dim {
		return fmt.Errorf("space: read grid state: %d bytes, not %d", len(s), 2*g.dim)
	}
	origin := true
	for i := range g.dim {
		x := g.coordinate(s, i)
		if x >= g.side {
			return fmt.Errorf("space: read grid state: coordinate %d is %d, the side is %d", i, x, g.side)
		}
		origin = origin && x == 0
	}
	if origin {
		return fmt.Errorf("space: read grid state: the origin is written as no bytes")
	}
	return nil
}

type gridDefinition struct {
	Dim  int `json:"dim"`
	Side int `json:"side"`
}

// Definition is all that [Open] needs to build the same space elsewhere, as
// JSON: {"dim": 2, "side": 32}.
func (g *Grid) Definition() []byte {
	b, err := json.Marshal(gridDefinition{Dim: g.dim, Side: g.side})
	if err != nil {
		panic("space: two numbers failed to marshal")
	}
	return b
}

func openGrid(definition []byte) (Defined, error) {
	var d gridDefinition
	if err := json.Unmarshal(definition, &d); err != nil {
		return nil, fmt.Errorf("space: open %s: %w", KindGrid, err)
	}
	return NewGrid(d.Dim, d.Side)
}
