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
	learned := func(name string, rows, cols int) nn.Value {
		return b.Param(name, rows, cols, nn.Init{Noise: 0.2})
	}
	// What does not depend on the state.
	fragments := nn.Linear(b, "fragment.features", b.Const("fragments", f.Fragments+1, FragmentWidth, f.Fragment), d, false, 0.5,
		learned("fragment.learned", f.Fragments+1, d))
	bonds := nn.Linear(b, "bond.features", b.Const("bond sites", f.Sites+2, SiteWidth, f.Site), 2*d, false, 0.5,
		learned("bond.learned", f.Sites+2, 2*d))
	places := nn.Linear(b, "row.features", b.Const("row sites", f.Sites+2, SiteWidth, f.Site), d, false, 0.5,
		learned("row.learned", f.Sites+2, d))
	columns := b.Const("columns", pad(f.Columns), FragmentWidth+SiteWidth, f.Column)
	keys := nn.Linear(b, "key.wide", columns, 2*d, true, 1)
	keys = nn.Linear(b, "key.narrow", keys, d, false, 0.5, learned("key.learned", pad(f.Columns), d))

	// The tree.
	input, x := b.Input("trees", &batch.count, inputWidth)
	batch.input = x
	tree := nn.Linear(b, "tree.wide", input, 2*d, true, 1.5)
	tree = nn.Linear(b, "tree.narrow", tree, d, false, 1)
	h := b.Apply(&op.Tokens{Env: b.Env(), Nodes: &batch.nodes, Kinds: f.Fragments + 1, Sites: f.Sites + 2, D: d}, fragments, bonds, tree)
	for i := range c.Layers {
		h = nn.Block(b, fmt.Sprintf("layer%d", i), &batch.trees, h, c.Layers)
	}
	h = nn.Norm(b, "norm", h)

	// The rows.
	h = nn.Linear(b, "row.project", h, 2*d, false, 1)
	q := b.Apply(&op.Hidden{Env: b.Env(), Table: &batch.table, Sites: f.Sites + 2, D: d}, h, places)
	q = nn.Linear(b, "query", q, d, false, 0.3)
	return outputs{
		queries: q, keys: keys,
		bias:     b.Param("column.bias", 1, pad(f.Columns), nn.Init{}),
		stopKey:  b.Param("stop.key", 1, d, nn.Init{Noise: 0.3}),
		stopBias: b.Param("stop.bias", 1, kern.Lane, nn.Init{Value: stop}),
	}
}
