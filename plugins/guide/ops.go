package guide

import (
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// check holds inputs against what is expected.
func check(name string, in []op.Shape, expected ...op.Shape) error {
	if len(in) != len(expected) {
		return fmt.Errorf("guide: %s: %d inputs, want %d", name, len(in), len(expected))
	}
	for i, e := range expected {
		if in[i].Cols != e.Cols || in[i].Rows.Cap != e.Rows.Cap {
			return fmt.Errorf("guide: %s: input %d is %dx%d, want %dx%d", name, i, in[i].Rows.Cap, in[i].Cols, e.Rows.Cap, e.Cols)
		}
	}
	return nil
}

// gather copies rows: row i of the output is row Index[i] of the input, which
// has D columns. The gradient of a row is the sum over its copies, in their order.
type gather struct {
	Label    string
	From, To *op.Rows
	D        int
	Index    []int32 // as long as To.Live
}

// Name implements op.Op.
func (o *gather) Name() string { return "gather " + o.Label }

// Check implements op.Op.
func (o *gather) Check(in []op.Shape) error {
	return check(o.Name(), in, op.Shape{Rows: o.From, Cols: o.D})
}

// Shape implements op.Op.
func (o *gather) Shape() op.Shape { return op.Shape{Rows: o.To, Cols: o.D} }

// Forward implements op.Op.
func (o *gather) Forward(in [][]float32, out []float32) {
	for i, from := range o.Index[:o.To.Live] {
		copy(out[i*o.D:(i+1)*o.D], in[0][int(from)*o.D:])
	}
}

// Backward implements op.Op.
func (o *gather) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	if din[0] == nil {
		return
	}
	clear(din[0][:o.From.Live*o.D])
	for i, from := range o.Index[:o.To.Live] {
		g := din[0][int(from)*o.D:][:o.D]
		kern.Add(g, dout[i*o.D:(i+1)*o.D], g)
	}
}

// choose takes the outcomes of one action out of those of all: row i of the
// output is the K numbers from column Slot[i]*K on of row Index[i] of the input,
// padded with zeros.
type choose struct {
	From, To *op.Rows
	Columns  int // of the input, padded
	K        int
	Index    []int32
	Slot     []int32
}

// Name implements op.Op.
func (o *choose) Name() string { return "choose actions" }

// Check implements op.Op.
func (o *choose) Check(in []op.Shape) error {
	return check(o.Name(), in, op.Shape{Rows: o.From, Cols: o.Columns})
}

// Shape implements op.Op.
func (o *choose) Shape() op.Shape { return op.Shape{Rows: o.To, Cols: pad(o.K)} }

// Forward implements op.Op.
func (o *choose) Forward(in [][]float32, out []float32) {
	w := pad(o.K)
	for i := range o.To.Live {
		row := out[i*w : (i+1)*w]
		copy(row, in[0][int(o.Index[i])*o.Columns+int(o.Slot[i])*o.K:][:o.K])
		clear(row[o.K:])
	}
}

// Backward implements op.Op.
func (o *choose) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	if din[0] == nil {
		return
	}
	w := pad(o.K)
	clear(din[0][:o.From.Live*o.Columns])
	for i := range o.To.Live {
		g := din[0][int(o.Index[i])*o.Columns+int(o.Slot[i])*o.K:][:o.K]
		for k := range g {
			g[k] += dout[i*w+k]
		}
	}
}

// products are the residuals of taken cells: entry k of row i of the output is the
// inner product of numbers k*D to (k+1)*D of row Index[i] of the queries with row
// Slot[i] of the keys, zero where the slot is -1; padded with zeros. Inputs:
// queries (rows x pad(K*D)) and keys (columns x D).
type products struct {
	From, To, Keys *op.Rows
	K, D           int
	Index          []int32
	Slot           []int32
}

// Name implements op.Op.
func (o *products) Name() string { return "products" }

// Check implements op.Op.
func (o *products) Check(in []op.Shape) error {
	return check(o.Name(), in, op.Shape{Rows: o.From, Cols: pad(o.K * o.D)}, op.Shape{Rows: o.Keys, Cols: o.D})
}

// Shape implements op.Op.
func (o *products) Shape() op.Shape { return op.Shape{Rows: o.To, Cols: pad(o.K)} }

// Forward implements op.Op.
func (o *products) Forward(in [][]float32, out []float32) {
	w, wide := pad(o.K), pad(o.K*o.D)
	for i := range o.To.Live {
		row := out[i*w : (i+1)*w]
		clear(row)
		if o.Slot[i] < 0 {
			continue
		}
		q, key := in[0][int(o.Index[i])*wide:], in[1][int(o.Slot[i])*o.D:][:o.D]
		for k := range o.K {
			row[k] = kern.Dot(q[k*o.D:(k+1)*o.D], key)
		}
	}
}

// Backward implements op.Op.
func (o *products) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	w, wide := pad(o.K), pad(o.K*o.D)
	if din[0] != nil {
		clear(din[0][:o.From.Live*wide])
	}
	if din[1] != nil {
		clear(din[1][:o.Keys.Live*o.D])
	}
	for i := range o.To.Live {
		if o.Slot[i] < 0 {
			continue
		}
		q, key := int(o.Index[i])*wide, int(o.Slot[i])*o.D
		for k := range o.K {
			g := dout[i*w+k]
			if din[0] != nil {
				kern.AddScaled(g, in[1][key:key+o.D], din[0][q+k*o.D:q+(k+1)*o.D])
			}
			if din[1] != nil {
				kern.AddScaled(g, in[0][q+k*o.D:q+(k+1)*o.D], din[1][key:key+o.D])
			}
		}
	}
}

// correction is the loss of residuals r on log psi: of each row its weight times
//
//	T (sum_c share_c Q_c - 1) - sum_c t_c log Q_c,   log Q_c = log psi_c + r_c
//
// with the label t and its sum T, the Kullback-Leibler divergence of measures
// that need not add up to one. Its optimum is t/T, so that what is learned adds up
// to one by itself, and a residual can be used without those of the other
// outcomes. Where Q adds up to one it is the cross-entropy. Input: r (rows x
// padded classes).
type correction struct {
	Labels *op.Labels
	LogPsi []float32 // rows x classes, of one list of each outcome

	slope []float64
}

// Name implements op.Op.
func (o *correction) Name() string { return "correction" }

// Check implements op.Op.
func (o *correction) Check(in []op.Shape) error {
	return check(o.Name(), in, op.Shape{Rows: o.Labels.Rows, Cols: pad(o.Labels.Classes)})
}

// Shape implements op.Op.
func (o *correction) Shape() op.Shape { return op.Shape{Rows: o.Labels.Rows, Cols: 1} }

// Forward implements op.Op.
func (o *correction) Forward(in [][]float32, out []float32) {
	l := o.Labels
	k, w := l.Classes, pad(l.Classes)
	if cap(o.slope) < l.Rows.Live*k {
		o.slope = make([]float64, 2*l.Rows.Live*k)
	}
	o.slope = o.slope[:l.Rows.Live*k]
	for i := range l.Rows.Live {
		target, slope := l.Target[i*k:(i+1)*k], o.slope[i*k:(i+1)*k]
		sum := 0.0
		for _, t := range target {
			sum += t
		}
		loss := -sum
		for c, t := range target {
			log := float64(o.LogPsi[i*k+c]) + float64(in[0][i*w+c])
			q := sum * l.Multiplicity[c] * math.Exp(log)
			loss += q - t*log
			slope[c] = l.Weight[i] * (q - t)
		}
		out[i] = float32(l.Weight[i] * loss)
	}
}

// Backward implements op.Op.
func (o *correction) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	if din[0] == nil {
		return
	}
	k, w := o.Labels.Classes, pad(o.Labels.Classes)
	for i := range o.Labels.Rows.Live {
		row := din[0][i*w : (i+1)*w]
		clear(row)
		for c := range k {
			row[c] = float32(o.slope[i*k+c]) * dout[i]
		}
	}
}

// total is the sum of losses, each a column: one number.
type total struct{ Parts []*op.Rows }

// Name implements op.Op.
func (o *total) Name() string { return "total" }

// Check implements op.Op.
func (o *total) Check(in []op.Shape) error {
	var expected []op.Shape
	for _, rows := range o.Parts {
		expected = append(expected, op.Shape{Rows: rows, Cols: 1})
	}
	return check(o.Name(), in, expected...)
}

// Shape implements op.Op.
func (o *total) Shape() op.Shape { return op.Shape{Rows: op.Fixed(1), Cols: 1} }

// Forward implements op.Op.
func (o *total) Forward(in [][]float32, out []float32) {
	sum := 0.0
	for k, rows := range o.Parts {
		for _, v := range in[k][:rows.Live] {
			sum += float64(v)
		}
	}
	out[0] = float32(sum)
}

// Backward implements op.Op.
func (o *total) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	for k, rows := range o.Parts {
		if din[k] == nil {
			continue
		}
		for i := range rows.Live {
			din[k][i] = dout[0]
		}
	}
}

// pad rounds up to a multiple of the kernels' granularity.
func pad(n int) int { return (n + kern.Lane - 1) / kern.Lane * kern.Lane }
