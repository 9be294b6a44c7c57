package depict

import (
	"math"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// Coordinates are the places of a molecule's atoms in the plane and the marks
// of its bonds.
type Coordinates struct {
	Points []Point       // by atom, in bond lengths, y upwards
	Wedges []wedge.Wedge // by bond
}

// gap is the space between components, in bond lengths.
const gap = 1.6

// Layout finds coordinates for a perceived molecule. They do not depend on the
// order of its atoms. Bonds are 1 long where the rings allow it, components lie
// side by side, and the centre of the whole is the origin. Tetrahedral centres
// with a mark get one wedge each; double bonds are cis or trans as they should
// be, but for some in bridged rings. Other geometries of stereocentres are not
// shown.
func Layout(m *chem.Mol) Coordinates {
	c := Coordinates{Points: make([]Point, len(m.Atoms))}
	var boxes []box
	parts := sketches(m)
	for _, s := range parts {
		s.grow()
		s.untangle()
		s.orient()
		boxes = append(boxes, boxOf(s.at))
	}
	for i, shift := range pack(boxes) {
		for k, a := range parts[i].atom {
			c.Points[a] = parts[i].at[k].add(shift)
		}
	}
	middle := boxOf(c.Points).centre()
	for i := range c.Points {
		c.Points[i] = c.Points[i].sub(middle)
	}
	at := make([]wedge.Point, len(c.Points))
	for i, p := range c.Points {
		at[i] = wedge.Point(p)
	}
	c.Wedges = wedge.Choose(m, at)
	return c
}

// box is a rectangle from low to high.
type box struct{ low, high Point }

func boxOf(points []Point) box {
	if len(points) == 0 {
		return box{}
	}
	b := box{points[0], points[0]}
	for _, p := range points {
		b.low = Point{min(b.low.X, p.X), min(b.low.Y, p.Y)}
		b.high = Point{max(b.high.X, p.X), max(b.high.Y, p.Y)}
	}
	return b
}

func (b box) centre() Point   { return b.low.middle(b.high) }
func (b box) width() float64  { return b.high.X - b.low.X }
func (b box) height() float64 { return b.high.Y - b.low.Y }

// pack sets boxes side by side in rows that are about twice as wide as all are
// high, and gives the shift of each.
func pack(boxes []box) []Point {
	area, widest := 0.0, 0.0
	for _, b := range boxes {
		area += (b.width() + gap) * (b.height() + gap)
		widest = max(widest, b.width())
	}
	limit := max(widest, math.Sqrt(2.5*area))
	if len(boxes) == 2 {
		limit = math.Inf(1)
	}
	shifts := make([]Point, len(boxes))
	x, y := 0.0, 0.0
	for first := 0; first < len(boxes); {
		last, width, height := first, 0.0, 0.0
		for last < len(boxes) && (last == first || width+boxes[last].width() <= limit) {
			width += boxes[last].width() + gap
			height = max(height, boxes[last].height())
			last++
		}
		x = 0
		for i := first; i < last; i++ {
			b := boxes[i]
			shifts[i] = Point{x, y - height/2}.sub(Point{b.low.X, b.centre().Y})
			x += b.width() + gap
		}
		y -= height + gap
		first = last
	}
	return shifts
}
