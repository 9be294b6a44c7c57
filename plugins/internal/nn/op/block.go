package op

import "github.com/molsculpt/molsculpt/plugins/internal/nn/kern"

// BlockParams is the number of parameters of a [Block]: gamma and beta of the
// first norm, W and b of query, key and value, the table of biases, W and b of
// the projection, gamma and beta of the second norm, W and b of the two layers
// of the feed-forward net.
const BlockParams = 13

// Block is a pre-norm transformer layer (Xiong et al. 2020): attention and a
// feed-forward net of width 4D, each behind a layer norm and added to its
// input. It is one operation so that the two residual sums stay inside.
type Block struct {
	// Read, where it is set, lists the tokens that are read behind the layer, in
	// ascending order. Where nothing is trained the others go no further than to
	// the attention, and their rows of the output hold anything.
	Read *[]int32

	env       *Env
	trees     *Trees
	d         int
	label     string
	norm1     Norm
	qkv       Linear
	attention Attention
	project   Linear
	norm2     Norm
	widen     Linear
	narrow    Linear
	rest      Rows         // behind the attention
	buf       [6][]float32 // normed, qkv, attended, middle, normed, widened
	read      []float32    // the input, of the tokens of Read
	args      [][]float32
	grad      [4][]float32
}

// NewBlock makes a transformer layer of width d.
func NewBlock(e *Env, label string, trees *Trees, d int) *Block {
	rows := trees.Tokens
	o := &Block{
		env: e, trees: trees, d: d, label: label,
		norm1:     Norm{Env: e, Label: label + ".norm1", Rows: rows, D: d},
		qkv:       Linear{Env: e, Label: label + ".qkv", Rows: rows, K: d, N: 3 * d},
		attention: Attention{Env: e, Label: label, Trees: trees, D: d},
		project:   Linear{Env: e, Label: label + ".project", K: d, N: d, Residual: true},
		norm2:     Norm{Env: e, Label: label + ".norm2", D: d},
		widen:     Linear{Env: e, Label: label + ".widen", K: d, N: 4 * d, Gelu: true},
		narrow:    Linear{Env: e, Label: label + ".narrow", K: 4 * d, N: d, Residual: true},
	}
	o.project.Rows, o.norm2.Rows, o.widen.Rows, o.narrow.Rows = &o.rest, &o.rest, &o.rest, &o.rest
	return o
}

// Name implements Op.
func (o *Block) Name() string { return "block " + o.label }

// Check implements Op.
func (o *Block) Check(in []Shape) error {
	d, one := o.d, Fixed(1)
	return want(o.Name(), in, Shape{o.trees.Tokens, d},
		Shape{one, d}, Shape{one, d}, Shape{Fixed(d), 3 * d}, Shape{one, 3 * d}, Shape{Fixed(d / HeadWidth), kern.Lane},
		Shape{Fixed(d), d}, Shape{one, d}, Shape{one, d}, Shape{one, d},
		Shape{Fixed(d), 4 * d}, Shape{one, 4 * d}, Shape{Fixed(4 * d), d}, Shape{one, d})
}

// Shape implements Op.
func (o *Block) Shape() Shape { return Shape{o.trees.Tokens, o.d} }

// Forward implements Op.
func (o *Block) Forward(in [][]float32, out []float32) {
	m, d := o.trees.Tokens.Live, o.d
	widths := [6]int{d, 3 * d, d, d, d, 4 * d}
	var b [6][]float32
	for i, w := range widths {
		b[i] = grow(&o.buf[i], m*w)
	}
	h, p := in[0], in[1:]
	o.norm1.Forward(o.inputs(h, p[0], p[1]), b[0])
	o.qkv.Forward(o.inputs(b[0], p[2], p[3]), b[1])
	o.attention.Forward(o.inputs(b[1], p[4]), b[2])
	o.rest.Live = m
	some := o.Read != nil && !o.env.Train
	if some {
		h = o.leave(h, b[2])
	}
	o.project.Forward(o.inputs(b[2], p[5], p[6], h), b[3])
	o.norm2.Forward(o.inputs(b[3], p[7], p[8]), b[4])
	o.widen.Forward(o.inputs(b[4], p[9], p[10]), b[5])
	o.narrow.Forward(o.inputs(b[5], p[11], p[12], b[3]), out)
	if some {
		for i := o.rest.Live - 1; i >= 0; i-- { // back to their places, which lie at or behind them
			at := int((*o.Read)[i])
			copy(out[at*d:(at+1)*d], out[i*d:(i+1)*d])
		}
	}
}

// leave moves the rows of Read to the front of x, and returns those of h.
func (o *Block) leave(h, x []float32) []float32 {
	d := o.d
	o.rest.Live = len(*o.Read)
	read := grow(&o.read, o.rest.Live*d)
	for i, at := range *o.Read {
		copy(read[i*d:(i+1)*d], h[int(at)*d:])
		copy(x[i*d:(i+1)*d], x[int(at)*d:])
	}
	return read
}

// inputs lists the inputs of one part, until the next call.
func (o *Block) inputs(in ...[]float32) [][]float32 {
	o.args = append(o.args[:0], in...)
	return o.args
}

// Backward implements Op.
func (o *Block) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	m, d := o.trees.Tokens.Live, o.d
	widths := [4]int{4 * d, d, 3 * d, d}
	var g [4][]float32
	for i, w := range widths {
		g[i] = grow(&o.grad[i], m*w)
	}
	wide, small, dqkv, dmid := g[0], g[1], g[2], g[3]
	h, p, dp := in[0], in[1:], din[1:]
	b := o.buf
	o.narrow.Backward([][]float32{b[5], p[11], p[12], nil}, nil, dout, [][]float32{wide, dp[11], dp[12], nil})
	o.widen.Backward([][]float32{b[4], p[9], p[10]}, nil, wide, [][]float32{small, dp[9], dp[10]})
	o.norm2.Backward([][]float32{b[3], p[7], p[8]}, nil, small, [][]float32{dmid, dp[7], dp[8]})
	o.add(dmid, dout, dmid)
	o.project.Backward([][]float32{b[2], p[5], p[6], nil}, nil, dmid, [][]float32{small, dp[5], dp[6], nil})
	o.attention.Backward([][]float32{b[1], p[4]}, nil, small, [][]float32{dqkv, dp[4]})
	o.qkv.Backward([][]float32{b[0], p[2], p[3]}, nil, dqkv, [][]float32{small, dp[2], dp[3]})
	o.norm1.Backward([][]float32{h, p[0], p[1]}, nil, small, [][]float32{din[0], dp[0], dp[1]})
	if din[0] != nil {
		o.add(din[0], dmid, din[0])
	}
}

func (o *Block) add(a, b, y []float32) {
	d := o.d
	kern.ParRows(o.env.Threads, o.trees.Tokens.Live, 1024, func(from, to int) {
		kern.Add(a[from*d:to*d], b[from*d:to*d], y[from*d:to*d])
	})
}
