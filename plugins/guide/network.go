package guide

import (
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// shape is what the weights of a guide are weights of.
type shape struct {
	Models       int     `json:"models"`
	Observations int     `json:"observations"`
	Alpha        bool    `json:"alpha"`
	AlphaRange   float64 `json:"alpha_range"`  // largest |logit alpha|
	Head         string  `json:"head"`         // "state", or "action" for both
	Width        int     `json:"width"`        // of the trunk
	Layers       int     `json:"layers"`       // of the trunk
	AlphaWidth   int     `json:"alpha_hidden"` // of the layer that reads alpha
}

// action reports whether the guide answers for actions.
func (s shape) action() bool { return s.Head == headAction }

// network is the definition of a guide for one space.
type network struct {
	shape
	outcomes *outcomes
	trunks   trunks
}

// sqrt is the root of a whole number.
func sqrt(n int) float64 { return math.Sqrt(float64(n)) }

// newNetwork is the network of a shape on a space, with stored tables or new ones.
func newNetwork(s shape, sp space.Space, stored [][]float32) (*network, error) {
	o, err := newOutcomes(s.Models, s.Observations, s.Alpha)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Width < 16 || s.Width > 1024 || s.Width%16 != 0:
		return nil, fmt.Errorf("guide: width is %d; give a multiple of 16 from 16 to 1024", s.Width)
	case s.Layers < 1 || s.Layers > 24:
		return nil, fmt.Errorf("guide: layers is %d; give 1 to 24", s.Layers)
	case s.AlphaWidth < 16 || s.AlphaWidth > 1024 || s.AlphaWidth%16 != 0:
		return nil, fmt.Errorf("guide: alpha_hidden is %d; give a multiple of 16 from 16 to 1024", s.AlphaWidth)
	case s.Head != headState && s.Head != headAction:
		return nil, fmt.Errorf("guide: head is %q; give %s or %s", s.Head, headState, headAction)
	case !(s.AlphaRange > 0) || s.AlphaRange > 20:
		return nil, fmt.Errorf("guide: alpha_range is %g; give a number above 0, 20 at most", s.AlphaRange)
	}
	n := &network{shape: s, outcomes: o}
	switch sp := sp.(type) {
	case *space.Grid:
		n.trunks = gridTrunks{sp, s.Width, s.Layers}
	case *space.Fragments:
		if s.Alpha && s.action() {
			return nil, fmt.Errorf("guide: alpha is on, with head: %s; on trees the action head does not read alpha", headAction)
		}
		if n.trunks, err = newTreeTrunks(sp, s.Width, s.Layers, stored); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("guide: it has no network for the space %s", sp.Descriptor().Kind)
	}
	return n, nil
}

// classes is how many outcomes there are.
func (n *network) classes() int { return len(n.outcomes.lists) }

// factored reports whether the action head answers by queries and keys.
func (n *network) factored() bool {
	_, trees := n.trunks.(*treeTrunks)
	return trees
}

// slots is how many actions the action head of a grid answers for at once: Stop,
// then the cells.
func (n *network) slots() int { return 1 + n.trunks.columns() }

// batch is what a network computes on: states, and pairs of a state and an alpha
// where the head reads one; without alpha a pair is a state.
type batch struct {
	trunk trunk
	pairs *op.Rows
	code  []float32 // of the alpha of each pair
	merge *gather   // brings states to their pairs; nil without alpha
}

// outputs are the places of what the network says.
type outputs struct {
	terminal nn.Value // states x pad(models): logits of q_i of a finished object
	state    nn.Value // pairs x pad(classes): logits of the outcomes
	action   nn.Value // pairs x pad(slots*classes): residuals, with the action head of a grid

	// With the action head of trees the residuals of a cell are inner products of
	// the queries of its row with the key of its column.
	queries nn.Value // rows x pad(classes*keyWidth)
	keys    nn.Value // padded columns x keyWidth
}

// keyWidth is the length of the keys of the action head of trees.
const keyWidth = 32

// codeWidth is the length of the code of alpha.
const codeWidth = 16

// encodeAlpha writes the code of logit alpha: itself, and how far it is through
// each of the equal steps from -limit to limit.
func encodeAlpha(dst []float32, logitAlpha, limit float64) {
	x := logitAlpha / limit
	dst[0] = float32(x)
	at := (x + 1) / 2 * (codeWidth - 1)
	for j := 1; j < codeWidth; j++ {
		dst[j] = float32(min(max(at-float64(j-1), 0), 1))
	}
}

// define builds the network over a batch.
func (n *network) define(b nn.Builder, t *batch) outputs {
	v := t.trunk.define(b, n.action())
	x := v.states
	var out outputs
	out.terminal = nn.Linear(b, "terminal", x, pad(n.Models), false, 0.3)
	h := x
	if n.Alpha {
		w := n.AlphaWidth
		u := nn.Linear(b, "head.wide", x, w, false, 1)
		t.merge = &gather{Label: "states", From: t.trunk.rows(), To: t.pairs, D: w}
		u = b.Apply(t.merge, u)
		var code nn.Value
		code, t.code = b.Input("alpha", t.pairs, codeWidth)
		u = nn.Linear(b, "head.alpha", code, w, false, 1, u)
		h = nn.Linear(b, "head.narrow", u, w, true, 1.4)
	}
	out.state = nn.Linear(b, "head.outcomes", h, pad(n.classes()), false, 0.3)
	// A residual begins at zero.
	switch {
	case n.action() && n.factored():
		out.queries = nn.Linear(b, "head.queries", v.rows, pad(n.classes()*keyWidth), false, 0)
		out.keys = nn.Linear(b, "head.keys", v.keys, keyWidth, false, 1)
	case n.action():
		out.action = nn.Linear(b, "head.actions", h, pad(n.slots()*n.classes()), false, 0)
	}
	return out
}

// newBatch makes a batch with room for states and pairs.
func (n *network) newBatch(states []space.State, pairs int) (*batch, error) {
	t, err := n.trunks.room(states)
	if err != nil {
		return nil, err
	}
	b := &batch{trunk: t, pairs: t.rows()}
	if n.Alpha {
		b.pairs = &op.Rows{Cap: pairs + pairs/2 + 64}
	}
	return b, nil
}

// fit puts states and pairs in place of those before; false where there is too
// little room. Without alpha there must be no pairs.
func (b *batch) fit(states []space.State, pairs []int32, alphas []float64, limit float64) (bool, error) {
	if b.merge != nil && len(pairs) > b.pairs.Cap {
		return false, nil
	}
	ok, err := b.trunk.read(states)
	if err != nil || !ok || b.merge == nil {
		return ok, err
	}
	b.pairs.Live = len(pairs)
	b.merge.Index = pairs
	for i, a := range alphas {
		encodeAlpha(b.code[i*codeWidth:(i+1)*codeWidth], a, limit)
	}
	return true, nil
}

// describe is the network in words.
func (n *network) describe() string {
	heads := "terminal and state heads"
	if n.action() {
		heads = "terminal, state and action heads"
	}
	trunk := "hidden layers"
	if n.factored() {
		trunk = "transformer layers over fragment trees"
	}
	return fmt.Sprintf("%d %s of width %d with %s, %d outcomes", n.Layers, trunk, n.Width, heads, n.classes())
}
