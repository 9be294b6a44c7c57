package compose

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Line is one line of an explanation.
type Line struct{ Key, Text string }

// Explain says in words and formulas what the composition is and how it is
// sampled.
func (c *Composition) Explain() []Line {
	out := []Line{
		{"composition", c.expression.String()},
		{"formula", c.expression.Formula()},
	}
	observations, observable := c.Observations()
	if observable && len(observations.List) > 0 {
		out = append(out, Line{"observations", c.describe(observations)})
	}
	if c.backward {
		out = append(out, Line{"target", "on paths, with the shared backward kernel: powers and products need log P_B"})
	}
	bound, bounded := c.Bound()
	switch _, mix := c.Mixture(); {
	case mix:
		out = append(out, Line{"method", "ancestral: each step from the posterior mixture of the models; exact, constant weights"})
	default:
		method := "sequential Monte Carlo with the path posterior as twist; one pass of each model a step, weights correct the rest"
		out = append(out, Line{"method", method})
	}
	if bounded && bound.LogM < 0 {
		out = append(out, Line{"bound", fmt.Sprintf("plain rejection from the mixture accepts evidence / %s of its draws", short(math.Exp(bound.LogM)))})
	}
	return out
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

func short(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }

// Formula is the density of the composition in its models' densities, up to a
// constant factor. Brackets [ ] stand for a nested composite divided by its
// evidence.
func (e *Expression) Formula() string { return formula(e.Root) }

func formula(e Expr) string {
	of := make([]string, len(e.children()))
	for i, c := range e.children() {
		of[i] = factor(c)
	}
	switch e := e.(type) {
	case *Model:
		return e.Name
	case *Mix:
		w := mixWeights(e.Terms)
		return linear(w.w, of)
	case *And:
		return strings.Join(of, " * ") + " / (" + denominator(e.Alpha, of) + ")" + superscript(float64(len(of)-1))
	case *Contrast:
		return of[0] + "^2 / (" + denominator(e.Alpha, of) + ")"
	case *Harmonic:
		return "1 / (1/" + strings.Join(of, " + 1/") + ")"
	case *Product:
		return strings.Join(of, " * ")
	case *Power:
		return of[0] + superscript(e.Exponent)
	case *Obs:
		return e.formula()
	}
	panic("compose: unknown kind of expression")
}

// factor is the formula of an operand, bracketed where it is not a single name.
func factor(e Expr) string {
	switch e.(type) {
	case *Model:
		return e.String()
	case *Mix:
		return "(" + formula(e) + ")"
	}
	return "[" + formula(e) + "]"
}

func superscript(k float64) string {
	if k == 1 {
		return ""
	}
	return "^" + short(k)
}

func denominator(alpha float64, of []string) string {
	if alpha == 0 {
		return strings.Join(of, " + ")
	}
	return linear([]float64{alpha, 1 - alpha}, of)
}

func linear(w []float64, of []string) string {
	parts := make([]string, len(of))
	for i := range of {
		parts[i] = short(w[i]) + " " + of[i]
	}
	return strings.Join(parts, " + ")
}

// formula writes the mixture over the universe and one posterior per label.
func (e *Obs) formula() string {
	universe := e.universe()
	names := make([]string, len(universe))
	terms := make([]Term, len(universe))
	at := map[string]int{}
	for i, m := range universe {
		names[i], terms[i] = m.Model.Name, Term{Weight: m.Weight}
		at[m.Model.Name] = i
	}
	w := mixWeights(terms).w
	out := []string{"(" + linear(w, names) + ")"}
	for _, l := range e.Labels {
		alpha := w
		switch {
		case len(l.Alpha) == 1:
			alpha = pair(l.Alpha[0]).w
		case l.Alpha != nil:
			alpha = newSimplex(l.Alpha).w
		}
		i := at[l.Model.Name]
		p := "(" + short(alpha[i]) + " " + names[i] + " / (" + linear(alpha, names) + "))"
		if l.Exponent != 0 {
			p += superscript(l.Exponent)
		}
		out = append(out, p)
	}
	return strings.Join(out, " * ")
}
