package fragment

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// graph is a connected labelled graph: what identity and symmetry of fragments
// are decided on. Equal molecules have isomorphic graphs and the reverse,
// stereo aside.
type graph struct {
	label []uint64
	nbr   [][]arc
}

// arc leads to a neighbour over a bond with a label.
type arc struct {
	to   int32
	bond uint8
}

// Bond labels, also those of the file format.
const (
	bondSingle   = 1
	bondDouble   = 2
	bondTriple   = 3
	bondAromatic = 4
)

// bondLabel is the label of a bond, 0 where a fragment cannot have it.
func bondLabel(o chem.Order) uint8 {
	switch o {
	case chem.Single:
		return bondSingle
	case chem.Double:
		return bondDouble
	case chem.Triple:
		return bondTriple
	case chem.Aromatic:
		return bondAromatic
	default:
		return 0
	}
}

// atomLabel packs what makes an atom what it is. Hydrogens are left out where
// hydrogens is negative.
func atomLabel(element uint8, charge int8, isotope uint16, aromatic bool, hydrogens int) uint64 {
	l := uint64(element) | uint64(uint8(charge))<<8 | uint64(isotope)<<16
	if aromatic {
		l |= 1 << 32
	}
	if hydrogens >= 0 {
		l |= uint64(hydrogens+1) << 40
	}
	return l
}

// spread mixes the bits of x (the finaliser of SplitMix64, Steele, Lea and
// Flood 2014).
func spread(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// refine replaces colours by those that also tell neighbours apart
// (Weisfeiler and Leman 1968), until the number of colours stands still.
func (g *graph) refine(colour []uint64) {
	n := len(colour)
	next := make([]uint64, n)
	sorted := make([]uint64, n)
	before := 0
	for range n + 1 {
		copy(sorted, colour)
		slices.Sort(sorted)
		distinct := 0
		for i := range sorted {
			if i == 0 || sorted[i] != sorted[i-1] {
				distinct++
			}
		}
		if distinct == n || distinct == before {
			return
		}
		before = distinct
		for v := range n {
			sum := uint64(0)
			for _, e := range g.nbr[v] {
				sum += spread(colour[e.to] + uint64(e.bond)*0x9e3779b97f4a7c15)
			}
			next[v] = spread(colour[v]*3 + sum)
		}
		copy(colour, next)
	}
}

// colours are the refined colours of the labels.
func (g *graph) colours() []uint64 {
	c := make([]uint64, len(g.label))
	for i, l := range g.label {
		c[i] = spread(l + 0x9e3779b97f4a7c15)
	}
	g.refine(c)
	return c
}

// invariant is equal for isomorphic graphs and nearly always different for
// others. Every pass is counted, so it is computed with a fixed number of them.
func (g *graph) invariant() uint64 {
	n := len(g.label)
	c := make([]uint64, 2*n)
	cur, next := c[:n], c[n:]
	for i, l := range g.label {
		cur[i] = spread(l + 0x9e3779b97f4a7c15)
	}
	for range min(n, 6) {
		for v := range n {
			sum := uint64(0)
			for _, e := range g.nbr[v] {
				sum += spread(cur[e.to] + uint64(e.bond)*0x9e3779b97f4a7c15)
			}
			next[v] = spread(cur[v]*3 + sum)
		}
		cur, next = next, cur
	}
	sum := uint64(n)
	for _, x := range cur {
		sum += spread(x)
	}
	return spread(sum)
}

// match looks for isomorphisms from g to h that respect colours, and calls
// visit with each until it returns false. The map is reused between calls.
// Colours only prune: the answer is exact whatever they are, as long as equal
// vertices have equal colours. compatible, where not nil, has a say on each
// pair of vertices.
func match(g, h *graph, gc, hc []uint64, compatible func(v, w int) bool, visit func(image []int32) bool) {
	n := len(g.label)
	if n != len(h.label) || n == 0 {
		return
	}
	m := matcher{g: g, h: h, gc: gc, hc: hc, compatible: compatible, visit: visit}
	m.image = make([]int32, n)
	m.used = make([]bool, n)
	for i := range m.image {
		m.image[i] = -1
	}
	m.order, m.via = g.searchOrder(gc)
	m.extend(0)
}

// searchOrder lists the vertices so that each but the first of a component
// follows a neighbour, which via names (-1 for none), beginning with a vertex
// of the rarest colour.
func (g *graph) searchOrder(colour []uint64) (order, via []int32) {
	n := len(g.label)
	count := make(map[uint64]int, n)
	for _, c := range colour {
		count[c]++
	}
	seen := make([]bool, n)
	order = make([]int32, 0, n)
	via = make([]int32, 0, n)
	for len(order) < n {
		start := -1
		for v := range n {
			if !seen[v] && (start < 0 || count[colour[v]] < count[colour[start]]) {
				start = v
			}
		}
		seen[start] = true
		order = append(order, int32(start))
		via = append(via, -1)
		for i := len(order) - 1; i < len(order); i++ {
			v := order[i]
			for _, e := range g.nbr[v] {
				if !seen[e.to] {
					seen[e.to] = true
					order = append(order, e.to)
					via = append(via, v)
				}
			}
		}
	}
	return order, via
}

// matcher is the state of one search of match.
type matcher struct {
	g, h       *graph
	gc, hc     []uint64
	compatible func(v, w int) bool
	visit      func([]int32) bool
	order, via []int32
	image      []int32
	used       []bool
}

// extend places the vertices of order from place k on; false stops the search.
func (m *matcher) extend(k int) bool {
	if k == len(m.order) {
		return m.visit(m.image)
	}
	v := m.order[k]
	try := func(w int32) bool {
		if m.used[w] || m.gc[v] != m.hc[w] || len(m.g.nbr[v]) != len(m.h.nbr[w]) || !m.fits(v, w) {
			return true
		}
		m.image[v], m.used[w] = w, true
		goOn := m.extend(k + 1)
		m.image[v], m.used[w] = -1, false
		return goOn
	}
	if p := m.via[k]; p >= 0 {
		for _, e := range m.h.nbr[m.image[p]] {
			if !try(e.to) {
				return false
			}
		}
		return true
	}
	for w := range m.h.label {
		if !try(int32(w)) {
			return false
		}
	}
	return true
}

// fits reports whether v may go to w as far as the vertices placed before it
// can tell.
func (m *matcher) fits(v, w int32) bool {
	if m.compatible == nil {
		if m.g.label[v] != m.h.label[w] {
			return false
		}
	} else if !m.compatible(int(v), int(w)) {
		return false
	}
	for _, e := range m.g.nbr[v] {
		u := m.image[e.to]
		if u < 0 {
			continue
		}
		if m.h.bondBetween(w, u) != e.bond {
			return false
		}
	}
	return true
}

// bondBetween is the label of the bond between v and w, 0 for none.
func (g *graph) bondBetween(v, w int32) uint8 {
	for _, e := range g.nbr[v] {
		if e.to == w {
			return e.bond
		}
	}
	return 0
}
