package wedge

import (
	"math"

	"github.com/molsculpt/molsculpt/chem"
)

// Arm is a bond of a drawn atom.
type Arm struct {
	To   Point // direction, any length
	Kind Kind  // Flat where the atom is not at the narrow end
}

// Chirality is the mark of an atom that is drawn with three or four arms, of which
// arm ref is Up or Down. The arms stand in the order of the atom's bonds; a
// neighbour that is missing counts as the last. The mark is Achiral where the
// drawing contradicts itself, or for another number of arms.
//
// With three arms the fourth neighbour, a hydrogen or a lone pair, lies in the
// widest gap between them; the cases that are contradictions are those of the
// InChI Technical Manual, table 10, as RDKit 2022.09 takes them.
func Chirality(arms []Arm, ref int) chem.Chirality {
	n := len(arms)
	if n < 3 || n > 4 {
		return chem.Achiral
	}
	// The other bonds counter-clockwise, seen from the reference. The sense is
	// odd where that order is an odd permutation of the bonds' own.
	var turned [3]Arm
	var angles [3]float64
	odd := ref%2 == 1
	for k, rank := 0, 0; k < n; k++ {
		if k == ref {
			continue
		}
		at, angle := rank, angleBetween(arms[ref].To, arms[k].To)
		for ; at > 0 && angles[at-1] > angle; at-- {
			turned[at], angles[at] = turned[at-1], angles[at-1]
			odd = !odd
		}
		turned[at], angles[at] = arms[k], angle
		rank++
	}
	if n == 3 {
		if contradicts(arms[ref].Kind, turned[0].Kind, turned[1].Kind, angles[0], angles[1]) {
			return chem.Achiral
		}
		if angles[1]-angles[0] >= math.Pi-1e-4 {
			odd = !odd // the fourth neighbour lies opposite to the reference
		}
	}
	if (arms[ref].Kind == Down) != odd {
		return chem.Clockwise
	}
	return chem.CounterClockwise
}

// contradicts tells whether the kinds of three bonds, at angles 0, first and
// second, cannot belong to one tetrahedron.
func contradicts(kind0, kind1, kind2 Kind, first, second float64) bool {
	const flat = math.Pi - 1e-3
	if first < flat && second-first < flat && 2*math.Pi-second < flat {
		return kind1 != Flat && kind1 != kind0 || kind2 != Flat && kind2 != kind0
	}
	// All bonds lie on one side: the middle one is opposite to the outer two.
	switch {
	case kind1 == kind0 && kind2 == kind0:
		return true
	case kind1 != Flat && kind1 != kind0:
		return first >= math.Pi || kind2 != Flat && (second > math.Pi && kind1 != kind2 || second <= math.Pi && kind0 != kind2)
	default:
		return kind2 == kind0
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
