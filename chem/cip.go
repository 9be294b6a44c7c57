package chem

import (
	"cmp"
	"slices"
)

// cipRanks holds ranks of atoms in the manner of the Cahn-Ingold-Prelog rules
// as RDKit's first stereo perception has them (after Labute, J. Chem. Comput.
// Group 1996): close to the rules, not the rules. Atoms with the same rank are
// taken as alike.
type cipRanks struct {
	rank  []int32
	next  []int32
	order []int32
	keys  [][]int32
	count int // number of distinct ranks
}

// start ranks the atoms of m by constitution alone.
func (c *cipRanks) start(m *Mol) {
	seed := make([]int64, len(m.Atoms))
	for i := range m.Atoms {
		a := &m.Atoms[i]
		mass := int64(512)
		if a.Isotope != 0 && int(a.Element) < len(commonIsotope) {
			d := int64(a.Isotope) - int64(commonIsotope[a.Element])
			if d >= 0 {
				d++
			}
			mass = max(0, mass+d) % 1024
		}
		num := int64(0) // RDKit counts no atom map as -1
		if a.Map != 0 {
			num = int64(a.Map+1) % 1024
		}
		seed[i] = (int64(a.Element)<<10|mass)<<10 | num
	}
	c.iterate(m, seed)
}

// iterate ranks atoms by seed and refines the ranks by the neighbours' ranks,
// each taken twice its bond order times, until nothing changes.
func (c *cipRanks) iterate(m *Mol, seed []int64) {
	n := len(m.Atoms)
	c.rank = resize(c.rank, n)
	c.next = resize(c.next, n)
	c.order = c.order[:0]
	for i := range n {
		c.order = append(c.order, int32(i))
	}
	c.assign(func(a, b int32) int { return cmp.Compare(seed[a], seed[b]) })
	if len(c.keys) < n {
		c.keys = append(c.keys, make([][]int32, n-len(c.keys))...)
	}
	for range n/2 + 1 {
		if c.count >= n {
			break
		}
		for i := range n {
			key := c.keys[i][:0]
			for _, nb := range m.Neighbors(i) {
				for range cipWeight(m, nb) {
					key = append(key, c.rank[nb.Atom]+1)
				}
			}
			slices.SortFunc(key, func(a, b int32) int { return cmp.Compare(b, a) })
			for range m.Atoms[i].Hydrogens() {
				key = append(key, 0)
			}
			c.keys[i] = key
		}
		before := c.count
		c.assign(func(a, b int32) int {
			if d := cmp.Compare(c.rank[a], c.rank[b]); d != 0 {
				return d
			}
			return slices.Compare(c.keys[a], c.keys[b])
		})
		if c.count == before {
			break
		}
	}
}

// assign sorts the atoms and gives dense ranks.
func (c *cipRanks) assign(compare func(a, b int32) int) {
	slices.SortFunc(c.order, compare)
	c.count = 0
	for k, i := range c.order {
		if k > 0 && compare(c.order[k-1], i) != 0 {
			c.count++
		}
		c.next[i] = int32(c.count)
	}
	c.count++
	c.rank, c.next = c.next, c.rank
}

// cipWeight is how often a neighbour counts: twice the bond order, once for a
// double bond to phosphorus.
func cipWeight(m *Mol, nb Neighbor) int {
	switch b := &m.Bonds[nb.Bond]; b.Order {
	case Single, Dative:
		return 2
	case Double:
		if d := m.Degree(int(nb.Atom)); m.Atoms[nb.Atom].Element == 15 && (d == 3 || d == 4) {
			return 1
		}
		return 4
	case Triple:
		return 6
	case Quadruple:
		return 8
	case Aromatic:
		return 3
	default:
		return 0
	}
}

// rerank refines the ranks by the labels that are known: R above S above none,
// Z above E above none.
func (c *cipRanks) rerank(m *Mol, label []byte) {
	factor := int64(100)
	for factor < int64(len(m.Atoms)) {
		factor *= 10
	}
	seed := make([]int64, len(m.Atoms))
	for i := range m.Atoms {
		seed[i] = int64(c.rank[i]) * factor
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
	c.iterate(m, seed)
}
