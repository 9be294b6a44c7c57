package compose

import "math"

// Bound is a proposal that covers a composition: gamma <= M * sum_i w_i P_i on
// every path. Drawing from the mixture and accepting with probability gamma /
// (M sum_i w_i P_i) is exact, and accepts evidence / M of the draws.
type Bound struct {
	LogM    float64
	Weights []float64 // w over the models, sums to 1
}

// Bound finds an M for the composition. Over plain models it is the least one
// that holds for all densities, for the mixture of the observation model where
// there is one. Over nested composites, which are bounded
// themselves, and over mixtures that share models it holds and need not be the
// least. There is none where the backward kernel enters the target, nor for a
// list of observations so lopsided that its maximum cannot be found.
func (c *Composition) Bound() (Bound, bool) {
	return cover(c.root, len(c.models))
}

// cover bounds a term by a mixture of the m models, from bounds of its operands.
func cover(t term, m int) (Bound, bool) {
	switch t := t.(type) {
	case base:
		w := make([]float64, m)
		w[t] = 1
		return Bound{0, w}, true
	case *mixture:
		return coverSum(t.of, t.weight.log, m)
	case *normalised:
		b, ok := cover(t.of, m)
		b.LogM -= t.logZ
		return b, ok
	case *observed:
		if h, logScale, ok := t.harmonic(); ok && !isPlain(t.universe.of) {
			b, ok := cover(h, m)
			b.LogM += logScale
			return b, ok
		}
		b, ok := coverSum(t.universe.of, t.universe.weight.log, m)
		if !ok {
			return b, false
		}
		logM, ok := supremum(t.list(), len(t.universe.of))
		b.LogM += logM
		return b, ok
	case *harmonic:
		// The operands are at most M_j x_j, so the harmonic is at most 1/W of the
		// harmonic mean of the x_j under the weights w_j/M_j, W their sum. It lies
		// below the arithmetic mean under the same weights.
		bounds, ok := covers(t.of, m)
		if !ok {
			return Bound{}, false
		}
		log := make([]float64, len(bounds))
		for j, b := range bounds {
			log[j] = t.logW[j] - b.LogM
			bounds[j].LogM = 0
		}
		out := weighted(bounds, log, m)
		out.LogM = -out.LogM
		return out, true
	case *product:
		// The geometric mean lies below the arithmetic one.
		bounds, ok := covers(t.of, m)
		if !ok || t.backward {
			return Bound{}, false
		}
		log := make([]float64, len(bounds))
		var logM float64
		for j, b := range bounds {
			log[j] = math.Log(t.kappa[j])
			logM += t.kappa[j] * b.LogM
			bounds[j].LogM = 0
		}
		out := weighted(bounds, log, m)
		out.LogM += logM
		return out, true
	}
	return Bound{}, false
}

func covers(of []term, m int) ([]Bound, bool) {
	out := make([]Bound, len(of))
	for i, t := range of {
		var ok bool
		if out[i], ok = cover(t, m); !ok {
			return nil, false
		}
	}
	return out, true
}

// coverSum bounds sum_i w_i t_i.
func coverSum(of []term, logW []float64, m int) (Bound, bool) {
	bounds, ok := covers(of, m)
	if !ok {
		return Bound{}, false
	}
	return weighted(bounds, logW, m), true
}

// weighted is the sum of bounds, each with a weight given by its logarithm.
func weighted(bounds []Bound, logW []float64, m int) Bound {
	top := math.Inf(-1)
	for i, b := range bounds {
		top = math.Max(top, logW[i]+b.LogM)
	}
	out := Bound{0, make([]float64, m)}
	var sum float64
	for i, b := range bounds {
		share := math.Exp(logW[i] + b.LogM - top)
		sum += share
		for j, w := range b.Weights {
			out.Weights[j] += share * w
		}
	}
	for j := range out.Weights {
		out.Weights[j] /= sum
	}
	out.LogM = top + math.Log(sum)
	return out
}

// isPlain reports whether all operands are models or mixtures of models.
func isPlain(of []term) bool {
	for _, t := range of {
		switch t := t.(type) {
		case base:
		case *mixture:
			if !isPlain(t.of) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// harmonic writes one observation of each of two operands as what it is, a
// harmonic mean times a constant:
//
//	w_f x_f a_y x_y / (a_0 x_0 + a_1 x_1) = w_f a_y / (a_1/x_0 + a_0/x_1)
func (t *observed) harmonic() (h *harmonic, logScale float64, ok bool) {
	if len(t.universe.of) != 2 || t.first < 0 || len(t.seen) != 1 {
		return nil, 0, false
	}
	o := t.seen[0]
	if o.label == t.first || o.kappa != 1 {
		return nil, 0, false
	}
	h = newHarmonic(t.universe.of, []float64{o.prior.log[1], o.prior.log[0]})
	return h, t.universe.weight.log[t.first] + o.prior.log[o.label], true
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
