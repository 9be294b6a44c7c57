package chem

import "slices"

// Limits of RDKit's model: larger rings are not fused to others, and at most
// six rings are taken together.
const (
	maxFusedRingSize = 24
	maxFusedRings    = 6
)

// aromaticity is the memory of aromaticity perception.
type aromaticity struct {
	rings    [][]int32 // candidate rings, as atoms
	bonds    ringList  // the same as bonds
	give     []int8    // by atom: electrons it gives; -1 not a candidate
	seen     []bool
	nbr      [][]int32 // rings that share exactly one bond
	system   []int32
	inSystem []bool
	picked   []bool
	combo    []int32
	count    []int32 // by atom or bond
	stack    []int32
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
	for size := 1; size <= min(n, maxFusedRings) && done < total; size++ {
		if n > 300 && size > 2 {
			return // too many combinations, as in RDKit
		}
		r.combo = r.combo[:0]
		for i := range size {
			r.combo = append(r.combo, int32(i))
		}
		for {
			if r.connected() && r.huckel(m) {
				done += r.mark(m)
			}
			if !nextCombination(r.combo, n) {
				break
			}
		}
	}
}

// nextCombination advances to the next subset of 0..n-1 in order.
func nextCombination(c []int32, n int) bool {
	k := len(c)
	for i := k - 1; i >= 0; i-- {
		if int(c[i]) < n-k+i {
			c[i]++
			for j := i + 1; j < k; j++ {
				c[j] = c[j-1] + 1
			}
			return true
		}
	}
	return false
}

// connected tells whether the chosen rings are fused into one piece.
func (r *aromaticity) connected() bool {
	if len(r.combo) == 1 {
		return true
	}
	r.picked = resize(r.picked, len(r.rings))
	for _, c := range r.combo {
		r.picked[r.system[c]] = true
	}
	first := r.system[r.combo[0]]
	r.picked[first] = false
	r.stack = append(r.stack[:0], first)
	reached := 1
	for len(r.stack) > 0 {
		i := r.stack[len(r.stack)-1]
		r.stack = r.stack[:len(r.stack)-1]
		for _, j := range r.nbr[i] {
			if r.picked[j] {
				r.picked[j] = false
				reached++
				r.stack = append(r.stack, j)
			}
		}
	}
	return reached == len(r.combo)
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
		for _, a := range r.rings[r.system[r.combo[0]]] {
			add(a, 1)
		}
	} else {
		r.count = resize(r.count, len(m.Atoms))
		for _, c := range r.combo {
			for _, a := range r.rings[r.system[c]] {
				switch r.count[a]++; r.count[a] {
				case 1:
					add(a, 1)
				case 3:
					add(a, -1)
				}
			}
		}
	}
	return wild <= 1 && electrons >= 2 && (electrons%4 == 2 || wild == 1 && electrons%4 == 3 && electrons > 3)
}

// mark makes the atoms of the chosen rings and the bonds on their outline
// aromatic, and returns how many bonds became so.
func (r *aromaticity) mark(m *Mol) int {
	for _, c := range r.combo {
		for _, a := range r.rings[r.system[c]] {
			m.Atoms[a].Aromatic = true
		}
	}
	fresh := 0
	for _, c := range r.combo {
	next:
		for _, b := range r.bonds.at(int(r.system[c])) {
			for _, d := range r.combo {
				if d != c && slices.Contains(r.bonds.at(int(r.system[d])), b) {
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
