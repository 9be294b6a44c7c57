package descriptor

import "github.com/molsculpt/molsculpt/chem"

// TPSA is the topological polar surface area of nitrogen and oxygen in square
// angstroms (Ertl, Rohde and Selzer, J. Med. Chem. 2000, 43, 3714; without the
// contributions of sulfur and phosphorus).
func TPSA(m *chem.Mol) float64 { return New(m).TPSA() }

// TPSA is the function of that name.
func (a *Analysis) TPSA() float64 {
	if a.done.tpsa {
		return a.tpsa
	}
	a.tpsa, a.done.tpsa = 0, true
	for i := range a.mol.Atoms {
		switch a.mol.Atoms[i].Element {
		case 7, 8:
			a.tpsa += a.polarArea(i)
		}
	}
	return a.tpsa
}

// polarKey describes a polar atom: its element, its heavy neighbours, its
// hydrogens, its bonds to heavy atoms by order, its charge, and whether it is
// in a ring of three.
type polarKey struct {
	element, heavy, h, single, double, triple, aromatic uint8
	charge                                              int8
	small                                               bool
}

// polarAreas is Ertl's table of fragment contributions. Only the two groups
// listed with small true differ in three-membered rings.
var polarAreas = map[polarKey]float64{
	{7, 1, 0, 0, 0, 1, 0, 0, false}:  23.79, // N#
	{7, 1, 1, 0, 1, 0, 0, 0, false}:  23.85, // HN=
	{7, 1, 2, 1, 0, 0, 0, 0, false}:  26.02, // H2N-
	{7, 1, 2, 0, 1, 0, 0, 1, false}:  25.59, // H2N+=
	{7, 1, 3, 1, 0, 0, 0, 1, false}:  27.64, // H3N+-
	{7, 2, 0, 1, 1, 0, 0, 0, false}:  12.36, // -N=
	{7, 2, 0, 0, 1, 1, 0, 0, false}:  13.60, // =N#, as in a diazo group
	{7, 2, 1, 2, 0, 0, 0, 0, true}:   21.94, // -NH- in a ring of three
	{7, 2, 1, 2, 0, 0, 0, 0, false}:  12.03, // -NH-
	{7, 2, 0, 1, 0, 1, 0, 1, false}:  4.36,  // -N+#
	{7, 2, 1, 1, 1, 0, 0, 1, false}:  13.97, // -HN+=
	{7, 2, 2, 2, 0, 0, 0, 1, false}:  16.61, // -H2N+-
	{7, 2, 0, 0, 0, 0, 2, 0, false}:  12.89, // :n:
	{7, 2, 1, 0, 0, 0, 2, 0, false}:  15.79, // :[nH]:
	{7, 2, 1, 0, 0, 0, 2, 1, false}:  14.14, // :[nH+]:
	{7, 3, 0, 3, 0, 0, 0, 0, true}:   3.01,  // -N(-)- in a ring of three
	{7, 3, 0, 3, 0, 0, 0, 0, false}:  3.24,  // -N(-)-
	{7, 3, 0, 1, 2, 0, 0, 0, false}:  11.68, // -N(=)=, as in a nitro group
	{7, 3, 0, 2, 1, 0, 0, 1, false}:  3.01,  // -N+(-)=
	{7, 3, 1, 3, 0, 0, 0, 1, false}:  4.44,  // -HN+(-)-
	{7, 3, 0, 0, 0, 0, 3, 0, false}:  4.41,  // :n(:):
	{7, 3, 0, 1, 0, 0, 2, 0, false}:  4.93,  // -n(:):
	{7, 3, 0, 0, 1, 0, 2, 0, false}:  8.39,  // =n(:):
	{7, 3, 0, 0, 0, 0, 3, 1, false}:  4.10,  // :[n+](:):
	{7, 3, 0, 1, 0, 0, 2, 1, false}:  3.88,  // -[n+](:):
	{7, 4, 0, 4, 0, 0, 0, 1, false}:  0,     // -N+(-)(-)-
	{8, 1, 0, 0, 1, 0, 0, 0, false}:  17.07, // O=
	{8, 1, 1, 1, 0, 0, 0, 0, false}:  20.23, // HO-
	{8, 1, 0, 1, 0, 0, 0, -1, false}: 23.06, // -O-
	{8, 2, 0, 2, 0, 0, 0, 0, true}:   12.53, // -O- in a ring of three
	{8, 2, 0, 2, 0, 0, 0, 0, false}:  9.23,  // -O-
	{8, 2, 0, 0, 0, 0, 2, 0, false}:  13.14, // :o:
}

// polarArea is the contribution of atom i, a nitrogen or oxygen. Atoms outside
// the table get Ertl's general estimate from the numbers of their heavy
// neighbours and hydrogens.
func (a *Analysis) polarArea(i int) float64 {
	at := &a.mol.Atoms[i]
	k := polarKey{element: at.Element, h: uint8(at.Hydrogens()), charge: at.Charge}
	for _, nb := range a.mol.Neighbors(i) {
		if a.mol.Atoms[nb.Atom].Element == 1 {
			k.h++
			continue
		}
		k.heavy++
		switch b := &a.mol.Bonds[nb.Bond]; {
		case b.Aromatic:
			k.aromatic++
		case b.Order == chem.Single:
			k.single++
		case b.Order == chem.Double:
			k.double++
		case b.Order == chem.Triple:
			k.triple++
		}
	}
	if at.InRing {
		k.small = true
		if x, ok := polarAreas[k]; ok && a.inRingOfThree(i) {
			return x
		}
		k.small = false
	}
	if x, ok := polarAreas[k]; ok {
		return x
	}
	heavy, h := float64(k.heavy), float64(k.h)
	if at.Element == 7 {
		return max(0, 30.5-8.2*heavy+1.5*h)
	}
	return max(0, 28.5-8.6*heavy+1.5*h)
}

func (a *Analysis) inRingOfThree(i int) bool {
	nbrs := a.mol.Neighbors(i)
	for x := range nbrs {
		for y := range x {
			if a.mol.BondBetween(int(nbrs[x].Atom), int(nbrs[y].Atom)) >= 0 {
				return true
			}
		}
	}
	return false
}
