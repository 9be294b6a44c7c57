package gflownet

import (
	"math"
	"math/rand/v2"
)

// gridSteps turns the outputs of the network at a point into log-probabilities
// and probabilities: Dim for the axes, minus infinity and 0 for one that has
// ended, and last that of Stop.
func gridSteps(out []float32, point []int, side int, logs, probs []float64) {
	stop := len(point)
	m := float64(out[stop])
	for a, x := range point {
		if x < side-1 {
			m = math.Max(m, float64(out[a]))
		}
	}
	sum := 0.0
	for a := range logs {
		if a < stop && point[a] == side-1 {
			logs[a], probs[a] = math.Inf(-1), 0
			continue
		}
		logs[a] = float64(out[a]) - m
		probs[a] = math.Exp(logs[a])
		sum += probs[a]
	}
	logSum := math.Log(sum)
	for a := range logs {
		logs[a] -= logSum
		probs[a] /= sum
	}
}

// chooseStep draws an action: with probability epsilon any legal one, else as
// probs says.
func chooseStep(logs, probs []float64, epsilon float64, r *rand.Rand) int {
	if epsilon > 0 && r.Float64() < epsilon {
		legal := 0
		for _, l := range logs {
			if !math.IsInf(l, -1) {
				legal++
			}
		}
		u := r.IntN(legal)
		for a, l := range logs {
			if math.IsInf(l, -1) {
				continue
			}
			if u == 0 {
				return a
			}
			u--
		}
	}
	u := r.Float64()
	last := len(probs) - 1
	for a, p := range probs {
		if p > 0 {
			last = a // the last action with weight, should rounding leave none
		}
		if u -= p; u < 0 {
			return a
		}
	}
	return last
}
