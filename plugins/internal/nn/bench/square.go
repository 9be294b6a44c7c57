package main

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// square is the loss: (log Z + log p - target)^2 of each tree, divided by the
// number of trees, so that the sum of the output is the mean. It is the balance
// of trajectories of a single step. Inputs: log-probabilities (trees x 2, of
// which the first counts) and log Z (1 x 16, of which the first counts).
type square struct {
	batch *batch
}

var _ op.Op = (*square)(nil)

// Name implements op.Op.
func (o *square) Name() string { return "square" }

// Check implements op.Op.
func (o *square) Check(in []op.Shape) error {
	if len(in) != 2 || in[0].Rows.Cap != o.batch.count.Cap || in[0].Cols != 2 || in[1].Rows.Cap != 1 || in[1].Cols != kern.Lane {
		return fmt.Errorf("bench: square: inputs %v, want log-probabilities of %d trees and log Z", in, o.batch.count.Cap)
	}
	return nil
}

// Shape implements op.Op.
func (o *square) Shape() op.Shape { return op.Shape{Rows: &o.batch.count, Cols: 1} }

func (o *square) residual(in [][]float32, t int) float32 {
	return in[1][0] + in[0][2*t] - o.batch.target[t]
}

// Forward implements op.Op.
func (o *square) Forward(in [][]float32, out []float32) {
	n := o.batch.count.Live
	for t := range n {
		r := o.residual(in, t)
		out[t] = r * r / float32(n)
	}
}

// Backward implements op.Op.
func (o *square) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	n := o.batch.count.Live
	var sum float32
	for t := range n {
		g := 2 * o.residual(in, t) / float32(n) * dout[t]
		sum += g
		if din[0] != nil {
			din[0][2*t], din[0][2*t+1] = g, 0
		}
	}
	if din[1] != nil {
		clear(din[1])
		din[1][0] = sum
	}
}
