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
		hash:   make([]uint32, len(m.Atoms)),
		degree: make([]uint32, len(m.Atoms)),
		closed: make([]bool, len(m.Bonds)),
	}
	for i := range m.Atoms {
		a := &m.Atoms[i]
		s.hash[i] = uint32(a.Element%128) << 1
		if a.Aromatic {
			s.hash[i]++
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
		s.grow(int32(k), 0, 0)
	}
	return s.bits
}

// subgraphs walks through the connected sets of bonds.
type subgraphs struct {
	m      *chem.Mol
	bits   Bits
	hash   []uint32 // of each atom
	degree []uint32 // by atom: bonds of the current subgraph
	closed []bool   // bonds that are taken, tried before, or not to be used
	path   []int32  // bonds of the current subgraph
	atoms  uint32   // number of its atoms
	queue  []int32  // candidates, those of a larger subgraph behind those of a smaller one
	hashes []uint32
}

// grow adds a bond to the subgraph, and then, one after the other, the
// candidates, which stand in the queue from one index to another, and those that
// the bond brings.
func (s *subgraphs) grow(bond int32, from, to int) {
	b := &s.m.Bonds[bond]
	s.path = append(s.path, bond)
	s.enter(b.A)
	s.enter(b.B)
	s.set()
	if len(s.path) < largestSubgraph {
		first := len(s.queue)
		s.queue = append(s.queue, s.queue[from:to]...)
		for _, at := range [2]int32{b.A, b.B} {
			for _, nb := range s.m.Neighbors(int(at)) {
				if !s.closed[nb.Bond] && !slices.Contains(s.queue[first:], nb.Bond) {
					s.queue = append(s.queue, nb.Bond)
				}
			}
		}
		last := len(s.queue)
		for k := first; k < last; k++ {
			s.closed[s.queue[k]] = true
			s.grow(s.queue[k], k+1, last)
		}
		for _, c := range s.queue[first:] {
			s.closed[c] = false
		}
		s.queue = s.queue[:first]
	}
	s.leave(b.A)
	s.leave(b.B)
	s.path = s.path[:len(s.path)-1]
}

func (s *subgraphs) enter(atom int32) {
	if s.degree[atom]++; s.degree[atom] == 1 {
		s.atoms++
	}
}

func (s *subgraphs) leave(atom int32) {
	if s.degree[atom]--; s.degree[atom] == 0 {
		s.atoms--
	}
}

// set sets the bits of the current subgraph.
func (s *subgraphs) set() {
	s.hashes = s.hashes[:0]
	for _, k := range s.path {
		b := &s.m.Bonds[k]
		degA, degB := s.degree[b.A], s.degree[b.B]
		x, y := s.hash[b.A], s.hash[b.B]
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
		seed = combine(seed, s.atoms)
	}
	n := uint32(s.bits.n)
	s.bits.Set(int(seed % n))
	s.bits.Set(int(random(seed) % n))
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
