package experiment

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// contour draws the line where a plane has a value, by marching squares: linear
// between the points of the grid, in an order that depends on nothing else, which
// that of gonum's own contours does.
type contour struct {
	of    *plane
	level float64
	style draw.LineStyle
}

// edge is a side of a square of the grid: from a point to the right or up.
type edge struct {
	c, r int
	up   bool
}

// Plot implements plot.Plotter.
func (h contour) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, line := range h.lines() {
		var at []vg.Point
		for _, e := range line {
			px, py := h.point(e)
			at = append(at, vg.Point{X: x(px), Y: y(py)})
		}
		c.StrokeLines(h.style, c.ClipLinesXY(at)...)
	}
}

// lines are the edges that each line crosses, in order. A closed one ends where
// it began.
func (h contour) lines() [][]edge {
	next := map[edge][]edge{} // neighbours: one or two
	var order []edge
	join := func(a, b edge) {
		for _, e := range []edge{a, b} {
			if next[e] == nil {
				order = append(order, e)
			}
		}
		next[a], next[b] = append(next[a], b), append(next[b], a)
	}
	for c := range densityPoints - 1 {
		for r := range densityPoints - 1 {
			h.square(c, r, join)
		}
	}
	done := map[edge]bool{}
	var out [][]edge
	follow := func(start edge) {
		line := []edge{start}
		done[start] = true
		for at := start; ; {
			var to edge
			found := false
			for _, e := range next[at] {
				if !done[e] {
					to, found = e, true
					break
				}
			}
			if !found {
				if last := next[at]; len(line) > 2 && len(last) == 2 && (last[0] == start || last[1] == start) {
					line = append(line, start)
				}
				out = append(out, line)
				return
			}
			done[to] = true
			line = append(line, to)
			at = to
		}
	}
	for _, ends := range []bool{true, false} { // open lines from their ends
		for _, e := range order {
			if !done[e] && (!ends || len(next[e]) == 1) {
				follow(e)
			}
		}
	}
	return out
}

// square joins the edges of a square that lines cross.
func (h contour) square(c, r int, join func(a, b edge)) {
	in := func(c, r int) bool { return h.of.Z(c, r) >= h.level }
	bottom, top := edge{c, r, false}, edge{c, r + 1, false}
	left, right := edge{c, r, true}, edge{c + 1, r, true}
	corners := 0
	for k, inside := range []bool{in(c, r), in(c+1, r), in(c+1, r+1), in(c, r+1)} {
		if inside {
			corners |= 1 << k
		}
	}
	switch corners {
	case 1, 14:
		join(left, bottom)
	case 2, 13:
		join(bottom, right)
	case 4, 11:
		join(right, top)
	case 8, 7:
		join(top, left)
	case 3, 12:
		join(left, right)
	case 6, 9:
		join(bottom, top)
	case 5, 10: // a saddle: the middle tells
		middle := (h.of.Z(c, r) + h.of.Z(c+1, r) + h.of.Z(c, r+1) + h.of.Z(c+1, r+1)) / 4
		if (middle >= h.level) == (corners == 5) {
			join(left, top)
			join(bottom, right)
		} else {
			join(left, bottom)
			join(right, top)
		}
	}
}

// point is where the line crosses an edge.
func (h contour) point(e edge) (x, y float64) {
	c, r := e.c+1, e.r
	if e.up {
		c, r = e.c, e.r+1
	}
	a, b := h.of.Z(e.c, e.r), h.of.Z(c, r)
	t := (h.level - a) / (b - a)
	return h.of.X(e.c) + t*(h.of.X(c)-h.of.X(e.c)), h.of.Y(e.r) + t*(h.of.Y(r)-h.of.Y(e.r))
}
