package smiles

import "github.com/molsculpt/molsculpt/chem"

// writtenOrder lists the neighbours of atom i as they are written, each by its
// place in Neighbors: the sequence of bonds, with the hydrogens, which count
// behind all neighbours, after the bond that led to the atom.
func (w *writer) writtenOrder(order []int, i int32, sequence []int32, hydrogens int) []int {
	nbrs := w.m.Neighbors(int(i))
	if w.from[i] < 0 {
		for h := range hydrogens {
			order = append(order, len(nbrs)+h)
		}
	}
	for k, b := range sequence {
		for at, nb := range nbrs {
			if nb.Bond == b {
				order = append(order, at)
			}
		}
		if k == 0 && w.from[i] >= 0 {
			for h := range hydrogens {
				order = append(order, len(nbrs)+h)
			}
		}
	}
	return order
}

// writtenChirality is the mark of atom i relative to the order in which its
// bonds are written.
func (w *writer) writtenChirality(i int32, sequence []int32, closures int) chem.Chirality {
	c := w.m.Atoms[i].Chirality
	hydrogens := w.m.Atoms[i].Hydrogens()
	var mem [8]int
	order := w.writtenOrder(mem[:0], i, sequence, min(hydrogens, 1))
	for x := range order {
		for y := range x {
			if order[y] > order[x] {
				c = chem.Mirror(c)
			}
		}
	}
	if len(order) == 3 && hydrogens == 0 && closures == 1 && !unsaturated(w.m, i) {
		c = chem.Mirror(c)
	}
	return c
}

// writtenArrangement is the number of the arrangement at atom i for the order
// in which its bonds are written.
func (w *writer) writtenArrangement(i int32, sequence []int32) uint8 {
	a := &w.m.Atoms[i]
	var mem [8]int
	order := w.writtenOrder(mem[:0], i, sequence, a.Hydrogens())
	for len(order) < a.Geometry.Places() {
		order = append(order, len(order))
	}
	return a.Geometry.Renumber(a.Arrangement, order)
}
