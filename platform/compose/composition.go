package compose

import "math"

// Expression is what the composition was compiled from.
func (c *Composition) Expression() *Expression { return c.expression }

// Models names the models, in the order of every vector of densities.
func (c *Composition) Models() []string { return c.models }

// LogDensity is log gamma of a path, or of the part of a path walked so far:
// from the path log-likelihood of every model, and from that of the backward
// kernel, which matters only where [Composition.UsesBackward] is true. With the
// log-densities of an end point and logB = 0 it is the log-density of the
// composite there, up to the evidence. It is minus infinity where the
// composition is impossible, and never NaN for inputs below plus infinity.
func (c *Composition) LogDensity(l []float64, logB float64) float64 { return c.root.log(l, logB) }

// Density is gamma itself, ten times as fast as its logarithm. All densities may
// be scaled by a common factor, which the result then has too. Where they differ
// by more than float64 spans it underflows to 0; LogDensity does not.
func (c *Composition) Density(x []float64, b float64) float64 { return c.root.at(x, b) }

// UsesBackward reports whether the composition is not homogeneous of degree one
// in the models alone, so that log P_B enters its target: powers and products.
func (c *Composition) UsesBackward() bool { return c.backward }

// Mixture reports whether the composition is a mixture of the models, and with
// what weights (0 for one that takes no part). Mixtures can be sampled exactly,
// path by path, with constant weights.
func (c *Composition) Mixture() (weights []float64, ok bool) {
	return mixtureOf(c.root, len(c.models))
}

// mixtureOf is the weights of t on m models where t is a mixture of models,
// however deep.
func mixtureOf(t term, m int) ([]float64, bool) {
	out := make([]float64, m)
	switch t := t.(type) {
	case base:
		out[t] = 1
		return out, true
	case *mixture:
		for i, f := range t.of {
			w, ok := mixtureOf(f, m)
			if !ok {
				return nil, false
			}
			for j := range out {
				out[j] += t.weight.w[i] * w[j]
			}
		}
		return out, true
	}
	return nil, false
}

// Observation is one factor p(y|x)^kappa of a composite, p(y|x) = alpha_y p_y(x)
// / sum_j alpha_j p_j(x).
type Observation struct {
	Label int       // y, an index into Models
	Prior []float64 // alpha over Models, sums to 1
	Kappa float64   // exponent, 1 for a plain observation
}

// Observations is the observation form of a composite:
//
//	exp(LogFactor) * sum_i w_i p_i(x) * prod_k p(y_k|x)^kappa_k
type Observations struct {
	Weights   []float64 // w over Models, sums to 1
	List      []Observation
	LogFactor float64 // 0 but for harmonic and the like of a & b & b
}

// Observations is the composition as an observation sequence over its models,
// where it has that form: models, mixtures of models, and &, - and obs over
// models, and harmonic over two. It is what a classifier of the labels is
// trained and asked for.
func (c *Composition) Observations() (*Observations, bool) {
	m := len(c.models)
	if w, ok := c.Mixture(); ok {
		return &Observations{Weights: w}, true
	}
	t, ok := c.root.(*observed)
	var logFactor float64
	if h, pair := c.root.(*harmonic); pair && len(h.of) == 2 {
		// 1/(w_0/x_0 + w_1/x_1) = x_0 x_1 / (w_1 x_0 + w_0 x_1)
		half := uniform(2)
		prior := newSimplex([]float64{h.weight[1], h.weight[0]})
		t, ok = newObserved(h.of, half, []seen{{0, half, 1}, {1, prior, 1}}), true
		logFactor = math.Ln2 - h.logW[0]
	}
	if !ok {
		return nil, false
	}
	place := make([]int, len(t.universe.of))
	for i, f := range t.universe.of {
		b, ok := f.(base)
		if !ok {
			return nil, false
		}
		place[i] = int(b)
	}
	spread := func(s simplex) []float64 {
		out := make([]float64, m)
		for i, w := range s.w {
			out[place[i]] += w
		}
		return out
	}
	out := &Observations{Weights: spread(t.universe.weight), LogFactor: logFactor}
	for _, o := range t.list() {
		prior := spread(o.prior)
		// A model that is an operand twice is one label with both shares.
		out.LogFactor += o.kappa * math.Log(o.prior.w[o.label]/prior[place[o.label]])
		out.List = append(out.List, Observation{place[o.label], prior, o.kappa})
	}
	return out, true
}
