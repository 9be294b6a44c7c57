package chem

import "slices"

// smallestRing is the size of the smallest ring of m.Rings through a bond, 0
// if there is none.
func (m *Mol) smallestRing(bond int) int {
	b := &m.Bonds[bond]
	best := 0
	for _, ring := range m.Rings {
		if best > 0 && len(ring) >= best {
			continue
		}
		if ringHasBond(ring, b.A, b.B) {
			best = len(ring)
		}
	}
	return best
}

// ringHasBond tells whether atoms a and b are next to each other in a ring.
func ringHasBond(ring []int32, a, b int32) bool {
	for i, x := range ring {
		y := ring[0]
		if i+1 < len(ring) {
			y = ring[i+1]
		}
		if x == a && y == b || x == b && y == a {
			return true
		}
	}
	return false
}

// inRingOfSize tells whether atom i is in a ring of m.Rings of that size.
func (m *Mol) inRingOfSize(i, size int) bool {
	for _, ring := range m.Rings {
		if len(ring) == size && slices.Contains(ring, int32(i)) {
			return true
		}
	}
	return false
}

// Bridgehead tells whether atom i is a bridgehead in the sense of RDKit's atom
// query: it has three or more ring bonds, and two of its rings share two or
// more bonds.
func (m *Mol) Bridgehead(i int) bool {
	ringBonds := 0
	for _, nb := range m.Neighbors(i) {
		if m.Bonds[nb.Bond].InRing {
			ringBonds++
		}
	}
	if ringBonds < 3 {
		return false
	}
	var mine [][]int32
	for _, ring := range m.Rings {
		if slices.Contains(ring, int32(i)) {
			mine = append(mine, ring)
		}
	}
	for x, r := range mine {
		for _, o := range mine[:x] {
			if sharedBonds(r, o) >= 2 {
				return true
			}
		}
	}
	return false
}

// sharedBonds counts the bonds that two rings have in common.
func sharedBonds(r, o []int32) int {
	n := 0
	for k, a := range r {
		if ringHasBond(o, a, r[(k+1)%len(r)]) {
			n++
		}
	}
	return n
}
