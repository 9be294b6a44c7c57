package compose

import (
	"fmt"
	"strings"
)

// Words says what the composition asks for, in a sentence without symbols.
func (e *Expression) Words() string { return "molecules that " + clause(simplify(e.Root)) }

// clause continues "molecules that".
func clause(e Expr) string {
	switch e := e.(type) {
	case *Mix:
		return "are typical of " + nouns(e.children(), "or") + parts(e)
	case *And:
		return "are likely under " + nouns(e.Operands, "and") + " at the same time" + leaning(e)
	case *Contrast:
		return "are likely under " + noun(e.Left) + " and not under " + noun(e.Right) + against(e)
	case *Obs:
		return e.clause()
	case *Harmonic:
		out := "are likely under each of " + nouns(e.Operands, "and") + ": the one that likes them least decides"
		if e.Weights != nil {
			w := make([]string, len(e.Weights))
			for i, v := range e.Weights {
				w[i] = short(v) + " for " + noun(e.Operands[i])
			}
			out += ", with weights " + strings.Join(w, ", ")
		}
		return out
	case *Product:
		return "are best under " + nouns(e.Operands, "and") + " together: their densities are multiplied, which favours the best far more than & does"
	case *Power:
		return "are typical of " + noun(e.Base) + sharpened(e)
	}
	return "are typical of " + noun(e)
}

// noun names an operand; what is no model stands in parentheses.
func noun(e Expr) string {
	var out string
	switch e := e.(type) {
	case *Model:
		return e.Name
	case *Mix:
		out = nouns(e.children(), "or")
	case *And:
		out = "both " + nouns(e.Operands, "and")
		if len(e.Operands) > 2 {
			out = "all of " + nouns(e.Operands, "and")
		}
	case *Contrast:
		out = noun(e.Left) + " but not " + noun(e.Right)
	case *Obs:
		labels := make([]Expr, len(e.Labels))
		for i, l := range e.Labels {
			labels[i] = l.Model
		}
		out = "taken for " + nouns(labels, "and")
	case *Harmonic:
		out = "each of " + nouns(e.Operands, "and")
	case *Product:
		out = nouns(e.Operands, "times")
	case *Power:
		return noun(e.Base) + sharpened(e)
	}
	return "(" + out + ")"
}

// nouns lists operands: a, b and c.
func nouns(list []Expr, last string) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = noun(e)
	}
	n := len(out) - 1
	if n == 0 {
		return out[0]
	}
	return strings.Join(out[:n], ", ") + " " + last + " " + out[n]
}

func parts(e *Mix) string {
	if !isWritten(e.Terms) {
		return ", in equal parts"
	}
	w := mixWeights(e.Terms).w
	out := make([]string, len(w))
	for i, v := range w {
		out[i] = short(100*v) + " %"
	}
	return " (" + strings.Join(out, ", ") + ")"
}

func leaning(e *And) string {
	to := 0
	switch {
	case e.Alpha == 0 || e.Alpha == .5:
		return ""
	case e.Alpha > .5:
		to = 1
	}
	return fmt.Sprintf(", leaning to %s (alpha %s; 0 is %s alone, 1 is %s alone)",
		noun(e.Operands[to]), short(e.Alpha), noun(e.Operands[0]), noun(e.Operands[1]))
}

func against(e *Contrast) string {
	switch {
	case e.Alpha == 0 || e.Alpha == .5:
		return ""
	case e.Alpha > .5:
		return fmt.Sprintf(", which counts less than usual (alpha %s; 1 is %s alone)", short(e.Alpha), noun(e.Left))
	}
	return fmt.Sprintf(", which counts more than usual (alpha %s; near 0 it is %s^2 / %s)", short(e.Alpha), noun(e.Left), noun(e.Right))
}

func sharpened(e *Power) string {
	if e.Exponent < 1 {
		return fmt.Sprintf(", flattened to the power %s", short(e.Exponent))
	}
	return fmt.Sprintf(", sharpened to the power %s", short(e.Exponent))
}

// clause of observations: who made it, asked once for each label.
func (e *Obs) clause() string {
	universe := e.universe()
	among := make([]Expr, len(universe))
	for i, m := range universe {
		among[i] = m.Model
	}
	guesses := make([]string, len(e.Labels))
	for i, l := range e.Labels {
		if guesses[i] = l.Model.Name; l.Exponent != 0 {
			guesses[i] += fmt.Sprintf(" (counted %s times)", short(l.Exponent))
		}
	}
	times := "once"
	if n := len(guesses); n > 1 {
		times = fmt.Sprintf("%d times", n)
	}
	return fmt.Sprintf("would, if one asked %s which of %s made them, be taken for %s", times, nouns(among, "and"), strings.Join(guesses, ", then "))
}
