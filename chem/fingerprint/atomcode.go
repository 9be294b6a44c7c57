package fingerprint

import (
	"math/bits"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// An atom's code has its number of neighbours (modulo 7) in the lowest three
// bits, that of its pi electrons (modulo 3) in the next two, and the kind of
// element in four. With chirality two more tell R (1) from S (2).
const (
	neighbourBits = 3
	piBits        = 2
	elementBits   = 4
	codeBits      = neighbourBits + piBits + elementBits
	chiralBits    = 2
)

// kinds are the elements that atom codes tell apart; all others are one kind.
var kinds = [...]uint8{5, 6, 7, 8, 9, 14, 15, 16, 17, 33, 34, 35, 51, 52}

// atomCodes has the code of each atom of m, and how many bits a code has.
func atomCodes(m *chem.Mol, chirality bool) (codes []uint32, width int) {
	codes = make([]uint32, len(m.Atoms))
	for i := range m.Atoms {
		kind := slices.Index(kinds[:], m.Atoms[i].Element)
		if kind < 0 {
			kind = 1<<elementBits - 1
		}
		codes[i] = uint32(m.Degree(i)%7 | piElectrons(m, i)%3<<neighbourBits | kind<<(neighbourBits+piBits))
	}
	if !chirality {
		return codes, codeBits
	}
	for i, label := range labels(m) {
		switch label {
		case 'R':
			codes[i] |= 1 << codeBits
		case 'S':
			codes[i] |= 2 << codeBits
		}
	}
	return codes, codeBits + chiralBits
}

// piElectrons is the number of electrons of atom i in pi bonds: 1 if it is
// aromatic, otherwise what the orders of its bonds are above 1, and 0 for an
// sp3 atom (also a sulfone's). Wildcards may have aromatic bonds without being
// aromatic.
func piElectrons(m *chem.Mol, i int) int {
	a := &m.Atoms[i]
	switch {
	case a.Aromatic:
		return 1
	case a.Hybridization == chem.SP3:
		return 0
	}
	twice := 0
	for _, nb := range m.Neighbors(i) {
		switch m.Bonds[nb.Bond].Order {
		case chem.Aromatic:
			twice++
		case chem.Double:
			twice += 2
		case chem.Triple:
			twice += 4
		case chem.Quadruple:
			twice += 6
		default:
		}
	}
	return twice / 2
}

// CodeCount says how often an atom pair or a torsion occurs, whose code names
// its atoms.
type CodeCount struct {
	Code  uint64
	Count int
}

// countCodes sorts and counts codes.
func countCodes(codes []uint64) []CodeCount {
	slices.Sort(codes)
	var out []CodeCount
	for i, c := range codes {
		if i > 0 && c == codes[i-1] {
			out[len(out)-1].Count++
			continue
		}
		out = append(out, CodeCount{c, 1})
	}
	return out
}

// foldCounted makes a bit vector of hashes of which some occur more than once.
// Every place modulo nbits/4 has four bits, which say that a hash of the place
// occurs at least 1, 2, 4 or 8 times. nbits must be at least 4.
func foldCounted(hashes []uint32, nbits int) Bits {
	b := NewBits(nbits)
	places := make([]int, nbits/4)
	for _, h := range hashes {
		p := h % uint32(len(places))
		places[p]++
		switch places[p] {
		case 1, 2, 4, 8:
			b.Set(int(p)*4 + bits.Len(uint(places[p])) - 1)
		}
	}
	return b
}
