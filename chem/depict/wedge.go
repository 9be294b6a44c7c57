package depict

import (
	"cmp"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// setWedges gives every marked tetrahedral centre a wedge, by the rules of
// IUPAC's recommendations for stereochemical configuration (2006) as far as one
// wedge can follow them: rather to a substituent than in a ring, rather to the
// end of a chain, not between two centres.
func (c Coordinates) setWedges(m *chem.Mol) {
	rank := chem.CanonicalRanks(m)
	var centres []int
	for i, a := range m.Atoms {
		if a.Chirality != chem.Achiral && m.Degree(i) >= 3 {
			centres = append(centres, i)
		}
	}
	free := func(i int) (n int) {
		for _, nb := range m.Neighbors(i) {
			if m.Atoms[nb.Atom].Chirality == chem.Achiral && !m.Bonds[nb.Bond].InRing {
				n++
			}
		}
		return n
	}
	slices.SortFunc(centres, func(a, b int) int { return cmp.Or(free(a)-free(b), rank[a]-rank[b]) })
	for _, i := range centres {
		if k := c.wedgeBond(m, rank, i); k >= 0 {
			nb := m.Neighbors(i)[k]
			kind := Up
			if c.chirality(m, i, int(nb.Bond), Up) != m.Atoms[i].Chirality {
				kind = Down
			}
			c.Wedges[nb.Bond] = Wedge{kind, int32(i)}
		}
	}
}

// wedgeBond is the best bond at atom i for a wedge, by its number among the
// neighbours, or -1 if none is free.
func (c Coordinates) wedgeBond(m *chem.Mol, rank []int, i int) int {
	best, bestCost := -1, math.Inf(1)
	for k, nb := range m.Neighbors(i) {
		b, a := &m.Bonds[nb.Bond], &m.Atoms[nb.Atom]
		if c.Wedges[nb.Bond].Kind != Flat || b.Kekule != chem.Single && b.Kekule != chem.Dative {
			continue
		}
		cost := math.Min(4, float64(m.Degree(int(nb.Atom)))) + 1e-3*float64(rank[nb.Atom])/float64(len(rank))
		if a.Chirality != chem.Achiral {
			cost += 20
		}
		if b.InRing {
			cost += 10
		}
		if a.Element == 1 {
			cost -= 10
		}
		if !c.clear(m, i, k) {
			cost += 50
		}
		if cost < bestCost {
			best, bestCost = k, cost
		}
	}
	return best
}

// clear tells whether a wedge on the k-th bond at atom i has one meaning only:
// among three bonds it must not stand between two that are 180° apart or more,
// and among four the others must not lie on one side.
func (c Coordinates) clear(m *chem.Mol, i, k int) bool {
	nbrs := m.Neighbors(i)
	own := 0.0
	var others []float64
	for j, nb := range nbrs {
		a := c.Points[nb.Atom].sub(c.Points[i]).angle()
		if j == k {
			own = a
		} else {
			others = append(others, a)
		}
	}
	const margin = 10 * math.Pi / 180
	if len(others) == 2 {
		x, y := turn(others[0]-own), turn(others[1]-own)
		between := math.Abs(x - y)
		return between > margin && between < math.Pi-margin
	}
	_, width := freeGap(others)
	return width < math.Pi-margin
}

// chirality is the mark that atom i has in the drawing if one of its bonds is a
// wedge and the others lie in the plane.
func (c Coordinates) chirality(m *chem.Mol, i, bond int, kind WedgeKind) chem.Chirality {
	var v [4][3]float64
	n := 0
	for _, nb := range m.Neighbors(i) {
		if n == 4 {
			return chem.Achiral
		}
		d := c.Points[nb.Atom].sub(c.Points[i]).unit()
		v[n] = [3]float64{d.X, d.Y, 0}
		if int(nb.Bond) == bond {
			v[n][2] = 1
			if kind == Down {
				v[n][2] = -1
			}
		}
		n++
	}
	switch n {
	case 3: // the fourth is a hydrogen or a lone pair, opposite to the others
		for x := range 3 {
			v[3][x] = -v[0][x] - v[1][x] - v[2][x]
		}
	case 4:
	default:
		return chem.Achiral
	}
	var e [3][3]float64
	for j := range 3 {
		for x := range 3 {
			e[j][x] = v[j+1][x] - v[0][x]
		}
	}
	det := e[0][0]*(e[1][1]*e[2][2]-e[1][2]*e[2][1]) -
		e[0][1]*(e[1][0]*e[2][2]-e[1][2]*e[2][0]) +
		e[0][2]*(e[1][0]*e[2][1]-e[1][1]*e[2][0])
	switch {
	case det < -1e-9: // seen from the first, the others run anticlockwise
		return chem.CounterClockwise
	case det > 1e-9:
		return chem.Clockwise
	}
	return chem.Achiral
}

// MarkUnknown gives a wavy bond to every atom that is a stereocentre without a
// mark.
func (c Coordinates) MarkUnknown(m *chem.Mol) {
	rank := chem.CanonicalRanks(m)
	for _, s := range chem.StereoCentres(m) {
		if s.Label != '?' {
			continue
		}
		if k := c.wedgeBond(m, rank, s.Atom); k >= 0 {
			c.Wedges[m.Neighbors(s.Atom)[k].Bond] = Wedge{Either, int32(s.Atom)}
		}
	}
}
