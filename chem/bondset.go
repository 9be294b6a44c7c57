package chem

import (
	"math/bits"
	"slices"
)

// bondSet is a set of bonds as bits. Cycles are sets of bonds too; their sum is
// the symmetric difference.
type bondSet []uint64

func newBondSet(bonds int) bondSet { return make(bondSet, (bonds+63)/64) }

func (s bondSet) has(bond int) bool { return s[bond>>6]>>(bond&63)&1 != 0 }

func (s bondSet) set(bond int32) { s[bond>>6] |= 1 << (bond & 63) }

// first is the lowest bond of the set, -1 if it is empty.
func (s bondSet) first() int {
	for i, w := range s {
		if w != 0 {
			return i<<6 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

func (s bondSet) sum(o bondSet) {
	for i := range s {
		s[i] ^= o[i]
	}
}

func (s bondSet) join(o bondSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s bondSet) intersects(o bondSet) bool {
	for i := range s {
		if s[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// cycleSpace is a reduced basis of a space of cycles: the first bond of each
// cycle is in no other.
type cycleSpace []bondSet

// rest is what is left of a cycle after those of the space are taken out: the
// same for all that differ by cycles of the space, and empty for those in it.
func (c cycleSpace) rest(cycle bondSet) bondSet {
	r := slices.Clone(cycle)
	for _, b := range c {
		if r.has(b.first()) {
			r.sum(b)
		}
	}
	return r
}

// extend takes a cycle into the space.
func (c cycleSpace) extend(cycle bondSet) cycleSpace {
	r := c.rest(cycle)
	lead := r.first()
	if lead < 0 {
		return c
	}
	for _, b := range c {
		if b.has(lead) {
			b.sum(r)
		}
	}
	return append(c, r)
}
