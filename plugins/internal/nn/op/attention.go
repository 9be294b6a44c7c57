package op

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// Trees says which tokens belong together.
type Trees struct {
	Trees, Tokens *Rows
	// Start[t] is the first token of tree t, Start[Trees.Live] the number of
	// tokens.
	Start []int32
	// Rel[t] has 16 entries per token of tree t: the relation to each token of
	// the tree, 0 to Relations-1, and Padding beyond the tree's size.
	Rel [][]int32
}

// Relations is the number of relations between two tokens that a head can tell
// apart; Padding marks what is no token.
const (
	Relations = kern.Lane - 1
	Padding   = kern.Lane - 1
)

// HeadWidth is the width of an attention head.
const HeadWidth = kern.Lane

// Attention is multi-head attention within each tree, with a learned bias for
// the relation of the two tokens: inputs qkv (tokens x 3D) and the table of
// biases (heads x 16).
type Attention struct {
	Env   *Env
	Label string
	Trees *Trees
	D     int

	probs, table, partial, unwanted []float32

	run      func(from, to int) // forwardTrees, of:
	qkv, out []float32
}

// Name implements Op.
func (o *Attention) Name() string { return "attention " + o.Label }

// Check implements Op.
func (o *Attention) Check(in []Shape) error {
	return want(o.Name(), in, Shape{o.Trees.Tokens, 3 * o.D}, Shape{Fixed(o.D / HeadWidth), kern.Lane})
}

// Shape implements Op.
func (o *Attention) Shape() Shape { return Shape{o.Trees.Tokens, o.D} }

// treesAtOnce is how many trees a task takes.
const treesAtOnce = 16

var headScale = float32(1 / math.Sqrt(HeadWidth))

// Forward implements Op.
func (o *Attention) Forward(in [][]float32, out []float32) {
	heads := o.D / HeadWidth
	o.qkv, o.out = in[0], out
	o.table = append(o.table[:0], in[1]...)
	for h := range heads {
		o.table[h*kern.Lane+Padding] = -1e30
	}
	grow(&o.probs, o.Trees.Tokens.Live*heads*kern.Lane)
	if o.run == nil {
		o.run = o.forwardTrees
	}
	o.Env.rows(o.Trees.Trees.Live, treesAtOnce, o.run)
}

func (o *Attention) forwardTrees(from, to int) {
	d, heads := o.D, o.D/HeadWidth
	for t := from; t < to; t++ {
		s, n := int(o.Trees.Start[t]), int(o.Trees.Start[t+1]-o.Trees.Start[t])
		x := o.qkv[s*3*d:]
		for h := range heads {
			c := h * HeadWidth
			kern.Attend(n, x[c:], x[d+c:], x[2*d+c:], 3*d, o.Trees.Rel[t], o.table[h*kern.Lane:],
				headScale, o.probs[(s*heads+h*n)*kern.Lane:], o.out[s*d+c:], d)
		}
	}
}

// Backward implements Op.
func (o *Attention) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	d, heads := o.D, o.D/HeadWidth
	qkv, dqkv := in[0], din[0]
	if dqkv == nil {
		dqkv = grow(&o.unwanted, o.Trees.Tokens.Live*3*d)
	}
	trees := o.Trees.Trees.Live
	parts := (trees + treesAtOnce - 1) / treesAtOnce
	partial := grow(&o.partial, parts*heads*kern.Lane)
	kern.ParRows(o.Env.Threads, trees, treesAtOnce, func(from, to int) {
		var ds [kern.MaxTokens * kern.Lane]float32
		dtable := partial[from/treesAtOnce*heads*kern.Lane:][:heads*kern.Lane]
		clear(dtable)
		for t := from; t < to; t++ {
			s, n := int(o.Trees.Start[t]), int(o.Trees.Start[t+1]-o.Trees.Start[t])
			x, dx := qkv[s*3*d:], dqkv[s*3*d:]
			rel := o.Trees.Rel[t]
			for h := range heads {
				c := h * HeadWidth
				kern.AttendGrad(n, x[c:], x[d+c:], x[2*d+c:], 3*d, headScale, o.probs[(s*heads+h*n)*kern.Lane:],
					dout[s*d+c:], d, ds[:], dx[c:], dx[d+c:], dx[2*d+c:])
				tab := dtable[h*kern.Lane : (h+1)*kern.Lane]
				for i := range n {
					for j := range n {
						tab[rel[i*kern.Lane+j]&15] += ds[i*kern.Lane+j]
					}
				}
			}
		}
	})
	addParts(parts, heads*kern.Lane, partial, din[1])
}
