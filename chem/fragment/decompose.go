package fragment

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// Decompose finds the distinct trees of a perceived molecule, in the order of
// their bytes: every way of cutting it at single bonds outside rings into
// fragments of the vocabulary, with sites for the bonds cut. At most limit ways
// are followed; complete is false where there are more. A molecule has none or
// one under a rule that is one-to-one.
//
// The cost grows with the number of such bonds; drug-like molecules take well
// under a millisecond to some tens of them.
func (t *Trees) Decompose(m *chem.Mol, limit int) (trees []Tree, complete bool) {
	if len(m.Atoms) == 0 {
		return nil, true
	}
	if t.v.rule.OneToOne() {
		x, err := t.Cut(m)
		if err != nil {
			return nil, true
		}
		return []Tree{x}, true
	}
	d := newDecomposer(t, m, limit)
	if d == nil {
		return nil, true
	}
	d.follow([]top{{block: 0, bond: -1}})
	slices.Sort(d.found)
	return slices.Compact(d.found), !d.stopped
}

// decomposer searches the ways of cutting one molecule. The bonds that may be
// cut split it into blocks, which form a tree hanging from block 0; a fragment
// covers a connected set of blocks.
type decomposer struct {
	t       *Trees
	p       *partition
	above   []int32   // the bond from each block to the one above, -1 for block 0
	kids    [][]int32 // the bonds from each block to those below
	largest int       // atoms of the largest fragment
	covers  map[int][]cover
	chosen  []cover
	found   []Tree
	limit   int
	ways    int
	stopped bool
}

// top is the uppermost block of a fragment to be chosen and the bond above it.
type top struct {
	block int
	bond  int32
}

// cover is a fragment that covers a set of blocks with a given uppermost one.
type cover struct {
	fragment int
	ends     []end // the cut bonds around it
	sites    []int // the site for each
	below    []top
}

func newDecomposer(t *Trees, m *chem.Mol, limit int) *decomposer {
	p := newPartition(m, func(b *chem.Bond) bool { return b.Order == chem.Single && !b.InRing })
	if p.connected() != nil {
		return nil
	}
	d := &decomposer{t: t, p: p, limit: limit, covers: make(map[int][]cover)}
	for i := range t.v.fragments {
		d.largest = max(d.largest, len(t.v.fragments[i].Mol.Atoms))
	}
	n := len(p.pieces)
	d.above = make([]int32, n)
	d.kids = make([][]int32, n)
	seen := make([]bool, n)
	d.above[0], seen[0] = -1, true
	queue := []int{0}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for _, e := range p.ends(i) {
			j := int(p.piece[m.Bonds[e.bond].Other(int(e.atom))])
			if !seen[j] {
				seen[j] = true
				d.above[j] = e.bond
				d.kids[i] = append(d.kids[i], e.bond)
				queue = append(queue, j)
			}
		}
	}
	return d
}

// lower is the block below a bond.
func (d *decomposer) lower(bond int32) int {
	b := &d.p.m.Bonds[bond]
	if j := int(d.p.piece[b.A]); d.above[j] == bond {
		return j
	}
	return int(d.p.piece[b.B])
}

// follow chooses a fragment for the last of the pending tops, and so on.
func (d *decomposer) follow(pending []top) {
	if d.stopped {
		return
	}
	if len(pending) == 0 {
		d.ways++
		if d.ways > d.limit {
			d.stopped = true
			return
		}
		d.found = append(d.found, d.build())
		return
	}
	if len(d.chosen)+len(pending) > d.t.max {
		return
	}
	last := pending[len(pending)-1]
	rest := pending[:len(pending)-1]
	for _, c := range d.coversOf(last) {
		d.chosen = append(d.chosen, c)
		next := append(slices.Clone(rest), c.below...)
		d.follow(next)
		d.chosen = d.chosen[:len(d.chosen)-1]
		if d.stopped {
			return
		}
	}
}

// coversOf lists the fragments that can cover a top such that all that is below
// them can be covered as well.
func (d *decomposer) coversOf(at top) []cover {
	if list, ok := d.covers[at.block]; ok {
		return list
	}
	list := []cover{}
	d.grow([]int{at.block}, len(d.p.pieces[at.block]), slices.Clone(d.kids[at.block]), nil, func(blocks []int, cut []int32) {
		below := make([]top, len(cut))
		for i, b := range cut {
			below[i] = top{block: d.lower(b), bond: b}
		}
		for _, c := range d.matches(blocks, at.bond, cut) {
			c.below = below
			ok := true
			for _, b := range below {
				if len(d.coversOf(b)) == 0 {
					ok = false
					break
				}
			}
			if ok {
				list = append(list, c)
			}
		}
	})
	d.covers[at.block] = list
	return list
}

// grow visits every connected set of blocks that contains the first, with the
// bonds below it that are cut. open are the bonds still to be decided.
func (d *decomposer) grow(blocks []int, atoms int, open, cut []int32, visit func(blocks []int, cut []int32)) {
	if len(open) == 0 {
		visit(blocks, cut)
		return
	}
	b := open[len(open)-1]
	rest := open[:len(open)-1]
	d.grow(blocks, atoms, slices.Clone(rest), append(slices.Clone(cut), b), visit)
	j := d.lower(b)
	if n := atoms + len(d.p.pieces[j]); n <= d.largest {
		d.grow(append(slices.Clone(blocks), j), n, append(slices.Clone(rest), d.kids[j]...), cut, visit)
	}
}

// matches lists the fragments that a set of blocks is, once for each way of
// giving sites to the bonds around it that the fragment's symmetries tell apart.
func (d *decomposer) matches(blocks []int, above int32, cut []int32) []cover {
	p := d.p
	part := make([]int32, len(p.m.Atoms))
	local := make([]int32, len(p.m.Atoms))
	var atoms []int32
	for _, b := range blocks {
		for _, a := range p.pieces[b] {
			part[a] = 1
			atoms = append(atoms, a)
		}
	}
	slices.Sort(atoms)
	for j, a := range atoms {
		local[a] = int32(j)
	}
	var ends []end
	if above >= 0 {
		cut = append([]int32{above}, cut...)
	}
	ncut := make([]int, len(atoms))
	for _, k := range cut {
		b := &p.m.Bonds[k]
		a := b.A
		if part[a] != 1 {
			a = b.B
		}
		ends = append(ends, end{bond: k, atom: a})
		ncut[local[a]]++
	}
	g := subgraph(p.m, atoms, local, part, 1)
	var list []cover
	var colours []uint64
	for _, k := range d.t.v.index[g.invariant()] {
		f := &d.t.v.fragments[k]
		if colours == nil {
			colours = g.colours()
		}
		fits := func(a, w int) bool {
			return g.label[a] == f.skel.label[w] && ncut[a] < len(f.hyd[w]) &&
				p.m.Atoms[atoms[a]].Hydrogens() == int(f.hyd[w][ncut[a]])
		}
		seen := make(map[string]bool)
		match(g, f.skel, colours, f.skelColours, fits, func(image []int32) bool {
			sites := f.assign(ends, func(a int32) int { return int(image[local[a]]) })
			if key := f.sym.key(sites); !seen[key] {
				seen[key] = true
				list = append(list, cover{fragment: int(k), ends: ends, sites: sites})
			}
			return true
		})
	}
	return list
}

// assign gives each end the next free site of the fragment's atom that it is
// carried to; there are enough.
func (f *Fragment) assign(ends []end, image func(int32) int) []int {
	sites := make([]int, len(ends))
	for i, e := range ends {
		w := image(e.atom)
		for s, a := range f.Sites {
			if a == w && !slices.Contains(sites[:i], s) {
				sites[i] = s
				break
			}
		}
	}
	return sites
}

// key is equal for lists of sites that a symmetry carries to each other.
func (sym *symmetry) key(sites []int) string {
	best := ""
	buf := make([]byte, len(sites))
	for k, p := range sym.perms {
		for i, s := range sites {
			buf[i] = p[s]
		}
		if k == 0 || string(buf) < best {
			best = string(buf)
		}
	}
	return best
}

// build is the tree of the chosen covers.
func (d *decomposer) build() Tree {
	nodes := make([]Node, 0, len(d.chosen))
	type place struct{ node, site int }
	at := make(map[int32]place) // of each cut bond, seen from above
	for i, c := range d.chosen {
		n := Node{Fragment: c.fragment, Parent: -1, ParentSite: -1, Site: -1}
		for k, e := range c.ends {
			if up, ok := at[e.bond]; ok {
				n.Parent, n.ParentSite, n.Site = up.node, up.site, c.sites[k]
			}
		}
		for k, e := range c.ends {
			if _, ok := at[e.bond]; !ok {
				at[e.bond] = place{node: i, site: c.sites[k]}
			}
		}
		nodes = append(nodes, n)
	}
	return d.t.canonical(nodes)
}
