package score

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// match is the loss of each row: its weight times the sum of squares of what the
// first Numbers columns of the input are off the targets. The caller sets
// Rows.Live and fills Target (rows x Numbers) and Weight (rows).
type match struct {
	Env     *op.Env
	Rows    *op.Rows
	Numbers int
	Columns int // padded

	Target []float32
	Weight []float32
}

// Name implements op.Op.
func (o *match) Name() string { return "match" }

// Check implements op.Op.
func (o *match) Check(in []op.Shape) error {
	if len(in) != 1 || in[0] != (op.Shape{Rows: o.Rows, Cols: o.Columns}) {
		return fmt.Errorf("match: want one input of %d columns", o.Columns)
	}
	return nil
}

// Shape implements op.Op.
func (o *match) Shape() op.Shape { return op.Shape{Rows: o.Rows, Cols: 1} }

// Forward implements op.Op.
func (o *match) Forward(in [][]float32, out []float32) {
	kern.ParRows(o.Env.Threads, o.Rows.Live, 64, func(from, to int) {
		for r := from; r < to; r++ {
			x, want := in[0][r*o.Columns:], o.Target[r*o.Numbers:(r+1)*o.Numbers]
			var sum float64
			for j, w := range want {
				d := float64(x[j] - w)
				sum += d * d
			}
			out[r] = float32(float64(o.Weight[r]) * sum)
		}
	})
}

// Backward implements op.Op.
func (o *match) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	if din[0] == nil {
		return
	}
	kern.ParRows(o.Env.Threads, o.Rows.Live, 64, func(from, to int) {
		for r := from; r < to; r++ {
			x, dx := in[0][r*o.Columns:], din[0][r*o.Columns:(r+1)*o.Columns]
			want := o.Target[r*o.Numbers : (r+1)*o.Numbers]
			clear(dx)
			for j, w := range want {
				dx[j] = 2 * o.Weight[r] * dout[r] * (x[j] - w)
			}
		}
	})
}
