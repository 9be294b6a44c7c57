package compose

import (
	"fmt"
	"math"
)

// Normalisers holds the logarithm of the evidence of nested composites, by the
// text that [Expr].String gives for them.
type Normalisers map[string]float64

// NormaliserError says that a composition nests a composite whose evidence is
// not known. [Nested] lists all of them in the order in which they can be found.
type NormaliserError struct{ Of *Error }

// Error is the message on one line.
func (e *NormaliserError) Error() string { return e.Of.Error() }

// Unwrap is the error with its place in the expression.
func (e *NormaliserError) Unwrap() error { return e.Of }

// Composition is a compiled expression over a list of models. Vectors of
// densities are in the order of Models.
type Composition struct {
	expression *Expression
	models     []string
	root       term
	backward   bool
}

// Compile gives an expression its meaning over the given models, whose order is
// the order of every vector of densities from then on; nil means those of the
// expression in order of first appearance.
//
// What has a meaning is e.Simplify(). A nested composite in it is normalised and
// needs its evidence in known; models and mixtures of normalised operands need
// none, and operands of products and powers are not normalised. The error for a
// missing one is a *[NormaliserError], for an unknown model an *[Error].
func Compile(e *Expression, models []string, known Normalisers) (*Composition, error) {
	if models == nil {
		models = e.Models()
	}
	if err := e.Check(models); err != nil {
		return nil, err
	}
	c := &compiler{source: e.Source, index: map[string]int{}, known: known}
	for i, name := range models {
		c.index[name] = i
	}
	root, err := c.term(simplify(e.Root))
	if err != nil {
		return nil, err
	}
	return &Composition{e, models, root, c.backward}, nil
}

// Mixture is the mixture of the models with the given positive weights, as a
// composition: the proposal of a rejection sampler. The weights need not be
// normalised; a model of weight 0 takes no part.
func Mixture(models []string, weights []float64) *Composition {
	var of []term
	var terms []Term
	var positive []float64
	for i, w := range weights {
		if w > 0 {
			of = append(of, base(i))
			terms = append(terms, Term{w, &Model{Name: models[i]}})
			positive = append(positive, w)
		}
	}
	e := &Expression{Root: &Mix{Terms: terms}}
	e.Source = e.Root.String()
	return &Composition{e, models, newMixture(of, newSimplex(positive)), false}
}

// Nested lists the composites inside e.Simplify() that a compilation normalises,
// inner ones first, each once.
func Nested(e *Expression) []*Expression {
	var out []*Expression
	listed := map[string]bool{}
	var visit func(n Expr, nested bool)
	visit = func(n Expr, nested bool) {
		for _, c := range n.children() {
			visit(c, !isScaleFree(n))
		}
		if nested && !isNormalised(n) && !listed[n.String()] {
			listed[n.String()] = true
			out = append(out, &Expression{e.Source, n})
		}
	}
	visit(simplify(e.Root), false)
	return out
}

// isScaleFree reports whether a constant factor on an operand of e is one on e
// too, so that there is no need to normalise it.
func isScaleFree(e Expr) bool {
	switch e.(type) {
	case *Product, *Power:
		return true
	}
	return false
}

// isNormalised reports whether e sums to one without being divided: a model, or
// a mixture, the operands of which are nested and hence normalised themselves.
func isNormalised(e Expr) bool {
	switch e.(type) {
	case *Model, *Mix:
		return true
	}
	return false
}

type compiler struct {
	source   string
	index    map[string]int
	known    Normalisers
	backward bool
}

// operand compiles e where it is nested: normalised.
func (c *compiler) operand(e Expr) (term, error) {
	t, err := c.term(e)
	if err != nil || isNormalised(e) {
		return t, err
	}
	logZ, ok := c.known[e.String()]
	if !ok {
		return nil, &NormaliserError{&Error{
			Source: c.source, Span: e.At(),
			Message: fmt.Sprintf("the nested composition %s needs its own evidence first", e),
			Hint:    "nested compositions are normalised; & of many models and harmonic(a, b, c) need no nesting",
		}}
	}
	if math.IsInf(logZ, 0) || math.IsNaN(logZ) {
		return nil, &NormaliserError{&Error{
			Source: c.source, Span: e.At(),
			Message: fmt.Sprintf("the nested composition %s has no support", e),
		}}
	}
	return &normalised{t, logZ, math.Exp(logZ)}, nil
}

func (c *compiler) operands(list []Expr) ([]term, error) {
	out := make([]term, len(list))
	for i, e := range list {
		t, err := c.operand(e)
		if err != nil {
			return nil, err
		}
		out[i] = t
	}
	return out, nil
}

// term compiles e as it stands.
func (c *compiler) term(e Expr) (term, error) {
	switch e := e.(type) {
	case *Model:
		return base(c.index[e.Name]), nil
	case *Obs:
		return c.obs(e), nil
	case *Product:
		return c.product(e.Operands)
	case *Power:
		return c.product([]Expr{e})
	}
	of, err := c.operands(e.children())
	if err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *Mix:
		return newMixture(of, mixWeights(e.Terms)), nil
	case *And:
		w := uniform(len(of))
		list := make([]seen, len(of))
		for k := range of {
			list[k] = seen{k, w, 1}
		}
		if e.Alpha != 0 {
			list[1].prior = pair(e.Alpha)
		}
		return newObserved(of, w, list), nil
	case *Contrast:
		w := uniform(2)
		list := []seen{{0, w, 1}, {0, w, 1}}
		if e.Alpha != 0 {
			list[1].prior = pair(e.Alpha)
		}
		return newObserved(of, w, list), nil
	case *Harmonic:
		log := make([]float64, len(of))
		for i := range of {
			log[i] = math.Log(e.weight(i))
		}
		return newHarmonic(of, log), nil
	}
	panic("compose: unknown kind of expression")
}

// product compiles a product of powers.
func (c *compiler) product(factors []Expr) (term, error) {
	of, kappa := make([]term, len(factors)), make([]float64, len(factors))
	for i, e := range factors {
		kappa[i] = 1
		if p, ok := e.(*Power); ok {
			e, kappa[i] = p.Base, p.Exponent
		}
		var err error
		if of[i], err = c.term(e); err != nil {
			return nil, err
		}
	}
	t := newProduct(of, kappa)
	c.backward = c.backward || t.backward
	return t, nil
}

func (c *compiler) obs(e *Obs) term {
	universe := e.universe()
	of := make([]term, len(universe))
	place := map[string]int{}
	terms := make([]Term, len(universe))
	for i, m := range universe {
		of[i] = base(c.index[m.Model.Name])
		place[m.Model.Name] = i
		terms[i] = Term{Weight: m.Weight}
	}
	w := mixWeights(terms)
	list := make([]seen, len(e.Labels))
	for k, l := range e.Labels {
		list[k] = seen{place[l.Model.Name], w, 1}
		if l.Exponent != 0 {
			list[k].kappa = l.Exponent
		}
		switch {
		case len(l.Alpha) == 1:
			list[k].prior = pair(l.Alpha[0])
		case l.Alpha != nil:
			list[k].prior = newSimplex(l.Alpha)
		}
	}
	return newObserved(of, w, list)
}

// mixWeights normalises written weights; none written means equal ones.
func mixWeights(terms []Term) simplex {
	if !isWritten(terms) {
		return uniform(len(terms))
	}
	w := make([]float64, len(terms))
	for i, t := range terms {
		w[i] = t.Weight
	}
	return newSimplex(w)
}

// pair is (alpha, 1-alpha).
func pair(alpha float64) simplex {
	return simplex{[]float64{alpha, 1 - alpha}, []float64{math.Log(alpha), math.Log1p(-alpha)}}
}
