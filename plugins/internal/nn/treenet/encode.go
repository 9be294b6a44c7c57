package treenet

import (
	"sync"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// Tree is a fragment tree as the network reads it. It does not change once
// made.
type Tree struct {
	kinds []int32 // of the fragments
	ends  []end   // of the bonds between them
	rows  []row   // of the action table
	rel   []int32 // 16 per token, see op.Trees
	sums  [SumWidth]float32
}

type end struct{ token, own, other int32 }

type row struct{ token, site int32 }

// Rows is the height of the tree's action table.
func (t *Tree) Rows() int { return len(t.rows) }

// Size is the number of fragments.
func (t *Tree) Size() int { return len(t.kinds) }

// Encoder makes Trees. It is safe for concurrent use.
type Encoder struct {
	features *Features
	shapes   sync.Map // parents as a string -> []int32
}

// NewEncoder makes an encoder for a vocabulary's features.
func NewEncoder(f *Features) *Encoder { return &Encoder{features: f} }

// Encode reads a tree in canonical preorder and the rows of its action table.
// A row with node -1 is the one of the empty tree. The caller has validated
// both against the vocabulary.
func (e *Encoder) Encode(nodes []fragment.Node, rows []fragment.Site) *Tree {
	f := e.features
	t := &Tree{kinds: make([]int32, len(nodes)), rows: make([]row, len(rows))}
	if len(nodes) > 1 {
		t.ends = make([]end, 0, 2*(len(nodes)-1))
	}
	var shape [MaxFragments]byte
	for i, n := range nodes {
		t.kinds[i] = int32(n.Fragment)
		for k, v := range f.Fragment[n.Fragment*FragmentWidth:][:FragmentSums] {
			t.sums[k] += v
		}
		shape[i] = byte(n.Parent)
		if n.Parent < 0 {
			continue
		}
		own := f.siteStart[n.Fragment] + int32(n.Site)
		up := f.siteStart[nodes[n.Parent].Fragment] + int32(n.ParentSite)
		f.addSite(t.sums[FragmentSums+SiteWidth:], own)
		f.addSite(t.sums[FragmentSums+SiteWidth:], up)
		t.ends = append(t.ends, end{int32(i) + 1, own, up}, end{int32(n.Parent) + 1, up, own})
	}
	for i, r := range rows {
		if r.Node < 0 {
			t.rows[i] = row{0, int32(f.Sites)}
			continue
		}
		t.rows[i] = row{int32(r.Node) + 1, f.siteStart[nodes[r.Node].Fragment] + int32(r.Site)}
		f.addSite(t.sums[FragmentSums:], t.rows[i].site)
	}
	t.rel = e.relations(shape[:len(nodes)])
	return t
}

// addSite adds the features of a site.
func (f *Features) addSite(sums []float32, site int32) {
	for k, v := range f.Site[site*SiteWidth:][:SiteWidth] {
		sums[k] += v
	}
}

// Relations between tokens.
const (
	relTree      = iota // the tree's token to itself
	relTreeNode         // the tree's token to a fragment
	relNodeTree         // a fragment to the tree's token
	relSelf             // a fragment to itself
	relNeighbour        // to a neighbour; then to those further away
)

// relations depend on the shape of the tree alone: the parent of each node.
func (e *Encoder) relations(parents []byte) []int32 {
	if r, ok := e.shapes.Load(string(parents)); ok {
		return r.([]int32) //nolint:forcetypeassert // nothing else is stored
	}
	n := len(parents)
	var dist [MaxFragments][MaxFragments]int32
	for i := 1; i < n; i++ {
		p := parents[i]
		for j := range i {
			dist[i][j] = dist[p][j] + 1
			dist[j][i] = dist[i][j]
		}
	}
	rel := make([]int32, (n+1)*kern.Lane)
	for i := range rel {
		rel[i] = op.Padding
	}
	rel[0] = relTree
	for i := range n {
		rel[i+1] = relTreeNode
		rel[(i+1)*kern.Lane] = relNodeTree
		for j := range n {
			rel[(i+1)*kern.Lane+j+1] = min(relSelf+dist[i][j], op.Relations-1)
		}
	}
	e.shapes.Store(string(parents), rel)
	return rel
}
