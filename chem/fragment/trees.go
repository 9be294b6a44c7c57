package fragment

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Trees is the set of all trees of a vocabulary with at most so many fragments,
// and the actions between them. It is safe for concurrent use.
//
// At the empty tree there is one row, and attaching means choosing the first
// fragment: only the first column of each fragment is legal. Elsewhere an
// action joins an open site of a row's orbit with a site of a column's class.
type Trees struct {
	v     *Vocabulary
	max   int
	legal [2][]bool // whether a column may be joined to an acyclic, a ring site
	first []bool    // the first column of each fragment
	empty *table
	seed  maphash.Seed
	cache []atomic.Pointer[table]
	pool  sync.Pool // of *scratch
}

// scratch is what one call needs.
type scratch struct {
	canon canon
	orb   orbits
	nodes []Node
}

// cacheSize is the number of trees whose tables are kept, a power of two. The
// newest of those with equal hash stays.
const cacheSize = 1 << 13

// Parent is a tree that another one is a child of, with the cells of its action
// table that lead there, ascending.
type Parent struct {
	Tree  Tree
	Cells []int
}

// NewTrees is the set of trees of v with at most maxFragments fragments, 1 to [MaxSize].
func NewTrees(v *Vocabulary, maxFragments int) (*Trees, error) {
	if maxFragments < 1 || maxFragments > MaxSize {
		return nil, fmt.Errorf("fragment: make trees: at most %d fragments; from 1 to %d are possible", maxFragments, MaxSize)
	}
	t := &Trees{v: v, max: maxFragments, seed: maphash.MakeSeed(), cache: make([]atomic.Pointer[table], cacheSize)}
	t.first = make([]bool, len(v.columns))
	for i := range v.fragments {
		t.first[v.fragments[i].FirstColumn] = true
	}
	for ring := range 2 {
		t.legal[ring] = make([]bool, len(v.columns))
		for c, col := range v.columns {
			t.legal[ring][c] = v.rule.joins(ring == 1, col.ring)
		}
	}
	t.empty = &table{rows: []Site{{Node: -1, Site: -1}}}
	t.empty.parents.Store(&[]Parent{})
	t.pool.New = func() any {
		return &scratch{canon: canon{v: v}}
	}
	return t, nil
}

// Vocabulary is the vocabulary of the trees.
func (t *Trees) Vocabulary() *Vocabulary { return t.v }

// Max is the largest number of fragments.
func (t *Trees) Max() int { return t.max }

// table finds or computes the table of a canonical tree.
func (t *Trees) table(x Tree, s *scratch) *table {
	if len(x) == 0 {
		return t.empty
	}
	slot := &t.cache[maphash.String(t.seed, string(x))&(cacheSize-1)]
	if tb := slot.Load(); tb != nil && tb.tree == x {
		return tb
	}
	if s == nil {
		s = t.pool.Get().(*scratch)
		defer t.pool.Put(s)
	}
	tb := s.orb.newTable(t.v, x)
	slot.Store(tb)
	return tb
}

// Rows lists the rows of a tree's action table: of each orbit of open sites the
// first one, in order. At the empty tree it is one row without a site, at a
// tree of the largest size there is none. The slice must not be changed.
func (t *Trees) Rows(x Tree) []Site {
	if x.Size() >= t.max {
		return nil
	}
	return t.table(x, nil).rows
}

// Row is the row that an open site of a canonical tree belongs to, -1 for a
// used site.
func (t *Trees) Row(x Tree, s Site) int {
	tb := t.table(x, nil)
	if r := tb.rowOf(s.Node, s.Site); r != noRow {
		return int(r)
	}
	return -1
}

// Legal sets legal[c] for every cell of the action table and reports whether
// the tree is a finished one, which all but the empty tree are.
func (t *Trees) Legal(x Tree, legal []bool) (stop bool) {
	if len(x) == 0 {
		copy(legal, t.first)
		return false
	}
	if x.Size() >= t.max {
		return true
	}
	tb := t.table(x, nil)
	w := len(t.v.columns)
	for r, s := range tb.rows {
		f := &t.v.fragments[int(x[s.Node*nodeBytes])|int(x[s.Node*nodeBytes+1])<<8]
		k := 0
		if f.ring[s.Site] {
			k = 1
		}
		copy(legal[r*w:(r+1)*w], t.legal[k])
	}
	return true
}

// Child is the tree that a legal cell leads to. It panics on a cell outside the
// table.
func (t *Trees) Child(x Tree, cell int) Tree {
	s := t.pool.Get().(*scratch)
	defer t.pool.Put(s)
	tb := t.table(x, s)
	w := len(t.v.columns)
	at, col := tb.rows[cell/w], t.v.columns[cell%w]
	c := &s.canon
	if len(x) == 0 {
		c.reset()
		c.add(int(col.fragment), -1, none, none)
	} else {
		s.nodes = x.Nodes(s.nodes[:0])
		c.load(s.nodes, -1)
		c.add(int(col.fragment), at.Node, at.Site, int(col.site))
	}
	return Tree(c.run())
}

// Parents lists the distinct trees that x is a child of, ascending, each once
// with all the cells that lead to x. It is empty for the empty tree only. The
// slices must not be changed.
func (t *Trees) Parents(x Tree) []Parent {
	s := t.pool.Get().(*scratch)
	defer t.pool.Put(s)
	tb := t.table(x, s)
	if p := tb.parents.Load(); p != nil {
		return *p
	}
	p := t.parents(tb, s)
	tb.parents.Store(&p)
	return p
}

func (t *Trees) parents(tb *table, s *scratch) []Parent {
	s.nodes = tb.tree.Nodes(s.nodes[:0])
	nodes := s.nodes
	n := len(nodes)
	if n == 1 {
		return []Parent{{Cells: []int{t.v.fragments[nodes[0].Fragment].FirstColumn}}}
	}
	list := make([]Parent, 0, 4)
	for i, x := range nodes {
		leaf := i == n-1 || nodes[i+1].Parent != i
		switch {
		case leaf:
			s.canon.load(nodes, i)
			list = t.addParent(list, s, x.Parent, x.ParentSite, x.Fragment, x.Site)
		case i == 0 && n == 2:
			// Of two nodes the root is a leaf as well.
			y := nodes[1]
			s.canon.reset()
			s.canon.add(y.Fragment, -1, none, none)
			list = t.addParent(list, s, 0, y.Site, x.Fragment, y.ParentSite)
		}
	}
	slices.SortFunc(list, func(a, b Parent) int { return strings.Compare(string(a.Tree), string(b.Tree)) })
	return list
}

// addParent adds the tree loaded in s, which a leaf was taken from: from site
// at of its node, as loaded; the leaf's fragment and the site it used.
func (t *Trees) addParent(list []Parent, s *scratch, node, at, leaf, site int) []Parent {
	c := &s.canon
	code := c.run()
	j := slices.IndexFunc(list, func(p Parent) bool { return string(p.Tree) == string(code) })
	if j < 0 {
		j = len(list)
		list = append(list, Parent{Tree: Tree(code)})
	}
	me, where := int(c.order[node]), int(c.image[int(c.off[node])+at])
	tb := t.table(list[j].Tree, s)
	row := int(tb.rowOf(me, where))
	f := &t.v.fragments[leaf]
	cell := row*len(t.v.columns) + f.FirstColumn + f.Classes[site]
	cells := list[j].Cells
	if k, found := slices.BinarySearch(cells, cell); !found {
		list[j].Cells = slices.Insert(cells, k, cell)
	}
	return list
}

// Canonical is the tree that nodes form: parents stand before their children,
// in any order. The error says which node is at fault.
func (t *Trees) Canonical(nodes []Node) (Tree, error) {
	if err := t.v.checkNodes(nodes, t.max); err != nil {
		return "", fmt.Errorf("fragment: read tree: %w", err)
	}
	return t.canonical(nodes), nil
}

// canonical is Canonical for nodes that are known to be a tree.
func (t *Trees) canonical(nodes []Node) Tree {
	s := t.pool.Get().(*scratch)
	defer t.pool.Put(s)
	s.canon.load(nodes, -1)
	return Tree(s.canon.run())
}

// Validate says what is wrong with bytes that should be a canonical tree of
// this set; nil if nothing is.
func (t *Trees) Validate(x Tree) error {
	if len(x)%nodeBytes != 0 {
		return fmt.Errorf("fragment: read tree: %d bytes is not a multiple of %d", len(x), nodeBytes)
	}
	nodes := x.Nodes(make([]Node, 0, x.Size()))
	for i, n := range nodes {
		// A root's parent, its site and its own site are marked alike.
		if k := i * nodeBytes; n.Parent < 0 && (x[k+3] != none || x[k+4] != none) {
			return fmt.Errorf("fragment: read tree: node %d has no parent but a site for it", i)
		}
	}
	c, err := t.Canonical(nodes)
	if err != nil {
		return err
	}
	if c != x {
		return fmt.Errorf("fragment: read tree: the bytes are a tree, but not its canonical form")
	}
	return nil
}
