package compose

import (
	"strconv"
	"strings"
)

// Binding strengths, weakest first.
const (
	looseMix = iota + 1
	looseAnd
	loosePower
	tight
)

func strength(e Expr) int {
	switch e.(type) {
	case *Mix:
		return looseMix
	case *And, *Contrast:
		return looseAnd
	case *Power:
		return loosePower
	default:
		return tight
	}
}

// within prints e as an operand that must bind at least as strongly as least.
func within(e Expr, least int) string {
	if strength(e) < least {
		return "(" + e.String() + ")"
	}
	return e.String()
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// operator prints an operator with its alpha, if one is written.
func operator(sign string, alpha float64) string {
	if alpha == 0 {
		return " " + sign + " "
	}
	return " " + sign + "{" + number(alpha) + "} "
}

// weigh prints what is weighed behind its weight.
func weigh(weight float64, of string) string { return number(weight) + " " + of }

// isWritten reports whether the weights of a mixture's terms are written.
func isWritten(terms []Term) bool {
	for _, t := range terms {
		if t.Weight > 0 {
			return true
		}
	}
	return false
}

// String is the model's name.
func (e *Model) String() string { return e.Name }

// String prints a | b, with weights where they are written.
func (e *Mix) String() string {
	terms := make([]string, len(e.Terms))
	for i, t := range e.Terms {
		if terms[i] = within(t.Of, looseAnd); isWritten(e.Terms) {
			terms[i] = weigh(t.Weight, terms[i])
		}
	}
	return strings.Join(terms, " | ")
}

// String prints a & b.
func (e *And) String() string {
	operands := make([]string, len(e.Operands))
	for i, o := range e.Operands {
		operands[i] = within(o, loosePower)
	}
	return strings.Join(operands, operator("&", e.Alpha))
}

// String prints a - b.
func (e *Contrast) String() string {
	return within(e.Left, loosePower) + operator("-", e.Alpha) + within(e.Right, loosePower)
}

// String prints obs(a, b; over a, b, c).
func (e *Obs) String() string {
	labels := make([]string, len(e.Labels))
	for i, l := range e.Labels {
		labels[i] = l.String()
	}
	var over string
	if e.Over != nil {
		members := make([]string, len(e.Over))
		for i, m := range e.Over {
			if members[i] = m.Model.Name; m.Weight > 0 {
				members[i] = weigh(m.Weight, members[i])
			}
		}
		over = "; over " + strings.Join(members, ", ")
	}
	return "obs(" + strings.Join(labels, ", ") + over + ")"
}

// String prints the label with its exponent and prior where they are written.
func (l Label) String() string {
	out := l.Model.Name
	if l.Exponent != 0 {
		out += "^" + number(l.Exponent)
	}
	if l.Alpha != nil {
		alpha := make([]string, len(l.Alpha))
		for i, a := range l.Alpha {
			alpha[i] = number(a)
		}
		out += "{" + strings.Join(alpha, ", ") + "}"
	}
	return out
}

// String prints harmonic(a, b), with weights where they are written.
func (e *Harmonic) String() string {
	args := make([]string, len(e.Operands))
	for i, o := range e.Operands {
		if args[i] = o.String(); e.Weights != nil {
			args[i] = weigh(e.Weights[i], within(o, looseAnd))
		}
	}
	return "harmonic(" + strings.Join(args, ", ") + ")"
}

// String prints product(a, b).
func (e *Product) String() string {
	args := make([]string, len(e.Operands))
	for i, o := range e.Operands {
		args[i] = o.String()
	}
	return "product(" + strings.Join(args, ", ") + ")"
}

// String prints a^2.
func (e *Power) String() string { return within(e.Base, tight) + "^" + number(e.Exponent) }
