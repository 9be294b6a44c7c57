package guide

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
)

// normal draws n numbers.
func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func TestOperationsAndTheirGradientsAreTheirDefinitions(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	from, to, third := &op.Rows{Cap: 7, Live: 5}, &op.Rows{Cap: 20, Live: 13}, &op.Rows{Cap: 3, Live: 2}
	index, slot := make([]int32, to.Live), make([]int32, to.Live)
	const k = 3
	for i := range index {
		index[i], slot[i] = int32(r.IntN(from.Live)), int32(r.IntN(5))
	}

	var env op.Env
	optest.Check(t, r, optest.Case{
		Op: &gather{From: from, To: to, D: 32, Index: index}, Env: &env,
		Shapes: []op.Shape{{Rows: from, Cols: 32}}, In: [][]float32{normal(r, from.Live*32)},
		Form: func(in [][]float64) (out []float64) {
			for _, i := range index {
				out = append(out, in[0][i*32:(i+1)*32]...)
			}
			return out
		},
	})
	optest.Check(t, r, optest.Case{
		Op: &choose{From: from, To: to, Columns: 16, K: k, Index: index, Slot: slot}, Env: &env,
		Shapes: []op.Shape{{Rows: from, Cols: 16}}, In: [][]float32{normal(r, from.Live*16)},
		Form: func(in [][]float64) []float64 {
			out := make([]float64, to.Live*16)
			for i := range index {
				for c := range k {
					out[i*16+c] = in[0][int(index[i])*16+int(slot[i])*k+c]
				}
			}
			return out
		},
	})
	keys := op.Fixed(5)
	slot[3] = -1
	optest.Check(t, r, optest.Case{
		Op: &products{From: from, To: to, Keys: keys, K: k, D: 16, Index: index, Slot: slot}, Env: &env,
		Shapes: []op.Shape{{Rows: from, Cols: 48}, {Rows: keys, Cols: 16}}, In: [][]float32{normal(r, from.Live*48), normal(r, 5*16)},
		Form: func(in [][]float64) []float64 {
			out := make([]float64, to.Live*16)
			for i := range index {
				if slot[i] < 0 {
					continue
				}
				for c := range k {
					for j := range 16 {
						out[i*16+c] += in[0][int(index[i])*48+c*16+j] * in[1][int(slot[i])*16+j]
					}
				}
			}
			return out
		},
	})
	labels := &op.Labels{Rows: to, Classes: k, Multiplicity: []float64{1, 2, 1}}
	logPsi := normal(r, to.Live*k)
	for range to.Live {
		labels.Soft(r.Float64(), r.Float64(), r.Float64(), r.Float64())
	}
	optest.Check(t, r, optest.Case{
		Op: &correction{Labels: labels, LogPsi: logPsi}, Env: &env,
		Shapes: []op.Shape{{Rows: to, Cols: 16}}, In: [][]float32{normal(r, to.Live*16)},
		Form: func(in [][]float64) []float64 {
			out := make([]float64, to.Live)
			for i := range out {
				sum, all := 0.0, 0.0
				for c := range k {
					t := labels.Target[i*k+c]
					log := float64(logPsi[i*k+c]) + in[0][i*16+c]
					out[i] -= t * log
					all += labels.Multiplicity[c] * math.Exp(log)
					sum += t
				}
				out[i] = labels.Weight[i] * (out[i] + sum*(all-1))
			}
			return out
		},
	})
	optest.Check(t, r, optest.Case{
		Op: &total{[]*op.Rows{from, to, third}}, Env: &env,
		Shapes: []op.Shape{{Rows: from, Cols: 1}, {Rows: to, Cols: 1}, {Rows: third, Cols: 1}},
		In:     [][]float32{normal(r, from.Live), normal(r, to.Live), normal(r, third.Live)},
		Form: func(in [][]float64) []float64 {
			sum := 0.0
			for _, x := range in {
				for _, v := range x {
					sum += v
				}
			}
			return []float64{sum}
		},
	})
}
