package chem

// cleanUp rewrites a few common hypervalent spellings in charge-separated form
// as RDKit does before it looks at valences:
//
//	N(=O)=O       ->  [N+](=O)[O-]     N=N#N  ->  N=[N+]=[N-]
//	C=P(=O)X      ->  C=[P+]([O-])X
//	Cl(=O)(=O)=O  ->  [Cl+3]([O-])([O-])[O-]   and so for Br and I
func (m *Mol) cleanUp() {
	for i := range m.Atoms {
		switch m.Atoms[i].Element {
		case 7:
			m.cleanNitrogen(i)
		case 15:
			m.cleanPhosphorus(i)
		case 17, 35, 53:
			m.cleanHalogen(i)
		}
	}
}

// setOrder sets the written and the localised order of a bond.
func (b *Bond) setOrder(o Order) { b.Order, b.Kekule = o, o }

func (m *Mol) cleanNitrogen(i int) {
	a := &m.Atoms[i]
	if a.Charge != 0 || m.explicitValence(i) != 5 {
		return
	}
	for _, n := range m.Neighbors(i) {
		o, b := &m.Atoms[n.Atom], &m.Bonds[n.Bond]
		if o.Element == 8 && o.Charge == 0 && b.Order == Double {
			b.setOrder(Single)
			a.Charge, o.Charge = 1, -1
			return
		}
	}
	for _, n := range m.Neighbors(i) {
		o, b := &m.Atoms[n.Atom], &m.Bonds[n.Bond]
		if o.Element == 7 && o.Charge == 0 && b.Order == Triple {
			b.setOrder(Double)
			a.Charge, o.Charge = 1, -1
			return
		}
	}
}

func (m *Mol) cleanPhosphorus(i int) {
	a := &m.Atoms[i]
	if a.Charge != 0 || m.Degree(i) != 3 || m.explicitValence(i) != 5 {
		return
	}
	oxo, ylide := int32(-1), false
	for _, n := range m.Neighbors(i) {
		if m.Bonds[n.Bond].Order != Double {
			continue
		}
		o := &m.Atoms[n.Atom]
		switch {
		case o.Element == 8 && o.Charge == 0:
			oxo = n.Bond
		case (o.Element == 6 || o.Element == 7) && m.Degree(int(n.Atom)) >= 2:
			ylide = true
		}
	}
	if oxo >= 0 && ylide {
		b := &m.Bonds[oxo]
		b.setOrder(Single)
		a.Charge, m.Atoms[b.Other(i)].Charge = 1, -1
	}
}

func (m *Mol) cleanHalogen(i int) {
	a := &m.Atoms[i]
	if a.Charge != 0 || m.Degree(i) == 0 {
		return
	}
	if v := m.explicitValence(i); v != 3 && v != 5 && v != 7 {
		return
	}
	for _, n := range m.Neighbors(i) {
		if m.Atoms[n.Atom].Element != 8 {
			return
		}
	}
	for _, n := range m.Neighbors(i) {
		if b := &m.Bonds[n.Bond]; b.Order == Double {
			b.setOrder(Single)
			m.Atoms[n.Atom].Charge = -1
			a.Charge++
		}
	}
}
