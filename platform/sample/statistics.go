package sample

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
)

// LogESS is the logarithm of the effective sample size (sum w)^2 / sum w^2 of
// weights given by their logarithms; minus infinity where all are zero.
func LogESS(logWeights []float64) float64 {
	if len(logWeights) == 0 {
		return logImpossible
	}
	top := floats.Max(logWeights)
	if math.IsInf(top, -1) {
		return logImpossible
	}
	var sum, squares float64
	for _, l := range logWeights {
		w := math.Exp(l - top)
		sum += w
		squares += w * w
	}
	return 2*math.Log(sum) - math.Log(squares)
}

// Estimate is a number found by sampling, with its standard error.
type Estimate struct {
	Value float64
	SE    float64 // NaN where there are fewer than two populations
}

// Evidence collects the evidence of a composition over populations. The zero
// value is ready for use.
type Evidence struct {
	logs        []float64
	logWeights  float64 // log sum of weights
	logSquares  float64 // log sum of their squares
	drawn, kept int
	minESS      float64 // least fraction of a population
	resamplings int
}

// Add takes a population.
func (e *Evidence) Add(p *Population) {
	if len(e.logs) == 0 {
		e.logWeights, e.logSquares, e.minESS = logImpossible, logImpossible, 1
	}
	e.logs = append(e.logs, p.LogEvidence)
	e.drawn += p.Drawn
	e.kept += len(p.Trajectories)
	e.resamplings += p.Resamplings
	e.minESS = min(e.minESS, p.MinESS/float64(p.Drawn))
	for i := range p.Trajectories {
		w := p.Trajectories[i].LogWeight
		e.logWeights = logAdd(e.logWeights, w)
		e.logSquares = logAdd(e.logSquares, 2*w)
	}
}

// Populations is the number of populations taken.
func (e *Evidence) Populations() int { return len(e.logs) }

// Drawn is the number of particles walked; Kept those of positive weight.
func (e *Evidence) Drawn() int { return e.drawn }

// Kept is the number of trajectories of positive weight.
func (e *Evidence) Kept() int { return e.kept }

// Resamplings is their number over all populations.
func (e *Evidence) Resamplings() int { return e.resamplings }

// MinESS is the smallest effective sample size of any population on its way, as
// a fraction of its particles.
func (e *Evidence) MinESS() float64 { return e.minESS }

// ESS is the effective sample size of all trajectories together.
func (e *Evidence) ESS() float64 {
	if e.kept == 0 {
		return 0
	}
	return math.Exp(2*e.logWeights - e.logSquares)
}

// Log is the logarithm of the evidence and the standard error of the logarithm:
// mean over populations, delta method. The error is ErrNoSupport where no
// trajectory has any weight.
func (e *Evidence) Log() (Estimate, error) {
	n := float64(len(e.logs))
	if e.kept == 0 {
		return Estimate{logImpossible, math.NaN()}, ErrNoSupport
	}
	top := floats.Max(e.logs)
	var sum, squares float64
	for _, l := range e.logs {
		z := math.Exp(l - top)
		sum += z
		squares += z * z
	}
	mean := sum / n
	se := math.NaN()
	if n > 1 {
		se = math.Sqrt(max(0, squares/n-mean*mean)/(n-1)) / mean
	}
	return Estimate{top + math.Log(mean), se}, nil
}

// Value is the evidence itself; it underflows to 0 below 1e-308.
func (e *Evidence) Value() (Estimate, error) {
	l, err := e.Log()
	z := math.Exp(l.Value)
	return Estimate{z, z * l.SE}, err
}

// Mean is a weighted mean over populations: the ratio of the sums of w f and of
// w, with the standard error of a ratio (delta method) between populations. A
// share is the mean of a function that is 0 or 1. The zero value is ready for
// use.
type Mean struct {
	scale       float64 // weights are kept as exp(w - scale)
	populations int
	a, b        float64 // sums of w f and of w
	aa, ab, bb  float64 // sums of products of the populations' sums
}

// Add takes the values of one population's trajectories with their log-weights.
// Leave out trajectories whose value is missing; a population without any still
// counts and is added with empty slices.
func (m *Mean) Add(logWeights, values []float64) {
	m.populations++
	if len(logWeights) == 0 {
		return
	}
	top := floats.Max(logWeights)
	if math.IsInf(top, -1) {
		return
	}
	if m.b == 0 {
		m.scale = top
	} else if top > m.scale {
		s := math.Exp(m.scale - top)
		m.scale = top
		m.a, m.b = m.a*s, m.b*s
		m.aa, m.ab, m.bb = m.aa*s*s, m.ab*s*s, m.bb*s*s
	}
	var a, b float64
	for j, l := range logWeights {
		w := math.Exp(l - m.scale)
		a += w * values[j]
		b += w
	}
	m.a, m.b = m.a+a, m.b+b
	m.aa, m.ab, m.bb = m.aa+a*a, m.ab+a*b, m.bb+b*b
}

// Estimate is the mean and its standard error; NaN before anything of positive
// weight was added.
func (m *Mean) Estimate() Estimate {
	if m.b == 0 {
		return Estimate{math.NaN(), math.NaN()}
	}
	n := float64(m.populations)
	r := m.a / m.b
	if n < 2 {
		return Estimate{r, math.NaN()}
	}
	// sum over populations of (A - r B)^2, whose mean is 0.
	residual := max(0, m.aa-2*r*m.ab+r*r*m.bb)
	return Estimate{r, math.Sqrt(residual*n/(n-1)) / m.b}
}

// MeanOf is the weighted mean of a function of trajectories over populations.
func MeanOf(populations []*Population, f func(*Trajectory) float64) Estimate {
	var m Mean
	for _, p := range populations {
		logs, values := make([]float64, len(p.Trajectories)), make([]float64, len(p.Trajectories))
		for j := range p.Trajectories {
			logs[j], values[j] = p.Trajectories[j].LogWeight, f(&p.Trajectories[j])
		}
		m.Add(logs, values)
	}
	return m.Estimate()
}

// Unweighted draws n indices in proportion to weights given by their logarithms,
// by systematic resampling: an unweighted list, in which an index of large weight
// occurs more than once and which must be marked as resampled. It is empty where
// all weights are zero.
func Unweighted(logWeights []float64, n int, rng *rand.Rand) []int {
	return systematic(logWeights, n, rng.Float64())
}

// systematic gives index j as often as the points (u + k)/n, k = 0..n-1, fall
// into its share of the weights.
func systematic(logWeights []float64, n int, u float64) []int {
	top := logImpossible
	for _, l := range logWeights {
		top = max(top, l)
	}
	if math.IsInf(top, -1) {
		return nil
	}
	var total float64
	for _, l := range logWeights {
		total += math.Exp(l - top)
	}
	out := make([]int, 0, n)
	var below float64
	last := 0
	for j, l := range logWeights {
		w := math.Exp(l - top)
		if w == 0 {
			continue
		}
		below += w
		last = j
		for len(out) < n && (u+float64(len(out)))*total < below*float64(n) {
			out = append(out, j)
		}
	}
	for len(out) < n {
		out = append(out, last) // rounding only
	}
	return out
}

func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
