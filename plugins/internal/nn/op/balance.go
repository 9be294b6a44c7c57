package op

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// Paths groups the states of a batch into trajectories.
type Paths struct {
	States, Paths *Rows
	// Start[p] is the first state of trajectory p, Start[Paths.Live] the number
	// of states.
	Start []int32
	// Target[p] is log R(x) plus the sum of log P_B along the trajectory.
	Target []float64
	// Code[p] is the condition as log Z sees it: log Z = code . weights.
	Code [][]float32
	// Group[p] is the group of trajectories with the same condition; groups are
	// numbered from 0 in order of first members. Only [Variance] uses it.
	Group []int32
	// Residual receives sum log P_F + log Z - Target of each trajectory.
	Residual []float64
}

// Objective is a loss for GFlowNets.
type Objective int

// The objectives: trajectory balance (Malkin et al. 2022), and the variance of
// log Z's estimates within a group (Zhang et al. 2023), which does not need
// log Z but fits it as well, detached.
const (
	TrajectoryBalance Objective = iota
	Variance
)

// Balance is the loss of each trajectory: half the square of its residual, or
// beyond Knee the straight line that continues the parabola (Huber 1964),
// divided by the number of trajectories, so that the sum of the output is the
// mean. Inputs: log-probabilities (states x 1) and the weights of log Z (1 x
// the length of a code).
type Balance struct {
	Env       *Env
	Paths     *Paths
	Objective Objective
	Knee      float64 // 0 for a pure square
	Z         int     // length of a code

	slope, zslope []float64
	mean          []float64
	count         []int
}

// Name implements Op.
func (o *Balance) Name() string { return "balance" }

// Check implements Op.
func (o *Balance) Check(in []Shape) error {
	return want(o.Name(), in, Shape{o.Paths.States, 1}, Shape{Fixed(1), o.Z})
}

// Shape implements Op.
func (o *Balance) Shape() Shape { return Shape{o.Paths.Paths, 1} }

// Forward implements Op.
func (o *Balance) Forward(in [][]float32, out []float32) {
	b := o.Paths
	n := b.Paths.Live
	clear(out)
	o.slope, o.zslope = o.slope[:0], o.zslope[:0]
	o.mean, o.count = o.mean[:0], o.count[:0]
	for p := range n {
		var sum float64
		for _, l := range in[0][b.Start[p]:b.Start[p+1]] {
			sum += float64(l)
		}
		b.Residual[p] = sum + float64(kern.Dot(b.Code[p], in[1])) - b.Target[p]
		if o.Objective == Variance {
			g := int(b.Group[p])
			if g == len(o.mean) {
				o.mean, o.count = append(o.mean, 0), append(o.count, 0)
			}
			o.mean[g] += b.Residual[p]
			o.count[g]++
		}
	}
	for p := range n {
		d := b.Residual[p]
		l, s := o.loss(d)
		if o.Objective == Variance {
			g := b.Group[p]
			o.zslope = append(o.zslope, s/float64(n))
			l, s = o.loss(d - o.mean[g]/float64(o.count[g]))
		}
		o.slope = append(o.slope, s/float64(n))
		out[p] = float32(l / float64(n))
	}
	if o.Objective == Variance && o.Knee == 0 {
		return // slopes within a group sum to zero already
	}
	if o.Objective == Variance {
		// The mean is part of the loss: take its share off every slope.
		sums := make([]float64, len(o.mean))
		for p := range n {
			sums[b.Group[p]] += o.slope[p]
		}
		for p := range n {
			o.slope[p] -= sums[b.Group[p]] / float64(o.count[b.Group[p]])
		}
	}
}

func (o *Balance) loss(d float64) (value, slope float64) {
	if o.Knee > 0 && math.Abs(d) > o.Knee {
		return o.Knee * (math.Abs(d) - o.Knee/2), math.Copysign(o.Knee, d)
	}
	return d * d / 2, d
}

// Backward implements Op. The gradient of the output is taken to be the same
// for all trajectories, that of their sum.
func (o *Balance) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	b := o.Paths
	clear(din[1])
	for p := range b.Paths.Live {
		g := float32(o.slope[p]) * dout[p]
		for t := b.Start[p]; t < b.Start[p+1]; t++ {
			din[0][t] = g
		}
		z := g
		if o.Objective == Variance {
			z = float32(o.zslope[p]) * dout[p]
		}
		kern.AddScaled(z, b.Code[p], din[1])
	}
}
