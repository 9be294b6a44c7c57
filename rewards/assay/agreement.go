package assay

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Agreement is how well a score orders compounds by their potency.
type Agreement struct {
	Exact   int // compounds with a measured potency
	Weaker  int // compounds of which one knows that they are no better than a bound
	Between int // compounds of which one knows a bound on both sides
	Better  int // compounds of which one knows that they are no worse than a bound

	// Spearman is the rank correlation of score and potency over the measured
	// compounds, from -1 to 1, with its standard error after Bonett and Wright
	// (2000): sqrt((1 + r^2/2)/(n-3)). NaN for fewer than four, or where all
	// scores or all potencies are the same.
	Spearman, SpearmanError float64

	// Measured is the concordance over pairs of measured compounds, Bounded that
	// over pairs in which one has a bound at least, All that over both.
	Measured, Bounded, All Concordance
}

// Concordance is the share of pairs that the score puts in the right order, of
// those of which the order is known, since what is known of the one lies above
// what is known of the other; pairs of one score count half (Harrell et al.
// 1982). 1/2 is what chance gives.
type Concordance struct {
	Pairs int
	Share float64 // NaN without pairs
	Error float64 // standard error by the jackknife over compounds; NaN for fewer than two compounds
}

// Compare holds scores, of which a higher one means more potent, to potencies.
func Compare(scores []float64, potencies []Potency) (Agreement, error) {
	var a Agreement
	if len(scores) != len(potencies) {
		return a, fmt.Errorf("assay: compare: %d scores for %d compounds", len(scores), len(potencies))
	}
	var x, y []float64
	for i, p := range potencies {
		if math.IsNaN(scores[i]) {
			return a, errors.New("assay: compare: a score is not a number; leave such compounds out")
		}
		switch {
		case !(p.Low <= p.High):
			return a, fmt.Errorf("assay: compare: compound %d has a potency from %v to %v", i, p.Low, p.High)
		case p.Exact():
			a.Exact++
			x, y = append(x, scores[i]), append(y, p.Low)
		case math.IsInf(p.Low, -1):
			a.Weaker++
		case math.IsInf(p.High, 1):
			a.Better++
		default:
			a.Between++
		}
	}
	a.Spearman, a.SpearmanError = spearman(x, y)
	a.Measured = concordance(scores, potencies, func(p, q Potency) bool { return p.Exact() && q.Exact() })
	a.Bounded = concordance(scores, potencies, func(p, q Potency) bool { return !p.Exact() || !q.Exact() })
	a.All = concordance(scores, potencies, func(Potency, Potency) bool { return true })
	return a, nil
}

// Beyond is the rank correlation of score and potency over the measured
// compounds that is left at equal values of something else, such as their size:
// the partial correlation of ranks, with its standard error, that of Spearman
// with one compound less.
func Beyond(known, scores []float64, potencies []Potency) (r, standardError float64, err error) {
	if len(scores) != len(potencies) || len(known) != len(potencies) {
		return 0, 0, fmt.Errorf("assay: compare: %d scores and %d known values for %d compounds", len(scores), len(known), len(potencies))
	}
	var x, y, z []float64
	for i, p := range potencies {
		if math.IsNaN(scores[i] + known[i]) {
			return 0, 0, errors.New("assay: compare: a score is not a number; leave such compounds out")
		}
		if p.Exact() {
			x, y, z = append(x, scores[i]), append(y, p.Low), append(z, known[i])
		}
	}
	if len(x) < 5 {
		return math.NaN(), math.NaN(), nil
	}
	x, y, z = ranks(x), ranks(y), ranks(z)
	xy, xz, yz := stat.Correlation(x, y, nil), stat.Correlation(x, z, nil), stat.Correlation(y, z, nil)
	r = (xy - xz*yz) / math.Sqrt((1-xz*xz)*(1-yz*yz))
	return r, math.Sqrt((1 + r*r/2) / float64(len(x)-4)), nil
}

// spearman is the correlation of ranks with its standard error.
func spearman(x, y []float64) (r, standardError float64) {
	if len(x) < 4 {
		return math.NaN(), math.NaN()
	}
	r = stat.Correlation(ranks(x), ranks(y), nil)
	return r, math.Sqrt((1 + r*r/2) / float64(len(x)-3))
}

// ranks are the ranks of values from 1 on; equal ones share the mean of theirs.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(x[i], x[j]) })
	out := make([]float64, len(x))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && x[order[to]] == x[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return out
}

// concordance is that over the pairs that are wanted and have an order.
func concordance(scores []float64, potencies []Potency, wanted func(p, q Potency) bool) Concordance {
	n := len(scores)
	right, pairs := make([]float64, n), make([]int, n) // of each compound
	var allRight float64
	var allPairs int
	for i := range n {
		for j := range i {
			p, q := potencies[i], potencies[j]
			if !wanted(p, q) {
				continue
			}
			var more, less int // potent
			switch {
			case p.Low > q.High:
				more, less = i, j
			case q.Low > p.High:
				more, less = j, i
			default:
				continue
			}
			var credit float64
			switch {
			case scores[more] > scores[less]:
				credit = 1
			case scores[more] == scores[less]:
				credit = 0.5
			}
			right[i] += credit
			right[j] += credit
			pairs[i]++
			pairs[j]++
			allRight += credit
			allPairs++
		}
	}
	c := Concordance{Pairs: allPairs, Share: math.NaN(), Error: math.NaN()}
	if allPairs == 0 {
		return c
	}
	c.Share = allRight / float64(allPairs)
	var without []float64 // each of the compounds that have pairs
	for i := range n {
		if pairs[i] > 0 && allPairs > pairs[i] {
			without = append(without, (allRight-right[i])/float64(allPairs-pairs[i]))
		}
	}
	if m := float64(len(without)); m > 1 {
		c.Error = math.Sqrt((m - 1) / m * (m - 1) * stat.Variance(without, nil))
	}
	return c
}
