package compose

import "math"

// Bound is a proposal that covers a composition: gamma <= M * sum_i w_i P_i on
// every path. Drawing from the mixture and accepting with probability gamma /
// (M sum_i w_i P_i) is exact, and accepts evidence / M of the draws.
type Bound struct {
	LogM    float64
	Weights []float64 // w over the models, sums to 1
}

// Bound finds an M for the composition, where the mixture of its own universe
// covers it: mixtures (M = 1), observations and harmonic means over mixtures of
// models. Over plain models it is the least one that holds for all densities. Powers, products and nested composites have none, nor has a
// list of observations so lopsided that its maximum cannot be found.
func (c *Composition) Bound() (Bound, bool) {
	m := len(c.models)
	if w, ok := c.Mixture(); ok {
		return Bound{0, w}, true
	}
	switch t := c.root.(type) {
	case *observed:
		if w, ok := mixtureOf(t.universe, m); ok {
			logM, ok := supremum(t.list(), len(t.universe.of))
			return Bound{logM, w}, ok
		}
	case *harmonic:
		// 1/sum(1/x_j) is a harmonic mean over n, which lies below the
		// arithmetic mean over n.
		n := len(t.of)
		if w, ok := mixtureOf(newMixture(t.of, uniform(n)), m); ok {
			return Bound{-math.Log(float64(n)), w}, true
		}
	}
	return Bound{}, false
}

// supremum is the logarithm of the largest value of prod_k p(y_k|x)^kappa_k over
// all densities x of n models.
//
// With all priors equal it is sum_j n_j log(n_j/n), n_j the sum of the exponents
// of label j; with one label alone it is 0, approached where only that label is
// possible; for a & b under alpha it is log (1-a)/(sqrt a + sqrt(1-a))^2.
// In general log-concavity in log x leaves one maximum, found by the
// multiplicative update of Bradley-Terry models,
//
//	x_j <- n_j / sum_k kappa_k alpha_kj / sum_l alpha_kl x_l
//
// (Hunter 2004, Annals of Statistics 32, MM algorithms), every step of which
// ascends. Labels that were never seen only add to denominators: there x is 0.
func supremum(list []seen, n int) (logM float64, ok bool) {
	count := make([]float64, n)
	var total float64
	same := true
	for _, o := range list {
		count[o.label] += o.kappa
		total += o.kappa
		for j := range o.prior.w {
			same = same && o.prior.w[j] == list[0].prior.w[j]
		}
	}
	labels := 0
	var entropy float64
	for _, k := range count {
		if k > 0 {
			labels++
			entropy += k * math.Log(k/total)
		}
	}
	if labels < 2 {
		return 0, true
	}
	if same {
		return entropy, true
	}
	if len(list) == 2 && n == 2 && list[0].kappa == 1 && list[1].kappa == 1 {
		return twoLabels(list[0], list[1]), true
	}
	return ascend(list, count)
}

// twoLabels is the supremum of a_i x_i/(a.x) * b_j x_j/(b.x) for two models and
// i != j: with the ratio r = x_j/x_i it is a_i b_j / (sqrt(a_i b_i) + sqrt(a_j
// b_j))^2, taken at r = sqrt(a_i b_i / (a_j b_j)).
func twoLabels(a, b seen) float64 {
	i, j := a.label, b.label
	root := math.Sqrt(a.prior.w[i]*b.prior.w[i]) + math.Sqrt(a.prior.w[j]*b.prior.w[j])
	return a.prior.log[i] + b.prior.log[j] - 2*math.Log(root)
}

// The iteration stops where no derivative in log x exceeds flat times the number
// of observations; what is then missing, of the order of flat squared, lies far
// below slack.
const (
	flat  = 1e-7
	slack = 1e-9
)

// ascend iterates to the supremum; false where it does not get there.
func ascend(list []seen, count []float64) (float64, bool) {
	x := append([]float64(nil), count...)
	next := make([]float64, len(x))
	for range 10000 {
		var steepest, total, sum float64
		for j, n := range count {
			if n == 0 {
				continue
			}
			var rate float64
			for _, o := range list {
				rate += o.kappa * o.prior.w[j] / o.prior.mean(x)
			}
			steepest = math.Max(steepest, math.Abs(n-x[j]*rate))
			total += n
			next[j] = n / rate
			sum += next[j]
		}
		if steepest < flat*total {
			var value float64
			for k := range list {
				value += list[k].kappa * math.Log(list[k].prior.w[list[k].label]*x[list[k].label]/list[k].prior.mean(x))
			}
			return value + slack, !math.IsNaN(value)
		}
		for j := range x {
			x[j] = next[j] / sum
		}
	}
	return 0, false
}
