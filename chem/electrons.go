package chem

// moreElectronegative orders elements as RDKit does: by outer electrons, then
// the lighter first.
func moreElectronegative(a, b uint8) bool {
	ea, eb := OuterElectrons(a), OuterElectrons(b)
	return ea > eb || ea == eb && a < b
}

// piElectrons is the number of electrons that atom i could give to a pi
// system; negative for atoms that cannot take part.
func (m *Mol) piElectrons(i int) int {
	a := &m.Atoms[i]
	valence := defaultValence(int(a.Element))
	if valence <= 1 {
		return -1
	}
	degree := m.Degree(i) + a.Hydrogens()
	for _, nb := range m.Neighbors(i) {
		if b := &m.Bonds[nb.Bond]; b.TwiceValence(b.Kekule, int32(i)) == 0 {
			degree--
		}
	}
	if degree > 3 {
		return -1
	}
	lone := max(OuterElectrons(a.Element)-valence-int(a.Charge), 0)
	e := valence - degree + lone - int(a.Radical)
	if e > 1 && m.kekuleValence(i)-m.Degree(i) > 1 {
		e = 1
	}
	return e
}

// donatedElectrons is the number of electrons that atom i gives to an aromatic
// ring, -1 if it cannot be part of one.
func (m *Mol) donatedElectrons(i int) int8 {
	a := &m.Atoms[i]
	if a.Element == 0 {
		for _, nb := range m.Neighbors(i) {
			if b := &m.Bonds[nb.Bond]; b.InRing && b.TwiceValence(b.Kekule, int32(i)) >= 4 {
				return 1
			}
		}
		return 2
	}
	e := m.piElectrons(i)
	if e < 0 {
		return -1
	}
	outside, inside := -1, false // multiple bonds outside and inside rings
	for _, nb := range m.Neighbors(i) {
		b := &m.Bonds[nb.Bond]
		if b.TwiceValence(b.Kekule, int32(i)) < 4 {
			continue
		}
		if b.InRing {
			inside = true
		} else if outside < 0 {
			outside = int(nb.Atom)
		}
	}
	stolen := outside >= 0 && moreElectronegative(m.Atoms[outside].Element, a.Element)
	switch {
	case e == 0 && outside >= 0:
		return 0
	case e == 0 && inside:
		return 1
	case e == 0:
		return -1
	case e == 1 && outside >= 0:
		if stolen {
			return 0
		}
		return 1
	case e == 1:
		degree := m.Degree(i) + int(a.ExplicitH)
		for _, nb := range m.Neighbors(i) {
			if b := &m.Bonds[nb.Bond]; b.TwiceValence(b.Kekule, int32(i)) == 0 {
				degree--
			}
		}
		if m.kekuleValence(i) != degree {
			return 1
		}
		if a.Charge == 1 {
			return 0 // tropylium, cyclopropenyl
		}
		return -1
	}
	if stolen {
		e--
	}
	if e%2 == 1 {
		return 1
	}
	return 2
}

// mayBeAromatic tells whether an atom that can give electrons is of a kind
// that the model lets into aromatic rings.
func (m *Mol) mayBeAromatic(i int) bool {
	a := &m.Atoms[i]
	if a.Element > 18 && a.Element != 34 && a.Element != 52 {
		return false
	}
	explicit := m.kekuleValence(i)
	if defaultValence(int(a.Element)) > 0 &&
		explicit+int(a.ImplicitH) > defaultValence(int(a.Element)-int(a.Charge)) {
		return false
	}
	if a.Radical > 0 && (a.Element != 6 || a.Charge != 0) {
		return false
	}
	if explicit-m.Degree(i) > 1 {
		multiple := 0
		for _, nb := range m.Neighbors(i) {
			if o := m.Bonds[nb.Bond].Kekule; o == Double || o == Triple {
				multiple++
			}
		}
		if multiple > 1 {
			return false
		}
	}
	return true
}
