package compose

import (
	"strconv"
	"strings"
)

func short(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }

// Formula is the density of the composition in its models' densities, up to a
// constant factor. Brackets [ ] stand for a nested composite divided by its
// evidence.
func (e *Expression) Formula() string { return formula(e.Root) }

func formula(e Expr) string {
	of := make([]string, len(e.children()))
	for i, c := range e.children() {
		of[i] = factor(c)
		if isScaleFree(e) {
			of[i] = bare(c)
		}
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
		parts := make([]string, len(of))
		for i := range of {
			parts[i] = short(e.weight(i)) + "/" + of[i]
		}
		return "1 / (" + strings.Join(parts, " + ") + ")"
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

// bare is the formula of a factor, which is not normalised.
func bare(e Expr) string {
	switch e.(type) {
	case *Model, *Power:
		return formula(e)
	}
	return "(" + formula(e) + ")"
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
