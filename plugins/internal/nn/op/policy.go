package op

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// Choice says which actions are legal in the states of a batch and which one
// was taken.
type Choice struct {
	*Table
	States *Rows
	// Mask[r] is what is added to the logits of row r: 0 where an action is
	// legal, Illegal where not. Rows that are masked alike share the slice,
	// and Masks lists the distinct ones.
	Mask  []int32
	Masks [][]float32
	// Stop[t] says that Stop is legal in state t.
	Stop []bool
	// Taken[t] lists the cells of state t that lead to the child it went to,
	// as row*Width+column counted from the state's first row; nil for Stop.
	Taken [][]int32
	// Width is the number of columns that count; the rest up to the padded
	// width is masked.
	Width int
}

// Illegal is added to the logit of an action that is not legal.
const Illegal = -1e30

// LogProb is two log-probabilities for each state: of the step taken there and
// of Stop, minus 1e30 where Stop is not legal. They come from a softmax over
// Stop and all legal cells of the state's table; that of a step is summed over
// the cells that lead to the same child. The logit of a cell is query[row].key[column] +
// bias[column]. Inputs: queries (rows of the tables and Stop rows x D), keys
// (columns x D), biases (1 x columns), the key of Stop (1 x D), the bias of
// Stop (1 x 16, of which the first counts). The output has two columns.
type LogProb struct {
	Env     *Env
	Choice  *Choice
	D       int
	Columns int // padded

	e       []float32 // e^(logit - max) of every cell, later the gradient
	total   []float64 // per state
	pstop   []float32 // per state: probability of Stop
	share   [][]float32
	biases  [][]float32
	keysT   weight
	keys    weight
	partial []float32
	packed  kern.Packed
	dstop   []float32
}

// Name implements Op.
func (o *LogProb) Name() string { return "log-probability" }

// Check implements Op.
func (o *LogProb) Check(in []Shape) error {
	return want(o.Name(), in, Shape{o.Choice.Rows, o.D}, Shape{Fixed(o.Columns), o.D}, Shape{Fixed(1), o.Columns},
		Shape{Fixed(1), o.D}, Shape{Fixed(1), kern.Lane})
}

// Shape implements Op.
func (o *LogProb) Shape() Shape { return Shape{o.Choice.States, 2} }

// Biases adds the masks to the column biases.
func Biases(dst [][]float32, bias []float32, masks [][]float32) [][]float32 {
	for len(dst) < len(masks) {
		dst = append(dst, nil)
	}
	for i, m := range masks {
		grow(&dst[i], len(bias))
		kern.Add(bias, m, dst[i][:len(bias)])
	}
	return dst[:len(masks)]
}

// Forward implements Op.
func (o *LogProb) Forward(in [][]float32, out []float32) {
	b, d, cols := o.Choice, o.D, o.Columns
	q := in[0]
	states := b.States.Live
	rows := int(b.RowStart[states])
	keys := o.keysT.get(o.Env, in[1], d, cols, true)
	o.biases = Biases(o.biases, in[2], b.Masks)
	e := grow(&o.e, rows*cols)
	grow(&o.pstop, states)
	if cap(o.total) < states {
		o.total = make([]float64, b.States.Cap)
		o.share = make([][]float32, b.States.Cap)
	}
	o.total, o.share = o.total[:states], o.share[:states]
	kern.ParRows(o.Env.Threads, states, treesAtOnce, func(from, to int) {
		r0, r1 := int(b.RowStart[from]), int(b.RowStart[to])
		if r1 > r0 {
			kern.Gemm(r1-r0, q[r0*d:], d, 1, keys, e[r0*cols:], cols, false, nil)
		}
		for t := from; t < to; t++ {
			stop := float32(Illegal)
			if b.Stop[t] {
				stop = kern.Dot(q[(rows+t)*d:(rows+t+1)*d], in[3]) + in[4][0]
			}
			m := stop
			for r := int(b.RowStart[t]); r < int(b.RowStart[t+1]); r++ {
				m = max(m, kern.MaxAdd(e[r*cols:(r+1)*cols], o.biases[b.Mask[r]]))
			}
			taken := o.taken(t, e, stop)
			total := math.Exp(float64(stop - m))
			o.pstop[t] = float32(total)
			for r := int(b.RowStart[t]); r < int(b.RowStart[t+1]); r++ {
				row := e[r*cols : (r+1)*cols]
				total += float64(kern.ExpAddSum(row, o.biases[b.Mask[r]], m, row))
			}
			o.total[t] = total
			o.pstop[t] = float32(float64(o.pstop[t]) / total)
			norm := float64(m) + math.Log(total)
			out[2*t] = float32(taken - norm)
			out[2*t+1] = float32(max(float64(stop)-norm, Illegal))
		}
	})
}

// taken is the log of the sum of e^logit over the cells taken in state t; it
// keeps each cell's share of it.
func (o *LogProb) taken(t int, logits []float32, stop float32) float64 {
	b, cols := o.Choice, o.Columns
	cells := b.Taken[t]
	if cells == nil {
		return float64(stop)
	}
	share := o.share[t][:0]
	m := float32(Illegal)
	for _, c := range cells {
		r, j := int(b.RowStart[t])+int(c)/b.Width, int(c)%b.Width
		l := logits[r*cols+j] + o.biases[b.Mask[r]][j]
		share = append(share, l)
		m = max(m, l)
	}
	var sum float64
	for _, l := range share {
		sum += math.Exp(float64(l - m))
	}
	for i, l := range share {
		share[i] = float32(math.Exp(float64(l-m)) / sum)
	}
	o.share[t] = share
	return float64(m) + math.Log(sum)
}

// Backward implements Op.
func (o *LogProb) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	b, d, cols := o.Choice, o.D, o.Columns
	q, dq := in[0], din[0]
	states := b.States.Live
	rows := int(b.RowStart[states])
	keys := o.keys.get(o.Env, in[1], cols, d, false)
	parts := (states + treesAtOnce - 1) / treesAtOnce
	partial := grow(&o.partial, parts*cols)
	dstop := grow(&o.dstop, states)
	kern.ParRows(o.Env.Threads, states, treesAtOnce, func(from, to int) {
		sums := partial[from/treesAtOnce*cols:][:cols]
		clear(sums)
		for t := from; t < to; t++ {
			step, stop := dout[2*t], dout[2*t+1]
			if !b.Stop[t] {
				stop = 0 // its log-probability is a constant
			}
			f := float32(-float64(step+stop) / o.total[t])
			for r := int(b.RowStart[t]); r < int(b.RowStart[t+1]); r++ {
				row := o.e[r*cols : (r+1)*cols]
				kern.Scale(f, row, row)
			}
			dstop[t] = stop - (step+stop)*o.pstop[t]
			if b.Taken[t] == nil {
				dstop[t] += step
			}
			for i, c := range b.Taken[t] {
				r, j := int(b.RowStart[t])+int(c)/b.Width, int(c)%b.Width
				o.e[r*cols+j] += step * o.share[t][i]
			}
			for r := int(b.RowStart[t]); r < int(b.RowStart[t+1]); r++ {
				kern.Add(sums, o.e[r*cols:(r+1)*cols], sums)
			}
			if dq != nil {
				kern.Scale(dstop[t], in[3], dq[(rows+t)*d:(rows+t+1)*d])
			}
		}
		r0, r1 := int(b.RowStart[from]), int(b.RowStart[to])
		if r1 > r0 && dq != nil {
			kern.Gemm(r1-r0, o.e[r0*cols:], cols, 1, keys, dq[r0*d:], d, false, nil)
		}
	})
	switch {
	case din[1] == nil:
	case rows == 0:
		clear(din[1][:cols*d])
	default:
		o.packed.Pack(o.Env.Threads, q, d, rows, d, false)
		kern.ParRows(o.Env.Threads, cols, rowsAtOnce, func(from, to int) {
			kern.Gemm(to-from, o.e[from:], 1, cols, &o.packed, din[1][from*d:], d, false, nil)
		})
	}
	addParts(parts, cols, partial, din[2])
	if din[3] != nil {
		clear(din[3])
		for t := range states {
			kern.AddScaled(dstop[t], q[(rows+t)*d:(rows+t+1)*d], din[3])
		}
	}
	if din[4] != nil {
		clear(din[4])
		for t := range states {
			din[4][0] += dstop[t]
		}
	}
}
