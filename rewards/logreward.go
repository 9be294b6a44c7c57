package rewards

import "math"

// tiny keeps the logarithm of a desirability finite.
const tiny = 1e-30

// LogReward is the training reward of a desirability in [0, 1] on a log scale,
// beta log max(d, 1e-30), and not less than floor. The floor is itself a log
// reward, in nats and below 0, -75 for example; it is also what invalid or
// unscored molecules are usually given. Where the floor cuts, the target is
// flat: see Clipped.
func LogReward(desirability, beta, floor float64) float64 {
	if !(floor < 0) {
		panic("rewards: the floor of a log reward must be below 0")
	}
	if math.IsNaN(desirability) {
		return floor
	}
	return max(beta*math.Log(max(desirability, tiny)), floor)
}

// Clipped says whether LogReward gives floor instead of beta log d. The share of
// such molecules belongs into a training report.
func Clipped(desirability, beta, floor float64) bool {
	return math.IsNaN(desirability) || beta*math.Log(max(desirability, tiny)) < floor
}
