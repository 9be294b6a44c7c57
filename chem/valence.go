package chem

// TwiceValence is twice what bond b, taken to be of the given order, adds to the
// valence of atom i at one of its ends: a dative bond counts for the acceptor
// only, one of unknown order for nobody.
func (b *Bond) TwiceValence(order Order, i int32) int {
	switch order {
	case Single:
		return 2
	case Double:
		return 4
	case Triple:
		return 6
	case Quadruple:
		return 8
	case Aromatic:
		return 3
	case Dative:
		if b.B == i {
			return 2
		}
	default: // adds nothing
	}
	return 0
}

// effectiveCharge is the charge as the valence model counts it: what it adds
// to the number of bonds.
func effectiveCharge(a *Atom) int {
	chg := int(a.Charge)
	if earlyElement(a.Element) || (a.Element == 6 && chg > 0) {
		chg = -chg
	}
	return chg
}

// explicitValence is the sum of the bond orders of atom i and its written
// hydrogens, rounded as RDKit does for aromatic bonds.
func (m *Mol) explicitValence(i int) int {
	v, _ := m.explicitValenceAromatic(i)
	return v
}

// DefaultHydrogens is the number of hydrogens that the valence model gives an
// atom written without brackets: element z with bonds whose orders sum to
// twice/2 (an aromatic bond counts 1.5). ok is false where no valence fits.
func DefaultHydrogens(z uint8, twice int, aromatic bool) (h int, ok bool) {
	a := Atom{Element: z, Aromatic: aromatic}
	return a.implicitHydrogens(roundValence(&a, twice, aromatic), aromatic)
}

// explicitValenceAromatic also tells whether the atom or one of its bonds is
// aromatic.
func (m *Mol) explicitValenceAromatic(i int) (int, bool) {
	a := &m.Atoms[i]
	twice := 2 * int(a.ExplicitH)
	aromatic := a.Aromatic
	for _, n := range m.Neighbors(i) {
		b := &m.Bonds[n.Bond]
		twice += b.TwiceValence(b.Order, int32(i))
		aromatic = aromatic || b.Order == Aromatic
	}
	return roundValence(a, twice, aromatic), aromatic
}

// roundValence halves a sum of doubled bond orders. That of an aromatic atom
// is taken down to the nearest allowed valence, at most 1.5 below.
func roundValence(a *Atom, twice int, aromatic bool) int {
	if aromatic {
		chg := effectiveCharge(a)
		if p := defaultValence(int(a.Element)) + chg; twice > 2*p {
			for _, v := range Valences(a.Element) {
				if v < 0 || 2*(int(v)+chg) > twice {
					break
				}
				p = int(v) + chg
			}
			if twice-2*p <= 3 {
				twice = 2 * p
			}
		}
	}
	return (twice + 1) / 2
}

// checkValence returns a ValenceError where the explicit valence of atom i is
// more than its element and charge allow.
func (m *Mol) checkValence(i, explicit int) error {
	a := &m.Atoms[i]
	effective := explicit + int(a.Charge)
	if OuterElectrons(a.Element) >= 4 {
		effective = explicit - int(a.Charge)
	}
	list := Valences(a.Element)
	if len(list) == 0 {
		return nil
	}
	if top := int(list[len(list)-1]); top > 0 && effective > top {
		return m.valenceError(i, explicit)
	}
	return nil
}

func (m *Mol) valenceError(i, explicit int) error {
	a := &m.Atoms[i]
	return &ValenceError{Atom: i, Element: a.Element, Charge: int(a.Charge), Valence: explicit}
}

// implicitHydrogens is the number of hydrogens that the valence model adds to
// atom i with the given explicit valence.
func (m *Mol) implicitHydrogens(i, explicit int, aromatic bool) (int, error) {
	h, ok := m.Atoms[i].implicitHydrogens(explicit, aromatic)
	if !ok {
		return 0, m.valenceError(i, explicit)
	}
	return h, nil
}

// implicitHydrogens is the number of hydrogens that the valence model adds to
// an atom with the given explicit valence; ok is false where no valence fits.
func (a *Atom) implicitHydrogens(explicit int, aromatic bool) (h int, ok bool) {
	list := Valences(a.Element)
	if a.NoImplicit || len(list) == 0 {
		return 0, true
	}
	if a.Element == 1 && explicit == 0 && a.Radical == 0 {
		switch a.Charge {
		case 1, -1:
			return 0, true
		case 0:
			return 1, true
		}
		return 0, false
	}
	used := explicit + int(a.Radical)
	chg := effectiveCharge(a)
	if aromatic {
		if first := int(list[0]) + chg; used <= first {
			return first - used, true
		}
		for _, v := range list {
			if v > 0 && int(v)+chg == used {
				return 0, true
			}
		}
		if list[len(list)-1] < 0 {
			return 0, true
		}
		return 0, false
	}
	for _, v := range list {
		if v < 0 {
			return 0, true
		}
		if top := int(v) + chg; used <= top {
			return top - used, true
		}
	}
	return 0, false
}

// assignValences checks every atom's valence and fills in the implicit
// hydrogens.
func (m *Mol) assignValences() error {
	for i := range m.Atoms {
		explicit, aromatic := m.explicitValenceAromatic(i)
		if err := m.checkValence(i, explicit); err != nil {
			return err
		}
		h, err := m.implicitHydrogens(i, explicit, aromatic)
		if err != nil {
			return err
		}
		m.Atoms[i].ImplicitH = uint8(h)
	}
	return nil
}

// kekuleValence is the sum of the localised bond orders of atom i and its
// written hydrogens.
func (m *Mol) kekuleValence(i int) int {
	twice := 2 * int(m.Atoms[i].ExplicitH)
	for _, n := range m.Neighbors(i) {
		b := &m.Bonds[n.Bond]
		twice += b.TwiceValence(b.Kekule, int32(i))
	}
	return (twice + 1) / 2
}

// assignRadicals gives atoms that get no implicit hydrogens the unpaired
// electrons that their valence leaves open.
func (m *Mol) assignRadicals() {
	for i := range m.Atoms {
		if a := &m.Atoms[i]; a.NoImplicit && a.Element != 0 {
			a.Radical = uint8(a.radicals(m.kekuleValence(i)))
		}
	}
}

// radicals is the number of unpaired electrons of an atom with that many bonds,
// hydrogens included, and no room for more.
func (a *Atom) radicals(valence int) int {
	list := Valences(a.Element)
	outer, chg := OuterElectrons(a.Element), int(a.Charge)
	if len(list) == 0 {
		return max(outer-chg, 0) % 2
	}
	shell := 8
	if a.Element <= 2 {
		shell = 2
	}
	n := shell - outer - valence + chg
	if n < 0 {
		n = 0
		if len(list) > 1 {
			for _, v := range list {
				if open := int(v) - valence + chg; open >= 0 {
					n = open
					break
				}
			}
		}
	}
	if early := outer - valence - chg; early >= 0 {
		n = min(n, early)
	}
	return n
}

// adjustHydrogens writes those implicit hydrogens down that an aromatic atom
// would lose if it were read back in aromatic form, as pyrrole's nitrogen.
func (m *Mol) adjustHydrogens() {
	for i := range m.Atoms {
		a := &m.Atoms[i]
		if a.ImplicitH == 0 || !a.Aromatic {
			continue
		}
		explicit, aromatic := m.explicitValenceAromatic(i)
		h, err := m.implicitHydrogens(i, explicit, aromatic)
		if err != nil {
			h = 0
		}
		if d := int(a.ImplicitH) - h; d > 0 {
			a.ExplicitH += uint8(d)
			a.ImplicitH = uint8(h)
		}
	}
}
