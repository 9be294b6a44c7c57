package treenet

import (
	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// Trunk is the part of the network that reads trees, for plugins with heads of
// their own. Conditions are not its business: it reads every tree at beta 0.
type Trunk struct {
	config   Config
	features *Features
	batch    *Batch
	cap      Capacity
}

// TrunkValues are the places of what a trunk says.
type TrunkValues struct {
	Tokens nn.Value // tokens x width; the first one of a tree speaks for the tree
	Rows   nn.Value // rows of the action tables, then of Stop of each tree, x width
	Keys   nn.Value // padded columns x width
}

// NewTrunk makes a trunk with room for these trees and half as many more.
func NewTrunk(width, layers int, f *Features, trees []*Tree) *Trunk {
	var need Capacity
	for _, t := range trees {
		need = need.plus(t)
	}
	c := Capacity{grown(32, need.Trees), grown(128, need.Tokens), grown(512, need.Rows)}
	return &Trunk{
		config: Config{Width: width, Layers: layers, BetaMax: 1}, features: f,
		batch: newBatch(f, Condition{Max: 1}, c), cap: c,
	}
}

// Define builds it; the rows and the keys only where they are wanted.
func (t *Trunk) Define(b nn.Builder, rowsToo bool) TrunkValues {
	c, f := t.config, t.features
	fragments, bonds := vocabulary(b, c, f)
	v := TrunkValues{Tokens: tokens(b, c, f, t.batch, nil, fragments, bonds)}
	if rowsToo {
		v.Rows = rows(b, c, f, t.batch, v.Tokens, sites(b, c, f))
		v.Keys = columns(b, c, f)
	}
	return v
}

// Load puts trees in place of those before; false where there is too little room.
func (t *Trunk) Load(trees []*Tree) bool {
	var need Capacity
	for _, x := range trees {
		need = need.plus(x)
	}
	if !t.cap.holds(need) {
		return false
	}
	t.batch.Reset()
	for _, x := range trees {
		t.batch.Add(x, 0)
	}
	return true
}

// Trees is the family of the trees, and Tokens and Rows those of the values.
func (t *Trunk) Trees() *op.Rows { return &t.batch.count }

// Tokens is the family of the tokens.
func (t *Trunk) Tokens() *op.Rows { return &t.batch.tokens }

// Rows is the family of the rows.
func (t *Trunk) Rows() *op.Rows { return &t.batch.rows }

// First is the first token of each tree of the last Load.
func (t *Trunk) First() []int32 { return t.batch.trees.Start[:t.batch.Len()] }

// RowRange is where the rows of tree i lie.
func (t *Trunk) RowRange(i int) (from, to int) { return t.batch.RowRange(i) }
