package config

import "math"

// parsePoints is the data of a training file:
//
//	data: {points: [measured.csv, more.tsv.gz], hold_out: 0.1}
func parsePoints(n node) *Data {
	d := &Data{HoldOut: DefaultHoldOut, Mark: n.mark()}
	f := n.fields("the data", "points", "hold_out")
	if v, ok := f["points"]; ok {
		for _, item := range v.items("points") {
			d.Points = append(d.Points, item.text("a file"))
		}
	}
	if len(d.Points) == 0 {
		n.fail("data: {points: [measured.csv]}", "the data have no files")
	}
	if v, ok := f["hold_out"]; ok {
		d.HoldOut = v.number("hold_out", 0, 0.5)
	}
	return d
}

// pointsSpace is the dimension of the points of a guide's models:
//
//	space: {points: 2}
//
// It is 0 for another space.
func pointsSpace(f map[string]node) int {
	n, ok := f["space"]
	if !ok || !n.has("points") {
		return 0
	}
	return n.fields("space", "points")["points"].integer("points", 1, math.MaxInt32)
}
