package chem

import (
	"cmp"
	"slices"
)

// partition is an ordered partition of a molecule's atoms into cells, refined
// until atoms of one cell have the same numbers of neighbours in every cell
// (colour refinement, with the worklist of Hopcroft 1971). Where it stands
// depends on the molecule only, never on the numbering of its atoms.
type partition struct {
	order []int32 // atoms by position
	pos   []int32 // position of each atom
	cell  []int32 // by atom: the position where its cell starts
	size  []int32 // by starting position: number of atoms of the cell
	cells int
}

func (p *partition) copyFrom(q *partition) {
	p.order = append(p.order[:0], q.order...)
	p.pos = append(p.pos[:0], q.pos...)
	p.cell = append(p.cell[:0], q.cell...)
	p.size = append(p.size[:0], q.size...)
	p.cells = q.cells
}

// refiner is the memory of refinement, and what it needs to know of bonds.
type refiner struct {
	m       *Mol
	stereo  bool     // tell apart by configuration too
	weight  []uint64 // by bond, from A to B
	back    []uint64 // by bond, from B to A
	key     []uint64 // by atom
	seed    []uint64
	queue   []int32
	queued  []bool
	touched []int32
	members []int32
	marked  []int32 // atoms with a tetrahedral mark
	double  []int32 // bonds with a configuration
}

// prepare sets the bond weights: fields of five bits that count neighbours by
// kind of bond.
func (r *refiner) prepare(m *Mol, stereo bool) {
	r.m, r.stereo = m, stereo
	r.weight = resize(r.weight, len(m.Bonds))
	r.back = resize(r.back, len(m.Bonds))
	r.marked, r.double = r.marked[:0], r.double[:0]
	for i := range m.Bonds {
		b := &m.Bonds[i]
		w := uint64(1) << (5 * uint(b.Order))
		if stereo && b.Stereo != NoStereo {
			w = 1 << 45
			r.double = append(r.double, int32(i))
		}
		r.weight[i], r.back[i] = w, w
		if b.Order == Dative {
			r.back[i] = 1 << 50
		}
	}
	if stereo {
		for i := range m.Atoms {
			if m.Atoms[i].Chirality != Achiral {
				r.marked = append(r.marked, int32(i))
			}
		}
	}
}

// begin sorts the atoms by what is written on them and refines.
func (r *refiner) begin(p *partition) {
	m := r.m
	n := len(m.Atoms)
	r.seed = resize(r.seed, n)
	r.key = resize(r.key, n)
	r.queued = resize(r.queued, n)
	p.order = p.order[:0]
	mapped := false
	for i := range m.Atoms {
		a := &m.Atoms[i]
		mapped = mapped || a.Map != 0
		s := uint64(min(m.Degree(i), 31))
		s = s<<7 | uint64(a.Element)
		s = s<<8 | uint64(int(a.Charge)+128)
		s = s<<5 | uint64(min(a.Hydrogens(), 31))
		s = s<<16 | uint64(a.Isotope)
		s = s<<4 | uint64(min(a.Radical, 15))
		if s <<= 3; r.stereo {
			s |= uint64(a.Geometry)<<1 | uint64(min(a.Arrangement, 1))
		}
		s <<= 3
		if a.Aromatic {
			s |= 1
		}
		if a.InRing {
			s |= 2
		}
		if r.stereo && a.Chirality != Achiral {
			s |= 4
		}
		r.seed[i] = s
		p.order = append(p.order, int32(i))
	}
	alike := func(a, b int32) bool { return r.seed[a] == r.seed[b] }
	if mapped {
		alike = func(a, b int32) bool { return r.seed[a] == r.seed[b] && m.Atoms[a].Map == m.Atoms[b].Map }
		slices.SortFunc(p.order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(r.seed[a], r.seed[b]), cmp.Compare(m.Atoms[a].Map, m.Atoms[b].Map))
		})
	} else {
		sortByKey(p.order, r.seed)
	}
	p.pos = resize(p.pos, n)
	p.cell = resize(p.cell, n)
	p.size = resize(p.size, n)
	p.cells = 0
	r.queue = r.queue[:0]
	start := int32(0)
	for k, i := range p.order {
		if k == 0 || !alike(p.order[k-1], i) {
			start = int32(k)
			p.cells++
			r.enqueue(start)
		}
		p.pos[i], p.cell[i] = int32(k), start
		p.size[start]++
	}
	r.refine(p)
}

// manyAtoms is how many atoms are too many to sort them by insertion.
const manyAtoms = 48

// sortByKey sorts atoms by their keys. Those of one molecule are few.
func sortByKey(atoms []int32, key []uint64) {
	if len(atoms) > manyAtoms {
		slices.SortFunc(atoms, func(a, b int32) int { return cmp.Compare(key[a], key[b]) })
		return
	}
	for i := 1; i < len(atoms); i++ {
		v, at := atoms[i], i
		k := key[v]
		for ; at > 0 && key[atoms[at-1]] > k; at-- {
			atoms[at] = atoms[at-1]
		}
		atoms[at] = v
	}
}

func (r *refiner) enqueue(start int32) {
	if !r.queued[start] {
		r.queued[start] = true
		r.queue = append(r.queue, start)
	}
}

// refine works the queue off, then tells atoms apart by configuration, and so
// on until neither does anything.
func (r *refiner) refine(p *partition) {
	for {
		for q := 0; q < len(r.queue); q++ {
			start := r.queue[q]
			r.queued[start] = false
			if p.cells == len(p.order) {
				continue
			}
			r.splitBy(p, start)
		}
		r.queue = r.queue[:0]
		if !r.stereo || p.cells == len(p.order) || !r.splitByStereo(p) {
			return
		}
	}
}

// splitBy splits all cells by their numbers of neighbours in one cell.
func (r *refiner) splitBy(p *partition, start int32) {
	r.members = append(r.members[:0], p.order[start:start+p.size[start]]...)
	r.touched = r.touched[:0]
	for _, v := range r.members {
		for _, nb := range r.m.Neighbors(int(v)) {
			if p.size[p.cell[nb.Atom]] == 1 {
				continue
			}
			if r.key[nb.Atom] == 0 {
				r.touched = append(r.touched, nb.Atom)
			}
			w := r.weight[nb.Bond]
			if r.m.Bonds[nb.Bond].B != nb.Atom {
				w = r.back[nb.Bond]
			}
			r.key[nb.Atom] += w
		}
	}
	r.splitTouched(p)
}

// splitTouched splits the cells of the touched atoms by key, and clears keys.
func (r *refiner) splitTouched(p *partition) {
	if len(r.touched) == 0 {
		return
	}
	// Cells in the order of their positions.
	cells := r.members[:0]
	for _, v := range r.touched {
		if c := p.cell[v]; !slices.Contains(cells, c) {
			cells = append(cells, c)
		}
	}
	r.members = cells
	slices.Sort(cells)
	for _, c := range cells {
		r.splitCell(p, c)
	}
	for _, v := range r.touched {
		r.key[v] = 0
	}
}

// splitCell splits the cell at start by the keys of its atoms; all pieces but
// one largest go on the queue (all, if the cell was on it).
func (r *refiner) splitCell(p *partition, start int32) {
	n := p.size[start]
	atoms := p.order[start : start+n]
	first, same := r.key[atoms[0]], true
	for _, v := range atoms[1:] {
		if r.key[v] != first {
			same = false
			break
		}
	}
	if same {
		return
	}
	sortByKey(atoms, r.key)
	wasQueued := r.queued[start]
	largest, largestSize := int32(-1), int32(0)
	for i := int32(0); i < n; {
		j := i + 1
		for j < n && r.key[atoms[j]] == r.key[atoms[i]] {
			j++
		}
		for k := i; k < j; k++ {
			p.pos[atoms[k]], p.cell[atoms[k]] = start+k, start+i
		}
		p.size[start+i] = j - i
		if j-i > largestSize {
			largest, largestSize = start+i, j-i
		}
		if i > 0 {
			p.cells++
		}
		i = j
	}
	for i := int32(0); i < n; i += p.size[start+i] {
		if wasQueued || start+i != largest {
			r.enqueue(start + i)
		}
	}
}

// individualize gives one atom of a cell a cell of its own, in front.
func (r *refiner) individualize(p *partition, v int32) {
	start := p.cell[v]
	n := p.size[start]
	at := p.pos[v]
	other := p.order[start]
	p.order[start], p.order[at] = v, other
	p.pos[v], p.pos[other] = start, at
	for k := start + 1; k < start+n; k++ {
		p.cell[p.order[k]] = start + 1
	}
	p.size[start], p.size[start+1] = 1, n-1
	p.cells++
	r.enqueue(start)
	r.refine(p)
}

// splitByStereo splits cells by the configurations that are already defined,
// and tells whether it split any.
func (r *refiner) splitByStereo(p *partition) bool {
	if len(r.marked) == 0 && len(r.double) == 0 {
		return false
	}
	before := p.cells
	r.touched = r.touched[:0]
	touch := func(v int32, key uint64) {
		if p.size[p.cell[v]] == 1 {
			return
		}
		if r.key[v] == 0 {
			r.touched = append(r.touched, v)
		}
		r.key[v] += key
	}
	for _, v := range r.marked {
		if c := r.m.relativeChirality(int(v), p.cell); c != Achiral {
			touch(v, uint64(c))
		}
	}
	for _, i := range r.double {
		if s := r.m.relativeStereo(int(i), p.cell); s != NoStereo {
			touch(r.m.Bonds[i].A, uint64(s)<<8)
			touch(r.m.Bonds[i].B, uint64(s)<<8)
		}
	}
	r.splitTouched(p)
	return p.cells > before
}

// relativeChirality is the mark of atom i relative to its neighbours in the
// order of their ranks, Achiral while two have the same.
func (m *Mol) relativeChirality(i int, rank []int32) Chirality {
	nbrs := m.Neighbors(i)
	c := m.Atoms[i].Chirality
	for x := range nbrs {
		for y := range x {
			rx, ry := rank[nbrs[x].Atom], rank[nbrs[y].Atom]
			if rx == ry {
				return Achiral
			}
			if ry > rx {
				c = Mirror(c)
			}
		}
	}
	return c
}

// relativeStereo is the configuration of a double bond relative to the highest
// ranked neighbours, NoStereo while two at one end have the same rank.
func (m *Mol) relativeStereo(i int, rank []int32) BondStereo {
	b := &m.Bonds[i]
	s := b.Stereo
	for end, at := range [2]int32{b.A, b.B} {
		top := int32(-1)
		for _, nb := range m.Neighbors(int(at)) {
			if int(nb.Bond) == i {
				continue
			}
			if top >= 0 && rank[top] == rank[nb.Atom] {
				return NoStereo
			}
			if top < 0 || rank[nb.Atom] > rank[top] {
				top = nb.Atom
			}
		}
		if top != b.StereoAtoms[end] {
			s = Cis + Trans - s
		}
	}
	return s
}
