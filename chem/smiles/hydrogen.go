package smiles

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// mergeHydrogens turns hydrogen atoms into hydrogen counts of their neighbours
// where RDKit does, whatever the bond: not isotopes, bridges, H-H, hydrogens on
// wildcards or on centres that are square planar, trigonal bipyramidal or
// octahedral, or those that alone carry the mark of a double bond.
func (p *parser) mergeHydrogens() {
	m := p.m
	found := false
	for i := range m.Atoms {
		if m.Atoms[i].Element == 1 {
			found = true
			break
		}
	}
	if !found {
		return
	}
	m.Connect()
	drop := make([]bool, len(m.Atoms))
	gone := make([]bool, len(m.Bonds))
	for i := range m.Atoms {
		h := &m.Atoms[i]
		if h.Element != 1 || h.Isotope != 0 || h.ExplicitH != 0 || m.Degree(i) != 1 {
			continue
		}
		nb := m.Neighbors(i)[0]
		heavy := &m.Atoms[nb.Atom]
		if heavy.Element <= 1 || heavy.Geometry != chem.NoGeometry {
			continue
		}
		if m.Bonds[nb.Bond].Direction != chem.NoDirection && !p.handOver(int(nb.Atom), int(nb.Bond), gone) {
			continue
		}
		drop[i] = true
		gone[nb.Bond] = true
		heavy.ExplicitH++
		for k := range p.centres {
			if c := &p.centres[k]; c.atom == nb.Atom {
				for j := 0; j < min(c.n, len(c.bonds)); j++ {
					if c.bonds[j] == nb.Bond {
						c.bonds[j] = -1
					}
				}
			}
		}
	}
	p.remove(drop, gone)
}

// handOver passes the direction mark of a bond to a hydrogen on to another
// single bond of the atom, if none has one; it fails if the hydrogen is the only
// substituent of a double bond there.
func (p *parser) handOver(atom, bond int, gone []bool) bool {
	m := p.m
	double, marked := false, false
	other := -1
	for _, nb := range m.Neighbors(atom) {
		if int(nb.Bond) == bond || gone[nb.Bond] {
			continue
		}
		switch b := &m.Bonds[nb.Bond]; b.Order {
		case chem.Double:
			double = true
		case chem.Single, chem.Aromatic:
			if b.Direction != chem.NoDirection {
				marked = true
			} else {
				other = int(nb.Bond)
			}
		default: // a mark stands on single and aromatic bonds only
		}
	}
	if other < 0 || marked {
		return marked || !double
	}
	// Seen from the atom, the two substituents point opposite ways.
	h, o := &m.Bonds[bond], &m.Bonds[other]
	d := h.Direction
	if int(h.A) != atom {
		d = opposite(d)
	}
	d = opposite(d)
	if int(o.A) != atom {
		d = opposite(d)
	}
	o.Direction = d
	return true
}

// remove deletes atoms and bonds and renumbers the rest.
func (p *parser) remove(atoms, bonds []bool) {
	m := p.m
	index := make([]int32, len(m.Atoms))
	n := int32(0)
	for i := range m.Atoms {
		index[i] = n
		if !atoms[i] {
			m.Atoms[n] = m.Atoms[i]
			n++
		}
	}
	m.Atoms = m.Atoms[:n]
	moved := make([]int32, len(m.Bonds))
	k := int32(0)
	for i := range m.Bonds {
		moved[i] = k
		if !bonds[i] {
			b := m.Bonds[i]
			b.A, b.B = index[b.A], index[b.B]
			m.Bonds[k] = b
			k++
		}
	}
	m.Bonds = m.Bonds[:k]
	p.centres = slices.DeleteFunc(p.centres, func(c centre) bool { return atoms[c.atom] })
	for i := range p.centres {
		c := &p.centres[i]
		c.atom = index[c.atom]
		for j := 0; j < min(c.n, len(c.bonds)); j++ {
			if c.bonds[j] >= 0 {
				c.bonds[j] = moved[c.bonds[j]]
			}
		}
	}
}

// unsaturated tells whether an atom has a multiple or aromatic bond. RDKit
// reads and writes saturated centres with a lone pair and one ring closure in
// mirror image, and so do we.
func unsaturated(m *chem.Mol, atom int32) bool {
	for i := range m.Bonds {
		b := &m.Bonds[i]
		if b.A != atom && b.B != atom {
			continue
		}
		switch b.Order {
		case chem.Double, chem.Triple, chem.Quadruple, chem.Aromatic:
			return true
		default:
		}
	}
	return false
}
