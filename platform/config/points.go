package config

import "math"

// parsePoints is the data of a training file:
//
//	data: {points: [measured.csv, more.tsv.gz], hold_out: 0.1}
func parsePoints(n node) *Data {
	d := &Data{}
	d.Points = d.list(n, "points", "measured.csv")
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
