package compose

import (
	"fmt"
	"math"
	"strings"
)

// Line is one line of an explanation.
type Line struct{ Key, Text string }

// Explain says, plain words first, what the expression means, what has to be
// known before it can be sampled, how it can be sampled and what that costs. It
// needs no model: only what holds for all models of these names is said.
func (e *Expression) Explain() []Line {
	unknown := Normalisers{}
	for _, n := range Nested(e) {
		unknown[n.String()] = 0
	}
	c, err := Compile(e, nil, unknown)
	if err != nil {
		panic("compose: an expression does not compile over its own models")
	}
	return c.explain(false)
}

// Explain is [Expression.Explain] with the bound that the known evidence of
// nested composites gives.
func (c *Composition) Explain() []Line { return c.explain(true) }

func (c *Composition) explain(known bool) []Line {
	s := c.expression.Simplify()
	out := []Line{{"composition", c.expression.String()}, {"in words", c.expression.Words()}}
	if s.String() != c.expression.String() {
		out = append(out, Line{"simplified", s.String() + ", which has the same law"})
	}
	out = append(out, Line{"formula", s.Formula()})
	nested := Nested(s)
	if len(nested) > 0 {
		out[len(out)-1].Text += ", where [ ] is a composition by itself, divided by its evidence"
	}
	out = append(out, c.observationLine(), c.backwardLine())
	for _, n := range nested {
		out = append(out, Line{"needed first", fmt.Sprintf("the evidence of %s, estimated once, with its error, before the run", n)})
	}
	out = append(out, c.boundLine(known || len(nested) == 0), c.methodLine(), c.costLine())
	if p, ok := s.Root.(*Power); ok {
		if m, ok := p.Base.(*Model); ok {
			out = append(out, Line{"instead", fmt.Sprintf("if %s takes a beta, it has this law at %s times that beta, as far as it learned its reward; no weights are needed then", m.Name, short(p.Exponent))})
		}
	}
	return out
}

func (c *Composition) observationLine() Line {
	o, ok := c.Observations()
	switch {
	case ok && len(o.List) == 0:
		return Line{"observations", "none: it is a mixture of its models"}
	case ok:
		return Line{"observations", c.describe(o) + ": what a classifier of \"which model made this\" would be asked"}
	}
	return Line{"observations", "it is no list of observations of single models, so no one classifier guides it; the models' own likelihoods do"}
}

func (c *Composition) backwardLine() Line {
	if c.backward {
		return Line{"backward kernel", "enters the target: the degree is not one, so log P_B of each path is counted (it is known, no model is asked)"}
	}
	return Line{"backward kernel", "drops out: the models' likelihoods of the path are all that counts"}
}

// boundLine says what bounds the composition; numbers need to be known.
func (c *Composition) boundLine(known bool) Line {
	b, ok := c.Bound()
	if !ok {
		return Line{"bound", "none is known, so rejection from a mixture cannot sample it"}
	}
	var of []string
	var w []float64
	for i, v := range b.Weights {
		if v > 0 {
			of, w = append(of, c.models[i]), append(w, v)
		}
	}
	if !known {
		return Line{"bound", "one holds, by a mixture of " + strings.Join(of, ", ") + "; its height follows from the evidence that is needed first"}
	}
	m := math.Exp(b.LogM)
	text := fmt.Sprintf("it is nowhere more than M = %s times %s", short(m), linear(w, of))
	if _, mixture := c.Mixture(); !mixture {
		text += fmt.Sprintf("; rejection from that mixture keeps evidence / M of its draws: %s of them at an evidence of %s, %s at %s",
			percent(.4), short(.4*m), percent(.001), short(.001*m))
	}
	return Line{"bound", text}
}

func percent(share float64) string { return short(100*share) + " %" }

func (c *Composition) methodLine() Line {
	if _, ok := c.Mixture(); ok {
		return Line{"method", "ancestral, because it is a mixture: each step follows the models in proportion to how well they explain the path so far; exact, all weights equal"}
	}
	smc := "sequential Monte Carlo (smc): each step follows the composition of the models' likelihoods of the path so far, weights correct what that gets wrong"
	if _, ok := c.Bound(); ok {
		return Line{"method", "rejection, exact and without weights, where it keeps a good share of its draws, which some hundred draws of the models tell; otherwise " + smc}
	}
	return Line{"method", smc + "; it is no mixture, and no bound is known for rejection"}
}

func (c *Composition) costLine() Line {
	text := fmt.Sprintf("each step asks each of the %d models once about a state, whatever the number of children; no training, no classifier", len(c.models))
	if len(c.models) == 1 {
		text = "each step asks the model once about a state, whatever the number of children; no training, no classifier"
	}
	if _, mixture := c.Mixture(); mixture {
		return Line{"cost", text}
	}
	if _, ok := c.Bound(); ok {
		text += "; rejection asks M / evidence times as often for each molecule that it keeps"
	}
	return Line{"cost", text}
}

// describe prints "(a, b{0.3, 0.7}) over 0.5 a, 0.5 b".
func (c *Composition) describe(o *Observations) string {
	labels := make([]string, len(o.List))
	for k, s := range o.List {
		labels[k] = c.models[s.Label]
		if s.Kappa != 1 {
			labels[k] += "^" + short(s.Kappa)
		}
		if !closeTo(s.Prior, o.Weights) {
			alpha := make([]string, 0, len(s.Prior))
			for i, a := range s.Prior {
				if o.Weights[i] > 0 || a > 0 {
					alpha = append(alpha, short(a))
				}
			}
			labels[k] += "{" + strings.Join(alpha, ", ") + "}"
		}
	}
	var over []string
	for i, w := range o.Weights {
		if w > 0 {
			over = append(over, short(w)+" "+c.models[i])
		}
	}
	return "(" + strings.Join(labels, ", ") + ") over " + strings.Join(over, ", ")
}

func closeTo(a, b []float64) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > 1e-12 {
			return false
		}
	}
	return true
}
