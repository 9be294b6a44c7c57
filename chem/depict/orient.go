package depict

import (
	"math"

	"github.com/molsculpt/molsculpt/chem"
)

// orient turns a component so that it lies well: wide rather than high, with
// bonds at multiples of 30°, ring bonds rather upright, and hetero atoms, for
// the sake of a rule, rather right and above.
func (s *sketch) orient() {
	if len(s.at) < 2 {
		return
	}
	// The common direction of bonds modulo 60°, as a mean on the circle.
	var mean Point
	for a, nbrs := range s.nbr {
		for _, w := range nbrs {
			if a < w {
				weight := 1.0
				if s.sameBlock(a, w) {
					weight = 2
				}
				mean = mean.add(direction(6 * s.at[w].sub(s.at[a]).angle()).times(weight))
			}
		}
	}
	base := -mean.angle() / 6
	middle := boxOf(s.at).centre()
	best, bestScore := 0.0, math.Inf(1)
	turned := make([]Point, len(s.at))
	for k := range 6 {
		angle := base + float64(k)*math.Pi/6
		s.turnInto(turned, middle, angle)
		b := boxOf(turned)
		score := b.height() - 0.25*b.width()
		score += spread(turned) * 0.5
		if k%2 == 0 { // bonds along x, hexagons on their side
			score += 0.6
		}
		if score < bestScore-1e-6 {
			best, bestScore = angle, score
		}
	}
	s.turnInto(turned, middle, best)
	copy(s.at, turned)
	if s.orientSteroid() {
		return
	}
	var mass Point
	for a, p := range s.at {
		if z := s.m.Atoms[s.atom[a]].Element; z != 6 && z != 1 {
			w := 1.0
			if len(s.nbr[a]) == 1 && s.bond(a, s.nbr[a][0]).Kekule == chem.Double {
				w = 2
			}
			mass = mass.add(p.times(w))
		}
	}
	for a := range s.at {
		if mass.X < -1e-3 {
			s.at[a].X = -s.at[a].X
		}
		if mass.Y < -1e-3 {
			s.at[a].Y = -s.at[a].Y
		}
	}
}

func (s *sketch) turnInto(dst []Point, middle Point, angle float64) {
	left := direction(angle)
	for a, p := range s.at {
		dst[a] = p.sub(middle).turned(left)
	}
}

// spread is the standard deviation of the heights of points less that of their
// widths.
func spread(points []Point) float64 {
	c := centroid(points)
	var v Point
	for _, p := range points {
		d := p.sub(c)
		v = v.add(Point{d.X * d.X, d.Y * d.Y})
	}
	n := float64(len(points))
	return math.Sqrt(v.Y/n) - math.Sqrt(v.X/n)
}
