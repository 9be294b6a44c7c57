package chem

// Perceive fills in everything that is computed of a molecule: implicit
// hydrogens, rings, localised and aromatic bond orders, conjugation,
// hybridisation and stereo. It follows RDKit's sanitisation and changes the
// molecule where that does (nitro groups become charge-separated, marks that
// name no stereocentre go away).
//
// To build a molecule, fill Atoms and Bonds (each bond with an Order) and call
// Perceive; it calls Connect itself. Bonds of Order Aromatic with a Kekule
// order, as in an already perceived molecule, keep that; those without are
// kekulised. Errors are *ValenceError, *RingError and *KekulizeError; m is then of
// no use.
func Perceive(m *Mol) error {
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	return w.perceive(m)
}

func (w *workspace) perceive(m *Mol) error {
	m.Connect()
	aromatic := m.localize()
	m.cleanUp()
	if err := m.assignValences(); err != nil {
		return err
	}
	if err := w.findRings(m); err != nil {
		return err
	}
	if aromatic {
		if err := w.kekulize(m); err != nil {
			return err
		}
		// The valence of an aromatic atom was a guess until now. RDKit leaves
		// it at that and lets c1(C)(C)=NCC1 pass, which it cannot read back.
		if err := m.assignValences(); err != nil {
			return err
		}
	}
	m.assignRadicals()
	w.setAromaticity(m)
	m.setConjugation()
	m.setHybridization()
	m.adjustHydrogens()
	w.perceiveStereo(m)
	return nil
}

// localize sets the localised bond orders that are known, and tells whether
// aromatic bonds or atoms without them are left.
func (m *Mol) localize() bool {
	aromatic, open := false, false
	for i := range m.Bonds {
		b := &m.Bonds[i]
		if b.Order != Aromatic {
			if b.Order == Unspecified {
				b.Order = Single
			}
			b.Kekule = b.Order
			continue
		}
		aromatic = true
		if b.Kekule == Unspecified || b.Kekule == Aromatic {
			open = true
		}
	}
	if aromatic && !open {
		for i := range m.Bonds {
			if b := &m.Bonds[i]; m.Atoms[b.A].Aromatic && m.Atoms[b.B].Aromatic {
				b.Order = b.Kekule
			}
		}
		for i := range m.Atoms {
			m.Atoms[i].Aromatic = false
		}
		return false
	}
	if aromatic {
		return true
	}
	for i := range m.Atoms {
		if m.Atoms[i].Aromatic {
			return true
		}
	}
	return false
}
