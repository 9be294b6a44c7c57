package main

import (
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// batch is a ragged batch of trees, what was done in each, and the target of
// its residual.
type batch struct {
	input  []float32 // tokens x features
	tokens op.Rows
	count  op.Rows // of trees
	trees  op.Trees
	table  op.Table
	choice op.Choice
	target []float32
}

// batchTensors are the tensors of a file that describe its batch: the nodes of
// each tree (trees), the inputs (tokens x features), the relations of each token
// to those of its tree (tokens x 16), the distinct masks (masks x columns) and
// which one each token's row has (tokens), the taken cell of each tree counted
// from its first row (trees), and the target (trees).
var batchTensors = []string{"sizes", "input", "relations", "masks", "mask", "taken", "target"}

// masks is how many distinct masks a batch has.
const masks = 16

// newBatch draws a batch of trees with these numbers of nodes. Half of the
// cells are legal.
func newBatch(sizes []int, r *rand.Rand) *batch {
	x := &batch{}
	x.lay(sizes)
	for range x.tokens.Live * features {
		x.input = append(x.input, float32(r.NormFloat64()))
	}
	for t, n := range sizes {
		rel := x.trees.Rel[t]
		for i := range n {
			for j := range n {
				rel[i*kern.Lane+j] = int32(r.IntN(op.Relations))
			}
		}
		// Far from what fresh weights give: no loss is near zero, where a relative
		// difference would mean nothing.
		x.target = append(x.target, float32(r.NormFloat64()+5))
	}
	for range masks {
		mask := make([]float32, columns)
		for i, c := range r.Perm(columns) {
			if i < columns/2 {
				mask[c] = op.Illegal
			}
		}
		x.choice.Masks = append(x.choice.Masks, mask)
	}
	for range x.tokens.Live {
		x.choice.Mask = append(x.choice.Mask, int32(r.IntN(masks)))
	}
	for t, n := range sizes {
		row := r.IntN(n)
		mask := x.choice.Masks[x.choice.Mask[int(x.trees.Start[t])+row]]
		column := r.IntN(columns)
		for mask[column] != 0 {
			column = (column + 1) % columns
		}
		x.choice.Taken[t] = []int32{int32(row*columns + column)}
	}
	return x
}

// lay lays out trees of these sizes; every token has one row of the action
// table.
func (x *batch) lay(sizes []int) {
	x.count = *op.Fixed(len(sizes))
	x.trees = op.Trees{Trees: &x.count, Tokens: &x.tokens, Start: []int32{0}}
	for _, n := range sizes {
		x.tokens.Live += n
		x.trees.Start = append(x.trees.Start, int32(x.tokens.Live))
		rel := make([]int32, n*kern.Lane)
		for i := range rel {
			rel[i] = op.Padding
		}
		x.trees.Rel = append(x.trees.Rel, rel)
	}
	// The log-probability wants a row per tree for Stop behind those of the
	// tokens. Stop is not legal here, so these rows are room and nothing else.
	x.tokens.Cap = x.tokens.Live + len(sizes)
	x.table = op.Table{Trees: &x.trees, Rows: &x.tokens, RowStart: x.trees.Start}
	x.choice = op.Choice{
		Table: &x.table, States: &x.count, Width: columns,
		Stop: make([]bool, len(sizes)), Taken: make([][]int32, len(sizes)),
	}
}

// sizes are the numbers of nodes of the trees.
func (x *batch) sizes() []int {
	var s []int
	for t := range x.count.Live {
		s = append(s, int(x.trees.Start[t+1]-x.trees.Start[t]))
	}
	return s
}

// flop counts the floating-point operations of the matrix products of a forward
// pass or of a training step, two for each multiplication. Tokens that are not
// there do not count.
func (x *batch) flop(train bool) float64 {
	embed := 2 * float64(x.tokens.Live*features*width)
	forward := embed + 2*float64(x.tokens.Live*width*(layers*12*width+columns))
	for _, n := range x.sizes() {
		forward += float64(layers * 4 * n * n * width)
	}
	if !train {
		return forward
	}
	return 3*forward - embed // nobody wants the gradient of the input
}

// file is the batch and the parameters as the two sides read them.
func (x *batch) file(p *nn.Params) *safetensors.File {
	f := &safetensors.File{}
	add := func(name string, data []float32, shape ...int) { f.Add(safetensors.Float32(name, data, shape...)) }
	var sizes, relations, lists, mask, taken []float32
	for t, n := range x.sizes() {
		sizes = append(sizes, float32(n))
		relations = append(relations, floats(x.trees.Rel[t])...)
		taken = append(taken, float32(x.choice.Taken[t][0]))
	}
	for _, m := range x.choice.Masks {
		lists = append(lists, m...)
	}
	mask = floats(x.choice.Mask)
	add("sizes", sizes, len(sizes))
	add("input", x.input, x.tokens.Live, features)
	add("relations", relations, x.tokens.Live, kern.Lane)
	add("masks", lists, len(x.choice.Masks), columns)
	add("mask", mask, x.tokens.Live)
	add("taken", taken, len(taken))
	add("target", x.target, len(x.target))
	for _, q := range p.All() {
		add(q.Name, q.Data, q.Rows, q.Cols)
	}
	return f
}

// readBatch is the batch of a file.
func readBatch(f *safetensors.File) (*batch, error) {
	data := map[string][]float32{}
	for _, name := range batchTensors {
		t, err := f.Get(name)
		if err != nil {
			return nil, err
		}
		if data[name], err = t.Floats(); err != nil {
			return nil, err
		}
	}
	x := &batch{input: data["input"], target: data["target"]}
	x.lay(whole[int](data["sizes"]))
	relations := whole[int32](data["relations"])
	for t := range x.count.Live {
		copy(x.trees.Rel[t], relations[int(x.trees.Start[t])*kern.Lane:])
		x.choice.Taken[t] = whole[int32](data["taken"][t : t+1])
	}
	x.choice.Mask = whole[int32](data["mask"])
	for m := data["masks"]; len(m) > 0; m = m[columns:] {
		x.choice.Masks = append(x.choice.Masks, m[:columns])
	}
	return x, nil
}

func floats(x []int32) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

func whole[T int | int32](x []float32) []T {
	y := make([]T, len(x))
	for i, v := range x {
		y[i] = T(v)
	}
	return y
}
