package fragment

import (
	"slices"
	"sync/atomic"
)

// noRow marks a used site.
const noRow = 0xffff

// table is what is known of one tree: the rows of its actions. It
// does not change once published.
type table struct {
	tree    Tree
	off     []uint16 // sites of node i are off[i] to off[i+1] in row
	row     []uint16 // flat: the row of an open site, noRow for a used one
	rows    []Site   // the first site of each row
	parents atomic.Pointer[[]Parent]
}

// rowOf is the row of a site, noRow if it is used.
func (tb *table) rowOf(node, site int) uint16 { return tb.row[int(tb.off[node])+site] }

// orbits finds the orbits of open sites under the automorphisms of a canonical
// tree. The nodes are in canonical preorder.
type orbits struct {
	v     *Vocabulary
	nodes []Node
	off   []uint16
	first []Site
	kid   []int16 // flat: the child at a site, -1 where open, -2 for the parent
	end   []int32 // one past the last node of the subtree at a node
	same  []int16 // the first node in the orbit of a node
	rep   []uint8 // flat: the first site of the node that a symmetry fixing the node carries the site to
	turn  []uint8 // of the twin's sites: the root's site that it corresponds to, where the halves are equal
	twin  int     // the node that the central bond leads to if the halves are equal, else -1
	cont  []uint8
}

// newTable computes the table of a canonical tree.
func (o *orbits) newTable(v *Vocabulary, t Tree) *table {
	n := t.Size()
	o.v, o.nodes = v, t.Nodes(o.nodes[:0])
	total := 0
	for _, x := range o.nodes {
		total += len(v.fragments[x.Fragment].Sites)
	}
	both := make([]uint16, n+1+total)
	tb := &table{tree: t, off: both[: n+1 : n+1], row: both[n+1:]}
	for i, x := range o.nodes {
		tb.off[i+1] = tb.off[i] + uint16(len(v.fragments[x.Fragment].Sites))
	}
	o.off = tb.off
	o.kid = grow(o.kid, total)
	o.rep = grow(o.rep, total)
	o.end = grow(o.end, n)
	o.same = grow(o.same, n)
	for i := range o.kid {
		o.kid[i] = -1
	}
	for i := n - 1; i >= 0; i-- {
		x := o.nodes[i]
		if x.Parent >= 0 {
			o.kid[int(tb.off[i])+x.Site] = -2
			o.kid[int(tb.off[x.Parent])+x.ParentSite] = int16(i)
		}
	}
	o.ends()
	for i := range n {
		o.siteOrbits(i)
	}
	o.findTwin()
	o.number(tb)
	return tb
}

// ends finds the extent of each subtree: in preorder it is a block.
func (o *orbits) ends() {
	for i := range o.nodes {
		o.end[i] = int32(i) + 1
	}
	for i := len(o.nodes) - 1; i > 0; i-- {
		p := o.nodes[i].Parent
		o.end[p] = max(o.end[p], o.end[i])
	}
}

// equalBlocks reports whether the subtrees at nodes a and b are isomorphic,
// which in canonical preorder means equal blocks.
func (o *orbits) equalBlocks(a, b int) bool {
	if o.end[a]-int32(a) != o.end[b]-int32(b) {
		return false
	}
	for i := 0; i < int(o.end[a])-a; i++ {
		x, y := o.nodes[a+i], o.nodes[b+i]
		if x.Fragment != y.Fragment || x.Site != y.Site {
			return false
		}
		if i > 0 && (x.ParentSite != y.ParentSite || x.Parent-a != y.Parent-b) {
			return false
		}
	}
	return true
}

// contents numbers what is at the sites of node i so that equal contents have
// equal numbers.
func (o *orbits) contents(i int) {
	lo, hi := o.off[i], o.off[i+1]
	o.cont = grow(o.cont, int(hi-lo))
	for k := lo; k < hi; k++ {
		s := k - lo
		switch w := int(o.kid[k]); w {
		case -2:
			o.cont[s] = toParent
		case -1:
			o.cont[s] = openSite
		default:
			o.cont[s] = uint8(s) + firstKid
			for j := lo; j < k; j++ {
				if u := int(o.kid[j]); u >= 0 && o.equalBlocks(u, w) {
					o.cont[s] = o.cont[j-lo]
					break
				}
			}
		}
	}
}

// siteOrbits finds for each site of node i the first site that a symmetry of
// the node's contents carries it to.
func (o *orbits) siteOrbits(i int) {
	f := &o.v.fragments[o.nodes[i].Fragment]
	lo, hi := o.off[i], o.off[i+1]
	rep := o.rep[lo:hi]
	for s := range rep {
		rep[s] = uint8(s)
	}
	sym := &f.sym
	if len(sym.perms) == 1 && sym.mates == nil {
		return
	}
	o.contents(i)
	for _, p := range sym.perms[1:] {
		fixes := true
		for s, t := range p {
			if o.cont[s] != o.cont[t] {
				fixes = false
				break
			}
		}
		if !fixes {
			continue
		}
		for s, t := range p {
			rep[s] = min(rep[s], t)
		}
	}
	if sym.mates == nil {
		return
	}
	// Sites on one atom with equal contents are exchangeable. The first of
	// them decides, and its image is the first of the image's.
	for s := range rep {
		for _, u := range sym.mates[s] {
			if int(u) < s && o.cont[u] == o.cont[s] {
				rep[s] = min(rep[s], rep[u])
			}
		}
	}
}

// findTwin sets twin and turn where the tree has two centroids with equal
// halves.
func (o *orbits) findTwin() {
	o.twin = -1
	n := len(o.nodes)
	if n%2 != 0 {
		return
	}
	w := -1
	for i := 1; i < n; i = int(o.end[i]) {
		if 2*(int(o.end[i])-i) == n {
			w = i
			break
		}
	}
	if w < 0 || o.nodes[w].Fragment != o.nodes[0].Fragment {
		return
	}
	// Bring the root's half into the form of the twin's.
	f := &o.v.fragments[o.nodes[0].Fragment]
	sym := &f.sym
	up := o.nodes[w].ParentSite
	ns := len(f.Sites)
	o.turn = grow(o.turn, ns)
	for _, k := range sym.toward[up] {
		p := sym.perms[k]
		if o.turns(p, w) {
			o.twin = w
			for s := range ns {
				o.turn[o.image(p, s, w)] = uint8(s)
			}
			return
		}
	}
}

// image is the site of the twin that site s of the root corresponds to under
// permutation p. Where several sites share the atom of the central bond, the
// twin has that bond on the first of them.
func (o *orbits) image(p []uint8, s, w int) int {
	f := &o.v.fragments[o.nodes[0].Fragment]
	if f.sym.mates == nil {
		return int(p[s])
	}
	up := uint8(o.nodes[w].ParentSite)
	m := f.sym.mates[s]
	if f.Sites[s] != f.Sites[up] {
		return int(p[s])
	}
	// The sites of this atom in the order: central bond, then the others.
	place := 0
	if s != int(up) {
		place = 1
		for _, u := range m {
			if u == uint8(s) {
				break
			}
			if u != up {
				place++
			}
		}
	}
	return int(p[m[place]])
}

// turns reports whether permutation p carries the root's half onto the twin's.
func (o *orbits) turns(p []uint8, w int) bool {
	lo, wlo := int(o.off[0]), int(o.off[w])
	for s := range p {
		t := o.image(p, s, w)
		a, b := int(o.kid[lo+s]), int(o.kid[wlo+t])
		switch {
		case a == w:
			if b != -2 {
				return false
			}
		case a < 0 || b < 0:
			if a != b {
				return false
			}
		case !o.equalBlocks(a, b):
			return false
		}
	}
	return true
}

// number gives every open site its row, in order of first sites.
func (o *orbits) number(tb *table) {
	n := len(o.nodes)
	for i := range tb.row {
		tb.row[i] = noRow
	}
	// The first node of each node's orbit. In preorder a node's parent and
	// the site before it are done, but for the subtrees of the root behind
	// the central bond, which the twin's half may point to.
	for i := range n {
		o.same[i] = -1
	}
	o.same[0] = 0
	for pass := range 2 {
		for i := 1; i < n; i++ {
			inTwin := o.twin >= 0 && i >= o.twin && i < int(o.end[o.twin])
			if inTwin != (pass == 1) {
				continue
			}
			if i == o.twin {
				o.same[i] = 0
				continue
			}
			x := o.nodes[i]
			q, s := o.home(x.Parent, x.ParentSite)
			o.same[i] = o.same[o.kid[int(o.off[q])+s]]
			if o.same[i] < 0 {
				o.same[i] = int16(i)
			}
		}
	}
	next := 0
	o.first = o.first[:0]
	for i := range n {
		f := &o.v.fragments[o.nodes[i].Fragment]
		for s := range f.Sites {
			k := int(o.off[i]) + s
			if o.kid[k] != -1 {
				continue
			}
			q, r := o.home(i, s)
			h := int(o.off[q]) + r
			if tb.row[h] == noRow {
				tb.row[h] = uint16(next)
				o.first = append(o.first, Site{Node: i, Site: s})
				next++
			}
			tb.row[k] = tb.row[h]
		}
	}
	tb.rows = slices.Clone(o.first)
}

// home is the place that stands for the orbit of site s of node i: the same
// for all places that automorphisms exchange.
func (o *orbits) home(i, s int) (node, site int) {
	q := int(o.same[i])
	if i == o.twin {
		s = int(o.turn[s])
	}
	return q, int(o.rep[int(o.off[q])+s])
}
