package molfile

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// noValence stands for a valence of 0, since 0 means that none is given.
const noValence = -1

// mostUnpaired is the number of unpaired electrons that the format can tell.
const mostUnpaired = 2

// fileOrder is the order that a bond has in a file: the localised one where there
// is such a form. There is none before perception, nor of aromatic bonds outside
// aromatic rings, as in C:C, which RDKit lets pass.
func fileOrder(b *chem.Bond) chem.Order {
	if b.Kekule == chem.Unspecified || b.Order == chem.Aromatic && !b.Aromatic {
		return b.Order
	}
	return b.Kekule
}

// bondsOf is the number of bonds that atom i has, by their orders in a file. An
// aromatic bond counts one and a half, and a half is cut off.
func bondsOf(m *chem.Mol, i int) int {
	twice := 0
	for _, nb := range m.Neighbors(i) {
		b := &m.Bonds[nb.Bond]
		twice += b.TwiceValence(fileOrder(b), int32(i))
	}
	return twice / 2
}

// unusualValence tells whether atom i, with hydrogens as atoms and without, has
// a valence of its element that is not the first one.
func unusualValence(m *chem.Mol, i int) bool {
	a := &m.Atoms[i]
	list := chem.Valences(a.Element)
	if len(list) < 2 {
		return false
	}
	v := bondsOf(m, i) + int(a.ExplicitH)
	h, _ := impliedHydrogens(*a, v)
	return v+h <= 127 && slices.Contains(list[1:], int8(v+h))
}

// neededValence is the valence of atom i if a reader would not come to its
// hydrogens, or its radical, without it, and 0 if it would.
func neededValence(m *chem.Mol, i int) int {
	a := m.Atoms[i]
	if !a.NoImplicit && a.ExplicitH == 0 && a.Radical == 0 {
		return 0
	}
	bonds := bondsOf(m, i)
	if h, ok := impliedHydrogens(a, bonds); ok && h == a.Hydrogens() && a.Radical <= mostUnpaired && !onAromaticBond(m, i) {
		return 0
	}
	if v := bonds + a.Hydrogens(); v > 0 {
		return v
	}
	return noValence
}

// onAromaticBond tells whether a bond of atom i is aromatic in a file. Readers do
// not agree on what half a bond leaves room for.
func onAromaticBond(m *chem.Mol, i int) bool {
	return slices.ContainsFunc(m.Neighbors(i), func(nb chem.Neighbor) bool {
		return fileOrder(&m.Bonds[nb.Bond]) == chem.Aromatic
	})
}

// impliedHydrogens is the number of hydrogens that a reader adds to an atom with
// that element, charge and radical and with bonds of that many orders, where
// nothing else is said; ok is false where no valence fits.
func impliedHydrogens(a chem.Atom, valence int) (h int, ok bool) {
	if a.Charge == 0 && a.Radical == 0 {
		return chem.DefaultHydrogens(a.Element, 2*valence, false)
	}
	star := &chem.Mol{Atoms: []chem.Atom{{Element: a.Element, Charge: a.Charge, Radical: a.Radical}}}
	for i := range valence {
		star.Atoms = append(star.Atoms, chem.Atom{})
		star.Bonds = append(star.Bonds, chem.Bond{B: int32(i + 1), Order: chem.Single})
	}
	if chem.Perceive(star) != nil {
		return 0, false
	}
	return star.Atoms[0].Hydrogens(), true
}
