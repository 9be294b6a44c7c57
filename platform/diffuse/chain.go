package diffuse

import (
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

func processOf(info sdk.DiffusionInfo) (noise.Process, error) {
	return noise.New(info.Process, info.Parameters)
}

// Kernel says how a step of the reverse chain is made.
type Kernel int

const (
	// AncestralSteps have the mean E[x_s | x_t], which a score gives exactly
	// (Ho et al. 2020), and the variance that is right for data of variance 1.
	AncestralSteps Kernel = iota
	// EulerSteps are those of Euler and Maruyama for the reverse equation.
	EulerSteps
)

// DefaultSteps is how many steps a chain has where nothing is said.
const DefaultSteps = 500

// Times are the times of a chain of so many steps, from end up to 1. They are the
// squares of equal parts: close to the data, where the score changes fast, steps
// are small.
func Times(steps int, end float64) []float64 {
	out := make([]float64, steps+1)
	low := math.Sqrt(end)
	for k := range out {
		u := low + (1-low)*float64(k)/float64(steps)
		out[k] = u * u
	}
	out[0], out[steps] = end, 1
	return out
}

// move is a step of the chain: back from one time to an earlier one,
//
//	x_to = N(keep x_from + gain s, variance I),
//
// and forward, x_from = N(alpha x_to, noise I).
type move struct {
	from, to             float64
	keep, gain, variance float64
	alpha, noise         float64
}

// moves are the steps of a chain, the first from time 1.
func moves(p noise.Process, k Kernel, times []float64) []move {
	out := make([]move, 0, len(times)-1)
	for i := len(times) - 1; i > 0; i-- {
		m := move{from: times[i], to: times[i-1]}
		m.alpha, m.noise = p.Between(m.to, m.from)
		switch k {
		case EulerSteps:
			h, g := m.from-m.to, p.Diffusion(m.from)
			m.keep, m.gain, m.variance = 1-p.Drift(m.from)*h, g*h, g*h
		default:
			m.keep, m.gain = 1/m.alpha, m.noise/m.alpha
			m.variance = m.noise * unit(p, m.to) / unit(p, m.from)
		}
		out = append(out, m)
	}
	return out
}

// unit is the variance of noisy data of variance 1.
func unit(p noise.Process, t float64) float64 {
	a, s := p.Alpha(t), p.Sigma(t)
	return a*a + s*s
}

// logNormal is the log-density of a normal at a squared distance from its mean.
func logNormal(squared, variance float64, d int) float64 {
	return -squared/(2*variance) - float64(d)/2*math.Log(2*math.Pi*variance)
}

// prior is the variance of the points that a chain starts with.
func prior(p noise.Process) float64 {
	s := p.Sigma(1)
	if a := p.Alpha(1); a < 1 {
		return s*s + a*a // VP: 1
	}
	return s * s
}

// checkChain says what is wrong with the size of a chain.
func checkChain(steps int, end float64) error {
	if steps < 1 || steps > 1<<20 {
		return fmt.Errorf("diffuse: %d steps; from 1 to %d are possible", steps, 1<<20)
	}
	if !(end > 0 && end < 1) {
		return fmt.Errorf("diffuse: the chain ends at time %g; it must be above 0 and below 1", end)
	}
	return nil
}
