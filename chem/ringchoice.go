package chem

import "slices"

// choose puts the smallest set of smallest rings out of those found into out,
// and into extra those that are as good as a member of the set (together the
// symmetrised set, as RDKit's ring info holds).
func (s *ringSearch) choose(m *Mol, want int, out, extra *ringList) {
	if s.found.len() <= want {
		for i := range s.found.len() {
			out.add(s.found.at(i))
		}
		return
	}
	order := s.byLength()
	s.bonds.reset()
	for _, id := range order {
		s.bonds.add(s.ringBonds(m, s.found.at(int(id))))
	}
	n := len(order)
	s.covered = resize(s.covered, len(m.Bonds))
	s.isKept = resize(s.isKept, n)
	gone := make([]bool, n)
	for i := range n {
		if gone[i] {
			continue
		}
		if s.overlap(i) == len(s.bonds.at(i)) {
			gone[i] = true
			continue
		}
		s.keep(i)
		gone[i] = true
		size := len(s.bonds.at(i))
		for s.spend((n - i) * size) {
			best, bestOverlap := -1, -1
			for j := i + 1; j < n && len(s.bonds.at(j)) == size; j++ {
				if gone[j] {
					continue
				}
				if o := s.overlap(j); o > bestOverlap {
					best, bestOverlap = j, o
				}
			}
			if best < 0 {
				break
			}
			gone[best] = true
			if bestOverlap < size {
				s.keep(best)
			}
		}
	}
	s.count = resize(s.count, len(m.Bonds))
	for i := range n {
		if s.isKept[i] {
			out.add(s.found.at(int(order[i])))
			for _, b := range s.bonds.at(i) {
				s.count[b]++
			}
		}
	}
	for i := range n {
		if !s.isKept[i] && s.spend(n) && s.replaces(i, n) {
			extra.add(s.found.at(int(order[i])))
		}
	}
}

// overlap counts the bonds of a ring that are covered already.
func (s *ringSearch) overlap(i int) int {
	n := 0
	for _, b := range s.bonds.at(i) {
		if s.covered[b] {
			n++
		}
	}
	return n
}

func (s *ringSearch) keep(i int) {
	s.isKept[i] = true
	for _, b := range s.bonds.at(i) {
		s.covered[b] = true
	}
}

// replaces tells whether ring i could stand for a kept ring of the same size:
// they share a bond, and i has every bond that only the kept ring provides.
func (s *ringSearch) replaces(i, n int) bool {
	extra := s.bonds.at(i)
next:
	for j := range n {
		ring := s.bonds.at(j)
		if !s.isKept[j] || len(ring) != len(extra) {
			continue
		}
		shares := false
		for _, b := range ring {
			in := slices.Contains(extra, b)
			if !in && s.count[b] == 1 {
				continue next
			}
			shares = shares || in
		}
		if shares {
			return true
		}
	}
	return false
}

// ringBonds lists the bonds of a ring of atoms in order.
func (s *ringSearch) ringBonds(m *Mol, ring []int32) []int32 {
	s.scratch = s.scratch[:0]
	for i, a := range ring {
		b := m.BondBetween(int(a), int(ring[(i+1)%len(ring)]))
		s.scratch = append(s.scratch, int32(b))
	}
	return s.scratch
}

// findMissing looks for rings through ring bonds that no ring found so far
// covers, which happens in highly fused cages.
func (s *ringSearch) findMissing(m *Mol, atoms []int32) {
	s.covered = resize(s.covered, len(m.Bonds))
	for i := range s.found.len() {
		for _, b := range s.ringBonds(m, s.found.at(i)) {
			s.covered[b] = true
		}
	}
	for _, a := range atoms {
		for _, nb := range m.Neighbors(int(a)) {
			b := &m.Bonds[nb.Bond]
			if !b.InRing || s.covered[nb.Bond] || !s.spend(len(m.Bonds)) {
				continue
			}
			if ring := s.shortestThrough(m, int(nb.Bond)); ring != nil {
				s.insert(m, ring)
				for _, k := range s.ringBonds(m, ring) {
					s.covered[k] = true
				}
			}
		}
	}
}

// shortestThrough is a shortest ring through a bond, nil if there is none.
func (s *ringSearch) shortestThrough(m *Mol, bond int) []int32 {
	from, to := m.Bonds[bond].A, m.Bonds[bond].B
	s.up = resize(s.up, len(m.Atoms))
	s.color = resize(s.color, len(m.Atoms))
	s.color[from] = 1
	s.up[from] = -1
	s.queue = append(s.queue[:0], from)
	for q := 0; q < len(s.queue); q++ {
		at := s.queue[q]
		for _, nb := range m.Neighbors(int(at)) {
			if int(nb.Bond) == bond || !m.Bonds[nb.Bond].InRing || s.color[nb.Atom] != 0 {
				continue
			}
			s.color[nb.Atom] = 1
			s.up[nb.Atom] = at
			if nb.Atom == to {
				var ring []int32
				for x := to; x != -1; x = s.up[x] {
					ring = append(ring, x)
				}
				return ring
			}
			s.queue = append(s.queue, nb.Atom)
		}
	}
	return nil
}
