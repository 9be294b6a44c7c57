package sample

import "fmt"

// Method says how trajectories are drawn.
type Method int

const (
	// Auto is Ancestral for mixtures and SMC for all else. [Choose] looks closer,
	// by rollouts, and finds where Rejection is worth its draws.
	Auto Method = iota
	// Ancestral draws each path by itself, exactly, with constant weights. It
	// exists for mixtures of models.
	Ancestral
	// SMC is sequential Monte Carlo; what steers its steps is a [Twist].
	SMC
	// Rejection draws from a mixture of the models and keeps a path with
	// probability gamma / (M mixture). It is exact, with constant weights, and
	// keeps evidence / M of the draws. It exists where the composition has a
	// bound M. A population then holds what was kept of its draws.
	Rejection
	// Uncorrected takes the steps of SMC with the path posterior and drops their
	// weights: routing by reaching probabilities (arXiv 2602.21565). Its samples
	// are not those of the composition; it is a baseline.
	Uncorrected
	// Guided takes the steps of the guided policy P_M(a|s) Q(y|s') / Q(y|s)
	// (Garipov et al. 2023) and corrects nothing: its samples are those of the
	// composition only where the guide is exact. It needs a guide.
	Guided
	// Annealed is SMC with a [Ladder], which it needs: [FitLadder] finds one, and
	// so does [Choose].
	Annealed
	// PIMH is SMC whose populations are proposals of a [Metropolis] chain, which is
	// for who reads them to make: its trajectories have no weights. A sampler by
	// PIMH gives the populations of SMC.
	PIMH
	// Importance is Annealed without resampling: each path is drawn by itself and
	// weighs by itself (sequential importance sampling; Kong, Liu and Wong 1994).
	// Draws are independent, and waste more of them than SMC does; they are there
	// to check the others.
	Importance
)

var methodNames = [...]string{"auto", "ancestral", "smc", "rejection", "unweighted", "guided", "annealed", "pimh", "importance"}

// String is the method's name, as it is written in a campaign.
func (m Method) String() string {
	if m < Auto || m > Importance {
		return fmt.Sprintf("method %d", int(m))
	}
	return methodNames[m]
}

// Exact reports whether weighted samples of the method are those of the
// composition. Populations of a method that is not have constant weights, and NaN
// for their evidence.
func (m Method) Exact() bool { return m != Uncorrected && m != Guided }

// sequential reports whether the steps of the method have weights.
func (m Method) sequential() bool {
	return m == SMC || m == PIMH || m.NeedsLadder()
}

// NeedsLadder reports whether the method samples on a [Ladder].
func (m Method) NeedsLadder() bool { return m == Annealed || m == Importance }

// ParseMethod reads a method's name; "" is Auto.
func ParseMethod(name string) (Method, error) {
	if name == "" {
		return Auto, nil
	}
	for m, known := range methodNames {
		if known == name {
			return Method(m), nil
		}
	}
	return Auto, fmt.Errorf("sample: unknown method %q: there are auto, ancestral, smc, annealed, rejection, importance, pimh, unweighted and guided", name)
}
