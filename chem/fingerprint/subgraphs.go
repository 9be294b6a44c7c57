package fingerprint

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// largestSubgraph is the size in bonds up to which SubgraphBits looks.
const largestSubgraph = 7

// tabledDegree is the degree up to which hashes of bonds are kept.
const tabledDegree = 4

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
		bond:   make([]uint32, len(m.Bonds)*tabledDegree*tabledDegree),
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
	bond   []uint32 // hashes of bonds by the degrees of their ends, 0 where not known yet
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
	var sorted [largestSubgraph]uint32
	for n, k := range s.path {
		h := s.bondHash(k)
		at := n
		for ; at > 0 && sorted[at-1] > h; at-- {
			sorted[at] = sorted[at-1]
		}
		sorted[at] = h
	}
	seed := sorted[0]
	if len(s.path) > 1 {
		seed = 0
		for _, h := range sorted[:len(s.path)] {
			seed = combine(seed, h)
		}
		seed = combine(seed, s.atoms)
	}
	n := uint32(s.bits.n)
	s.bits.Set(int(seed % n))
	s.bits.Set(int(random(seed) % n))
}

// bondHash is the hash of a bond of the current subgraph, which depends on the
// degrees of its ends in it.
func (s *subgraphs) bondHash(k int32) uint32 {
	b := &s.m.Bonds[k]
	degA, degB := s.degree[b.A], s.degree[b.B]
	if degA > tabledDegree || degB > tabledDegree {
		return s.computeBondHash(b, degA, degB)
	}
	h := &s.bond[uint32(k)*tabledDegree*tabledDegree+(degA-1)*tabledDegree+degB-1]
	if *h == 0 {
		*h = s.computeBondHash(b, degA, degB)
	}
	return *h
}

func (s *subgraphs) computeBondHash(b *chem.Bond, degA, degB uint32) uint32 {
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
	return h
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
