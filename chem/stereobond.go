package chem

// smallestStereoRing is the smallest ring whose double bonds may be cis or
// trans.
const smallestStereoRing = 8

// labelBonds sets the configuration of the double bonds whose neighbours are
// marked or whose configuration is given; open and changed as in labelAtoms.
func (s *stereoSearch) labelBonds(given map[int32]BondStereo) (open, changed bool) {
	m := s.m
	for i := range m.Bonds {
		b := &m.Bonds[i]
		if b.Stereo != NoStereo || !m.CanBeCisTrans(i) {
			continue
		}
		wasGiven := given[int32(i)]
		if wasGiven != NoStereo {
			if s.settleGiven(b, wasGiven) {
				changed = true
			} else {
				open = true
			}
			continue
		}
		refA, dirA, okA := s.side(i, int(b.A))
		refB, dirB, okB := s.side(i, int(b.B))
		if !okA || !okB {
			open = open || m.marked(i, int(b.A)) && m.marked(i, int(b.B))
			continue
		}
		if dirA == NoDirection || dirB == NoDirection {
			continue // contradictory marks
		}
		b.StereoAtoms = [2]int32{refA, refB}
		b.Stereo = Trans
		if dirA == dirB {
			b.Stereo = Cis
		}
		changed = true
	}
	return open, changed
}

// settleGiven takes over a given configuration, now told by the higher ranked
// neighbours. It fails where neighbours are alike.
func (s *stereoSearch) settleGiven(b *Bond, stereo BondStereo) bool {
	refs := b.StereoAtoms
	for end, at := range [2]int32{b.A, b.B} {
		top, ok := s.topNeighbor(int(at), b.Other(int(at)))
		if !ok {
			return false
		}
		if top != refs[end] {
			stereo = Cis + Trans - stereo
			refs[end] = top
		}
	}
	b.Stereo, b.StereoAtoms = stereo, refs
	return true
}

// topNeighbor is the higher ranked neighbour of an atom apart from its double
// bond partner; ok is false where two are alike.
func (s *stereoSearch) topNeighbor(at, partner int) (top int32, ok bool) {
	top = -1
	for _, nb := range s.m.Neighbors(at) {
		if int(nb.Atom) == partner {
			continue
		}
		switch {
		case top < 0:
			top = nb.Atom
		case s.cip.rank[nb.Atom] == s.cip.rank[top]:
			return -1, false
		case s.cip.rank[nb.Atom] > s.cip.rank[top]:
			top = nb.Atom
		}
	}
	return top, top >= 0
}

// CanBeCisTrans tells whether bond i of a perceived molecule is a double bond of
// a kind that may be cis or trans: not in a ring of fewer than eight, two or
// three neighbours at both ends. It does not look at whether they differ.
func (m *Mol) CanBeCisTrans(i int) bool {
	b := &m.Bonds[i]
	if b.Order != Double {
		return false
	}
	for _, at := range [2]int32{b.A, b.B} {
		if d := m.Degree(int(at)); d != 2 && d != 3 {
			return false
		}
	}
	return !b.InRing || m.smallestRing(i) >= smallestStereoRing
}

// marked tells whether a bond next to double bond i at the given end has a
// direction.
func (m *Mol) marked(i, at int) bool {
	for _, nb := range m.Neighbors(at) {
		if int(nb.Bond) != i && m.Bonds[nb.Bond].Direction != NoDirection {
			return true
		}
	}
	return false
}

// side is the highest ranked neighbour at one end of double bond i and the
// direction in which it lies, as seen from the end; NoDirection if the marks
// contradict each other. It fails without marks or between like neighbours.
func (s *stereoSearch) side(i, at int) (ref int32, dir Direction, ok bool) {
	m := s.m
	if !m.marked(i, at) {
		return -1, NoDirection, false
	}
	partner := m.Bonds[i].Other(at)
	ref, ok = s.topNeighbor(at, partner)
	if !ok {
		return -1, NoDirection, false
	}
	for _, nb := range m.Neighbors(at) {
		b := &m.Bonds[nb.Bond]
		if int(nb.Bond) == i || b.Direction == NoDirection {
			continue
		}
		d := b.Direction
		if int(b.A) != at {
			d = Up + Down - d
		}
		if nb.Atom != ref {
			d = Up + Down - d
		}
		if dir != NoDirection && dir != d {
			return ref, NoDirection, true
		}
		dir = d
	}
	return ref, dir, true
}
