package chem

// Neutralize returns a perceived copy of m without those charges that adding
// or removing hydrogens takes away: ammonium becomes amine, carboxylate acid,
// a carbocation takes up a hydride and a borohydride gives one off.
//
// Charges that an opposite charge next to them balances (nitro groups, N-oxides,
// ylides) and charges without a hydrogen to move (quaternary ammonium, metal
// ions, tetrafluoroborate) stay. So do as many anions as are needed to balance
// the latter, acids first, and as many cations as balance the anions that are
// left. Where only some of like atoms give way, the canonical order of the atoms
// decides which.
//
// The rules are those of MolVS's Uncharger (M. Swain) in RDKit's form, but for
// three things: charges of -2 and more are treated like single ones; an anion
// next to a cation counts only where no other anion balances that (RDKit counts
// the oxygen of an S-oxide like others, leaves haem's carboxylates for the
// nitrogens' sake, and of acids written with charges on the central atom knows
// some); and the result is perceived again, so that a cyclopentadienyl anion
// becomes cyclopentadiene.
func Neutralize(m *Mol) (*Mol, error) {
	c := m.Clone()
	var cations, anions, acids []int
	net, fixed := 0, 0 // fixed is the positive charge that stays
	order := byRank(m)
	balanced := m.balance(order)
	for _, i := range order {
		a := &c.Atoms[i]
		net += int(a.Charge)
		switch {
		case a.Charge == 0 || balanced[i]:
		case a.Charge > 0 && a.Hydrogens() == 0:
			fixed += int(a.Charge)
		case a.Charge > 0:
			cations = append(cations, i)
		case !c.mayLoseNegative(i):
			fixed += int(a.Charge)
		case c.isAcidAnion(i):
			acids = append(acids, i)
		default:
			anions = append(anions, i)
		}
	}
	anions = append(anions, acids...)
	surplus := -max(fixed, 0)
	for _, i := range anions {
		surplus -= int(c.Atoms[i].Charge)
	}
	for _, i := range anions {
		a := &c.Atoms[i]
		for a.Charge < 0 && surplus > 0 && c.mayLoseNegative(i) {
			c.moveHydrogen(i, !earlyElement(a.Element))
			a.Charge++
			surplus--
			net++
		}
	}
	for _, i := range cations {
		a := &c.Atoms[i]
		for a.Charge > 0 && net > 0 && a.Hydrogens() > 0 {
			c.moveHydrogen(i, a.Element == 6 || earlyElement(a.Element))
			a.Charge--
			net--
		}
	}
	if err := Perceive(c); err != nil {
		return nil, err
	}
	return c, nil
}

// byRank lists the atoms in canonical order.
func byRank(m *Mol) []int {
	order := make([]int, len(m.Atoms))
	for i, r := range CanonicalRanks(m) {
		order[r] = i
	}
	return order
}

// balance tells of each atom whether opposite charges of neighbours balance its
// own. Of several anions at one cation those first in the given order are
// balanced, as far as the charge of the cation goes: one of two in nitrate,
// three of four in perchlorate.
func (m *Mol) balance(order []int) []bool {
	balanced := make([]bool, len(m.Atoms))
	left := make([]int, len(m.Atoms)) // of the cations' charge
	for i := range m.Atoms {
		left[i] = int(m.Atoms[i].Charge)
	}
	for _, i := range order {
		need := -int(m.Atoms[i].Charge)
		for _, nb := range m.Neighbors(i) {
			if n := min(need, left[nb.Atom]); n > 0 {
				need -= n
				left[nb.Atom] -= n
				balanced[i], balanced[nb.Atom] = true, true
			}
		}
	}
	return balanced
}

// moveHydrogen gives atom i one more hydrogen or takes one away.
func (m *Mol) moveHydrogen(i int, add bool) {
	a := &m.Atoms[i]
	h := a.Hydrogens() - 1
	if add {
		h += 2
	}
	a.ExplicitH, a.ImplicitH, a.NoImplicit = uint8(h), 0, true
}

// mayLoseNegative tells whether an anion can give off a hydride, if its element
// stands left of carbon, or else has room for a proton.
func (m *Mol) mayLoseNegative(i int) bool {
	if a := &m.Atoms[i]; earlyElement(a.Element) {
		return a.Hydrogens() > 0
	}
	return m.takesHydrogen(i)
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

// isAcidAnion tells whether an anion is that of an acid: O- or S- on a carbon or
// sulphur with another oxygen or sulphur doubly bonded to it, or on a cation (as
// in nitrate; those that the cation balances are not asked for), or a tetrazole.
func (m *Mol) isAcidAnion(i int) bool {
	switch m.Atoms[i].Element {
	case 7:
		return m.Atoms[i].Aromatic && m.inTetrazole(i)
	case 8, 16:
		for _, nb := range m.Neighbors(i) {
			centre := &m.Atoms[nb.Atom]
			if centre.Charge > 0 {
				return true
			}
			if centre.Element != 6 && centre.Element != 15 && centre.Element != 16 {
				continue
			}
			for _, x := range m.Neighbors(int(nb.Atom)) {
				if z := m.Atoms[x.Atom].Element; (z == 8 || z == 16) && m.Bonds[x.Bond].Order == Double {
					return true
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
