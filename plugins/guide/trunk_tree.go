package guide

import (
	"fmt"
	"sync"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// treeTrunks is for fragment trees: the graph transformer of the GFlowNet.
type treeTrunks struct {
	space         *space.Fragments
	width, layers int
	features      *treenet.Features
	encoder       *treenet.Encoder

	mu    sync.Mutex
	known map[space.State]*treenet.Tree
}

// maxTrees bounds the trees that are kept as the network reads them.
const maxTrees = 1 << 15

// newTreeTrunks makes trunks from stored tables, or from new ones where there are
// none.
func newTreeTrunks(sp *space.Fragments, width, layers int, stored [][]float32) (*treeTrunks, error) {
	t := &treeTrunks{space: sp, width: width, layers: layers, known: map[space.State]*treenet.Tree{}}
	switch len(stored) {
	case 0:
		t.features = treenet.NewFeatures(sp.Vocabulary())
	case 4:
		var err error
		if t.features, err = treenet.RestoreFeatures(sp.Vocabulary(), stored[0], stored[1], stored[2], stored[3]); err != nil {
			return nil, fmt.Errorf("guide: %w", err)
		}
	default:
		return nil, fmt.Errorf("guide: %d tables of features; there should be 4", len(stored))
	}
	if sp.MaxFragments() > treenet.MaxFragments {
		return nil, fmt.Errorf("guide: trees of up to %d fragments; the network takes at most %d", sp.MaxFragments(), treenet.MaxFragments)
	}
	if err := (treenet.Config{Width: width, Layers: layers, BetaMax: 1}).Check(); err != nil {
		return nil, fmt.Errorf("guide: %w", err)
	}
	t.encoder = treenet.NewEncoder(t.features)
	return t, nil
}

func (t *treeTrunks) columns() int { return t.space.Columns() }

func (t *treeTrunks) tables() [][]float32 {
	f := t.features
	return [][]float32{f.Fragment, f.Site, f.Column, f.Scale}
}

// encode reads states as the network does.
func (t *treeTrunks) encode(states []space.State) ([]*treenet.Tree, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) > maxTrees {
		clear(t.known)
	}
	out := make([]*treenet.Tree, len(states))
	for i, s := range states {
		tree, ok := t.known[s]
		if !ok {
			if err := t.space.Validate(s); err != nil {
				return nil, fmt.Errorf("guide: state %d: %w", i, err)
			}
			tree = t.encoder.Encode(t.space.Nodes(s, nil), t.space.RowSites(s))
			t.known[s] = tree
		}
		out[i] = tree
	}
	return out, nil
}

func (t *treeTrunks) room(states []space.State) (trunk, error) {
	trees, err := t.encode(states)
	if err != nil {
		return nil, err
	}
	return &treeTrunk{treeTrunks: t, net: treenet.NewTrunk(t.width, t.layers, t.features, trees)}, nil
}

type treeTrunk struct {
	*treeTrunks
	net  *treenet.Trunk
	pick gather // the token of each tree
}

func (t *treeTrunk) rows() *op.Rows { return t.net.Trees() }

func (t *treeTrunk) define(b nn.Builder, actions bool) trunkValues {
	v := t.net.Define(b, actions)
	t.pick = gather{Label: "trees", From: t.net.Tokens(), To: t.net.Trees(), D: t.width}
	return trunkValues{states: b.Apply(&t.pick, v.Tokens), rows: v.Rows, keys: v.Keys}
}

func (t *treeTrunk) place(state int32, cell int) (row, slot int32) {
	if cell < 0 {
		return 0, -1
	}
	from, _ := t.net.RowRange(int(state))
	return int32(from + cell/t.columns()), int32(cell % t.columns())
}

func (t *treeTrunk) read(states []space.State) (bool, error) {
	trees, err := t.encode(states)
	if err != nil || !t.net.Load(trees) {
		return false, err
	}
	t.pick.Index = t.net.First()
	return true, nil
}
