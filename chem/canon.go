package chem

import (
	"math/bits"
	"slices"
	"sync"
)

// maxLeaves bounds the search for the canonical order. Only graphs that no
// drug resembles come near; their order is then still deterministic, but may
// depend on the numbering.
const maxLeaves = 4000

// SymmetryClasses gives atoms that the constitution does not tell apart the
// same number: ranks from 0 without gaps, by colour refinement. Stereo marks
// do not count.
func SymmetryClasses(m *Mol) []int {
	s := canonSearches.Get().(*canonSearch)
	defer canonSearches.Put(s)
	s.r.prepare(m, false)
	s.r.begin(&s.root)
	out := make([]int, len(m.Atoms))
	class := -1
	for k, v := range s.root.order {
		if int(s.root.cell[v]) == k {
			class++
		}
		out[v] = class
	}
	return out
}

// CanonicalRanks numbers the atoms 0, 1, ... in an order that depends on the
// molecule, its stereo marks included, and not on the order of its atoms:
// where two numberings are equally good they differ by an automorphism.
//
// The order is found by individualisation and refinement (McKay 1981): ties
// that refinement leaves are broken in all ways that known automorphisms do
// not show to be equal, and the way with the least adjacency list is taken.
func CanonicalRanks(m *Mol) []int {
	s := canonSearches.Get().(*canonSearch)
	defer canonSearches.Put(s)
	s.run(m)
	out := make([]int, len(m.Atoms))
	for k, v := range s.best.order {
		out[v] = k
	}
	return out
}

var canonSearches = sync.Pool{New: func() any { return new(canonSearch) }}

// canonSearch is the search tree of CanonicalRanks.
type canonSearch struct {
	m     *Mol
	r     refiner
	root  partition
	best  leaf
	depth []level // nodes of the current path
	spare leaf
	count int // leaves seen
	list  []uint64
}

// leaf is a full order of the atoms with the adjacency list it gives.
type leaf struct {
	order []int32
	list  []uint64
}

// level is a node of the search tree: a partition, the atoms that may come
// next, and which of them automorphisms make equal.
type level struct {
	p     partition
	next  partition
	cand  []int32
	orbit []int32 // union-find over atoms
	tried []int32
	first leaf
}

func (s *canonSearch) run(m *Mol) {
	s.m = m
	s.count = 0
	s.best.order = s.best.order[:0]
	s.best.list = s.best.list[:0]
	s.r.prepare(m, true)
	s.r.begin(&s.root)
	s.splitTwins(&s.root)
	if s.root.cells == len(m.Atoms) {
		s.best.order = append(s.best.order, s.root.order...)
		return
	}
	s.explore(0, &s.root)
}

// splitTwins orders like leaves of one atom, which are always exchangeable.
func (s *canonSearch) splitTwins(p *partition) {
	for start := int32(0); int(start) < len(p.order); {
		n := p.size[start]
		if n > 1 && s.twins(p.order[start:start+n]) {
			for k := start; k < start+n; k++ {
				p.cell[p.order[k]] = k
				p.size[k] = 1
			}
			p.cells += int(n) - 1
		}
		start += n
	}
}

func (s *canonSearch) twins(atoms []int32) bool {
	parent := int32(-1)
	for _, v := range atoms {
		nbrs := s.m.Neighbors(int(v))
		if len(nbrs) != 1 || parent >= 0 && nbrs[0].Atom != parent {
			return false
		}
		parent = nbrs[0].Atom
	}
	return s.m.Atoms[parent].Chirality == Achiral && s.m.Atoms[parent].Geometry == NoGeometry
}

// explore searches the subtree below a partition with ties.
func (s *canonSearch) explore(depth int, p *partition) {
	for len(s.depth) <= depth {
		s.depth = append(s.depth, level{})
	}
	{
		l := &s.depth[depth]
		l.p.copyFrom(p)
		start := s.target(&l.p)
		l.cand = append(l.cand[:0], l.p.order[start:start+l.p.size[start]]...)
		l.orbit = l.orbit[:0]
		for i := range s.m.Atoms {
			l.orbit = append(l.orbit, int32(i))
		}
		l.tried = l.tried[:0]
	}
	for i := range s.depth[depth].cand {
		l := &s.depth[depth]
		v := l.cand[i]
		if i > 0 && s.equalToTried(l, v) {
			continue
		}
		if i > 0 {
			if s.count > maxLeaves {
				return
			}
			s.step(l, v)
			s.descend(&l.next)
			s.record(&s.spare, &l.next)
			if slices.Equal(s.spare.list, l.first.list) {
				s.merge(depth, l.first.order, s.spare.order)
				l.tried = append(l.tried, v)
				continue
			}
			if slices.Equal(s.spare.list, s.best.list) && s.sharesPath(depth) {
				s.merge(depth, s.best.order, s.spare.order)
				l.tried = append(l.tried, v)
				continue
			}
		}
		s.step(l, v)
		if l.next.cells == len(s.m.Atoms) {
			s.record(&s.spare, &l.next)
			s.consider()
			s.keepFirst(depth, i)
		} else {
			s.explore(depth+1, &l.next)
			l = &s.depth[depth]
			if i == 0 {
				below := &s.depth[depth+1].first
				l.first.order = append(l.first.order[:0], below.order...)
				l.first.list = append(l.first.list[:0], below.list...)
			}
		}
		l = &s.depth[depth]
		l.tried = append(l.tried, v)
	}
}

func (s *canonSearch) keepFirst(depth, i int) {
	if i == 0 {
		l := &s.depth[depth]
		l.first.order = append(l.first.order[:0], s.spare.order...)
		l.first.list = append(l.first.list[:0], s.spare.list...)
	}
}

// sharesPath tells whether the best leaf lies below the node at depth, so that
// an automorphism to it leaves the atoms chosen above where they are.
func (s *canonSearch) sharesPath(depth int) bool {
	l := &s.depth[depth]
	for v := range l.p.cell {
		k := l.p.cell[v]
		if l.p.size[k] == 1 && s.best.order[k] != int32(v) {
			return false
		}
	}
	return true
}

// step makes l.next the partition after choosing atom v.
func (s *canonSearch) step(l *level, v int32) {
	l.next.copyFrom(&l.p)
	s.r.individualize(&l.next, v)
	s.splitTwins(&l.next)
}

// descend breaks all ties below p in the first possible way.
func (s *canonSearch) descend(p *partition) {
	for p.cells < len(p.order) {
		s.r.individualize(p, p.order[s.target(p)])
		s.splitTwins(p)
	}
}

// target is the start of the first of the smallest cells with ties.
func (s *canonSearch) target(p *partition) int32 {
	best := int32(-1)
	for start := int32(0); int(start) < len(p.order); start += p.size[start] {
		if n := p.size[start]; n > 1 && (best < 0 || n < p.size[best]) {
			if best = start; n == 2 {
				break
			}
		}
	}
	return best
}

// record writes down the order of a discrete partition and the adjacency list
// it gives: neighbours, bonds and configurations by position.
func (s *canonSearch) record(l *leaf, p *partition) {
	s.count++
	l.order = append(l.order[:0], p.order...)
	l.list = l.list[:0]
	for _, v := range p.order {
		from := len(l.list)
		for _, nb := range s.m.Neighbors(int(v)) {
			w := s.r.weight[nb.Bond]
			if s.m.Bonds[nb.Bond].B != nb.Atom {
				w = s.r.back[nb.Bond]
			}
			e := uint64(p.pos[nb.Atom])<<8 | uint64(bits.Len64(w)-1)
			at := len(l.list)
			l.list = append(l.list, e)
			for ; at > from && l.list[at-1] > e; at-- {
				l.list[at], l.list[at-1] = l.list[at-1], e
			}
		}
		l.list = append(l.list, 1<<40|uint64(s.m.relativeArrangement(int(v), p.pos))<<2|uint64(s.m.relativeChirality(int(v), p.pos)))
	}
	for _, i := range s.r.double {
		b := &s.m.Bonds[i]
		x, y := p.pos[b.A], p.pos[b.B]
		s.list = append(s.list, uint64(min(x, y))<<34|uint64(max(x, y))<<4|uint64(s.m.relativeStereo(int(i), p.pos)))
	}
	slices.Sort(s.list)
	l.list = append(l.list, s.list...)
	s.list = s.list[:0]
}

// consider keeps the spare leaf if it is better than the best so far.
func (s *canonSearch) consider() {
	if len(s.best.order) == 0 || slices.Compare(s.spare.list, s.best.list) < 0 {
		s.best.order = append(s.best.order[:0], s.spare.order...)
		s.best.list = append(s.best.list[:0], s.spare.list...)
	}
}

// merge joins orbits at all levels up to depth by the automorphism that takes
// order a to order b.
func (s *canonSearch) merge(depth int, a, b []int32) {
	for d := 0; d <= depth; d++ {
		l := &s.depth[d]
		for k := range a {
			if a[k] != b[k] {
				x, y := find(l.orbit, a[k]), find(l.orbit, b[k])
				if x != y {
					l.orbit[max(x, y)] = min(x, y)
				}
			}
		}
	}
}

// equalToTried tells whether an automorphism takes v to an atom tried before.
func (s *canonSearch) equalToTried(l *level, v int32) bool {
	x := find(l.orbit, v)
	for _, t := range l.tried {
		if find(l.orbit, t) == x {
			return true
		}
	}
	return false
}

func find(parent []int32, i int32) int32 {
	for parent[i] != i {
		parent[i] = parent[parent[i]]
		i = parent[i]
	}
	return i
}
