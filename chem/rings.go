package chem

// findRings fills m.Rings and the ring flags of atoms and bonds.
//
// Ring bonds are those that are not bridges. Each system of ring bonds is
// searched on its own: a system with one cycle is walked, any other gets the
// search of ringsearch.go. Where that may have a choice, RDKit's depends on
// the bonds that link ring systems too, and all is searched again with them.
// The error is a *RingError.
func (w *workspace) findRings(m *Mol) error {
	for i := range m.Atoms {
		m.Atoms[i].InRing = false
	}
	for i := range m.Bonds {
		m.Bonds[i].InRing = false
	}
	m.Rings, m.basis = nil, 0
	if len(m.Bonds) < 3 {
		return nil
	}
	w.findBridges(m)
	w.ringDegree = resize(w.ringDegree, len(m.Atoms))
	cyclic := false
	for k := range m.Bonds {
		b := &m.Bonds[k]
		if w.active[k] {
			b.InRing = true
			m.Atoms[b.A].InRing, m.Atoms[b.B].InRing = true, true
			w.ringDegree[b.A]++
			w.ringDegree[b.B]++
			cyclic = true
		}
	}
	if !cyclic {
		return nil
	}
	if err := w.searchSystems(m); err != nil {
		return err
	}
	if w.search.choice && w.keepLinkers(m) {
		if err := w.searchSystems(m); err != nil {
			return err
		}
	}
	m.basis = w.rings.len()
	for i := range w.extra.len() {
		w.rings.add(w.extra.at(i))
	}
	m.Rings = w.rings.copyOut()
	return nil
}

// searchSystems finds the rings of each system that active bonds join.
func (w *workspace) searchSystems(m *Mol) error {
	w.rings.reset()
	w.extra.reset()
	w.search.choice, w.search.effort = false, 0
	w.visited = resize(w.visited, len(m.Atoms))
	for i := range m.Atoms {
		if w.ringDegree[i] == 0 || w.visited[i] {
			continue
		}
		// Collect the system of atom i.
		w.system = append(w.system[:0], int32(i))
		w.visited[i] = true
		bonds := 0
		for q := 0; q < len(w.system); q++ {
			for _, nb := range m.Neighbors(int(w.system[q])) {
				if !w.active[nb.Bond] {
					continue
				}
				bonds++
				if !w.visited[nb.Atom] {
					w.visited[nb.Atom] = true
					w.system = append(w.system, nb.Atom)
				}
			}
		}
		if bonds /= 2; bonds == len(w.system) {
			w.walkCycle(m, int32(i))
		} else if !w.searchRings(m, bonds) {
			return &RingError{Atoms: len(w.system), Bonds: bonds}
		}
	}
	return nil
}

// keepLinkers makes the bonds active that are left when atoms with one bond are
// taken away again and again: those of rings and between them. It tells whether
// there are any between rings.
func (w *workspace) keepLinkers(m *Mol) bool {
	w.active = resize(w.active, len(m.Bonds))
	for k := range w.active {
		w.active[k] = true
	}
	queue := w.stack[:0]
	for i := range m.Atoms {
		w.ringDegree[i] = int32(m.Degree(i))
		if w.ringDegree[i] == 1 {
			queue = append(queue, int32(i))
		}
	}
	for q := 0; q < len(queue); q++ {
		for _, nb := range m.Neighbors(int(queue[q])) {
			if !w.active[nb.Bond] {
				continue
			}
			w.active[nb.Bond] = false
			w.ringDegree[queue[q]]--
			if w.ringDegree[nb.Atom]--; w.ringDegree[nb.Atom] == 1 {
				queue = append(queue, nb.Atom)
			}
		}
	}
	w.stack = queue
	for k := range m.Bonds {
		if w.active[k] && !m.Bonds[k].InRing {
			return true
		}
	}
	return false
}

// SmallestRings is the smallest set of smallest rings of a perceived molecule:
// Mol.Rings without those that symmetry adds. Which rings it takes of several
// that are as good depends on the order of atoms, as in RDKit. It belongs to m.
func SmallestRings(m *Mol) [][]int32 { return m.Rings[:m.basis] }

// walkCycle adds the only cycle of a system, from the given atom.
func (w *workspace) walkCycle(m *Mol, from int32) {
	ring := append(w.path[:0], from)
	prev, at := int32(-1), from
	for {
		next := int32(-1)
		for _, nb := range m.Neighbors(int(at)) {
			if w.active[nb.Bond] && nb.Atom != prev {
				next = nb.Atom
				break
			}
		}
		if next == from || next < 0 {
			break
		}
		ring = append(ring, next)
		prev, at = at, next
	}
	w.path = ring
	w.rings.add(ring)
}

// findBridges sets w.active for every bond that lies on a cycle, by a
// depth-first search for low points (Tarjan 1974) without recursion.
func (w *workspace) findBridges(m *Mol) {
	n := len(m.Atoms)
	w.active = resize(w.active, len(m.Bonds))
	w.depth = resize(w.depth, n)
	w.low = resize(w.low, n)
	w.parent = resize(w.parent, n) // bond that led to the atom
	w.cursor = resize(w.cursor, n)
	for root := range n {
		if w.depth[root] != 0 {
			continue
		}
		w.depth[root], w.low[root], w.parent[root] = 1, 1, -1
		stack := append(w.stack[:0], int32(root))
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			nbrs := m.Neighbors(int(at))
			if c := w.cursor[at]; int(c) < len(nbrs) {
				w.cursor[at]++
				nb := nbrs[c]
				if nb.Bond == w.parent[at] {
					continue
				}
				if w.depth[nb.Atom] == 0 {
					w.depth[nb.Atom] = w.depth[at] + 1
					w.low[nb.Atom] = w.depth[nb.Atom]
					w.parent[nb.Atom] = nb.Bond
					stack = append(stack, nb.Atom)
				} else {
					w.low[at] = min(w.low[at], w.depth[nb.Atom])
					w.active[nb.Bond] = true
				}
				continue
			}
			stack = stack[:len(stack)-1]
			if len(stack) > 0 {
				up := stack[len(stack)-1]
				w.low[up] = min(w.low[up], w.low[at])
				if w.low[at] <= w.depth[up] {
					w.active[w.parent[at]] = true
				}
			}
		}
		w.stack = stack
	}
}

// ringList is a growing list of rings in one piece of memory.
type ringList struct {
	atoms []int32
	ends  []int32
}

func (r *ringList) reset() { r.atoms, r.ends = r.atoms[:0], r.ends[:0] }

func (r *ringList) len() int { return len(r.ends) }

func (r *ringList) add(ring []int32) {
	r.atoms = append(r.atoms, ring...)
	r.ends = append(r.ends, int32(len(r.atoms)))
}

func (r *ringList) at(i int) []int32 {
	start := int32(0)
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.atoms[start:r.ends[i]:r.ends[i]]
}

// copyOut returns the rings in fresh memory.
func (r *ringList) copyOut() [][]int32 {
	atoms := append(make([]int32, 0, len(r.atoms)), r.atoms...)
	out := make([][]int32, len(r.ends))
	start := int32(0)
	for i, end := range r.ends {
		out[i] = atoms[start:end:end]
		start = end
	}
	return out
}
