package verify

import (
	"encoding/json"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"gonum.org/v1/gonum/stat/distuv"
)

// Result is one number held against the truth.
type Result struct {
	Domain   string `json:"domain"`
	Target   string `json:"target"`
	Method   string `json:"method"`
	Quantity string `json:"quantity"`

	Exact    float64 `json:"exact"`
	Estimate float64 `json:"estimate"`
	Error    float64 `json:"error"` // of the estimate, in its own unit
	Bound    float64 `json:"bound"` // that a right method keeps

	// FalseAlarm is the probability at most that a right method exceeds the
	// bound, under the assumption that the package comment names; 0 where
	// nothing is random.
	FalseAlarm float64 `json:"false_alarm"`

	// Control marks a method that is known to be wrong, and passes where its
	// error exceeds the bound.
	Control bool `json:"control,omitempty"`
}

// Passed says that a right method kept its bound, or that a wrong one did not.
func (r *Result) Passed() bool { return (r.Error <= r.Bound) != r.Control && !math.IsNaN(r.Error) }

// Verdict is the outcome in words.
func (r *Result) Verdict() string {
	switch {
	case r.Passed() && r.Control:
		return "wrong, as known"
	case r.Passed():
		return "ok"
	case r.Control:
		return "FAILED: not wrong"
	}
	return "FAILED"
}

// MarshalJSON writes null for numbers that are not finite, as a broken method
// may give.
func (r Result) MarshalJSON() ([]byte, error) {
	finite := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	type plain Result
	return json.Marshal(struct {
		plain
		Exact    *float64 `json:"exact"`
		Estimate *float64 `json:"estimate"`
		Error    *float64 `json:"error"`
		Bound    *float64 `json:"bound"`
		Passed   bool     `json:"passed"`
		Verdict  string   `json:"verdict"`
	}{plain(r), finite(r.Exact), finite(r.Estimate), finite(r.Error), finite(r.Bound), r.Passed(), r.Verdict()})
}

// exactly is how far numbers may differ by rounding.
const exactly = 1e-12

// same is a number that must be exact, but for rounding.
func same(quantity string, exact, estimate float64) Result {
	return Result{
		Quantity: quantity, Exact: exact, Estimate: estimate,
		Error: math.Abs(estimate - exact), Bound: exactly * max(1, math.Abs(exact)),
	}
}

// sameLaw is a law that must be exact, but for rounding.
func sameLaw(quantity string, exact, law []float64) Result {
	d := oracle.L1(exact, law)
	return Result{Quantity: quantity, Estimate: d, Error: d, Bound: exactly}
}

// sigmas is how many standard errors an estimate may lie off.
const sigmas = 4

// estimated is a number found from so many independent populations.
func estimated(quantity string, exact float64, e sample.Estimate, populations int) Result {
	t := distuv.StudentsT{Sigma: 1, Nu: float64(populations - 1)}
	return Result{
		Quantity: quantity, Exact: exact, Estimate: e.Value, Error: math.Abs(e.Value - exact),
		Bound: sigmas * e.SE, FalseAlarm: 2 * t.CDF(-sigmas),
	}
}

// aboveFloor is how many standard deviations an L1 distance may lie above the
// mean of that of independent draws.
const aboveFloor = 5

// floorRepetitions is how many sets of independent draws the floor is found
// from.
const floorRepetitions = 200

// atFloor is a distance to a law that must not exceed that of n independent
// draws; exact is their mean.
func atFloor(quantity string, law []float64, distance, n float64, seed uint64) Result {
	if math.IsNaN(n) {
		return Result{Quantity: quantity, Estimate: distance, Error: n}
	}
	n = max(1, n)
	mean, sd := oracle.SamplingFloor(law, int(n), floorRepetitions, rand.New(rand.NewPCG(seed, uint64(n))))
	return Result{
		Quantity: quantity, Exact: mean, Estimate: distance, Error: distance - mean,
		Bound: aboveFloor * sd, FalseAlarm: distuv.UnitNormal.CDF(-aboveFloor),
	}
}

// rare is the probability that a chi-square statistic is allowed to be exceeded
// with.
const rare = 1e-6

// fewest is the expectation below which the cells of a chi-square statistic are
// pooled.
const fewest = 5

// chiSquare holds the counts of n independent draws against a law (Pearson
// 1900); nothing where the draws are too few for more than one cell.
func chiSquare(quantity string, law, counts []float64, n float64) []Result {
	var statistic, pooledCount, pooledExpected float64
	freedom := -1.
	add := func(count, expected float64) {
		statistic += (count - expected) * (count - expected) / expected
		freedom++
	}
	for i, l := range law {
		expected := n * math.Exp(l)
		if expected < fewest {
			pooledCount += counts[i]
			pooledExpected += expected
			continue
		}
		add(counts[i], expected)
	}
	switch {
	case pooledExpected > 0:
		add(pooledCount, pooledExpected)
	case pooledCount > 0:
		statistic = math.MaxFloat64 // something that cannot be was drawn
	}
	if freedom < 1 {
		return nil
	}
	return []Result{{
		Quantity: quantity, Exact: freedom, Estimate: statistic, Error: statistic - freedom,
		Bound: distuv.ChiSquared{K: freedom}.Quantile(1-rare) - freedom, FalseAlarm: rare,
	}}
}

// wrong turns a result into one of a negative control.
func wrong(r Result) Result {
	r.Control, r.FalseAlarm = true, 0
	return r
}
