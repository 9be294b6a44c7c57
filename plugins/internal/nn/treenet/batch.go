package treenet

import (
	"math/bits"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// Condition codes beta.
type Condition struct {
	Max float64 // largest beta; the code has Bins steps up to it
}

// Bins is the number of bins of the code of beta.
const Bins = 32

// Code writes the thermometer code of beta: entry j is how far beta is through
// the j-th of Bins equal steps, 0 to 1.
func (c Condition) Code(beta float64, dst []float32) {
	step := c.Max / Bins
	for j := range Bins {
		dst[j] = float32(min(max(beta/step-float64(j), 0), 1))
	}
}

// inputWidth is the width of the whole-tree input: the code of beta, the size,
// and each sum as it is and in bins.
var inputWidth = pad(Bins + MaxFragments + 1 + SumWidth*(1+sumBins))

// Batch is a ragged batch of trees, each with its condition.
type Batch struct {
	trees  op.Trees
	nodes  op.Nodes
	table  op.Table
	count  op.Rows
	tokens op.Rows
	rows   op.Rows
	read   []int32 // tokens that rows or Stop are made of, in order

	features  *Features
	condition Condition
	input     []float32 // of the model that the batch was made for
}

// Capacity says how much fits into a batch.
type Capacity struct{ Trees, Tokens, Rows int }

// holds reports whether a fits into c.
func (c Capacity) holds(a Capacity) bool {
	return a.Trees <= c.Trees && a.Tokens <= c.Tokens && a.Rows <= c.Rows
}

// plus adds a tree.
func (c Capacity) plus(t *Tree) Capacity {
	return Capacity{c.Trees + 1, c.Tokens + len(t.kinds) + 1, c.Rows + len(t.rows) + 1}
}

func newBatch(f *Features, cond Condition, c Capacity) *Batch {
	b := &Batch{features: f, condition: cond}
	b.count.Cap, b.tokens.Cap, b.rows.Cap = c.Trees, c.Tokens, c.Rows
	b.trees = op.Trees{Trees: &b.count, Tokens: &b.tokens}
	b.nodes.Trees, b.table.Trees = &b.trees, &b.trees
	b.table.Rows = &b.rows
	b.Reset()
	return b
}

// Reset empties the batch.
func (b *Batch) Reset() {
	b.count.Live, b.tokens.Live, b.rows.Live = 0, 0, 0
	b.trees.Start = append(b.trees.Start[:0], 0)
	b.trees.Rel = b.trees.Rel[:0]
	b.nodes.Kind = b.nodes.Kind[:0]
	b.nodes.EndStart = append(b.nodes.EndStart[:0], 0)
	b.nodes.Token, b.nodes.Own, b.nodes.Other = b.nodes.Token[:0], b.nodes.Own[:0], b.nodes.Other[:0]
	b.table.RowStart = append(b.table.RowStart[:0], 0)
	b.table.Token, b.table.Site = b.table.Token[:0], b.table.Site[:0]
	b.read = b.read[:0]
}

// Fits reports whether one more tree fits.
func (b *Batch) Fits(t *Tree) bool {
	return Capacity{b.count.Cap, b.tokens.Cap, b.rows.Cap}.holds(Capacity{b.count.Live, b.tokens.Live, b.rows.Live}.plus(t))
}

// Len is the number of trees.
func (b *Batch) Len() int { return b.count.Live }

// RowRange is where the rows of tree i lie.
func (b *Batch) RowRange(i int) (from, to int) {
	return int(b.table.RowStart[i]), int(b.table.RowStart[i+1])
}

// Add appends a tree with its beta. It must fit.
func (b *Batch) Add(t *Tree, beta float64) {
	b.encodeInput(t, beta, b.input[b.count.Live*inputWidth:][:inputWidth])
	b.add(t)
}

// add is Add without the whole-tree input.
func (b *Batch) add(t *Tree) {
	first := int32(b.tokens.Live)
	b.count.Live++
	b.tokens.Live += len(t.kinds) + 1
	b.rows.Live += len(t.rows) + 1
	b.trees.Start = append(b.trees.Start, int32(b.tokens.Live))
	b.trees.Rel = append(b.trees.Rel, t.rel)
	b.nodes.Kind = append(append(b.nodes.Kind, int32(b.features.Fragments)), t.kinds...)
	for _, e := range t.ends {
		b.nodes.Token = append(b.nodes.Token, first+e.token)
		b.nodes.Own = append(b.nodes.Own, e.own)
		b.nodes.Other = append(b.nodes.Other, e.other)
	}
	b.nodes.EndStart = append(b.nodes.EndStart, int32(len(b.nodes.Token)))
	read := uint(1) // of the tree's tokens; Stop is made of the first
	for _, r := range t.rows {
		read |= 1 << r.token
		b.table.Token = append(b.table.Token, first+r.token)
		b.table.Site = append(b.table.Site, r.site)
	}
	b.table.RowStart = append(b.table.RowStart, int32(len(b.table.Token)))
	for ; read != 0; read &= read - 1 {
		b.read = append(b.read, first+int32(bits.TrailingZeros(read)))
	}
}

// encodeInput writes the whole-tree input. A sum s goes in as it is and as bins
// of a quarter from -1/2 to 5/2, so that the network can bend it.
func (b *Batch) encodeInput(t *Tree, beta float64, x []float32) {
	clear(x)
	b.condition.Code(beta, x)
	x = x[Bins:]
	x[len(t.kinds)] = 1
	x = x[MaxFragments+1:]
	for k, v := range t.sums {
		s := v / b.features.Scale[k]
		x[0] = s
		for j := range sumBins {
			x[1+j] = min(max(4*s+2-float32(j), 0), 1)
		}
		x = x[1+sumBins:]
	}
}
