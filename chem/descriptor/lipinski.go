package descriptor

import (
	"math/bits"
	"sync"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smarts"
)

// compiled is a pattern that is compiled when first used.
func compiled(text string) func() *smarts.Pattern {
	return sync.OnceValue(func() *smarts.Pattern { return smarts.MustCompile(text) })
}

var (
	donor    = compiled("[N&!H0&v3,N&!H0&+1&v4,O&H1&+0,S&H1&+0,n&H1&+0]")
	acceptor = compiled("[$([O,S;H1;v2]-[!$(*=[O,N,P,S])]),$([O,S;H0;v2]),$([O,S;-])," +
		"$([N;v3;!$(N-*=!@[O,N,P,S])]),$([nH0,o,s;+0])]")
)

// HBD is the number of atoms that can donate a hydrogen bond, by RDKit's
// definition.
func HBD(m *chem.Mol) int { return New(m).HBD() }

// HBD is the function of that name.
func (a *Analysis) HBD() int {
	if !a.done.hbd {
		a.hbd, a.done.hbd = size(a.heads(donor())), true
	}
	return a.hbd
}

// HBA is the number of atoms that can accept a hydrogen bond, by RDKit's
// definition (Gobbi and Poppinger, Biotechnol. Bioeng. 1998, 61, 47, refined).
func HBA(m *chem.Mol) int { return New(m).HBA() }

// HBA is the function of that name.
func (a *Analysis) HBA() int {
	if !a.done.hba {
		a.hba, a.done.hba = size(a.heads(acceptor())), true
	}
	return a.hba
}

// LipinskiHBD is the number of hydrogens on nitrogen and oxygen (Lipinski et
// al., Adv. Drug Deliv. Rev. 1997, 23, 3).
func LipinskiHBD(m *chem.Mol) int {
	n := 0
	for i := range m.Atoms {
		a := &m.Atoms[i]
		if a.Element != 7 && a.Element != 8 {
			continue
		}
		n += a.Hydrogens()
		for _, nb := range m.Neighbors(i) {
			if m.Atoms[nb.Atom].Element == 1 {
				n++
			}
		}
	}
	return n
}

// LipinskiHBA is the number of nitrogen and oxygen atoms.
func LipinskiHBA(m *chem.Mol) int {
	n := 0
	for i := range m.Atoms {
		if z := m.Atoms[i].Element; z == 7 || z == 8 {
			n++
		}
	}
	return n
}

// An end of a rotatable bond is no terminal atom, has no triple bond and is not
// the centre of a group like CF3; one of the two ends at least is also not on
// either side of an amide bond.
var (
	rotatableEnd = compiled(rotatableRule + "]")
	freeEnd      = compiled(rotatableRule + "&!$([CD3](=[N,O,S])-!@[#7,O,S!D1])&!$([#7,O,S!D1]-!@[CD3]=[N,O,S])" +
		"&!$([CD3](=[N+])-!@[#7!D1])&!$([#7!D1]-!@[CD3]=[N+])]")
)

const rotatableRule = "[!$(*#*)&!D1&!$(C(F)(F)F)&!$(C(Cl)(Cl)Cl)&!$(C(Br)(Br)Br)&!$(C([CH3])([CH3])[CH3])"

// RotatableBonds is the number of rotatable bonds by RDKit's strict definition:
// single bonds outside rings, without amides and esters, bonds to symmetric
// groups such as CF3 and t-butyl, and bonds next to triple bonds.
func RotatableBonds(m *chem.Mol) int { return New(m).RotatableBonds() }

// RotatableBonds is the function of that name.
func (a *Analysis) RotatableBonds() int {
	if a.done.rotatable {
		return a.rotatable
	}
	a.rotatable, a.done.rotatable = 0, true
	ends := a.heads(rotatableEnd())
	a.atoms2 = a.Target().Heads(a.atoms2, freeEnd(), ends)
	for k := range a.mol.Bonds {
		b := &a.mol.Bonds[k]
		if b.InRing || b.Order != chem.Single && b.Order != chem.Aromatic {
			continue
		}
		if has(ends, b.A) && has(ends, b.B) && (has(a.atoms2, b.A) || has(a.atoms2, b.B)) {
			a.rotatable++
		}
	}
	return a.rotatable
}

// size is the number of members of a bit set.
func size(set []uint64) int {
	n := 0
	for _, w := range set {
		n += bits.OnesCount64(w)
	}
	return n
}
