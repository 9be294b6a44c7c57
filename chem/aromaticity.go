package chem

import "slices"

// Limits of RDKit's model: larger rings are not fused to others, and at most
// six rings are taken together.
const (
	maxFusedRingSize = 24
	maxFusedRings    = 6
)

// maxRingSets bounds how many sets of fused rings of one size are tried; where
// there are more, these and larger sets are left out. Three hundred fused
// hexagons, the most that RDKit takes three or more of together, have half as
// many sets of six.
const maxRingSets = 1 << 19

// aromaticity is the memory of aromaticity perception.
type aromaticity struct {
	rings    [][]int32 // candidate rings, as atoms
	bonds    ringList  // the same as bonds
	give     []int8    // by atom: electrons it gives; -1 not a candidate
	seen     []bool
	nbr      [][]int32 // rings that share exactly one bond
	system   []int32
	inSystem []bool
	combo    []int32 // rings taken together
	next     []int32 // rings to add to them, for each of them in turn
	reached  []bool  // by ring: taken, or next to one that is
	count    []int32 // by atom or bond
}

// setAromaticity marks aromatic atoms and bonds by RDKit's model: a ring, or
// up to six fused rings together, whose candidate atoms give 4n+2 electrons.
// Bonds need their localised orders.
func (w *workspace) setAromaticity(m *Mol) {
	for i := range m.Bonds {
		m.Bonds[i].Aromatic = false
	}
	if len(m.Rings) == 0 {
		return
	}
	r := &w.arom
	r.findCandidates(m)
	if len(r.rings) == 0 {
		return
	}
	r.findNeighbors(m)
	r.inSystem = resize(r.inSystem, len(r.rings))
	for i := range r.rings {
		if r.inSystem[i] {
			continue
		}
		r.collectSystem(int32(i))
		r.markSystem(m)
	}
}

// findCandidates keeps the rings all of whose atoms may be aromatic.
func (r *aromaticity) findCandidates(m *Mol) {
	r.rings = r.rings[:0]
	r.seen = resize(r.seen, len(m.Atoms))
	r.give = resize(r.give, len(m.Atoms))
	for _, ring := range m.Rings {
		all, dummies := true, true
		for _, a := range ring {
			if m.Atoms[a].Element != 0 {
				dummies = false
			}
			if !r.seen[a] {
				r.seen[a] = true
				r.give[a] = m.donatedElectrons(int(a))
				if r.give[a] >= 0 && !m.mayBeAromatic(int(a)) {
					r.give[a] = -1
				}
			}
			if r.give[a] < 0 {
				all = false
			}
		}
		if all && !dummies {
			r.rings = append(r.rings, ring)
		}
	}
}

// findNeighbors converts the rings to bonds and links those that share one.
func (r *aromaticity) findNeighbors(m *Mol) {
	r.bonds.reset()
	for _, ring := range r.rings {
		for i, a := range ring {
			r.bonds.atoms = append(r.bonds.atoms, int32(m.BondBetween(int(a), int(ring[(i+1)%len(ring)]))))
		}
		r.bonds.ends = append(r.bonds.ends, int32(len(r.bonds.atoms)))
	}
	for len(r.nbr) < len(r.rings) {
		r.nbr = append(r.nbr, nil)
	}
	for i := range r.rings {
		r.nbr[i] = r.nbr[i][:0]
	}
	for i := range r.rings {
		for j := range i {
			if len(r.rings[i]) > maxFusedRingSize || len(r.rings[j]) > maxFusedRingSize {
				continue
			}
			shared := 0
			for _, b := range r.bonds.at(i) {
				if slices.Contains(r.bonds.at(j), b) {
					shared++
				}
			}
			if shared == 1 {
				r.nbr[i] = append(r.nbr[i], int32(j))
				r.nbr[j] = append(r.nbr[j], int32(i))
			}
		}
	}
}

// collectSystem puts the fused system of a ring into r.system, depth first.
func (r *aromaticity) collectSystem(ring int32) {
	r.system = r.system[:0]
	var visit func(int32)
	visit = func(i int32) {
		r.inSystem[i] = true
		r.system = append(r.system, i)
		for _, j := range r.nbr[i] {
			if !r.inSystem[j] {
				visit(j)
			}
		}
	}
	visit(ring)
}

// markSystem tries all connected subsets of the system's rings, small ones
// first, until every bond of the system is aromatic or six rings are reached.
func (r *aromaticity) markSystem(m *Mol) {
	total := 0
	r.count = resize(r.count, len(m.Bonds))
	for _, i := range r.system {
		for _, b := range r.bonds.at(int(i)) {
			if r.count[b]++; r.count[b] == 1 {
				total++
			}
		}
	}
	done := 0
	n := len(r.system)
	r.reached = resize(r.reached, len(r.rings))
	r.count = resize(r.count, len(m.Atoms))
	for size := 1; size <= min(n, maxFusedRings) && done < total; size++ {
		if n > 300 && size > 2 {
			return // too many combinations, as in RDKit
		}
		if n > 28 { // fewer have fewer than maxRingSets sets
			sets := 0
			r.eachFused(size, func() bool { sets++; return sets <= maxRingSets })
			if sets > maxRingSets {
				return
			}
		}
		r.eachFused(size, func() bool {
			if r.huckel(m) {
				done += r.mark(m)
			}
			return true
		})
	}
}

// eachFused calls try with each set of so many rings of the system that are
// fused into one piece in r.combo, until it returns false (Wernicke, IEEE/ACM
// Trans. Comput. Biol. Bioinform. 2006, 3, 347: each set grows from its first
// ring by such neighbours as no other of its rings had).
func (r *aromaticity) eachFused(size int, try func() bool) {
	r.combo = r.combo[:0]
	for _, root := range r.system {
		r.next = append(r.next[:0], root)
		r.reached[root] = true
		more := r.grow(root, size, 0, try)
		r.reached[root] = false
		if !more {
			return
		}
	}
}

// grow completes r.combo by the rings in r.next from the given place on, and by
// their neighbours behind root, in each way once. It tells whether to go on.
func (r *aromaticity) grow(root int32, size, from int, try func() bool) bool {
	end := len(r.next)
	more := true
	for k := from; k < end && more; k++ {
		ring := r.next[k]
		r.combo = append(r.combo, ring)
		if len(r.combo) == size {
			more = try()
		} else {
			r.next = append(r.next, r.next[k+1:end]...)
			fresh := len(r.next)
			for _, j := range r.nbr[ring] {
				if j > root && !r.reached[j] {
					r.reached[j] = true
					r.next = append(r.next, j)
				}
			}
			more = r.grow(root, size, end, try)
			for _, j := range r.next[fresh:] {
				r.reached[j] = false
			}
			r.next = r.next[:end]
		}
		r.combo = r.combo[:len(r.combo)-1]
	}
	return more
}

// huckel tells whether the atoms of the chosen rings give 4n+2 electrons.
// Atoms common to three or more of the rings do not count. A wildcard without
// a ring double bond gives one or two, as it suits; two of them are one too
// many.
func (r *aromaticity) huckel(m *Mol) bool {
	electrons, wild := 0, 0
	add := func(a int32, sign int) {
		electrons += sign * int(r.give[a])
		if m.Atoms[a].Element == 0 && r.give[a] == 2 {
			wild += sign
		}
	}
	if len(r.combo) == 1 {
		for _, a := range r.rings[r.combo[0]] {
			add(a, 1)
		}
	} else {
		for _, c := range r.combo {
			for _, a := range r.rings[c] {
				switch r.count[a]++; r.count[a] {
				case 1:
					add(a, 1)
				case 3:
					add(a, -1)
				}
			}
		}
		for _, c := range r.combo {
			for _, a := range r.rings[c] {
				r.count[a] = 0
			}
		}
	}
	return wild <= 1 && electrons >= 2 && (electrons%4 == 2 || wild == 1 && electrons%4 == 3 && electrons > 3)
}

// mark makes the atoms of the chosen rings and the bonds on their outline
// aromatic, and returns how many bonds became so.
func (r *aromaticity) mark(m *Mol) int {
	for _, c := range r.combo {
		for _, a := range r.rings[c] {
			m.Atoms[a].Aromatic = true
		}
	}
	fresh := 0
	for _, c := range r.combo {
	next:
		for _, b := range r.bonds.at(int(c)) {
			for _, d := range r.combo {
				if d != c && slices.Contains(r.bonds.at(int(d)), b) {
					continue next
				}
			}
			bond := &m.Bonds[b]
			if bond.Order == Single || bond.Order == Double {
				bond.Order = Aromatic
			}
			if !bond.Aromatic {
				bond.Aromatic = true
				fresh++
			}
		}
	}
	return fresh
}
