package scaffold

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// Murcko gives the scaffold of a perceived molecule: its rings and the chains
// that link them, with what hangs on those by a double bond (Bemis and Murcko,
// J. Med. Chem. 1996, 39, 2887). A molecule without rings gives one without
// atoms. The scaffold is a new perceived molecule.
//
// Which atoms stay, and how open valences are filled, is as in RDKit's
// MurckoDecompose: atoms of rings and links get the hydrogens of the valence
// model and keep their charge, an aromatic one that is no carbon gets one; on
// doubly bonded atoms, written hydrogens stay as they are, and where none are
// written an uncharged atom that SMILES can have without brackets gets those of
// the valence model. Stereo marks stay
// on atoms that keep all their neighbours and on double bonds that keep one at
// either end. (RDKit keeps the latter where their marks were written at bonds
// that stay.)
//
// The error is that of chem.Perceive, for an atom that cannot do without what
// was cut off.
func Murcko(m *chem.Mol) (*chem.Mol, error) {
	core := framework(m)
	keep := make([]int, 0, len(m.Atoms))
	for i := range m.Atoms {
		if core[i] || doublyBonded(m, i, core) {
			keep = append(keep, i)
		}
	}
	if len(keep) == len(m.Atoms) {
		return m.Clone(), nil
	}
	kept := make([]bool, len(m.Atoms))
	for _, i := range keep {
		kept[i] = true
	}
	whole := m.Clone()
	referToKept(whole, kept)
	for i := range m.Atoms {
		switch {
		case !kept[i] || !open(m, i, kept):
		case core[i]:
			fill(&whole.Atoms[i])
		default:
			fillDoublyBonded(&whole.Atoms[i])
		}
	}
	s := chem.Subset(whole, keep)
	if err := chem.Perceive(s); err != nil {
		return nil, fmt.Errorf("scaffold: cut side chains: %w", err)
	}
	return s, nil
}

// MurckoSMILES is the canonical SMILES of the constitution of a molecule's
// scaffold, without stereo marks and isotopes: what RDKit's MurckoScaffoldSmiles
// says, in the canonical form of package smiles. It is empty where there is no
// ring.
func MurckoSMILES(m *chem.Mol) (string, error) {
	s, err := Murcko(m)
	if err != nil {
		return "", err
	}
	s = chem.StripStereo(s)
	for i := range s.Atoms {
		s.Atoms[i].Isotope = 0
	}
	return smiles.Canonical(s), nil
}

// framework marks ring atoms and the atoms between rings: those left when ends
// of chains are taken away until there are none.
func framework(m *chem.Mol) []bool {
	n := len(m.Atoms)
	core := make([]bool, n)
	degree := make([]int, n)
	var ends []int
	for i := range n {
		core[i] = true
		if degree[i] = m.Degree(i); degree[i] < 2 {
			ends = append(ends, i)
			core[i] = false
		}
	}
	for len(ends) > 0 {
		i := ends[len(ends)-1]
		ends = ends[:len(ends)-1]
		for _, nb := range m.Neighbors(i) {
			j := int(nb.Atom)
			if degree[j]--; core[j] && degree[j] < 2 {
				core[j] = false
				ends = append(ends, j)
			}
		}
	}
	return core
}

// doublyBonded says whether atom i has a double bond to an atom of the core.
func doublyBonded(m *chem.Mol, i int, core []bool) bool {
	for _, nb := range m.Neighbors(i) {
		if core[nb.Atom] && m.Bonds[nb.Bond].Order == chem.Double {
			return true
		}
	}
	return false
}

// open says whether atom i loses a neighbour by a bond that takes a place in
// its valence; one that it donates to does not.
func open(m *chem.Mol, i int, kept []bool) bool {
	for _, nb := range m.Neighbors(i) {
		b := &m.Bonds[nb.Bond]
		if !kept[nb.Atom] && b.Order != chem.Zero && (b.Order != chem.Dative || int(b.B) == i) {
			return true
		}
	}
	return false
}

// fill lets hydrogens take the place of what is cut off an atom.
func fill(a *chem.Atom) {
	if a.Aromatic && a.Element != 6 {
		a.ExplicitH = 1
	} else {
		a.ExplicitH, a.NoImplicit = 0, false
	}
	a.Chirality = chem.Achiral
}

// fillDoublyBonded does so for an atom that hangs on the core.
func fillDoublyBonded(a *chem.Atom) {
	a.Chirality = chem.Achiral
	switch a.Element {
	case 5, 6, 7, 8, 15, 16:
		if a.ExplicitH == 0 && a.Charge == 0 && a.Radical == 0 {
			a.NoImplicit = false
		}
	}
}

// referToKept tells the configurations of double bonds by neighbours that are
// kept, where an end has one, and takes the written directions away, which said
// the same.
func referToKept(m *chem.Mol, kept []bool) {
	for k := range m.Bonds {
		b := &m.Bonds[k]
		b.Direction = chem.NoDirection
		if b.Stereo == chem.NoStereo {
			continue
		}
		for end, at := range [2]int32{b.A, b.B} {
			if kept[b.StereoAtoms[end]] {
				continue
			}
			for _, nb := range m.Neighbors(int(at)) {
				if int(nb.Atom) != b.Other(int(at)) && kept[nb.Atom] {
					b.StereoAtoms[end] = nb.Atom
					b.Stereo = chem.Cis + chem.Trans - b.Stereo
					break
				}
			}
		}
	}
}
