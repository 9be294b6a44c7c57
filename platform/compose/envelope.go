package compose

import "math"

// Envelope is the mixture of models from which plain rejection keeps most among
// those that are tried: a bound gamma <= M sum_i w_i P_i with the least M. Beside
// that of [Composition.Bound] it tries, for every observation of the universe's
// own prior, the density that p(x) p(y|x) = w_y p_y(x) leaves in front of the
// other observations: from a itself, a - b keeps twice as many, and obs(a, a, a;
// over a, b, c) three times as many, as from the mixture.
//
// Bound stays the mixture of the observation model, relative to which its
// likelihoods are at most M; this one is for rejection alone.
func (c *Composition) Envelope() (Bound, bool) {
	best, ok := c.Bound()
	t, observes := c.root.(*observed)
	if !observes {
		return best, ok
	}
	list := t.list()
	for k, o := range list {
		if o.kappa < 1 || &o.prior.w[0] != &t.universe.weight.w[0] {
			continue
		}
		b, covered := cover(t.universe.of[o.label], len(c.models))
		if !covered {
			continue
		}
		rest := append(append([]seen(nil), list[:k]...), list[k+1:]...)
		if o.kappa > 1 {
			rest = append(rest, seen{o.label, o.prior, o.kappa - 1})
		}
		logM, found := supremum(rest, len(t.universe.of))
		if !found {
			continue
		}
		b.LogM += t.universe.weight.log[o.label] + logM
		if !ok || b.LogM < best.LogM-math.Log1p(1e-12) { // rounding does not choose
			best, ok = b, true
		}
	}
	return best, ok
}
