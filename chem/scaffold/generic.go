package scaffold

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
)

// Generic gives the shape of a perceived molecule, usually a Murcko scaffold:
// all atoms become carbon, all bonds single; charges, aromaticity, stereo marks
// and hydrogens that are atoms of their own go, isotopes and unpaired electrons
// stay. It is RDKit's MakeScaffoldGeneric. The error is a *chem.ValenceError for
// an atom with more than four neighbours.
func Generic(m *chem.Mol) (*chem.Mol, error) {
	c := chem.StripStereo(withoutHydrogens(m))
	for i := range c.Atoms {
		a := &c.Atoms[i]
		if a.Element != 1 {
			a.Element = 6
		}
		a.Charge, a.Aromatic, a.NoImplicit, a.ExplicitH = 0, false, false, 0
	}
	for i := range c.Bonds {
		b := &c.Bonds[i]
		b.Order, b.Kekule, b.Aromatic = chem.Single, chem.Single, false
	}
	if err := chem.Perceive(c); err != nil {
		return nil, fmt.Errorf("scaffold: make generic: %w", err)
	}
	return c, nil
}

// withoutHydrogens is m, or a part of it, without ordinary hydrogens on one other
// atom. It is not perceived.
func withoutHydrogens(m *chem.Mol) *chem.Mol {
	var keep []int
	for i := range m.Atoms {
		a := &m.Atoms[i]
		if a.Element == 1 && a.Isotope == 0 && m.Degree(i) == 1 && m.Atoms[m.Neighbors(i)[0].Atom].Element != 1 {
			continue
		}
		keep = append(keep, i)
	}
	if len(keep) == len(m.Atoms) {
		return m
	}
	return chem.Subset(m, keep)
}
