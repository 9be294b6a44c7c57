package compose

import "math"

// term is a node of a compiled composition: a positive function, homogeneous of
// degree one, of the models' path densities x_1..x_m and the backward kernel's b.
// It has two readings of one formula: log works on logarithms and is exact over
// the whole range of densities; at works on densities, at a tenth of the cost,
// where they do not underflow. A density of zero is minus infinity, and an
// impossible path is impossible in the composition, never NaN.
type term interface {
	log(l []float64, b float64) float64
	at(x []float64, b float64) float64
}

// inline is the number of operands that a term evaluates without allocating.
const inline = 8

func logs(of []term, into []float64, l []float64, b float64) []float64 {
	for _, t := range of {
		into = append(into, t.log(l, b))
	}
	return into
}

func densities(of []term, into []float64, x []float64, b float64) []float64 {
	for _, t := range of {
		into = append(into, t.at(x, b))
	}
	return into
}

// inOrder reports whether the operands are the first models in their order, so
// that their densities are those of the models as they lie.
func inOrder(of []term) bool {
	for i, t := range of {
		if t != base(i) {
			return false
		}
	}
	return true
}

// base is model i: x_i.
type base int

func (i base) log(l []float64, _ float64) float64 { return l[i] }
func (i base) at(x []float64, _ float64) float64  { return x[i] }

// simplex is a point of the probability simplex, with its logarithms.
type simplex struct{ w, log []float64 }

// newSimplex normalises positive weights.
func newSimplex(weights []float64) simplex {
	// Dividing by the largest first keeps any finite weights from overflowing.
	var top, sum float64
	for _, w := range weights {
		top = math.Max(top, w)
	}
	for _, w := range weights {
		sum += w / top
	}
	s := simplex{make([]float64, len(weights)), make([]float64, len(weights))}
	for i, w := range weights {
		s.w[i] = w / top / sum
		s.log[i] = math.Log(w) - math.Log(top) - math.Log(sum)
	}
	return s
}

// uniform is the middle of the simplex.
func uniform(n int) simplex {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	return newSimplex(w)
}

// mean is sum_i w_i v_i.
func (s simplex) mean(v []float64) float64 {
	var sum float64
	for i, w := range s.w {
		sum += w * v[i]
	}
	return sum
}

// logMean is log sum_i w_i exp(v_i).
func (s simplex) logMean(v []float64) float64 {
	top := math.Inf(-1)
	for i, w := range s.log {
		top = math.Max(top, w+v[i])
	}
	if math.IsInf(top, -1) {
		return top
	}
	var sum float64
	for i, w := range s.log {
		sum += math.Exp(w + v[i] - top)
	}
	return top + math.Log(sum)
}

// mixture is sum_i w_i x_i, the p(x) of the observation model.
type mixture struct {
	of     []term
	weight simplex
	plain  bool // of is inOrder
}

func newMixture(of []term, weight simplex) *mixture { return &mixture{of, weight, inOrder(of)} }

// densities of the operands; buf is room for them.
func (t *mixture) densities(buf, x []float64, b float64) []float64 {
	if t.plain {
		return x[:len(t.of)]
	}
	return densities(t.of, buf, x, b)
}

func (t *mixture) log(l []float64, b float64) float64 {
	var buf [inline]float64
	return t.weight.logMean(logs(t.of, buf[:0], l, b))
}

func (t *mixture) at(x []float64, b float64) float64 {
	var buf [inline]float64
	return t.weight.mean(t.densities(buf[:0], x, b))
}

// seen is one observation of label y under the prior alpha, to the power kappa:
//
//	p(y|x)^kappa,  p(y|x) = alpha_y x_y / sum_j alpha_j x_j
type seen struct {
	label int
	prior simplex
	kappa float64
}

// log is the logarithm of the observation's likelihood; v holds those of x, of
// which that of the label is finite.
func (o *seen) log(v []float64) float64 {
	return o.kappa * (o.prior.log[o.label] + v[o.label] - o.prior.logMean(v))
}

// at is the observation's likelihood where the density of the label is not 0.
func (o *seen) at(v []float64) float64 {
	q := o.prior.w[o.label] * v[o.label]
	if q == 0 {
		return 0
	}
	if q /= o.prior.mean(v); o.kappa == 1 {
		return q
	}
	return math.Pow(q, o.kappa)
}

// observed is the general composite (Garipov et al. 2023):
//
//	p(x) prod_k p(y_k|x)^kappa_k
//
// with p the mixture over the universe. The first observation, where its prior
// is the mixture's own weights and its exponent 1, makes p(x) p(y|x) = w_y x_y
// and is held as first; it is -1 where there is none.
type observed struct {
	universe *mixture
	first    int
	seen     []seen
}

func newObserved(of []term, weight simplex, list []seen) *observed {
	t := &observed{universe: newMixture(of, weight), first: -1, seen: list}
	for k, o := range list {
		if o.kappa == 1 && &o.prior.w[0] == &weight.w[0] {
			t.first = o.label
			t.seen = append(append([]seen(nil), list[:k]...), list[k+1:]...)
			break
		}
	}
	return t
}

// list is every observation, in an order of no consequence.
func (t *observed) list() []seen {
	if t.first < 0 {
		return t.seen
	}
	return append([]seen{{t.first, t.universe.weight, 1}}, t.seen...)
}

func (t *observed) log(l []float64, b float64) float64 {
	var buf [inline]float64
	v := logs(t.universe.of, buf[:0], l, b)
	for k := range t.seen {
		if math.IsInf(v[t.seen[k].label], -1) {
			return math.Inf(-1)
		}
	}
	var sum float64
	if t.first >= 0 {
		if sum = t.universe.weight.log[t.first] + v[t.first]; math.IsInf(sum, -1) {
			return sum
		}
	} else {
		sum = t.universe.weight.logMean(v)
	}
	for k := range t.seen {
		sum += t.seen[k].log(v)
	}
	return sum
}

func (t *observed) at(x []float64, b float64) float64 {
	var buf [inline]float64
	v := t.universe.densities(buf[:0], x, b)
	for k := range t.seen {
		if v[t.seen[k].label] == 0 {
			return 0
		}
	}
	var out float64
	if t.first >= 0 {
		if out = t.universe.weight.w[t.first] * v[t.first]; out == 0 {
			return 0
		}
	} else {
		out = t.universe.weight.mean(v)
	}
	for k := range t.seen {
		out *= t.seen[k].at(v)
	}
	return out
}

// harmonic is 1 / sum_j w_j/x_j, which does not depend on how it is nested.
type harmonic struct {
	of     []term
	weight []float64
	logW   []float64
}

// newHarmonic is the harmonic of operands with weights given by their
// logarithms. A harmonic divided by its evidence Z is one with weights Z w, so
// one among the operands is opened.
func newHarmonic(of []term, logW []float64) *harmonic {
	t := &harmonic{}
	for j, f := range of {
		if n, ok := f.(*normalised); ok {
			if inner, ok := n.of.(*harmonic); ok {
				for i, g := range inner.of {
					t.add(g, logW[j]+n.logZ+inner.logW[i])
				}
				continue
			}
		}
		t.add(f, logW[j])
	}
	return t
}

func (t *harmonic) add(of term, logW float64) {
	t.of = append(t.of, of)
	t.logW = append(t.logW, logW)
	t.weight = append(t.weight, math.Exp(logW))
}

func (t *harmonic) log(l []float64, b float64) float64 {
	var buf [inline]float64
	v := logs(t.of, buf[:0], l, b)
	least := math.Inf(1)
	for j := range v {
		v[j] -= t.logW[j]
		least = math.Min(least, v[j])
	}
	if math.IsInf(least, -1) {
		return least
	}
	var sum float64
	for _, u := range v {
		sum += math.Exp(least - u)
	}
	return least - math.Log(sum)
}

func (t *harmonic) at(x []float64, b float64) float64 {
	var buf [inline]float64
	v := densities(t.of, buf[:0], x, b)
	least := math.Inf(1)
	for _, u := range v {
		least = math.Min(least, u)
	}
	if least == 0 {
		return 0
	}
	var sum float64
	for j, u := range v {
		sum += t.weight[j] * (least / u)
	}
	return least / sum
}

// product is prod_j x_j^kappa_j on densities of end points; on paths, where a
// density is x/b, it is b prod_j (x_j/b)^kappa_j. Where the exponents sum to one
// b drops out, and anything may stand for it.
type product struct {
	of       []term
	kappa    []float64
	backward bool // b does not drop out
}

func newProduct(of []term, kappa []float64) *product {
	var degree float64
	for _, k := range kappa {
		degree += k
	}
	return &product{of, kappa, math.Abs(degree-1) > 1e-12}
}

func (t *product) log(l []float64, b float64) float64 {
	var buf [inline]float64
	v := logs(t.of, buf[:0], l, b)
	unit := b
	if !t.backward {
		unit = v[0]
	}
	sum := unit
	for j, u := range v {
		if math.IsInf(u, -1) {
			return u
		}
		sum += t.kappa[j] * (u - unit)
	}
	if math.IsNaN(sum) { // exponents beyond 1e300 took factors out of range, up and down
		return math.Inf(-1)
	}
	return sum
}

func (t *product) at(x []float64, b float64) float64 {
	var buf [inline]float64
	v := densities(t.of, buf[:0], x, b)
	unit := b
	if !t.backward {
		unit = v[0]
	}
	out := unit
	for j, u := range v {
		if u == 0 {
			return 0
		}
		out *= math.Pow(u/unit, t.kappa[j])
	}
	return out
}

// normalised is a composite divided by its evidence, a density again.
type normalised struct {
	of   term
	logZ float64
	z    float64
}

func (t *normalised) log(l []float64, b float64) float64 { return t.of.log(l, b) - t.logZ }
func (t *normalised) at(x []float64, b float64) float64  { return t.of.at(x, b) / t.z }
