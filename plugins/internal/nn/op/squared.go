package op

import "github.com/molsculpt/molsculpt/plugins/internal/nn/kern"

// Squared is the loss of each row of a regression: its weight times the sum of
// the squares of the input less the target. Input: rows x D. The caller sets
// Target, rows x D, and Weight, an entry for each row, before a run.
type Squared struct {
	Env    *Env
	Label  string
	Rows   *Rows
	D      int
	Target []float32
	Weight []float32

	rest []float32 // the input less the target
}

// Name implements Op.
func (o *Squared) Name() string { return "squared " + o.Label }

// Check implements Op.
func (o *Squared) Check(in []Shape) error { return want(o.Name(), in, Shape{o.Rows, o.D}) }

// Shape implements Op.
func (o *Squared) Shape() Shape { return Shape{o.Rows, 1} }

// Forward implements Op.
func (o *Squared) Forward(in [][]float32, out []float32) {
	d := o.D
	grow(&o.rest, o.Rows.Live*d)
	o.Env.rows(o.Rows.Live, 1, func(from, to int) {
		for r := from; r < to; r++ {
			e := o.rest[r*d:][:d]
			copy(e, in[0][r*d:])
			kern.AddScaled(-1, o.Target[r*d:][:d], e)
			out[r] = float32(kern.SumSquares(e)) * o.Weight[r]
		}
	})
}

// Backward implements Op.
func (o *Squared) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	if din[0] == nil {
		return
	}
	d := o.D
	o.Env.rows(o.Rows.Live, 1, func(from, to int) {
		for r := from; r < to; r++ {
			kern.Scale(2*o.Weight[r]*dout[r], o.rest[r*d:][:d], din[0][r*d:][:d])
		}
	})
}
