package scaffold

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
)

// Generic gives the shape of a perceived molecule, usually a Murcko scaffold:
// all atoms become carbon, all bonds single; charges, aromaticity and stereo
// marks go, isotopes stay. It is RDKit's MakeScaffoldGeneric. The error is a
// *chem.ValenceError for an atom with more than four neighbours.
func Generic(m *chem.Mol) (*chem.Mol, error) {
	c := chem.StripStereo(m)
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
