package platform

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
)

// Estimate is a weighted mean with its standard error.
type Estimate struct {
	Mean float64 // NaN where there is no sample
	SE   float64 // NaN where one sample is all there is
}

// MarshalJSON writes {"mean": ..., "se": ...} with null for what is not known.
func (e Estimate) MarshalJSON() ([]byte, error) {
	known := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		Mean *float64 `json:"mean"`
		SE   *float64 `json:"se"`
	}{known(e.Mean), known(e.SE)})
}

// weighted accumulates a self-normalised importance estimate, the ratio of the
// sums of w*f and w over samples that come in independent populations.
type weighted struct {
	logW []float64
	f    []float64
	pop  []int
}

func (w *weighted) add(logWeight, value float64, population int) {
	w.logW = append(w.logW, logWeight)
	w.f = append(w.f, value)
	w.pop = append(w.pop, population)
}

// estimate is the weighted mean. Its standard error is the larger of two by
// the delta method: over populations, which are independent, and over samples
// as if they were, since with few populations the first is itself uncertain
// (Owen, Monte Carlo theory, methods and examples, 2013, equation 9.8).
func (w *weighted) estimate() Estimate {
	n := len(w.f)
	if n == 0 {
		return Estimate{Mean: math.NaN(), SE: math.NaN()}
	}
	top := math.Inf(-1)
	for _, l := range w.logW {
		top = math.Max(top, l)
	}
	if math.IsInf(top, -1) {
		return Estimate{Mean: math.NaN(), SE: math.NaN()}
	}
	var sum, sumF float64
	for i, l := range w.logW {
		v := math.Exp(l - top)
		sum += v
		sumF += v * w.f[i]
	}
	mean := sumF / sum
	if n == 1 {
		return Estimate{Mean: mean, SE: math.NaN()}
	}
	var samples float64
	residual := map[int]float64{}
	for i, l := range w.logW {
		r := math.Exp(l-top) * (w.f[i] - mean)
		samples += r * r
		residual[w.pop[i]] += r
	}
	se := math.Sqrt(samples*float64(n)/float64(n-1)) / sum
	if p := len(residual); p > 1 {
		var pops float64
		for _, k := range slices.Sorted(maps.Keys(residual)) { // sums round alike in every run
			pops += residual[k] * residual[k]
		}
		se = math.Max(se, math.Sqrt(pops*float64(p)/float64(p-1))/sum)
	}
	return Estimate{Mean: mean, SE: se}
}

// effective is the effective sample size of the weights, (sum w)^2 / sum w^2
// (Kong 1992).
func (w *weighted) effective() float64 {
	top := math.Inf(-1)
	for _, l := range w.logW {
		top = math.Max(top, l)
	}
	if math.IsInf(top, -1) {
		return 0
	}
	var sum, squares float64
	for _, l := range w.logW {
		v := math.Exp(l - top)
		sum += v
		squares += v * v
	}
	return sum * sum / squares
}
