package fingerprint

import "github.com/molsculpt/molsculpt/chem"

// longestPair is the distance in bonds up to which atom pairs count.
const longestPair = 30

const distanceBits = 5

// AtomPairs counts the pairs of atoms of m that are 1 to 30 bonds apart, sorted
// by code. The code has the distance in its lowest five bits, then the lower
// and the higher of the two atom codes, nine bits each, eleven with chirality.
// m must be perceived.
func AtomPairs(m *chem.Mol, chirality bool) []CodeCount {
	codes, width := atomCodes(m, chirality)
	var all []uint64
	eachPair(m, func(i, j, d int) {
		a, b := min(codes[i], codes[j]), max(codes[i], codes[j])
		all = append(all, uint64(d)|uint64(a)<<distanceBits|uint64(b)<<(distanceBits+width))
	})
	return countCodes(all)
}

// HashedAtomPairs counts atom pairs by a hash of distance and atom codes.
// RDKit's hashed form of nbits places has them modulo nbits.
func HashedAtomPairs(m *chem.Mol, chirality bool) []Count {
	w := Workspace{hashes: pairHashes(m, chirality)}
	return w.count()
}

// AtomPairBits is a bit vector of hashed atom pairs: nbits/4 places of four
// bits, which say that one occurs at least 1, 2, 4 or 8 times. nbits must be at
// least 4.
func AtomPairBits(m *chem.Mol, nbits int, chirality bool) Bits {
	return foldCounted(pairHashes(m, chirality), nbits)
}

func pairHashes(m *chem.Mol, chirality bool) []uint32 {
	codes, _ := atomCodes(m, chirality)
	var all []uint32
	eachPair(m, func(i, j, d int) {
		a, b := min(codes[i], codes[j]), max(codes[i], codes[j])
		all = append(all, combine(combine(combine(0, a), uint32(d)), b))
	})
	return all
}

// eachPair calls f for the pairs of atoms i < j that are d bonds apart,
// 1 <= d <= longestPair.
func eachPair(m *chem.Mol, f func(i, j, d int)) {
	n := len(m.Atoms)
	distance := make([]int, n)
	queue := make([]int, 0, n)
	for i := range n {
		for k := range distance {
			distance[k] = -1
		}
		distance[i] = 0
		queue = append(queue[:0], i)
		for q := 0; q < len(queue); q++ {
			at := queue[q]
			if at > i {
				f(i, at, distance[at])
			}
			if distance[at] == longestPair {
				continue
			}
			for _, nb := range m.Neighbors(at) {
				if j := int(nb.Atom); distance[j] < 0 {
					distance[j] = distance[at] + 1
					queue = append(queue, j)
				}
			}
		}
	}
}
