package chem

import "slices"

// cipRanks holds ranks of atoms in the manner of the Cahn-Ingold-Prelog rules
// as RDKit's first stereo perception has them (after Labute, J. Chem. Comput.
// Group 1996): close to the rules, not the rules. Atoms with the same rank are
// taken as alike.
type cipRanks struct {
	rank  []int32 // by atom: how many atoms rank lower
	next  []int32
	order []int32 // atoms by rank
	tied  []int32
	seed  []uint64
	keys  [][]int32
	stale []bool // by atom: a neighbour's rank is new since its key was made
}

// start ranks the atoms of m by constitution alone, until enough says so.
func (c *cipRanks) start(m *Mol, enough func() bool) {
	c.seed = resize(c.seed, len(m.Atoms))
	seed := c.seed
	for i := range m.Atoms {
		a := &m.Atoms[i]
		mass := 512
		if a.Isotope != 0 && int(a.Element) < len(commonIsotope) {
			d := int(a.Isotope) - int(commonIsotope[a.Element])
			if d >= 0 {
				d++
			}
			mass = max(0, mass+d) % 1024
		}
		num := uint64(0) // RDKit counts no atom map as -1
		if a.Map != 0 {
			num = uint64(a.Map+1) % 1024
		}
		seed[i] = (uint64(a.Element)<<10|uint64(mass))<<10 | num
	}
	c.iterate(m, seed, enough)
}

// iterate ranks atoms by seed and refines the ranks by the neighbours' ranks,
// each taken twice its bond order times, until enough says so or nothing
// changes. Only atoms that share a rank are looked at again, and only where a
// neighbour's rank is new; those that are told apart keep their order.
func (c *cipRanks) iterate(m *Mol, seed []uint64, enough func() bool) {
	n := len(m.Atoms)
	c.rank = resize(c.rank, n)
	c.next = resize(c.next, n)
	c.stale = resize(c.stale, n)
	c.order = c.order[:0]
	for i := range n {
		c.order = append(c.order, int32(i))
		c.stale[i] = true
	}
	sortByKey(c.order, seed)
	ranks, start := 0, 0
	for k, i := range c.order {
		if k == 0 || seed[c.order[k-1]] != seed[i] {
			start = k
			ranks++
		}
		c.rank[i] = int32(start)
	}
	if len(c.keys) < n {
		c.keys = append(c.keys, make([][]int32, n-len(c.keys))...)
	}
	for range n/2 + 1 {
		if ranks >= n || enough() {
			break
		}
		fresh := c.split(m)
		if fresh == 0 {
			break
		}
		ranks += fresh
	}
}

// split tells atoms of the same rank apart by their neighbours' ranks, and
// returns how many ranks are new.
func (c *cipRanks) split(m *Mol) int {
	fresh := 0
	c.tied = c.tied[:0]
	for start := 0; start < len(c.order); {
		end := start + 1
		for end < len(c.order) && c.rank[c.order[end]] == int32(start) {
			end++
		}
		if cell := c.order[start:end]; len(cell) > 1 && c.renew(m, cell) {
			c.sort(cell)
			at := start
			for k, i := range cell {
				if k > 0 && !slices.Equal(c.keys[cell[k-1]], c.keys[i]) {
					at = start + k
					fresh++
				}
				c.next[i] = int32(at)
			}
			c.tied = append(c.tied, cell...)
		}
		start = end
	}
	for _, i := range c.tied {
		if c.rank[i] == c.next[i] {
			continue
		}
		c.rank[i] = c.next[i]
		for _, nb := range m.Neighbors(int(i)) {
			c.stale[nb.Atom] = true
		}
	}
	return fresh
}

// renew makes the keys of those atoms anew that have stale ones, and tells
// whether there are any. Without, the keys are as alike as they were.
func (c *cipRanks) renew(m *Mol, cell []int32) bool {
	some := false
	for _, i := range cell {
		if c.stale[i] {
			c.stale[i], some = false, true
			c.keys[i] = c.key(c.keys[i][:0], m, int(i))
		}
	}
	return some
}

// sort sorts atoms by their keys.
func (c *cipRanks) sort(cell []int32) {
	if len(cell) > manyAtoms {
		slices.SortFunc(cell, func(a, b int32) int { return slices.Compare(c.keys[a], c.keys[b]) })
		return
	}
	for i := 1; i < len(cell); i++ {
		v, at := cell[i], i
		for ; at > 0 && slices.Compare(c.keys[cell[at-1]], c.keys[v]) > 0; at-- {
			cell[at] = cell[at-1]
		}
		cell[at] = v
	}
}

// key lists the ranks of atom i's neighbours from the highest down, then a zero
// for each hydrogen.
func (c *cipRanks) key(key []int32, m *Mol, i int) []int32 {
	for _, nb := range m.Neighbors(i) {
		r := c.rank[nb.Atom] + 1
		for range cipWeight(m, nb) {
			key = append(key, r)
		}
	}
	for x := 1; x < len(key); x++ {
		for y := x; y > 0 && key[y-1] < key[y]; y-- {
			key[y-1], key[y] = key[y], key[y-1]
		}
	}
	for range m.Atoms[i].Hydrogens() {
		key = append(key, 0)
	}
	return key
}

// cipWeight is how often a neighbour counts: twice the bond order, once for a
// double bond to phosphorus.
func cipWeight(m *Mol, nb Neighbor) int {
	b := &m.Bonds[nb.Bond]
	switch b.Order {
	case Dative:
		return 2
	case Double:
		if d := m.Degree(int(nb.Atom)); m.Atoms[nb.Atom].Element == 15 && (d == 3 || d == 4) {
			return 1
		}
	default:
	}
	return b.TwiceValence(b.Order, nb.Atom)
}

// rerank refines the ranks by the labels that are known: R above S above none,
// Z above E above none, until enough says so.
func (c *cipRanks) rerank(m *Mol, label []byte, enough func() bool) {
	const factor = 100 // more than the labels add up to
	c.seed = resize(c.seed, len(m.Atoms))
	seed := c.seed
	for i := range m.Atoms {
		seed[i] = uint64(c.rank[i]) * factor
		switch label[i] {
		case 'S':
			seed[i] += 10
		case 'R':
			seed[i] += 20
		}
		for _, nb := range m.Neighbors(i) {
			b := &m.Bonds[nb.Bond]
			if b.Kekule != Double || b.Order == Aromatic {
				continue
			}
			switch b.Stereo {
			case Trans:
				seed[i]++
			case Cis:
				seed[i] += 2
			case NoStereo:
			}
		}
	}
	c.iterate(m, seed, enough)
}
