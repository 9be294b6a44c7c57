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
	// Target[t] is log R of state t plus the sum of log P_B from the initial
	// state to it. It counts at the last state of a trajectory and, for
	// [SubTrajectories], at all but the first.
	Target []float64
	// Code[p] is the condition as log Z sees it: log Z = code . weights.
	Code [][]float32
	// Group[p] is the group of trajectories with the same condition; groups are
	// numbered from 0 in order of first members. [Variance] uses it, and
	// [Likelihood] with Agree: there group 0 is of paths to data, and every
	// other of paths to one tree.
	Group []int32
	// Residual receives sum log P_F + log Z - Target of each whole trajectory.
	Residual []float64
}

// Objective is a loss for models of paths: of GFlowNets, and of diffusions of
// trees.
type Objective int

// The objectives.
const (
	// TrajectoryBalance is that of Malkin et al. 2022.
	TrajectoryBalance Objective = iota
	// Variance is the variance of log Z's estimates within a group (Zhang et
	// al. 2023). It does not need log Z, which is fitted beside it.
	Variance
	// SubTrajectories is sub-trajectory balance (Madan et al. 2023) for a space
	// where every state but the first may stop: there the flow of a state is
	// R(s)/P(Stop|s) (Deleu et al. 2022), so that every part of a trajectory
	// has a residual without a further output of the network. The loss is the
	// mean over all parts.
	SubTrajectories
	// Likelihood is Target minus the sum of log P_F. Where paths are drawn
	// backward from data x by P_B, and Target is log P_B of the whole path, its
	// mean is an upper bound of -log p(x) (the evidence bound of discrete
	// diffusions, Austin et al. 2021); it is tight for a balanced model. It has
	// no log Z, no residual and no knee. With Agree, only the paths of group 0
	// count so. The paths of any other group lead to one tree, and the loss is
	// Agree times the variance of log P_F - log P_B within the group: zero where
	// the model is balanced there, whatever p(x) is.
	Likelihood
)

// Balance is the loss of each trajectory: half the square of its residual, or
// beyond Knee the straight line that continues the parabola (Huber 1964),
// divided by the number of trajectories, so that the sum of the output is the
// mean. Inputs: log-probabilities of the steps and of Stop (states x 2) and the
// weights of log Z (1 x the length of a code). With [Variance] the trajectories
// of a group share their loss: only the gradient of the sum of the output is
// right, and the gradient of the weights of log Z is that of
// [TrajectoryBalance], which fits them beside the loss.
type Balance struct {
	Env       *Env
	Paths     *Paths
	Objective Objective
	Knee      float64 // 0 for a pure square
	Agree     float64 // with [Likelihood], what disagreement of paths to a tree weighs
	Z         int     // length of a code

	dstep, dstop []float64 // per state
	dz           []float64 // per path
	delta, slope []float64 // per state of one path
	mean         []float64
	count        []int
}

// Name implements Op.
func (o *Balance) Name() string { return "balance" }

// Check implements Op.
func (o *Balance) Check(in []Shape) error {
	return want(o.Name(), in, Shape{o.Paths.States, 2}, Shape{Fixed(1), o.Z})
}

// Shape implements Op.
func (o *Balance) Shape() Shape { return Shape{o.Paths.Paths, 1} }

// Forward implements Op.
func (o *Balance) Forward(in [][]float32, out []float32) {
	b := o.Paths
	n := b.Paths.Live
	states := int(b.Start[n])
	o.dstep, o.dstop = zeros(o.dstep, states), zeros(o.dstop, states)
	o.dz = zeros(o.dz, n)
	switch {
	case o.Objective == Variance:
		o.variance(in, out)
		return
	case o.Objective == Likelihood && o.Agree > 0:
		o.agreement(in, out)
		return
	}
	for p := range n {
		z := float64(kern.Dot(b.Code[p], in[1]))
		from, to := int(b.Start[p]), int(b.Start[p+1])
		// delta[k] is the residual of the trajectory that stops at state k.
		o.delta, o.slope = zeros(o.delta, to-from), zeros(o.slope, to-from)
		sum := z
		for t := from + 1; t < to; t++ {
			sum += float64(in[0][2*(t-1)])
			o.delta[t-from] = sum + float64(in[0][2*t+1]) - b.Target[t]
		}
		last := to - from - 1
		b.Residual[p] = o.delta[last]
		var value float64
		switch o.Objective {
		case TrajectoryBalance:
			value, o.slope[last] = o.loss(o.delta[last])
		case Likelihood:
			value, o.slope[last] = z-o.delta[last], -1
		default:
			parts := float64(last*(last+1)) / 2
			for j := 1; j <= last; j++ {
				for i := range j { // delta[0] is 0: the flow of the initial state is Z
					v, s := o.loss(o.delta[j] - o.delta[i])
					value += v / parts
					o.slope[j] += s / parts
					if i > 0 {
						o.slope[i] -= s / parts
					}
				}
			}
		}
		out[p] = float32(value / float64(n))
		var tail float64
		for k := last; k > 0; k-- {
			s := o.slope[k] / float64(n)
			o.dstop[from+k] += s
			tail += s
			o.dstep[from+k-1] = tail
		}
		if o.Objective != Likelihood {
			o.dz[p] = tail
		}
	}
}

// variance is the objective of that name; the last step of a path is Stop.
func (o *Balance) variance(in [][]float32, out []float32) {
	b := o.Paths
	n := b.Paths.Live
	o.whole(in, 1)
	o.slope = zeros(o.slope, n)
	total := make([]float64, len(o.mean))
	for p := range n {
		g := b.Group[p]
		_, s := o.loss(b.Residual[p])
		o.dz[p] = s / float64(n)
		value, s := o.loss(b.Residual[p] - o.mean[g])
		out[p] = float32(value / float64(n))
		o.slope[p] = s / float64(n)
		total[g] += o.slope[p]
	}
	for p := range n {
		g := b.Group[p]
		o.same(p, o.slope[p]-total[g]/float64(o.count[g])) // the mean is part of the loss
	}
}

// agreement is Likelihood with Agree; the last step of a path is Stop.
func (o *Balance) agreement(in [][]float32, out []float32) {
	b := o.Paths
	n := b.Paths.Live
	o.whole(in, 0)
	if n == 0 {
		return
	}
	data := 0
	for p := range n {
		if b.Group[p] == 0 {
			data++
		}
	}
	weight := o.Agree / float64(max(n-data, 1))
	o.slope = zeros(o.slope, n)
	total := make([]float64, len(o.mean))
	for p := range n {
		g := b.Group[p]
		if g == 0 {
			out[p] = float32(-b.Residual[p] / float64(data))
			o.slope[p] = -1 / float64(data)
			continue
		}
		value, s := o.loss(b.Residual[p] - o.mean[g])
		out[p] = float32(weight * value)
		o.slope[p] = weight * s
		total[g] += o.slope[p]
	}
	for p := range n {
		g := b.Group[p]
		o.same(p, o.slope[p]-total[g]/float64(o.count[g])) // total[0] is 0
	}
}

// whole finds the residuals of whole paths that end with Stop, with log Z times
// z, and the mean and the number of each group.
func (o *Balance) whole(in [][]float32, z float64) {
	b := o.Paths
	o.mean, o.count = o.mean[:0], o.count[:0]
	for p := range b.Paths.Live {
		var sum float64
		from, to := int(b.Start[p]), int(b.Start[p+1])
		for t := from; t < to; t++ {
			sum += float64(in[0][2*t])
		}
		b.Residual[p] = sum + z*float64(kern.Dot(b.Code[p], in[1])) - b.Target[to-1]
		g := int(b.Group[p])
		for len(o.mean) <= g {
			o.mean, o.count = append(o.mean, 0), append(o.count, 0)
		}
		o.mean[g] += b.Residual[p]
		o.count[g]++
	}
	for g, c := range o.count {
		o.mean[g] /= float64(max(c, 1))
	}
}

// same sets the slope of all steps of a path.
func (o *Balance) same(p int, slope float64) {
	for t := o.Paths.Start[p]; t < o.Paths.Start[p+1]; t++ {
		o.dstep[t] = slope
	}
}

func zeros(s []float64, n int) []float64 {
	if cap(s) < n {
		s = make([]float64, 2*n)
	}
	s = s[:n]
	clear(s)
	return s
}

func (o *Balance) loss(d float64) (value, slope float64) {
	if o.Knee > 0 && math.Abs(d) > o.Knee {
		return o.Knee * (math.Abs(d) - o.Knee/2), math.Copysign(o.Knee, d)
	}
	return d * d / 2, d
}

// Backward implements Op.
func (o *Balance) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	b := o.Paths
	if din[0] != nil {
		for p := range b.Paths.Live {
			for t := b.Start[p]; t < b.Start[p+1]; t++ {
				din[0][2*t] = float32(o.dstep[t]) * dout[p]
				din[0][2*t+1] = float32(o.dstop[t]) * dout[p]
			}
		}
	}
	if din[1] != nil {
		clear(din[1])
		for p := range b.Paths.Live {
			kern.AddScaled(float32(o.dz[p])*dout[p], b.Code[p], din[1])
		}
	}
}
