package scaffold

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// KeyOptions say what makes compounds different. The zero value tells
// stereoisomers and isotopes apart.
type KeyOptions struct {
	IgnoreStereo   bool
	IgnoreIsotopes bool
}

// Key is a text that two perceived molecules have in common if they are the
// same compound: the canonical SMILES of the Parent. The same compound in
// another order of atoms, as another salt, solvate or charged form has the same
// key; so have its aromatic and Kekule forms. A tautomer, and with the zero
// options a stereoisomer or a labelled compound, has another one. Keys are
// comparable as long as the canonical form of package smiles stays what it is.
func Key(m *chem.Mol, o KeyOptions) (string, error) {
	p, err := Parent(m)
	if err != nil {
		return "", err
	}
	if o.IgnoreStereo {
		p = chem.StripStereo(p)
	}
	// A centre may have been one by its isotopes only, and hydrogens that are
	// ordinary now are no atoms of their own: such molecules are read anew.
	again := o.IgnoreIsotopes
	for i := range p.Atoms {
		if o.IgnoreIsotopes {
			p.Atoms[i].Isotope = 0
		}
		again = again || p.Atoms[i].Element == 1
	}
	if again {
		if p, err = smiles.Parse(smiles.Write(p, smiles.WriteOptions{})); err != nil {
			return "", fmt.Errorf("scaffold: make key: %w", err)
		}
	}
	return smiles.Canonical(p), nil
}
