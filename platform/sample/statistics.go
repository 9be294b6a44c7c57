package sample

import (
	"encoding/json"
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

// MarshalJSON writes {"value": ..., "se": ...} with null for what is not known.
func (e Estimate) MarshalJSON() ([]byte, error) {
	known := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		Value *float64 `json:"value"`
		SE    *float64 `json:"se"`
	}{known(e.Value), known(e.SE)})
}

// LogMean is the logarithm of the mean of exp(l) over populations, with its
// standard error by the delta method: NaN where any is, or where there are none.
func LogMean(logs []float64) Estimate {
	if len(logs) == 0 || floats.HasNaN(logs) {
		return Estimate{math.NaN(), math.NaN()}
	}
	top := floats.Max(logs)
	if math.IsInf(top, -1) {
		return Estimate{logImpossible, math.NaN()}
	}
	var sum, squares float64
	for _, l := range logs {
		z := math.Exp(l - top)
		sum += z
		squares += z * z
	}
	n := float64(len(logs))
	mean := sum / n
	e := Estimate{top + math.Log(mean), math.NaN()}
	if n > 1 {
		e.SE = math.Sqrt(max(0, squares/n-mean*mean)/(n-1)) / mean
	}
	return e
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
	if e.kept == 0 {
		return Estimate{logImpossible, math.NaN()}, ErrNoSupport
	}
	return LogMean(e.logs), nil
}

// Value is the evidence itself; it underflows to 0 below 1e-308.
func (e *Evidence) Value() (Estimate, error) {
	l, err := e.Log()
	z := math.Exp(l.Value)
	return Estimate{z, z * l.SE}, err
}

// Mean is a weighted mean over populations: the ratio of sums R = sum S_p /
// sum W_p, with W_p the summed weights of population p and S_p its summed
// weighted values, and with the standard error of a ratio between independent
// populations, se^2 = n/(n-1) sum (S_p - R W_p)^2 / (sum W_p)^2 (Cochran,
// Sampling Techniques, 1977, section 6.4). A share is the mean of a function
// that is 0 or 1. The zero value is ready for use.
type Mean struct {
	top   float64     // the largest log-weight; weights are kept as exp(w - top)
	index map[int]int // of a population in sums
	sums  []ratio     // by population, in order of their first addition
}

type ratio struct{ s, w float64 }

// Add takes the value of one trajectory of a population with its log-weight.
// Leave out trajectories whose value is missing.
func (m *Mean) Add(population int, logWeight, value float64) {
	if math.IsInf(logWeight, -1) {
		return
	}
	switch {
	case m.index == nil:
		m.top, m.index = logWeight, map[int]int{}
	case logWeight > m.top:
		scale := math.Exp(m.top - logWeight)
		m.top = logWeight
		for i := range m.sums {
			m.sums[i].s *= scale
			m.sums[i].w *= scale
		}
	}
	at, ok := m.index[population]
	if !ok {
		at = len(m.sums)
		m.index[population] = at
		m.sums = append(m.sums, ratio{})
	}
	w := math.Exp(logWeight - m.top)
	m.sums[at].s += w * value
	m.sums[at].w += w
}

// Estimate is the mean and its standard error over that many populations, of
// which some may have had nothing to add; NaN before anything of positive weight
// was added.
func (m *Mean) Estimate(populations int) Estimate {
	var total ratio
	for _, p := range m.sums {
		total.s += p.s
		total.w += p.w
	}
	if total.w == 0 {
		return Estimate{math.NaN(), math.NaN()}
	}
	r := total.s / total.w
	n := float64(max(populations, len(m.sums)))
	if n < 2 {
		return Estimate{r, math.NaN()}
	}
	var squares float64
	for _, p := range m.sums {
		d := p.s - r*p.w
		squares += d * d
	}
	return Estimate{r, math.Sqrt(squares*n/(n-1)) / total.w}
}

// MeanOf is the weighted mean of a function of trajectories over populations.
func MeanOf(populations []*Population, f func(*Trajectory) float64) Estimate {
	var m Mean
	for i, p := range populations {
		for j := range p.Trajectories {
			m.Add(i, p.Trajectories[j].LogWeight, f(&p.Trajectories[j]))
		}
	}
	return m.Estimate(len(populations))
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
