package molfile

import (
	"math"

	"github.com/molsculpt/molsculpt/chem"
)

// arm is a bond of a drawn atom.
type arm struct {
	to     Point // direction, any length
	mark   mark  // if the bond begins at the atom
	single bool
	proton bool // leads to a hydrogen that is no isotope
}

// drawnChirality is the mark of an atom whose bond ref is a wedge or hash, for
// its bonds in their order; a neighbour that is missing counts as the last. It is
// Achiral where the drawing does not say or contradicts itself.
//
// The bonds count as drawn in the plane, so Z is not looked at. With three bonds
// the fourth neighbour, a hydrogen or a lone pair, lies in the widest gap
// between them; the cases that are contradictions are those of the InChI
// Technical Manual, table 10, as RDKit 2022.09 takes them.
func drawnChirality(element uint8, arms []arm, ref int) chem.Chirality {
	n := len(arms)
	single, proton := true, false
	for _, a := range arms {
		single = single && a.single
		proton = proton || a.proton
	}
	if n < 3 || n > 4 || proton && n < 4 || !single && element != 15 && element != 16 {
		return chem.Achiral
	}
	// The other bonds counter-clockwise, seen from the reference. The sense is
	// odd where that order is an odd permutation of the bonds' own.
	var turned [3]arm
	var angles [3]float64
	odd := ref%2 == 1
	for k, rank := 0, 0; k < n; k++ {
		if k == ref {
			continue
		}
		at, angle := rank, angleBetween(arms[ref].to, arms[k].to)
		for ; at > 0 && angles[at-1] > angle; at-- {
			turned[at], angles[at] = turned[at-1], angles[at-1]
			odd = !odd
		}
		turned[at], angles[at] = arms[k], angle
		rank++
	}
	if n == 3 {
		if contradicts(arms[ref].mark, turned[0].mark, turned[1].mark, angles[0], angles[1]) {
			return chem.Achiral
		}
		if angles[1]-angles[0] >= math.Pi-1e-4 {
			odd = !odd // the fourth neighbour lies opposite to the reference
		}
	}
	if (arms[ref].mark == hash) != odd {
		return chem.Clockwise
	}
	return chem.CounterClockwise
}

// contradicts tells whether the marks of three bonds, at angles 0, first and
// second, cannot belong to one tetrahedron.
func contradicts(mark0, mark1, mark2 mark, first, second float64) bool {
	const flat = math.Pi - 1e-3
	if first < flat && second-first < flat && 2*math.Pi-second < flat {
		return mark1 != plain && mark1 != mark0 || mark2 != plain && mark2 != mark0
	}
	// All bonds lie on one side: the middle one is opposite to the outer two.
	switch {
	case mark1 == mark0 && mark2 == mark0:
		return true
	case mark1 != plain && mark1 != mark0:
		return first >= math.Pi || mark2 != plain && (second > math.Pi && mark1 != mark2 || second <= math.Pi && mark0 != mark2)
	default:
		return mark2 == mark0
	}
}

// angleBetween is the angle from one direction to another, counter-clockwise,
// from 0 to 2 pi.
func angleBetween(from, to Point) float64 {
	a := math.Atan2(from.X*to.Y-from.Y*to.X, from.X*to.X+from.Y*to.Y)
	if a < 0 {
		a += 2 * math.Pi
	}
	return a
}
