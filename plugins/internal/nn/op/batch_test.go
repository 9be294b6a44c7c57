package op_test

import (
	"math/rand/v2"
	"slices"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// Sizes of the tables that the trees of the tests use.
const (
	kinds   = 5
	sites   = 7 // the last one stands for Stop
	legal   = 19
	columns = 32 // padded
)

// tree is a random tree with a random action table, as data of one batch.
type tree struct {
	kinds []int32
	rel   []int32
	ends  [][3]int32 // token, own, other
	rows  [][3]int32 // token, site, mask
	stop  bool
	taken []int32
}

// randomTree has 1 to 16 tokens; every relation, mask and choice may occur.
func randomTree(r *rand.Rand, masks [][]float32) tree {
	n := 1 + r.IntN(16)
	if r.IntN(3) == 0 {
		n = 1 + r.IntN(2)
	}
	t := tree{stop: true, rel: slices.Repeat([]int32{op.Padding}, n*16)}
	for i := range n {
		t.kinds = append(t.kinds, int32(r.IntN(kinds)))
		for j := range n {
			t.rel[i*16+j] = int32(r.IntN(op.Relations))
		}
	}
	for range r.IntN(2 * n) {
		t.ends = append(t.ends, [3]int32{int32(r.IntN(n)), int32(r.IntN(sites)), int32(r.IntN(sites))})
	}
	if r.IntN(4) > 0 {
		for range r.IntN(6) {
			t.rows = append(t.rows, [3]int32{int32(r.IntN(n)), int32(r.IntN(sites)), int32(r.IntN(len(masks)))})
		}
	}
	var cells []int32
	for i, row := range t.rows {
		for c := range legal {
			if masks[row[2]][c] == 0 {
				cells = append(cells, int32(i*legal+c))
			}
		}
	}
	if len(cells) == 0 {
		return t
	}
	t.stop = r.IntN(3) > 0
	if r.IntN(3) > 0 || !t.stop {
		r.Shuffle(len(cells), func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
		t.taken = cells[:1+r.IntN(min(4, len(cells)))] // several cells lead to one child
	}
	return t
}

// randomMasks are masks of which some allow one column or none.
func randomMasks(r *rand.Rand) [][]float32 {
	masks := make([][]float32, 5)
	for k := range masks {
		masks[k] = slices.Repeat([]float32{op.Illegal}, columns)
		for c := range legal {
			if r.IntN(4) < k {
				masks[k][c] = 0
			}
		}
		if k == 1 {
			masks[k][r.IntN(legal)] = 0
		}
	}
	return masks
}

// forest is a batch of trees as the operations read it.
type forest struct {
	trees  op.Trees
	nodes  op.Nodes
	table  op.Table
	choice op.Choice
}

// plant makes a batch of the trees, in buffers with room for more.
func plant(list []tree, masks [][]float32, spare int) *forest {
	f := &forest{}
	f.trees = op.Trees{Trees: &op.Rows{}, Tokens: &op.Rows{}, Start: []int32{0}}
	f.nodes = op.Nodes{Trees: &f.trees, EndStart: []int32{0}}
	f.table = op.Table{Trees: &f.trees, Rows: &op.Rows{}, RowStart: []int32{0}}
	f.choice = op.Choice{Table: &f.table, States: f.trees.Trees, Masks: masks, Width: legal}
	for _, t := range list {
		first := int32(f.trees.Tokens.Live)
		f.trees.Trees.Live++
		f.trees.Tokens.Live += len(t.kinds)
		f.table.Rows.Live += len(t.rows) + 1
		f.trees.Start = append(f.trees.Start, int32(f.trees.Tokens.Live))
		f.trees.Rel = append(f.trees.Rel, t.rel)
		f.nodes.Kind = append(f.nodes.Kind, t.kinds...)
		for _, e := range t.ends {
			f.nodes.Token = append(f.nodes.Token, first+e[0])
			f.nodes.Own, f.nodes.Other = append(f.nodes.Own, e[1]), append(f.nodes.Other, e[2])
		}
		f.nodes.EndStart = append(f.nodes.EndStart, int32(len(f.nodes.Token)))
		for _, row := range t.rows {
			f.table.Token, f.table.Site = append(f.table.Token, first+row[0]), append(f.table.Site, row[1])
			f.choice.Mask = append(f.choice.Mask, row[2])
		}
		f.table.RowStart = append(f.table.RowStart, int32(len(f.table.Token)))
		f.choice.Stop = append(f.choice.Stop, t.stop)
		f.choice.Taken = append(f.choice.Taken, t.taken)
	}
	for _, rows := range []*op.Rows{f.trees.Trees, f.trees.Tokens, f.table.Rows} {
		rows.Cap = rows.Live + spare
	}
	return f
}

// rowsOf lists the rows of a family that belong to tree t.
func (f *forest) rowsOf(rows *op.Rows, t int) []int {
	span := func(from, to int32) (list []int) {
		for i := from; i < to; i++ {
			list = append(list, int(i))
		}
		return list
	}
	switch rows {
	case f.trees.Trees:
		return []int{t}
	case f.trees.Tokens:
		return span(f.trees.Start[t], f.trees.Start[t+1])
	case f.table.Rows:
		return append(span(f.table.RowStart[t], f.table.RowStart[t+1]), len(f.table.Token)+t)
	}
	return nil // the same for all trees
}

func normal(r *rand.Rand, n int, sd float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(sd * r.NormFloat64())
	}
	return x
}
