package chem

import "slices"

// maxKekuleSteps bounds the search for alternating paths in one molecule.
const maxKekuleSteps = 200000

// kekulize gives the aromatic bonds of the molecule localised orders: every
// atom that must have a double bond gets one. The atoms and bonds are left as
// in the localised form, without aromatic marks; aromatic bonds that touch no
// ring with aromatic atoms stay as written (C:C), as in RDKit.
//
// The double bonds are a matching of the atoms that need one (Edmonds 1965);
// wildcards take part where they can. A greedy start is completed by
// alternating paths.
func (w *workspace) kekulize(m *Mol) error {
	w.needs = resize(w.needs, len(m.Atoms))
	counted := false
	for i := range m.Atoms {
		a := &m.Atoms[i]
		switch {
		case !a.InRing && a.Aromatic:
			return &KekulizeError{Atoms: []int{i}, Reason: "atom outside rings is marked aromatic"}
		case !a.InRing:
		case a.Element == 0:
			if !counted {
				w.countRings(m)
				counted = true
			}
			w.needs[i] = w.wildcardNeed(m, int32(i))
		case m.writtenAromatic(i):
			w.needs[i] = m.wantsDouble(i)
			if w.needs[i] == mustDouble && m.Degree(i) > 3 && m.joinsSystems(int32(i)) {
				return &KekulizeError{Atoms: []int{i}, Reason: "aromatic spiro atom"}
			}
		}
	}
	if left := w.match(m); left != nil {
		return &KekulizeError{Atoms: left, Reason: "no alternation of single and double bonds"}
	}
	for i := range m.Bonds {
		b := &m.Bonds[i]
		if b.Order != Aromatic {
			continue
		}
		b.Kekule = Single
		if w.needs[b.A] != untouched || w.needs[b.B] != untouched {
			b.Order = Single
		}
	}
	for i := range m.Atoms {
		if j := w.mate[i]; j > int32(i) {
			m.Bonds[m.BondBetween(i, int(j))].setOrder(Double)
		}
		a := &m.Atoms[i]
		if !a.Aromatic {
			continue
		}
		a.Aromatic = false
		if (a.Element == 7 || a.Element == 15) && a.Charge == 0 && a.ExplicitH == 1 {
			// Written for the aromatic form only.
			a.NoImplicit, a.ExplicitH = false, 0
		}
	}
	return nil
}

// match pairs the atoms that need a double bond, then wildcards as far as it
// goes, and returns those atoms that must have a partner and find none.
func (w *workspace) match(m *Mol) []int {
	n := len(m.Atoms)
	w.mate = resize(w.mate, n)
	for i := range w.mate {
		w.mate[i] = -1
	}
	w.matchGreedily(m)
	w.trail = resize(w.trail, n)
	steps := 0
	var left []int
	for i := range n {
		if w.needs[i] == mustDouble && w.mate[i] < 0 && !w.augment(m, int32(i), &steps) {
			left = append(left, i)
		}
	}
	for _, w.marked = range [2]bool{true, false} { // rather along bonds that are written aromatic
		for i := range n {
			if w.needs[i] == mayDouble && w.mate[i] < 0 {
				w.augment(m, int32(i), &steps)
			}
		}
	}
	return left
}

// writtenAromatic tells whether an atom or one of its bonds is aromatic.
func (m *Mol) writtenAromatic(i int) bool {
	if m.Atoms[i].Aromatic {
		return true
	}
	for _, nb := range m.Neighbors(i) {
		if m.Bonds[nb.Bond].Order == Aromatic {
			return true
		}
	}
	return false
}

// wildcardNeed tells what a wildcard in a ring may have by RDKit's rules: it
// stands outside where its rings are all of wildcards, and gets no double bond
// where each of its rings has a saturated neighbour or no aromatic atom of its
// own.
func (w *workspace) wildcardNeed(m *Mol, i int32) uint8 {
	rings, mixed, hopeless, saturated := 0, false, 0, 0
	for _, ring := range m.Rings {
		if !slices.Contains(ring, i) {
			continue
		}
		rings++
		own := false
		for _, a := range ring {
			mixed = mixed || m.Atoms[a].Element != 0
			own = own || m.writtenAromatic(int(a)) && w.ringCount[a] == 1
		}
		if !own {
			hopeless++
		}
	}
	for _, nb := range m.Neighbors(int(i)) {
		if o := &m.Atoms[nb.Atom]; m.Bonds[nb.Bond].InRing && o.Element != 0 && !o.Aromatic {
			saturated++
		}
	}
	switch {
	case !mixed:
		return untouched
	case saturated < rings && hopeless < rings:
		return mayDouble
	}
	return noDouble
}

// countRings sets w.ringCount.
func (w *workspace) countRings(m *Mol) {
	w.ringCount = resize(w.ringCount, len(m.Atoms))
	for _, ring := range m.Rings {
		for _, a := range ring {
			w.ringCount[a]++
		}
	}
}

// joinsSystems tells whether atom i is a spiro atom between two systems of
// fused rings. RDKit, which kekulises these one by one, wants a double bond in
// each.
func (m *Mol) joinsSystems(i int32) bool {
	reached := make([]bool, len(m.Rings))
	var queue []int
	for k, ring := range m.Rings {
		if slices.Contains(ring, i) {
			reached[k] = true
			queue = append(queue, k)
			break
		}
	}
	for q := 0; q < len(queue); q++ {
		for k, ring := range m.Rings {
			if !reached[k] && sharedBonds(ring, m.Rings[queue[q]]) > 0 {
				reached[k] = true
				queue = append(queue, k)
			}
		}
	}
	for k, ring := range m.Rings {
		if !reached[k] && slices.Contains(ring, i) {
			return true
		}
	}
	return false
}

// What an atom may have of a double bond.
const (
	untouched  = iota // stands outside
	noDouble          // its aromatic bonds become single
	mustDouble        // it gets a double bond
	mayDouble         // it may get one
)

// wantsDouble tells whether aromatic atom i, no wildcard, must have a double
// bond.
func (m *Mol) wantsDouble(i int) uint8 {
	a := &m.Atoms[i]
	order, degree := a.Hydrogens(), a.Hydrogens()
	for _, nb := range m.Neighbors(i) {
		b := &m.Bonds[nb.Bond]
		if b.Order == Aromatic {
			order++
			degree++
		} else if c := b.TwiceValence(b.Order, int32(i)); c > 0 {
			order += c / 2
			degree++
		}
	}
	chg := effectiveCharge(a)
	list := Valences(a.Element)
	valence := defaultValence(int(a.Element)) + chg
	total := m.explicitValence(i) + int(a.ImplicitH)
	for k := 1; k < len(list) && total > valence && list[k] > 0; k++ {
		valence = int(list[k]) + chg
	}
	radicals := int(a.Radical)
	if degree+radicals >= valence {
		return noDouble
	}
	if valence == order+1+radicals || radicals == 0 && a.NoImplicit && valence == order+2 {
		return mustDouble
	}
	return noDouble
}

// matchable tells whether a bond may become double.
func (w *workspace) matchable(m *Mol, bond int32) bool {
	b := &m.Bonds[bond]
	if !b.InRing || w.needs[b.A] < mustDouble || w.needs[b.B] < mustDouble {
		return false
	}
	if b.Order == Aromatic {
		return true
	}
	return !w.marked && b.Order == Single && (m.Atoms[b.A].Element == 0 || m.Atoms[b.B].Element == 0)
}

// matchGreedily pairs atoms that have one free partner first.
func (w *workspace) matchGreedily(m *Mol) {
	queue := w.stack[:0]
	for i := range m.Atoms {
		if w.needs[i] == mustDouble {
			queue = append(queue, int32(i))
		}
	}
	base := len(queue)
	for q := 0; q < base; q++ {
		// Forced moves come before the next atom in order.
		for at := queue[q]; ; {
			if w.mate[at] < 0 {
				if partner := w.freePartner(m, at); partner >= 0 {
					w.mate[at], w.mate[partner] = partner, at
					for _, x := range [2]int32{at, partner} {
						for _, nb := range m.Neighbors(int(x)) {
							if w.needs[nb.Atom] == mustDouble && w.mate[nb.Atom] < 0 && w.freeDegree(m, nb.Atom) == 1 {
								queue = append(queue, nb.Atom)
							}
						}
					}
				}
			}
			if len(queue) == base {
				break
			}
			at = queue[len(queue)-1]
			queue = queue[:len(queue)-1]
		}
	}
	w.stack = queue
}

// freePartner is the free neighbour with the fewest free neighbours of its own,
// among those that must be matched.
func (w *workspace) freePartner(m *Mol, at int32) int32 {
	best, bestDegree := int32(-1), 1<<30
	for _, nb := range m.Neighbors(int(at)) {
		if w.mate[nb.Atom] >= 0 || w.needs[nb.Atom] != mustDouble || !w.matchable(m, nb.Bond) {
			continue
		}
		if d := w.freeDegree(m, nb.Atom); d < bestDegree {
			best, bestDegree = nb.Atom, d
		}
	}
	return best
}

func (w *workspace) freeDegree(m *Mol, at int32) int {
	d := 0
	for _, nb := range m.Neighbors(int(at)) {
		if w.mate[nb.Atom] < 0 && w.needs[nb.Atom] == mustDouble && w.matchable(m, nb.Bond) {
			d++
		}
	}
	return d
}

// augment gives atom at a partner, rearranging others along an alternating
// path if it must. A wildcard gives way to an atom that must have a partner.
func (w *workspace) augment(m *Mol, at int32, steps *int) bool {
	if *steps++; *steps > maxKekuleSteps {
		return false
	}
	w.trail[at] = true
	defer func() { w.trail[at] = false }()
	for _, nb := range m.Neighbors(int(at)) {
		to := nb.Atom
		if w.trail[to] || !w.matchable(m, nb.Bond) || w.mate[at] == to {
			continue
		}
		old := w.mate[to]
		if old < 0 || w.needs[old] == mayDouble && w.needs[at] == mustDouble {
			if old >= 0 {
				w.mate[old] = -1
			}
			w.mate[to], w.mate[at] = at, to
			return true
		}
		if w.trail[old] {
			continue
		}
		w.trail[to] = true
		ok := w.augment(m, old, steps)
		w.trail[to] = false
		if ok {
			w.mate[to], w.mate[at] = at, to
			return true
		}
	}
	return false
}
