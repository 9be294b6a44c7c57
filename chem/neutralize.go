package chem

// Neutralize returns a perceived copy of m without those charges that adding
// or removing hydrogens takes away: ammonium becomes amine, carboxylate acid.
// Charges next to an opposite charge (nitro groups, N-oxides, ylides) and
// charges without a hydrogen to remove (quaternary ammonium, metal ions) stay,
// and so do as many anions as are needed to balance the latter, acids first.
// The rules are those of MolVS's Uncharger (M. Swain), which RDKit has too.
func Neutralize(m *Mol) (*Mol, error) {
	c := m.Clone()
	fixed := 0 // positive charge that stays
	var anions, acids []int
	for i := range c.Atoms {
		a := &c.Atoms[i]
		switch {
		case a.Charge == 0 || c.besideOpposite(i):
		case a.Charge > 0 && a.Hydrogens() == 0:
			fixed += int(a.Charge)
		case a.Charge > 0:
			n := min(int(a.Charge), a.Hydrogens())
			c.setHydrogens(i, a.Hydrogens()-n)
			a.Charge -= int8(n)
			fixed += int(a.Charge)
		case !c.takesHydrogen(i):
			fixed += int(a.Charge)
		case c.isAcidAnion(i):
			acids = append(acids, i)
		default:
			anions = append(anions, i)
		}
	}
	negative := 0
	for _, i := range append(anions, acids...) {
		negative -= int(c.Atoms[i].Charge)
	}
	// Of the anions, the acids are the last to take up hydrogens.
	surplus := negative - max(fixed, 0)
	for _, i := range append(anions, acids...) {
		a := &c.Atoms[i]
		for a.Charge < 0 && surplus > 0 && c.takesHydrogen(i) {
			c.setHydrogens(i, a.Hydrogens()+1)
			a.Charge++
			surplus--
		}
	}
	if err := Perceive(c); err != nil {
		return nil, err
	}
	return c, nil
}

// setHydrogens makes the hydrogens of an atom a given number.
func (m *Mol) setHydrogens(i, n int) {
	a := &m.Atoms[i]
	a.ExplicitH, a.ImplicitH, a.NoImplicit = uint8(n), 0, true
}

// besideOpposite tells whether a neighbour has a charge of the other sign.
func (m *Mol) besideOpposite(i int) bool {
	for _, nb := range m.Neighbors(i) {
		if int(m.Atoms[nb.Atom].Charge)*int(m.Atoms[i].Charge) < 0 {
			return true
		}
	}
	return false
}

// takesHydrogen tells whether an anion has room for a hydrogen.
func (m *Mol) takesHydrogen(i int) bool {
	a := m.Atoms[i]
	valence := m.kekuleValence(i) + int(a.ImplicitH) + 1
	list := Valences(a.Element)
	if len(list) == 0 {
		return false
	}
	charge := int(a.Charge) + 1
	for _, v := range list {
		if v < 0 || int(v)+charge >= valence {
			return true
		}
	}
	return false
}

// isAcidAnion tells whether an anion is that of an acid: O- on a carbon,
// phosphorus or sulphur with a double-bonded oxygen, or a tetrazole.
func (m *Mol) isAcidAnion(i int) bool {
	switch m.Atoms[i].Element {
	case 7:
		return m.Atoms[i].Aromatic && m.inTetrazole(i)
	case 8:
		for _, nb := range m.Neighbors(i) {
			switch m.Atoms[nb.Atom].Element {
			case 6, 15, 16:
				for _, x := range m.Neighbors(int(nb.Atom)) {
					if m.Atoms[x.Atom].Element == 8 && m.Bonds[x.Bond].Order == Double {
						return true
					}
				}
			}
		}
	}
	return false
}

func (m *Mol) inTetrazole(i int) bool {
	for _, ring := range m.Rings {
		nitrogens, here := 0, false
		for _, a := range ring {
			if m.Atoms[a].Element == 7 {
				nitrogens++
			}
			here = here || int(a) == i
		}
		if here && len(ring) == 5 && nitrogens == 4 {
			return true
		}
	}
	return false
}

// StripStereo returns a copy of m without any stereo marks.
func StripStereo(m *Mol) *Mol {
	c := m.Clone()
	for i := range c.Atoms {
		a := &c.Atoms[i]
		a.Chirality, a.Geometry, a.Arrangement = Achiral, NoGeometry, 0
	}
	for i := range c.Bonds {
		b := &c.Bonds[i]
		b.Direction, b.Stereo, b.StereoAtoms = NoDirection, NoStereo, [2]int32{}
	}
	return c
}
