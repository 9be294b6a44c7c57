package chem

import (
	"cmp"
	"slices"
)

// ringSearch finds the smallest set of smallest rings of one ring system, and
// those rings of equal size that could stand in for a ring of the set.
//
// The method is that of Figueras (J. Chem. Inf. Comput. Sci. 36 (1996) 986)
// with RDKit's changes, step by step, since the chosen set is not unique and
// counts that depend on it (CalcNumRings) are compared with RDKit's.
type ringSearch struct {
	found    ringList
	bonds    ringList // the same rings as sorted bond lists
	order    []int32
	isKept   []bool
	degree   []int32
	done     []bool
	forbid   []bool
	d2       []int32
	changed  []int32
	color    []uint8
	up       []int32
	dist     []int32
	queue    []int32
	small    ringList
	scratch  []int32
	nodeRing []nodeRing // which node found which ring
	mine     []bool     // by ring: found by the node that is tried again
	choice   bool       // the rings found may depend on where the search began
	covered  []bool     // by bond
	count    []int32    // by bond
	activeC  []bool
	degreeC  []int32
	effort
}

type nodeRing struct{ node, ring int32 }

// searchRings adds the rings of the system in w.system, which has the given
// number of ring bonds. It fails where that takes too many steps.
func (w *workspace) searchRings(m *Mol, bonds int) bool {
	s := &w.search
	atoms := w.system
	slices.Sort(atoms)
	s.found.reset()
	s.bonds.reset()
	s.degree = resize(s.degree, len(m.Atoms))
	s.done = resize(s.done, len(m.Atoms))
	for _, a := range atoms {
		s.degree[a] = w.ringDegree[a]
	}
	s.changed = s.changed[:0]
	left := len(atoms)
	for left > 0 && s.spend(len(atoms)) {
		for len(s.changed) > 0 {
			a := s.changed[len(s.changed)-1]
			s.changed = s.changed[:len(s.changed)-1]
			if !s.done[a] {
				s.done[a] = true
				left--
				s.trim(m, a, w.active, s.degree, true)
			}
		}
		if left == 0 {
			break
		}
		s.pickDegreeTwo(m, atoms, w.active)
		if len(s.d2) > 0 {
			s.ringsOfDegreeTwo(m, w.active)
			for _, a := range s.d2 {
				if !s.done[a] {
					s.done[a] = true
					left--
				}
				s.trim(m, a, w.active, s.degree, true)
			}
			continue
		}
		cand := int32(-1)
		for _, a := range atoms {
			if s.degree[a] == 3 {
				cand = a
				break
			}
		}
		if cand < 0 {
			break
		}
		s.choice = true
		s.ringsOfDegreeThree(m, cand, w.active)
		s.done[cand] = true
		left--
		s.trim(m, cand, w.active, s.degree, true)
	}
	if !s.spend(0) {
		return false
	}
	want := bonds - len(atoms) + 1
	s.choice = s.choice || want > 2
	if s.found.len() < want {
		s.findMissing(m, atoms)
	}
	if s.found.len() < want {
		// A cage all of whose atoms have four ring bonds. RDKit takes any
		// independent rings then.
		return minimumBasis(m, atoms, &w.rings, &s.effort)
	}
	s.choose(m, want, &w.rings, &w.extra)
	return s.spend(0)
}

// trim takes the active bonds of atom a away. Neighbours left with at most one
// bond go on the list of changed atoms if note is set.
func (s *ringSearch) trim(m *Mol, a int32, active []bool, degree []int32, note bool) {
	for _, nb := range m.Neighbors(int(a)) {
		if !active[nb.Bond] {
			continue
		}
		if note && degree[nb.Atom] <= 2 {
			s.changed = append(s.changed, nb.Atom)
		}
		active[nb.Bond] = false
		degree[nb.Atom]--
		degree[a]--
	}
}

// pickDegreeTwo collects one atom of each chain of degree-two atoms.
func (s *ringSearch) pickDegreeTwo(m *Mol, atoms []int32, active []bool) {
	s.d2 = s.d2[:0]
	s.forbid = resize(s.forbid, len(m.Atoms))
	for _, a := range atoms {
		if s.degree[a] != 2 || s.forbid[a] {
			continue
		}
		s.d2 = append(s.d2, a)
		s.forbid[a] = true
		s.queue = append(s.queue[:0], a)
		for len(s.queue) > 0 {
			at := s.queue[len(s.queue)-1]
			s.queue = s.queue[:len(s.queue)-1]
			for _, nb := range m.Neighbors(int(at)) {
				if active[nb.Bond] && !s.forbid[nb.Atom] && s.degree[nb.Atom] == 2 {
					s.forbid[nb.Atom] = true
					s.queue = append(s.queue, nb.Atom)
				}
			}
		}
	}
}

// ringsOfDegreeTwo finds the smallest rings through each chosen degree-two
// atom. Where several atoms give the same ring, each is tried again with the
// others cut out, since one of them may lie on another small ring too.
func (s *ringSearch) ringsOfDegreeTwo(m *Mol, active []bool) {
	s.nodeRing = s.nodeRing[:0]
	for _, a := range s.d2 {
		s.smallestRings(m, a, active, -1)
		for i := range s.small.len() {
			id := s.insert(m, s.small.at(i))
			s.nodeRing = append(s.nodeRing, nodeRing{a, id})
		}
		if !s.spend(0) {
			return
		}
	}
	// The rings that several nodes found, in the order of their atoms.
	for i := range s.nodeRing {
		if !s.spend(len(s.nodeRing)) {
			return
		}
		ring := s.nodeRing[i].ring
		if slices.ContainsFunc(s.nodeRing[:i], func(x nodeRing) bool { return x.ring == ring }) {
			continue
		}
		var nodes []int32
		for _, x := range s.nodeRing[i:] {
			if x.ring == ring {
				nodes = append(nodes, x.node)
			}
		}
		if len(nodes) > 1 {
			s.choice = true
			s.retryDuplicates(m, nodes, active)
		}
	}
}

func (s *ringSearch) retryDuplicates(m *Mol, nodes []int32, active []bool) {
	var rings ringList
	smallest := 1 << 30
	for _, a := range nodes {
		if !s.spend(3 * len(s.nodeRing)) {
			return
		}
		s.activeC = append(s.activeC[:0], active...)
		s.degreeC = append(s.degreeC[:0], s.degree...)
		s.mine = resize(s.mine, s.found.len())
		for _, x := range s.nodeRing {
			if x.node == a {
				s.mine[x.ring] = true
			}
		}
		for _, x := range s.nodeRing {
			if x.node != a && s.mine[x.ring] {
				s.trim(m, x.node, s.activeC, s.degreeC, false)
			}
		}
		s.smallestRings(m, a, s.activeC, -1)
		for i := range s.small.len() {
			smallest = min(smallest, len(s.small.at(i)))
			rings.add(s.small.at(i))
		}
	}
	for i := range rings.len() {
		if r := rings.at(i); len(r) == smallest {
			s.insert(m, r)
		}
	}
}

// ringsOfDegreeThree finds the up to three smallest rings through an atom with
// three ring bonds, where no atom has two.
func (s *ringSearch) ringsOfDegreeThree(m *Mol, a int32, active []bool) {
	s.smallestRings(m, a, active, -1)
	n := s.small.len()
	for i := range n {
		s.insert(m, s.small.at(i))
	}
	if n == 0 || n >= 3 {
		return
	}
	var nbr []int32
	for _, nb := range m.Neighbors(int(a)) {
		if active[nb.Bond] {
			nbr = append(nbr, nb.Atom)
		}
	}
	if len(nbr) != 3 {
		return
	}
	var avoid []int32
	first := s.small.at(0)
	if n == 2 {
		second := s.small.at(1)
		for _, f := range nbr {
			if slices.Contains(first, f) && slices.Contains(second, f) {
				avoid = append(avoid, f)
				break
			}
		}
	} else {
		for i, f := range nbr {
			if !slices.Contains(first, f) {
				avoid = append(avoid, nbr[(i+2)%3], nbr[(i+1)%3])
				if i == 1 {
					avoid[0], avoid[1] = nbr[2], nbr[0]
				}
				break
			}
		}
	}
	for _, f := range avoid {
		s.smallestRings(m, a, active, f)
		for i := range s.small.len() {
			s.insert(m, s.small.at(i))
		}
	}
}

// smallestRings collects in s.small all smallest rings through root, by a
// breadth-first search over active bonds that avoids one atom (-1 for none).
func (s *ringSearch) smallestRings(m *Mol, root int32, active []bool, avoid int32) {
	const white, gray, black = 0, 1, 2
	s.small.reset()
	s.spend(len(m.Atoms) + len(m.Bonds))
	s.color = resize(s.color, len(m.Atoms))
	s.up = resize(s.up, len(m.Atoms))
	s.dist = resize(s.dist, len(m.Atoms))
	s.up[root] = -1
	if avoid >= 0 {
		s.color[avoid] = black
	}
	size := int32(1 << 30)
	s.queue = append(s.queue[:0], root)
	for q := 0; q < len(s.queue); q++ {
		at := s.queue[q]
		s.color[at] = black
		depth := s.dist[at] + 1
		if depth > size {
			return
		}
		for _, nb := range m.Neighbors(int(at)) {
			if !active[nb.Bond] || s.color[nb.Atom] == black || s.up[at] == nb.Atom {
				continue
			}
			if s.color[nb.Atom] == white {
				s.color[nb.Atom] = gray
				s.up[nb.Atom] = at
				s.dist[nb.Atom] = depth
				s.queue = append(s.queue, nb.Atom)
				continue
			}
			if !s.closeRing(root, at, nb.Atom) {
				continue
			}
			if n := int32(len(s.scratch)); n <= size {
				size = n
				s.small.add(s.scratch)
			} else {
				return
			}
		}
	}
}

// closeRing puts the ring root .. at - other .. root into s.scratch; it fails
// if the two paths meet before the root.
func (s *ringSearch) closeRing(root, at, other int32) bool {
	r := s.scratch[:0]
	for x := at; x != -1; x = s.up[x] {
		r = append(r, x)
	}
	slices.Reverse(r)
	n := len(r)
	for x := other; x != root; x = s.up[x] {
		if slices.Contains(r[:n], x) {
			s.scratch = r
			return false
		}
		r = append(r, x)
	}
	s.scratch = r
	return len(r) > 2
}

// insert adds a ring unless one with the same atoms is there, and returns its
// number.
func (s *ringSearch) insert(m *Mol, ring []int32) int32 {
	s.color = resize(s.color, len(m.Atoms))
	for _, a := range ring {
		s.color[a] = 1
	}
	s.spend(len(m.Atoms) + s.found.len())
next:
	for i := range s.found.len() {
		r := s.found.at(i)
		if len(r) != len(ring) {
			continue
		}
		for _, a := range r {
			if s.color[a] == 0 {
				continue next
			}
		}
		return int32(i)
	}
	s.found.add(ring)
	return int32(s.found.len() - 1)
}

// byLength orders ring numbers by ring size, keeping the order of discovery.
func (s *ringSearch) byLength() []int32 {
	s.order = s.order[:0]
	for i := range s.found.len() {
		s.order = append(s.order, int32(i))
	}
	slices.SortStableFunc(s.order, func(a, b int32) int {
		return cmp.Compare(len(s.found.at(int(a))), len(s.found.at(int(b))))
	})
	return s.order
}
