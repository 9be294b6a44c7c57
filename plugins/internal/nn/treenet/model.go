package treenet

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// Config is the shape of a network.
type Config struct {
	Width   int     `json:"width"`    // of tokens, a multiple of 16; heads are 16 wide
	Layers  int     `json:"layers"`   // transformer layers
	BetaMax float64 `json:"beta_max"` // largest beta, above 0
}

// Check says what is wrong with a configuration.
func (c Config) Check() error {
	switch {
	case c.Width < 16 || c.Width > 512 || c.Width%kern.Lane != 0:
		return fmt.Errorf("treenet: width %d; it must be a multiple of 16 from 16 to 512", c.Width)
	case c.Layers < 1 || c.Layers > 24:
		return fmt.Errorf("treenet: %d layers; from 1 to 24 are possible", c.Layers)
	case !(c.BetaMax > 0):
		return fmt.Errorf("treenet: largest beta %g; it must be above 0", c.BetaMax)
	}
	return nil
}

// outputs are the places of what the network says.
type outputs struct {
	queries  nn.Value // rows of the tables, then a row per tree for Stop
	keys     nn.Value // padded columns x width
	bias     nn.Value // 1 x padded columns
	stopKey  nn.Value // 1 x width
	stopBias nn.Value // 1 x 16, of which the first counts
}

// define is the network. stop is the bias of Stop at first.
func define(b nn.Builder, c Config, f *Features, batch *Batch, stop float32) outputs {
	d := c.Width
	fragments, bonds := vocabulary(b, c, f)
	places := sites(b, c, f)
	keys := columns(b, c, f)
	q := rows(b, c, f, batch, tokens(b, c, f, batch, &batch.read, fragments, bonds), places)
	q = nn.Linear(b, "query", q, d, false, 0.3)
	return outputs{
		queries: q, keys: keys,
		bias:     b.Param("column.bias", 1, pad(f.Columns), nn.Init{}),
		stopKey:  b.Param("stop.key", 1, d, nn.Init{Noise: 0.3}),
		stopBias: b.Param("stop.bias", 1, kern.Lane, nn.Init{Value: stop}),
	}
}

// learned is a table that is learned whole.
func learned(b nn.Builder, name string, rows, cols int) nn.Value {
	return b.Param(name, rows, cols, nn.Init{Noise: 0.2})
}

// vocabulary is what a fragment and a bond's sites give to the tokens; it does
// not depend on the state.
func vocabulary(b nn.Builder, c Config, f *Features) (fragments, bonds nn.Value) {
	d := c.Width
	fragments = nn.Linear(b, "fragment.features", b.Const("fragments", f.Fragments+1, FragmentWidth, f.Fragment), d, false, 0.5,
		learned(b, "fragment.learned", f.Fragments+1, d))
	bonds = nn.Linear(b, "bond.features", b.Const("bond sites", f.Sites+2, SiteWidth, f.Site), 2*d, false, 0.5,
		learned(b, "bond.learned", f.Sites+2, 2*d))
	return fragments, bonds
}

// sites is what the site of a row gives to it.
func sites(b nn.Builder, c Config, f *Features) nn.Value {
	return nn.Linear(b, "row.features", b.Const("row sites", f.Sites+2, SiteWidth, f.Site), c.Width, false, 0.5,
		learned(b, "row.learned", f.Sites+2, c.Width))
}

// columns are the keys of the columns.
func columns(b nn.Builder, c Config, f *Features) nn.Value {
	d := c.Width
	keys := nn.Linear(b, "key.wide", b.Const("columns", pad(f.Columns), FragmentWidth+SiteWidth, f.Column), 2*d, true, 1)
	return nn.Linear(b, "key.narrow", keys, d, false, 0.5, learned(b, "key.learned", pad(f.Columns), d))
}

// tokens reads the trees; of those that it gives only the ones of read count,
// all where that is nil.
func tokens(b nn.Builder, c Config, f *Features, batch *Batch, read *[]int32, fragments, bonds nn.Value) nn.Value {
	d := c.Width
	input, x := b.Input("trees", &batch.count, inputWidth)
	batch.input = x
	tree := nn.Linear(b, "tree.wide", input, 2*d, true, 1.5)
	tree = nn.Linear(b, "tree.narrow", tree, d, false, 1)
	h := b.Apply(&op.Tokens{Env: b.Env(), Nodes: &batch.nodes, Kinds: f.Fragments + 1, Sites: f.Sites + 2, D: d}, fragments, bonds, tree)
	for i := range c.Layers {
		var last *[]int32
		if i == c.Layers-1 {
			last = read
		}
		h = nn.LastBlock(b, fmt.Sprintf("layer%d", i), &batch.trees, last, h, c.Layers)
	}
	return nn.Norm(b, "norm", h)
}

// rows is the hidden layer of the rows, then of Stop of each tree.
func rows(b nn.Builder, c Config, f *Features, batch *Batch, tokens, places nn.Value) nn.Value {
	h := nn.Linear(b, "row.project", tokens, 2*c.Width, false, 1)
	return b.Apply(&op.Hidden{Env: b.Env(), Table: &batch.table, Sites: f.Sites + 2, D: c.Width}, h, places)
}
