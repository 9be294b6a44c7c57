package fragment

import (
	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// extract is the molecule of some atoms of m with hydrogens in place of the cut
// bonds, perceived. The order of atoms is kept.
func extract(m *chem.Mol, atoms []int32, cut func(atom int32) int) (*chem.Mol, error) {
	index := make(map[int32]int32, len(atoms))
	out := &chem.Mol{}
	for i, a := range atoms {
		index[a] = int32(i)
		at := m.Atoms[a]
		out.Atoms = append(out.Atoms, chem.Atom{
			Element: at.Element, Charge: at.Charge, Isotope: at.Isotope,
			ExplicitH: uint8(at.Hydrogens() + cut(a)), NoImplicit: true, Aromatic: at.Aromatic,
		})
	}
	for _, b := range m.Bonds {
		i, ok := index[b.A]
		j, ok2 := index[b.B]
		if ok && ok2 {
			out.Bonds = append(out.Bonds, chem.Bond{A: i, B: j, Order: b.Order, Kekule: b.Kekule})
		}
	}
	if err := chem.Perceive(out); err != nil {
		return nil, err
	}
	return out, nil
}

// partSMILES names piece i of a partition, with hydrogens in place of the cut
// bonds.
func partSMILES(p *partition, i int) string {
	m, err := extract(p.m, p.pieces[i], func(a int32) int { return int(p.ncut[a]) })
	if err != nil {
		return "?"
	}
	return smiles.Canonical(m)
}
