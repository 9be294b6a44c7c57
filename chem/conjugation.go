package chem

// setConjugation marks conjugated bonds and atoms as RDKit does: aromatic
// bonds, and a multiple bond with the bonds next to it that lead to an atom
// with pi electrons.
func (m *Mol) setConjugation() {
	for i := range m.Bonds {
		m.Bonds[i].Conjugated = m.Bonds[i].Aromatic
	}
	for i := range m.Atoms {
		m.Atoms[i].Conjugated = false
	}
	for i := range m.Atoms {
		if !m.hasMultiple(i) {
			continue
		}
		if d := m.totalDegree(i); d < 2 || d > 3 || !m.mayConjugate(i) {
			continue
		}
		for _, n1 := range m.Neighbors(i) {
			b1 := &m.Bonds[n1.Bond]
			if b1.TwiceValence(b1.Order, int32(i)) < 3 {
				continue
			}
			for _, n2 := range m.Neighbors(i) {
				if b1.Conjugated && m.Bonds[n2.Bond].Conjugated {
					continue // both are marked
				}
				if n2.Bond == n1.Bond || m.totalDegree(int(n2.Atom)) > 3 || !m.mayConjugate(int(n2.Atom)) {
					continue
				}
				b1.Conjugated = true
				m.Bonds[n2.Bond].Conjugated = true
			}
		}
	}
	for i := range m.Bonds {
		if b := &m.Bonds[i]; b.Conjugated {
			m.Atoms[b.A].Conjugated, m.Atoms[b.B].Conjugated = true, true
		}
	}
}

func (m *Mol) hasMultiple(i int) bool {
	for _, nb := range m.Neighbors(i) {
		if b := &m.Bonds[nb.Bond]; b.TwiceValence(b.Order, int32(i)) >= 3 {
			return true
		}
	}
	return false
}

// totalDegree counts the neighbours of atom i, hydrogens included.
func (m *Mol) totalDegree(i int) int { return m.Degree(i) + m.Atoms[i].Hydrogens() }

func (m *Mol) mayConjugate(i int) bool {
	z := m.Atoms[i].Element
	outer := OuterElectrons(z)
	return (z <= 10 || outer != 5 && outer != 6 || outer == 6 && m.totalDegree(i) < 2) && m.piElectrons(i) > 0
}

// setHybridization assigns hybridisations from bonds and lone pairs.
func (m *Mol) setHybridization() {
	for i := range m.Atoms {
		m.Atoms[i].Hybridization = m.hybridization(i)
	}
}

func (m *Mol) hybridization(i int) Hybridization {
	a := &m.Atoms[i]
	degree := m.totalDegree(i)
	switch {
	case a.Element == 0:
		return HybridUnknown
	case a.Chirality != Achiral && degree == 4:
		return SP3
	case a.Geometry != NoGeometry && degree >= 2 && degree <= a.Geometry.Places():
		return a.Geometry.hybridization()
	}
	orbitals := degree
	if a.Element < 89 {
		orbitals = m.orbitals(i)
	}
	switch orbitals {
	case 0, 1:
		return HybridS
	case 2:
		return SP
	case 3:
		return SP2
	case 4:
		if degree > 3 || !a.Conjugated {
			return SP3
		}
		return SP2
	case 5:
		return SP3D
	case 6:
		return SP3D2
	}
	return HybridUnknown
}

// orbitals counts bonds, lone pairs and, below an octet, unpaired electrons.
func (m *Mol) orbitals(i int) int {
	a := &m.Atoms[i]
	degree := m.totalDegree(i)
	if a.Element <= 1 {
		return degree
	}
	valence := m.kekuleValence(i) + int(a.ImplicitH)
	outer := OuterElectrons(a.Element)
	free := outer - valence - int(a.Charge)
	if valence+outer-int(a.Charge) < 8 {
		radicals := int(a.Radical)
		return degree + (free-radicals)/2 + radicals
	}
	return degree + free/2
}
