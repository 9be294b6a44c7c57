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
	all := make([]uint64, 0, pairs(m))
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
	all := make([]uint32, 0, pairs(m))
	eachPair(m, func(i, j, d int) {
		a, b := min(codes[i], codes[j]), max(codes[i], codes[j])
		all = append(all, combine(combine(combine(0, a), uint32(d)), b))
	})
	return all
}

// pairs is the number of pairs of atoms of a molecule of usual size.
func pairs(m *chem.Mol) int {
	n := min(len(m.Atoms), 100)
	return n * (n - 1) / 2
}

// eachPair calls f for the pairs of atoms i < j that are d bonds apart,
// 1 <= d <= longestPair.
func eachPair(m *chem.Mol, f func(i, j, d int)) {
	n := len(m.Atoms)
	seen := make([]int32, n) // seen[j] is i+1 if j was reached from i
	queue := make([]int32, 0, n)
	for i := range n {
		seen[i] = int32(i + 1)
		queue = append(queue[:0], int32(i))
		first := 0 // of those at the distance before
		for d := 1; d <= longestPair && first < len(queue); d++ {
			last := len(queue)
			for ; first < last; first++ {
				for _, nb := range m.Neighbors(int(queue[first])) {
					j := nb.Atom
					if seen[j] == int32(i+1) {
						continue
					}
					seen[j] = int32(i + 1)
					queue = append(queue, j)
					if int(j) > i {
						f(i, int(j), d)
					}
				}
			}
		}
	}
}
