package guide

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// outcomes is what a guide tells apart: all lists of n observations of m
// models, or all multisets where they are exchangeable.
type outcomes struct {
	models, n int
	alpha     bool // ordered, the second observation weighted by alpha
	lists     [][]int
	share     []float64 // multiplicity of each outcome
	counts    [][]int   // how often each model is in an outcome

	// rest[i] is the outcomes that hold model i, with what is left of them
	// when one observation of i is taken out and in how many orders that can be.
	rest [][]remainder
}

// remainder is an outcome without one observation.
type remainder struct {
	outcome int
	counts  []int
	orders  float64
}

// maxOutcomes bounds the head.
const maxOutcomes = 64

// newOutcomes lists the outcomes of n observations of so many models.
func newOutcomes(models, n int, alpha bool) (*outcomes, error) {
	o := &outcomes{models: models, n: n, alpha: alpha}
	switch {
	case models < 2:
		return nil, fmt.Errorf("guide: %d models; a guide tells two apart at least", models)
	case n < 1 || n > 8:
		return nil, fmt.Errorf("guide: observations is %d; give 1 to 8", n)
	case alpha && (models != 2 || n != 2):
		return nil, fmt.Errorf("guide: alpha is on, with %d observations of %d models; it is for two of two", n, models)
	}
	var extend func(list []int)
	extend = func(list []int) {
		if len(list) == n {
			o.lists = append(o.lists, append([]int{}, list...))
			return
		}
		first := 0
		if len(list) > 0 && !alpha {
			first = list[len(list)-1]
		}
		for y := first; y < models && len(o.lists) <= maxOutcomes; y++ {
			extend(append(list, y))
		}
	}
	extend(nil)
	if len(o.lists) > maxOutcomes {
		return nil, fmt.Errorf("guide: %d observations of %d models have more than %d outcomes; observe less", n, models, maxOutcomes)
	}
	o.rest = make([][]remainder, models)
	for k, list := range o.lists {
		counts := make([]int, models)
		for _, y := range list {
			counts[y]++
		}
		o.counts = append(o.counts, counts)
		if alpha {
			o.share = append(o.share, 1)
			continue
		}
		o.share = append(o.share, orders(counts))
		for i := range counts {
			if counts[i] == 0 {
				continue
			}
			left := append([]int{}, counts...)
			left[i]--
			o.rest[i] = append(o.rest[i], remainder{k, left, orders(left)})
		}
	}
	return o, nil
}

// orders is the number of lists with these counts, n!/prod n_j!.
func orders(counts []int) float64 {
	n, out := 0, 1.0
	for _, c := range counts {
		for j := 1; j <= c; j++ {
			n++
			out *= float64(n) / float64(j)
		}
	}
	return math.Round(out)
}

// names are the outcomes as people write them, models numbered from 1.
func (o *outcomes) names() []string {
	var names []string
	for _, list := range o.lists {
		var parts []string
		for _, y := range list {
			parts = append(parts, strconv.Itoa(y+1))
		}
		names = append(names, strings.Join(parts, ","))
	}
	return names
}

// power is x^n for small n; 0^0 is 1.
func power(x float64, n int) float64 {
	out := 1.0
	for range n {
		out *= x
	}
	return out
}

// addLabel adds weight times the probabilities of the outcomes to target, where
// the first observation is model i and the others are made with the
// probabilities q, the second one tilted by alpha.
func (o *outcomes) addLabel(target []float64, weight float64, i int, q []float64, logitAlpha float64) {
	if o.alpha {
		second := tilted(q[0], q[1], logitAlpha)
		target[2*i] += weight * second
		target[2*i+1] += weight * (1 - second)
		return
	}
	for _, r := range o.rest[i] {
		p := weight * r.orders
		for j, c := range r.counts {
			p *= power(q[j], c)
		}
		target[r.outcome] += p
	}
}

// addExpected is addLabel where the first observation, too, is made with the
// probabilities q.
func (o *outcomes) addExpected(target []float64, weight float64, q []float64, logitAlpha float64) {
	if o.alpha {
		o.addLabel(target, weight*q[0], 0, q, logitAlpha)
		o.addLabel(target, weight*q[1], 1, q, logitAlpha)
		return
	}
	for k, counts := range o.counts {
		p := weight * o.share[k]
		for j, c := range counts {
			p *= power(q[j], c)
		}
		target[k] += p
	}
}

// logLikelihood writes the log-probability of one list of each outcome where all
// observations are made with the probabilities e^logQ.
func (o *outcomes) logLikelihood(dst, logQ []float64, logitAlpha float64) {
	if o.alpha {
		second := [2]float64{-softplus(logQ[1] - logQ[0] - logitAlpha), -softplus(logQ[0] - logQ[1] + logitAlpha)}
		for k, list := range o.lists {
			dst[k] = logQ[list[0]] + second[list[1]]
		}
		return
	}
	for k, counts := range o.counts {
		dst[k] = 0
		for j, c := range counts {
			if c > 0 {
				dst[k] += float64(c) * logQ[j]
			}
		}
	}
}

// tilted is alpha q0 / (alpha q0 + (1-alpha) q1).
func tilted(q0, q1, logitAlpha float64) float64 {
	return 1 / (1 + q1/q0*math.Exp(-logitAlpha))
}

// softplus is log(1 + e^x).
func softplus(x float64) float64 {
	if x > 0 {
		return x + math.Log1p(math.Exp(-x))
	}
	return math.Log1p(math.Exp(x))
}
