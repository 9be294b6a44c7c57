package smiles

import "github.com/molsculpt/molsculpt/chem"

// orientCentres makes the marks of stereocentres relative to the order of bonds
// in the molecule instead of that in the string.
func (p *parser) orientCentres() {
	for i := range p.centres {
		c := &p.centres[i]
		if p.m.Atoms[c.atom].Geometry != chem.NoGeometry {
			p.orientGeometry(c)
		} else {
			p.orientTetrahedron(c)
		}
	}
}

// Places in the order of neighbours behind all bonds.
const (
	atHydrogen = 1 << 30
	atLonePair = atHydrogen + 1
)

// orientTetrahedron turns a mark by the parity of the permutation from the
// written order to that of the bonds, with the hydrogen and then the lone pair
// last. Hydrogen and lone pair together occur at phosphorus and arsenic.
func (p *parser) orientTetrahedron(c *centre) {
	a := &p.m.Atoms[c.atom]
	hydrogens := 0
	var at [4]int32
	for x := range min(c.n, len(at)) {
		if at[x] = c.bonds[x]; at[x] < 0 {
			at[x] = atHydrogen
			hydrogens++
		}
	}
	pyramid := c.n == 3 && (hydrogens == 0 || hydrogens == 1 && (a.Element == 15 || a.Element == 33))
	if c.n != 4 && !pyramid {
		a.Chirality = chem.Achiral
		return
	}
	odd := false
	if pyramid {
		at[3] = atLonePair
		odd = hydrogens == 0 && c.closures == 1 && !unsaturated(p.m, c.atom)
	}
	for x := range at {
		for y := range x {
			if at[y] > at[x] {
				odd = !odd
			}
		}
	}
	if odd {
		a.Chirality = chem.Mirror(a.Chirality)
	}
}

// orientGeometry renumbers the arrangement of a centre that is not tetrahedral;
// places that nobody takes come last in both orders.
func (p *parser) orientGeometry(c *centre) {
	a := &p.m.Atoms[c.atom]
	places := a.Geometry.Places()
	if c.n > places {
		a.Geometry, a.Arrangement = chem.NoGeometry, 0
		return
	}
	var at [6]int32
	order := make([]int, 0, len(at))
	for k := range places {
		at[k] = atLonePair
		if k < c.n {
			if at[k] = c.bonds[k]; at[k] < 0 {
				at[k] = atHydrogen
			}
		}
		order = append(order, k)
		for i := k; i > 0 && at[order[i-1]] > at[order[i]]; i-- {
			order[i-1], order[i] = order[i], order[i-1]
		}
	}
	a.Arrangement = a.Geometry.Renumber(a.Arrangement, order)
}
