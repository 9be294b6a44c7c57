package guide

import (
	"fmt"

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
// output is the K numbers from column Slot[i]*K on of row Index[i] of the input
// plus Offset[i*K:], padded with zeros.
type choose struct {
	Label    string
	From, To *op.Rows
	Columns  int // of the input, padded
	K        int
	Index    []int32
	Slot     []int32
	Offset   []float32
}

// Name implements op.Op.
func (o *choose) Name() string { return "choose " + o.Label }

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
		from := in[0][int(o.Index[i])*o.Columns+int(o.Slot[i])*o.K:][:o.K]
		for k, v := range from {
			row[k] = v + o.Offset[i*o.K+k]
		}
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
