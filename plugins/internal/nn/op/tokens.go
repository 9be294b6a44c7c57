package op

import "github.com/molsculpt/molsculpt/plugins/internal/nn/kern"

// Nodes says what the tokens of a batch of fragment trees are. The first token
// of a tree stands for the whole tree, the others for its fragments.
type Nodes struct {
	*Trees
	Kind []int32 // of each token: its row in the table of fragments

	// The ends of the bonds between fragments, two per bond, those of tree t
	// from EndStart[t] to EndStart[t+1].
	EndStart []int32
	Token    []int32 // the token whose site it is
	Own      []int32 // that site's row in the table of sites
	Other    []int32 // the row of the site on the other side
}

// Tokens makes the input of the first layer: a token is the row of its kind in
// the table of fragments, plus the vector of its tree, plus for each of its
// bonds gelu(A[own site] + B[other site]). Inputs: fragments (kinds x D), sites
// (sites x 2D, A and B side by side), trees (trees x D).
type Tokens struct {
	Env          *Env
	Nodes        *Nodes
	Kinds, Sites int
	D            int

	z, act, dz []float32

	run func(from, to int) // forwardTrees, of:
	in  [][]float32
	out []float32
}

// Name implements Op.
func (o *Tokens) Name() string { return "tokens" }

// Check implements Op.
func (o *Tokens) Check(in []Shape) error {
	return want(o.Name(), in, Shape{Fixed(o.Kinds), o.D}, Shape{Fixed(o.Sites), 2 * o.D}, Shape{o.Nodes.Trees.Trees, o.D})
}

// Shape implements Op.
func (o *Tokens) Shape() Shape { return Shape{o.Nodes.Tokens, o.D} }

// Forward implements Op.
func (o *Tokens) Forward(in [][]float32, out []float32) {
	trees := o.Nodes.Trees.Trees.Live
	ends := int(o.Nodes.EndStart[trees])
	grow(&o.z, ends*o.D)
	grow(&o.act, ends*o.D)
	o.in, o.out = in, out
	if o.run == nil {
		o.run = o.forwardTrees
	}
	o.Env.rows(trees, treesAtOnce, o.run)
}

func (o *Tokens) forwardTrees(from, to int) {
	d, b, in, out := o.D, o.Nodes, o.in, o.out
	for t := from; t < to; t++ {
		tree := in[2][t*d : (t+1)*d]
		for i := int(b.Start[t]); i < int(b.Start[t+1]); i++ {
			k := int(b.Kind[i])
			kern.Add(in[0][k*d:(k+1)*d], tree, out[i*d:(i+1)*d])
		}
		for e := int(b.EndStart[t]); e < int(b.EndStart[t+1]); e++ {
			own, other, i := int(b.Own[e])*2*d, int(b.Other[e])*2*d+d, int(b.Token[e])*d
			z, act := o.z[e*d:(e+1)*d], o.act[e*d:(e+1)*d]
			kern.Add(in[1][own:own+d], in[1][other:other+d], z)
			kern.Gelu(z, act)
			kern.Add(out[i:i+d], act, out[i:i+d])
		}
	}
}

// Backward implements Op.
func (o *Tokens) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	d, b := o.D, o.Nodes
	trees := b.Trees.Trees.Live
	ends := int(b.EndStart[trees])
	dz := grow(&o.dz, ends*d)
	kern.ParRows(o.Env.Threads, trees, treesAtOnce, func(from, to int) {
		for t := from; t < to; t++ {
			if din[2] != nil {
				tree := din[2][t*d : (t+1)*d]
				clear(tree)
				for i := int(b.Start[t]); i < int(b.Start[t+1]); i++ {
					kern.Add(tree, dout[i*d:(i+1)*d], tree)
				}
			}
			for e := int(b.EndStart[t]); e < int(b.EndStart[t+1]); e++ {
				i := int(b.Token[e]) * d
				kern.GeluGrad(o.z[e*d:(e+1)*d], dout[i:i+d], dz[e*d:(e+1)*d])
			}
		}
	})
	scatterColumns(o.Env, d, func(c0, c1 int) {
		if din[0] != nil {
			clearColumns(din[0], o.Kinds, d, c0, c1)
			for i := range b.Tokens.Live {
				addTo(din[0][int(b.Kind[i])*d+c0:], dout[i*d+c0:i*d+c1])
			}
		}
		if din[1] == nil {
			return
		}
		clearColumns(din[1], o.Sites, 2*d, c0, c1)
		clearColumns(din[1], o.Sites, 2*d, d+c0, d+c1)
		for e := range ends {
			g := dz[e*d+c0 : e*d+c1]
			addTo(din[1][int(b.Own[e])*2*d+c0:], g)
			addTo(din[1][int(b.Other[e])*2*d+d+c0:], g)
		}
	})
}

func addTo(y, x []float32) { kern.Add(x, y, y) }

// scatterColumns splits d columns between the threads, so that sums into rows
// that many tokens share keep one order.
func scatterColumns(e *Env, d int, f func(c0, c1 int)) {
	threads := max(e.Threads, 1)
	per := (d/kern.Lane + threads - 1) / threads * kern.Lane
	kern.ParRows(threads, d, per, f)
}

func clearColumns(x []float32, rows, d, c0, c1 int) {
	for r := range rows {
		clear(x[r*d+c0 : r*d+c1])
	}
}

// Table says which rows the action tables of a batch have: those of tree t from
// RowStart[t] to RowStart[t+1], and after all of them one row per tree for its
// Stop.
type Table struct {
	*Trees
	Rows     *Rows // attachment rows and Stop rows together
	RowStart []int32
	Token    []int32 // of each attachment row: the token that the site belongs to
	Site     []int32 // and the site's row in the table of sites
}

// Hidden makes the hidden layer of the queries: gelu(P[token] + P'[tree's
// token] + S[site]). Inputs: projections (tokens x 2D, P and P' side by side)
// and sites (sites x D), whose last row stands for Stop.
type Hidden struct {
	Env   *Env
	Table *Table
	Sites int
	D     int

	z, dz []float32

	run      func(from, to int) // forwardTrees, of:
	in       [][]float32
	out, pre []float32
}

// Name implements Op.
func (o *Hidden) Name() string { return "hidden" }

// Check implements Op.
func (o *Hidden) Check(in []Shape) error {
	return want(o.Name(), in, Shape{o.Table.Tokens, 2 * o.D}, Shape{Fixed(o.Sites), o.D})
}

// Shape implements Op.
func (o *Hidden) Shape() Shape { return Shape{o.Table.Rows, o.D} }

// each calls f for all rows of trees from to to.
func (o *Hidden) each(from, to int, f func(row, token, first, site int)) {
	b := o.Table
	all := int(b.RowStart[b.Trees.Trees.Live])
	for t := from; t < to; t++ {
		first := int(b.Start[t])
		for r := int(b.RowStart[t]); r < int(b.RowStart[t+1]); r++ {
			f(r, int(b.Token[r]), first, int(b.Site[r]))
		}
		f(all+t, first, first, o.Sites-1)
	}
}

// Forward implements Op.
func (o *Hidden) Forward(in [][]float32, out []float32) {
	o.in, o.out, o.pre = in, out, out
	if o.Env.Train {
		o.pre = grow(&o.z, o.Table.Rows.Live*o.D)
	}
	if o.run == nil {
		o.run = o.forwardTrees
	}
	o.Env.rows(o.Table.Trees.Trees.Live, treesAtOnce, o.run)
}

func (o *Hidden) forwardTrees(from, to int) {
	d, in := o.D, o.in
	o.each(from, to, func(r, token, first, site int) {
		y := o.pre[r*d : (r+1)*d]
		kern.Add(in[0][token*2*d:token*2*d+d], in[0][first*2*d+d:(first+1)*2*d], y)
		kern.Add(y, in[1][site*d:(site+1)*d], y)
		kern.Gelu(y, o.out[r*d:(r+1)*d])
	})
}

// Backward implements Op.
func (o *Hidden) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	d, b := o.D, o.Table
	trees := b.Trees.Trees.Live
	dz := grow(&o.dz, b.Rows.Live*d)
	kern.ParRows(o.Env.Threads, trees, treesAtOnce, func(from, to int) {
		dp := din[0]
		if dp != nil {
			clear(dp[int(b.Start[from])*2*d : int(b.Start[to])*2*d])
		}
		o.each(from, to, func(r, token, first, _ int) {
			g := dz[r*d : (r+1)*d]
			kern.GeluGrad(o.z[r*d:(r+1)*d], dout[r*d:(r+1)*d], g)
			if dp == nil {
				return
			}
			addTo(dp[token*2*d:], g)
			addTo(dp[first*2*d+d:], g)
		})
	})
	if din[1] == nil {
		return
	}
	scatterColumns(o.Env, d, func(c0, c1 int) {
		clearColumns(din[1], o.Sites, d, c0, c1)
		o.each(0, trees, func(r, _, _, site int) { addTo(din[1][site*d+c0:], dz[r*d+c0:r*d+c1]) })
	})
}
