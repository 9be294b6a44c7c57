package fingerprint

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// largestSubgraph is the size in bonds up to which SubgraphBits looks.
const largestSubgraph = 7

// SubgraphBits sets two bits, in a vector of nbits, for each connected subgraph
// of 1 to 7 bonds of m, branched or not. It is what RDKit calls RDKit
// fingerprint (RDKFingerprint); Daylight's is similar, but has chains only.
// Subgraphs with a bond of unknown order (~) do not count. nbits must be
// positive; m must be perceived. The work grows with the number of subgraphs,
// some ten thousand for a drug and many more for a cage.
func SubgraphBits(m *chem.Mol, nbits int) Bits {
	s := subgraphs{
		m:      m,
		bits:   NewBits(nbits),
		atom:   make([]uint32, len(m.Atoms)),
		degree: make([]uint32, len(m.Atoms)),
		closed: make([]bool, len(m.Bonds)),
	}
	for i := range m.Atoms {
		a := &m.Atoms[i]
		s.atom[i] = uint32(a.Element%128) << 1
		if a.Aromatic {
			s.atom[i]++
		}
	}
	for k := range m.Bonds {
		if m.Bonds[k].Order == chem.Zero {
			s.closed[k] = true
		}
	}
	// Each subgraph is found from its first bond.
	for k := range m.Bonds {
		if s.closed[k] {
			continue
		}
		s.closed[k] = true
		s.grow(int32(k), nil)
	}
	return s.bits
}

// subgraphs walks through the connected sets of bonds.
type subgraphs struct {
	m      *chem.Mol
	bits   Bits
	atom   []uint32 // hash of each atom
	degree []uint32 // by atom: bonds of the current subgraph
	closed []bool   // bonds that are taken, tried before, or not to be used
	path   []int32  // bonds of the current subgraph
	hashes []uint32
}

// grow adds a bond to the subgraph, and then, one after the other, the
// candidates and those that the bond brings.
func (s *subgraphs) grow(bond int32, candidates []int32) {
	b := &s.m.Bonds[bond]
	s.path = append(s.path, bond)
	s.degree[b.A]++
	s.degree[b.B]++
	s.set()
	if len(s.path) < largestSubgraph {
		next := slices.Clone(candidates)
		for _, at := range [2]int32{b.A, b.B} {
			for _, nb := range s.m.Neighbors(int(at)) {
				if !s.closed[nb.Bond] && !slices.Contains(next, nb.Bond) {
					next = append(next, nb.Bond)
				}
			}
		}
		for k, c := range next {
			s.closed[c] = true
			s.grow(c, next[k+1:])
		}
		for _, c := range next {
			s.closed[c] = false
		}
	}
	s.degree[b.A]--
	s.degree[b.B]--
	s.path = s.path[:len(s.path)-1]
}

// set sets the bits of the current subgraph.
func (s *subgraphs) set() {
	s.hashes = s.hashes[:0]
	for _, k := range s.path {
		b := &s.m.Bonds[k]
		degA, degB := s.degree[b.A], s.degree[b.B]
		x, y := s.atom[b.A], s.atom[b.B]
		if x < y || x == y && degA < degB {
			x, y, degA, degB = y, x, degB, degA
		}
		order := bondCode(b.Order)
		if b.Aromatic {
			order = bondCode(chem.Aromatic)
		}
		h := degA + degB - 2 // bonds beside it
		for _, v := range [...]uint32{order, x, degA, y, degB} {
			h = combine(h, v)
		}
		s.hashes = append(s.hashes, h)
	}
	seed := s.hashes[0]
	if len(s.hashes) > 1 {
		slices.Sort(s.hashes)
		seed = 0
		for _, h := range s.hashes {
			seed = combine(seed, h)
		}
		seed = combine(seed, uint32(s.atoms()))
	}
	n := uint32(s.bits.n)
	s.bits.Set(int(seed % n))
	s.bits.Set(int(random(seed) % n))
}

// atoms is the number of atoms of the current subgraph.
func (s *subgraphs) atoms() int {
	n := 0
	for k, i := range s.path {
		b := &s.m.Bonds[i]
		freshA, freshB := true, true
		for _, j := range s.path[:k] {
			o := &s.m.Bonds[j]
			freshA = freshA && b.A != o.A && b.A != o.B
			freshB = freshB && b.B != o.A && b.B != o.B
		}
		if freshA {
			n++
		}
		if freshB {
			n++
		}
	}
	return n
}

// random is the first number below 2^31 that the Mersenne twister (Matsumoto
// and Nishimura 1998) with four words of state gives for a seed.
func random(seed uint32) uint32 {
	x := [3]uint32{seed}
	for i := 1; i < len(x); i++ {
		x[i] = 1812433253*(x[i-1]^x[i-1]>>30) + uint32(i)
	}
	y := x[0]&0x80000000 | x[1]&0x7fffffff
	z := x[2] ^ y>>1
	if y&1 != 0 {
		z ^= 0x9908b0df
	}
	z ^= z >> 11
	z ^= z << 7 & 0x9d2c5680
	z ^= z << 15 & 0xefc60000
	z ^= z >> 18
	return z >> 1
}
