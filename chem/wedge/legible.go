package wedge

import (
	"math"
	"slices"
)

// legible tells whether a wedge at arm ref of a drawn atom has one meaning at
// all, also after rounding, and whether it has the same one for every reader.
// That is so where the other arms do not lie on one side of the atom, or, of
// two, not in one line or with the wedge between them. Lengths below a
// thousandth have no direction.
func legible(arms []Arm, ref int) (usable, plainly bool) {
	const least, comfortable = 0.002, 0.17 // radians
	var others []float64
	for x, a := range arms {
		if math.Hypot(a.To.X, a.To.Y) < 1e-3 {
			return false, false
		}
		if x != ref {
			others = append(others, angleBetween(arms[ref].To, a.To))
		}
	}
	if len(others) < 2 {
		return false, false
	}
	slices.Sort(others)
	last, widest := 0.0, 0.0
	for x, angle := range others {
		if angle-last < least {
			return false, false
		}
		if x > 0 {
			widest = max(widest, angle-last)
		}
		last = angle
	}
	if 2*math.Pi-last < least {
		return false, false
	}
	if len(others) == 2 {
		return math.Abs(widest-math.Pi) > least, widest < math.Pi-comfortable
	}
	widest = max(widest, others[0]+2*math.Pi-last)
	return true, widest < math.Pi-comfortable
}
