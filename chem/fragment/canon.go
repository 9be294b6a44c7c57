package fragment

import (
	"bytes"
	"slices"
)

// Contents of a site, as canonical order compares them: the bond to the parent
// first, then children by their codes, then open sites.
const (
	toParent = 0
	openSite = 0xff
	firstKid = 1
)

// canon brings one tree after another into canonical form. Its memory is
// reused; it is not safe for concurrent use.
type canon struct {
	v *Vocabulary

	// The tree as loaded: nodes with parents before children.
	frag []uint16
	par  []int16
	pst  []uint8 // site of the parent that holds the node
	ups  []uint8 // own site of the bond to the parent
	off  []int32 // sites of node i are off[i] to off[i+1] in the flat arrays
	nbr  []int16 // flat: the node at a site, -1 where open
	at   []uint8 // flat: that node's own site

	// What canonical form finds.
	image []uint8 // flat: the canonical number of a site
	kids  []int16 // flat: children in canonical order, from off[i] on
	nkids []int32
	code  []byte // arena of codes
	from  []int32
	to    []int32
	cont  []uint8 // scratch: contents of one node's sites
	occ   []uint8 // scratch: the occupied sites of one node
	moved []uint8 // scratch: contents of one atom's sites
	size  []int32
	order []uint8 // canonical index of a loaded node
	out   []byte
}

// reset empties the tree.
func (c *canon) reset() {
	c.frag, c.par, c.pst, c.ups = c.frag[:0], c.par[:0], c.pst[:0], c.ups[:0]
	c.off = append(c.off[:0], 0)
	c.nbr, c.at = c.nbr[:0], c.at[:0]
}

// add appends a node; parent is -1 for the root.
func (c *canon) add(fragment, parent, parentSite, site int) {
	i := len(c.frag)
	c.frag = append(c.frag, uint16(fragment))
	c.par = append(c.par, int16(parent))
	c.pst = append(c.pst, uint8(parentSite))
	c.ups = append(c.ups, uint8(site))
	base := len(c.nbr)
	for range c.v.fragments[fragment].Sites {
		c.nbr = append(c.nbr, -1)
		c.at = append(c.at, 0)
	}
	c.off = append(c.off, int32(len(c.nbr)))
	if parent >= 0 {
		c.nbr[base+site] = int16(parent)
		c.at[base+site] = uint8(parentSite)
		k := int(c.off[parent]) + parentSite
		c.nbr[k] = int16(i)
		c.at[k] = uint8(site)
	}
}

// load replaces the tree by nodes, without node skip (-1 for none), which must
// be a leaf other than the root.
func (c *canon) load(nodes []Node, skip int) {
	c.reset()
	for i, n := range nodes {
		switch {
		case i == skip:
		case skip >= 0 && n.Parent > skip:
			c.add(n.Fragment, n.Parent-1, n.ParentSite, n.Site)
		default:
			c.add(n.Fragment, n.Parent, n.ParentSite, n.Site)
		}
	}
}

// run finds the canonical form of the loaded tree. The answer is valid until
// the next call.
func (c *canon) run() []byte {
	n := len(c.frag)
	c.out = c.out[:0]
	if n == 0 {
		return c.out
	}
	c.image = grow(c.image, len(c.nbr))
	c.kids = grow(c.kids, len(c.nbr))
	c.nkids = grow(c.nkids, n)
	c.from = grow(c.from, n)
	c.to = grow(c.to, n)
	c.size = grow(c.size, n)
	c.order = grow(c.order, n)
	c.code = c.code[:0]

	root, twin, site := c.centroid()
	if twin >= 0 {
		// Two centroids: the one whose half has the smaller code is the root.
		c.half(root, site)
		other := int(c.at[int(c.off[root])+site])
		c.half(twin, other)
		if bytes.Compare(c.codeOf(root), c.codeOf(twin)) > 0 {
			root = twin
		}
	} else {
		lo, hi := c.off[root], c.off[root+1]
		for k := lo; k < hi; k++ {
			if w := c.nbr[k]; w >= 0 {
				c.half(int(w), int(c.at[k]))
			}
		}
	}
	c.arrange(root, -1)
	c.emit(root, none, none, none)
	return c.out
}

// codeOf is the code of the half tree that half has found for v.
func (c *canon) codeOf(v int) []byte { return c.code[c.from[v]:c.to[v]] }

// centroid finds the node whose removal leaves the smallest largest part. Where
// two are equal, twin is the other one and site the site of root that leads to
// it; else twin is -1.
func (c *canon) centroid() (root, twin, site int) {
	n := len(c.frag)
	for i := range n {
		c.size[i] = 1
	}
	for i := n - 1; i > 0; i-- {
		c.size[c.par[i]] += c.size[i]
	}
	// From the root down towards the heavy side.
	v := 0
	for {
		heavy := -1
		for k := c.off[v]; k < c.off[v+1]; k++ {
			w := c.nbr[k]
			if w < 0 || w == c.par[v] {
				continue
			}
			if s := 2 * int(c.size[w]); s > n {
				heavy = int(w)
				break
			} else if s == n {
				return v, int(w), int(k - c.off[v])
			}
		}
		if heavy < 0 {
			return v, -1, -1
		}
		v = heavy
	}
}

// half finds the code of the half tree at v that does not lie behind site up:
// the fragment, its own site, the number of children, and for each child the
// site that holds it and its code. Codes are equal exactly when half trees are
// isomorphic.
func (c *canon) half(v, up int) {
	lo, hi := c.off[v], c.off[v+1]
	leaf := true
	for k := lo; k < hi; k++ {
		if w := c.nbr[k]; w >= 0 && int(k-lo) != up {
			leaf = false
			c.half(int(w), int(c.at[k]))
		}
	}
	f := c.frag[v]
	if leaf {
		c.from[v] = int32(len(c.code))
		own := c.place(v, up)
		c.code = append(c.code, byte(f), byte(f>>8), own, 0)
		c.to[v] = int32(len(c.code))
		c.nkids[v] = 0
		return
	}
	c.arrange(v, up)
	c.from[v] = int32(len(c.code))
	c.code = append(c.code, byte(f), byte(f>>8), c.image[int(lo)+up], byte(c.nkids[v]))
	for i := range c.nkids[v] {
		w := int(c.kids[lo+i])
		c.code = append(c.code, c.siteOf(v, w))
		c.code = append(c.code, c.codeOf(w)...)
	}
	c.to[v] = int32(len(c.code))
}

// siteOf is the canonical site of v that holds its neighbour w.
func (c *canon) siteOf(v, w int) uint8 {
	s := c.ups[v]
	if int(c.par[w]) == v {
		s = c.pst[w]
	}
	return c.image[int(c.off[v])+int(s)]
}

// place sets the canonical sites of a node that has no children: the site of
// the bond to the parent goes to the first of its class.
func (c *canon) place(v, up int) uint8 {
	sym := &c.v.fragments[c.frag[v]].sym
	lo := int(c.off[v])
	p := sym.perms[sym.toward[up][0]]
	if sym.mates == nil {
		copy(c.image[lo:lo+len(p)], p)
		return p[up]
	}
	c.cont = grow(c.cont, len(p))
	for s := range p {
		c.cont[s] = openSite
		c.image[lo+s] = uint8(s)
	}
	c.cont[up] = toParent
	c.sortMates(sym, c.image[lo:lo+len(p)])
	for s := range p {
		c.image[lo+s] = p[c.image[lo+s]]
	}
	return c.image[lo+up]
}

// arrange sets the canonical sites of node v and the order of its children,
// whose codes are known; up is the site of the bond to the parent, -1 for a
// root. Of all arrangements that the fragment's symmetries allow it takes the
// one with the bond to the parent on the lowest site, and then the smallest
// sequence of contents.
func (c *canon) arrange(v, up int) {
	f := &c.v.fragments[c.frag[v]]
	lo := int(c.off[v])
	ns := len(f.Sites)
	c.rank(v, up)
	image := c.image[lo : lo+ns]
	for s := range image {
		image[s] = uint8(s)
	}
	sym := &f.sym
	if sym.mates != nil {
		c.sortMates(sym, image)
	}
	best := 0
	if len(sym.perms) > 1 {
		best = c.bestPerm(sym, up)
		p := sym.perms[best]
		for s := range image {
			image[s] = p[image[s]]
		}
	}

	// Children by canonical site: an insertion sort, since they are few.
	kids := c.kids[lo : lo : lo+ns]
	for s := range ns {
		w := c.nbr[lo+s]
		if w < 0 || s == up {
			continue
		}
		kids = append(kids, w)
		for i := len(kids) - 1; i > 0 && c.siteOf(v, int(kids[i-1])) > image[s]; i-- {
			kids[i-1], kids[i] = kids[i], kids[i-1]
		}
	}
	c.nkids[v] = int32(len(kids))
}

// rank fills cont with the contents of v's sites.
func (c *canon) rank(v, up int) {
	lo := int(c.off[v])
	ns := int(c.off[v+1]) - lo
	c.cont = grow(c.cont, ns)
	c.occ = c.occ[:0]
	for s := range ns {
		c.cont[s] = openSite
		if s == up {
			c.cont[s] = toParent
			continue
		}
		if c.nbr[lo+s] < 0 {
			continue
		}
		c.occ = append(c.occ, uint8(s))
		for i := len(c.occ) - 1; i > 0 && c.kidCompare(lo, c.occ[i-1], c.occ[i]) > 0; i-- {
			c.occ[i-1], c.occ[i] = c.occ[i], c.occ[i-1]
		}
	}
	r := uint8(firstKid)
	for i, s := range c.occ {
		if i > 0 && c.kidCompare(lo, c.occ[i-1], s) != 0 {
			r++
		}
		c.cont[s] = r
	}
}

// kidCompare compares the codes of the children at two sites.
func (c *canon) kidCompare(lo int, a, b uint8) int {
	return bytes.Compare(c.codeOf(int(c.nbr[lo+int(a)])), c.codeOf(int(c.nbr[lo+int(b)])))
}

// sortMates orders the contents of sites that share an atom, in cont, and says
// in image where each site went.
func (c *canon) sortMates(sym *symmetry, image []uint8) {
	for s, m := range sym.mates {
		if len(m) < 2 || int(m[0]) != s {
			continue
		}
		c.occ = append(c.occ[:0], m...)
		o := c.occ
		for i := 1; i < len(o); i++ {
			for j := i; j > 0 && c.cont[o[j-1]] > c.cont[o[j]]; j-- {
				o[j-1], o[j] = o[j], o[j-1]
			}
		}
		c.moved = c.moved[:0]
		for i, from := range o {
			image[from] = m[i]
			c.moved = append(c.moved, c.cont[from])
		}
		for i, x := range c.moved {
			c.cont[m[i]] = x
		}
	}
}

// bestPerm is the number of the permutation that makes the smallest sequence.
func (c *canon) bestPerm(sym *symmetry, up int) int {
	best := -1
	try := func(k int) {
		if best < 0 {
			best = k
			return
		}
		a, b := sym.inv[k], sym.inv[best]
		for s := range a {
			if x, y := c.cont[a[s]], c.cont[b[s]]; x != y {
				if x < y {
					best = k
				}
				return
			}
		}
	}
	if up < 0 {
		for k := range sym.perms {
			try(k)
		}
		return best
	}
	for _, k := range sym.toward[up] {
		try(int(k))
	}
	return best
}

// emit writes the arranged half tree at v.
func (c *canon) emit(v int, parent, parentSite, site uint8) {
	me := uint8(len(c.out) / nodeBytes)
	c.order[v] = me
	c.out = appendNode(c.out, c.frag[v], parent, parentSite, site)
	lo := c.off[v]
	for i := range c.nkids[v] {
		w := int(c.kids[lo+i])
		c.emit(w, me, c.siteOf(v, w), c.siteOf(w, v))
	}
}

// grow is s with length n, its contents undefined.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return slices.Grow(s[:0], n)[:n]
	}
	return s[:n]
}
