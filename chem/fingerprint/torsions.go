package fingerprint

import "github.com/molsculpt/molsculpt/chem"

// Torsions counts the chains of four bonded atoms of m that are not hydrogens,
// sorted by code. The
// code has one after the other the codes of the atoms, nine bits each, eleven
// with chirality, without the neighbours in the chain: from the end that gives
// the lower first difference. m must be perceived.
//
// As in RDKit 2022.09 a ring of three atoms counts too, once, as a chain that
// begins and ends at the one of its atoms that comes first. Where these atoms
// differ, the code depends on the order of the atoms.
func Torsions(m *chem.Mol, chirality bool) []CodeCount {
	var all []uint64
	eachTorsion(m, chirality, func(codes [4]uint32, width int) {
		code := uint64(0)
		for k, c := range codes {
			code |= uint64(c) << (k * width)
		}
		all = append(all, code)
	})
	return countCodes(all)
}

// HashedTorsions counts torsions by a hash of the atom codes. RDKit's hashed
// form of nbits places has them modulo nbits.
func HashedTorsions(m *chem.Mol, chirality bool) []Count {
	w := Workspace{hashes: torsionHashes(m, chirality)}
	return w.count()
}

// TorsionBits is a bit vector of hashed torsions: nbits/4 places of four bits,
// which say that one occurs at least 1, 2, 4 or 8 times. nbits must be at least
// 4.
func TorsionBits(m *chem.Mol, nbits int, chirality bool) Bits {
	return foldCounted(torsionHashes(m, chirality), nbits)
}

func torsionHashes(m *chem.Mol, chirality bool) []uint32 {
	var all []uint32
	eachTorsion(m, chirality, func(codes [4]uint32, _ int) {
		h := uint32(0)
		for _, c := range codes {
			h = combine(h, c)
		}
		all = append(all, h)
	})
	return all
}

// eachTorsion calls f with the codes of the atoms of each torsion, in the order
// that counts, and the width of a code in bits.
func eachTorsion(m *chem.Mol, chirality bool, f func(codes [4]uint32, width int)) {
	atoms, width := atomCodes(m, chirality)
	heavy := func(i int32) bool { return m.Atoms[i].Element != 1 }
	for k := range m.Bonds {
		b, c := m.Bonds[k].A, m.Bonds[k].B
		if !heavy(b) || !heavy(c) {
			continue
		}
		for _, first := range m.Neighbors(int(b)) {
			a := first.Atom
			if a == c || !heavy(a) {
				continue
			}
			for _, last := range m.Neighbors(int(c)) {
				d := last.Atom
				if d == b || !heavy(d) || a == d && (a > b || a > c) {
					continue
				}
				// The neighbours in the chain are taken off: one at the ends, two between.
				codes := [4]uint32{atoms[a] - 1, atoms[b] - 2, atoms[c] - 2, atoms[d] - 1}
				if codes[0] > codes[3] || codes[0] == codes[3] && codes[1] > codes[2] {
					codes[0], codes[1], codes[2], codes[3] = codes[3], codes[2], codes[1], codes[0]
				}
				f(codes, width)
			}
		}
	}
}
