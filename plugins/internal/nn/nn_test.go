package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// each runs f for every implementation of the kernels that this machine has.
func each(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	old := kern.Active()
	t.Cleanup(func() { _ = kern.Use(old) })
	for _, name := range kern.Available() {
		if err := kern.Use(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, f)
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Fatalf("%s is %v, want %v within %.2g", what, got, want, tolerance)
	}
}

func normal(r *rand.Rand, n int, sd float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(sd * r.NormFloat64())
	}
	return x
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func params(seed uint64) *nn.Params { return nn.NewParams(rand.New(rand.NewPCG(seed, 1))) }

// times is an operation that multiplies its input by F.
type times struct {
	Rows *op.Rows
	Cols int
	F    float32
}

func (o *times) Name() string           { return "times" }
func (o *times) Check([]op.Shape) error { return nil }
func (o *times) Shape() op.Shape        { return op.Shape{Rows: o.Rows, Cols: o.Cols} }
func (o *times) Forward(in [][]float32, out []float32) {
	n := o.Rows.Live * o.Cols
	kern.Scale(o.F, in[0][:n], out[:n])
}

func (o *times) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	if din[0] != nil {
		o.Forward([][]float32{dout}, din[0])
	}
}

// half is a loss: half the square of every entry, summed over a row; with a
// second input, half the square of the sum of the two.
type half struct {
	Rows *op.Rows
	Cols int
}

func (o *half) Name() string           { return "half" }
func (o *half) Check([]op.Shape) error { return nil }
func (o *half) Shape() op.Shape        { return op.Shape{Rows: o.Rows, Cols: 1} }

func (o *half) sum(in [][]float32, i int) (s float32) {
	for _, x := range in {
		s += x[i]
	}
	return s
}

func (o *half) Forward(in [][]float32, out []float32) {
	for r := range o.Rows.Live {
		out[r] = 0
		for c := range o.Cols {
			s := o.sum(in, r*o.Cols+c)
			out[r] += s * s / 2
		}
	}
}

func (o *half) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	for _, d := range din {
		if d == nil {
			continue
		}
		for i := range o.Rows.Live * o.Cols {
			d[i] = o.sum(in, i) * dout[i/o.Cols]
		}
	}
}
