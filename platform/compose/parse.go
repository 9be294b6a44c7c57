package compose

import (
	"fmt"
	"math"
	"strings"
)

// maxDepth bounds the nesting of an expression, so that no text can exhaust the
// stack.
const maxDepth = 100

// Parse reads an expression. Whether its models exist is not its business, see
// [Expression.Check]. The error is an *[Error].
//
//	mixture = term { "|" term }              every term with a weight, or none
//	term    = [ number ] combination          a weight of 0 takes its term out
//	combination = power { "&" power } | power "-" power     each sign with an optional "{" number "}"
//	power   = atom [ "^" number ]
//	atom    = name | "(" mixture ")" | call
//	call    = "product" "(" mixture { "," mixture } ")"
//	        | "harmonic" "(" part { "," part } ")"      every part with a weight, or none
//	        | "obs" "(" label { "," label } [ ";" "over" member { "," member } ] ")"
//	part    = mixture | number combination
//	label   = name [ "^" number ] [ "{" number { "," number } "}" ]
//	member  = [ number ] name
func Parse(source string) (expression *Expression, err error) {
	p := &parser{source: source, tokens: scan(source)}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			expression, err = nil, r
		default:
			panic(r)
		}
	}()
	root := p.mixture()
	if !p.is(kindEnd) {
		p.unexpected("an operator or the end")
	}
	return &Expression{Source: source, Root: root}, nil
}

// parser descends the grammar; a method stands for each rule. Errors are panics
// with an *Error, which Parse recovers.
type parser struct {
	source string
	tokens []token
	next   int
	depth  int
}

func (p *parser) peek() token    { return p.tokens[p.next] }
func (p *parser) is(k kind) bool { return p.peek().kind == k }

// take consumes the next token, but never the end.
func (p *parser) take() token {
	t := p.peek()
	if t.kind != kindEnd {
		p.next++
	}
	return t
}

func (p *parser) accept(k kind) bool {
	if p.is(k) {
		p.take()
		return true
	}
	return false
}

func (p *parser) expect(k kind, what string) token {
	if !p.is(k) {
		p.unexpected(what)
	}
	return p.take()
}

func (p *parser) fail(at Span, hint, format string, args ...any) {
	panic(&Error{Source: p.source, Span: at, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// unexpected fails at the next token, with advice for what people try.
func (p *parser) unexpected(wanted string) {
	t := p.peek()
	if t.kind == kindEnd {
		p.fail(t.Span, "", "the expression ends where %s is expected", wanted)
	}
	hint := map[string]string{
		"+": "a mixture is written a | b",
		"*": "a product is written product(a, b)",
		"/": "a contrast is written a - b",
		"!": "a contrast is written a - b",
		"&": "a harmonic mean is written a & b",
		"|": "a mixture is written a | b",
	}[t.text]
	switch strings.ToLower(t.text) {
	case "and":
		hint = "a harmonic mean is written a & b"
	case "or":
		hint = "a mixture is written a | b"
	case "not":
		hint = "a contrast is written a - b"
	}
	p.fail(t.Span, hint, "found %q where %s is expected", t.text, wanted)
}

// since is the span from start to the last token taken.
func (p *parser) since(start int) Span { return Span{start, p.tokens[p.next-1].End} }

// mixture reads a mixture, or the one term it consists of, which cannot have a
// weight.
func (p *parser) mixture() Expr {
	weight, of := p.part()
	if weight.End > 0 {
		p.fail(weight.Span, "weights belong to mixtures: 0.7 a | 0.3 b", "a weight without a mixture")
	}
	return of
}

// weight is a weight as written, and where; its span is empty where none is.
type weight struct {
	Span
	value float64
}

// part reads a mixture; where it is one term only, the weight is that term's.
func (p *parser) part() (weight, Expr) {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.peek().Span, "", "the expression nests more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()

	start := p.peek().Start
	var terms []Term
	var weights int
	var sum float64
	var bare Span // a term without a weight
	var last weight
	for more := true; more; more = p.accept('|') {
		var t Term
		written := p.is(kindNumber)
		if written {
			last.Span, t.Weight = p.weight()
			weights++
			sum += t.Weight
		}
		if t.Of = p.combination(); !written {
			bare = t.Of.At()
		}
		terms = append(terms, t)
	}
	switch {
	case len(terms) == 1:
		last.value = terms[0].Weight
		return last, terms[0].Of
	case weights > 0 && weights < len(terms):
		p.fail(bare, "give every operand of the mixture a weight, or none", "an operand without a weight")
	case weights > 0 && sum == 0:
		p.fail(p.since(start), "", "every weight of the mixture is 0")
	}
	return weight{}, &Mix{p.since(start), terms}
}

func (p *parser) combination() Expr {
	start := p.peek().Start
	left := p.power()
	switch {
	case p.is('&'):
		operands := []Expr{left}
		var alpha float64
		var braces Span
		for p.accept('&') {
			at := p.peek().Start
			if a := p.alpha(); a != 0 {
				alpha, braces = a, p.since(at)
			}
			operands = append(operands, p.power())
		}
		if alpha != 0 && len(operands) > 2 {
			p.fail(braces, "put two of them in parentheses, or leave alpha out", "alpha belongs to a composition of two, not of %d", len(operands))
		}
		e := &And{p.since(start), operands, alpha}
		if p.is('-') {
			p.ambiguous(e, "-")
		}
		return e
	case p.accept('-'):
		alpha := p.share()
		right := p.power()
		e := &Contrast{p.since(start), left, right, alpha}
		if p.is('&') || p.is('-') {
			p.ambiguous(e, p.peek().text)
		}
		return e
	}
	return left
}

// ambiguous fails at the next token, an operator that cannot follow e without
// parentheses.
func (p *parser) ambiguous(e Expr, sign string) {
	operands := e.children()
	first, last := operands[0], operands[len(operands)-1]
	own := "&"
	if _, ok := e.(*Contrast); ok {
		own = "-"
	}
	hint := fmt.Sprintf("write (%s) %s ... or %s %s (%s %s ...)", e, sign, within(first, loosePower), own, within(last, loosePower), sign)
	if own == sign {
		p.fail(p.peek().Span, hint, "a chain of - needs parentheses")
	}
	p.fail(p.peek().Span, hint, "& and - together need parentheses")
}

// alpha reads an optional {alpha}; 0 where there is none.
func (p *parser) alpha() float64 {
	if !p.accept('{') {
		return 0
	}
	at, a := p.signed("alpha")
	p.inUnit(at, a)
	p.expect('}', "} after alpha")
	return a
}

// share reads an optional {alpha} of a contrast, which may be 1.
func (p *parser) share() float64 {
	if !p.accept('{') {
		return 0
	}
	if at, a := p.signed("alpha"); a != 1 {
		p.inUnit(at, a)
		p.expect('}', "} after alpha")
		return a
	}
	p.expect('}', "} after alpha")
	return 1
}

func (p *parser) inUnit(at Span, a float64) {
	if !(a > 0 && a < 1) {
		p.fail(at, "it is the left operand's share of the denominator", "alpha must lie between 0 and 1, both excluded")
	}
}

// signed reads a number that may have a minus, for the sake of its error.
func (p *parser) signed(what string) (Span, float64) {
	start := p.peek().Start
	sign := 1.0
	if p.accept('-') {
		sign = -1
	}
	t := p.expect(kindNumber, what)
	return Span{start, t.End}, sign * t.value
}

// weight reads a number from 0 up, and where it stands.
func (p *parser) weight() (Span, float64) {
	at, x := p.signed("a weight")
	if !(x >= 0) || math.IsInf(x, 1) {
		p.fail(at, "", "a weight must be positive and finite, or 0")
	}
	return at, x
}

// positive reads a number greater than 0.
func (p *parser) positive(what string) float64 {
	at, x := p.signed(what)
	if !(x > 0) || math.IsInf(x, 1) {
		p.fail(at, "", "%s must be positive and finite", what)
	}
	return x
}

func (p *parser) power() Expr {
	start := p.peek().Start
	base := p.atom()
	if !p.accept('^') {
		return base
	}
	e := &Power{Base: base, Exponent: p.positive("an exponent")}
	e.Span = p.since(start)
	if p.is('^') {
		p.fail(p.peek().Span, fmt.Sprintf("write (%s)^...", e), "a power of a power needs parentheses")
	}
	return e
}

func (p *parser) atom() Expr {
	switch {
	case p.is(kindName):
		name := p.take()
		if p.is('(') {
			return p.call(name)
		}
		return &Model{name.Span, name.text}
	case p.accept('('):
		e := p.mixture()
		p.expect(')', "an operator or )")
		return e
	case p.is('-'):
		p.fail(p.peek().Span, "\"not b\" is a contrast with what it is taken from: a - b", "- needs an operand on its left")
	case p.is(kindNumber):
		p.fail(p.peek().Span, "weights belong at the head of a mixture's operand: 0.7 a | 0.3 b", "found %q where a model is expected", p.peek().text)
	}
	p.unexpected("a model, a call or (")
	return nil
}

func (p *parser) call(name token) Expr {
	switch name.text {
	case "obs":
		return p.obs(name)
	case "harmonic":
		return p.harmonic(name)
	case "product":
		p.take()
		var operands []Expr
		for more := true; more; more = p.accept(',') {
			operands = append(operands, p.mixture())
		}
		return &Product{p.closed(name, len(operands)), operands}
	}
	hint := "there are harmonic(a, b), product(a, b) and obs(a, b)"
	if near := nearest(name.text, []string{"harmonic", "product", "obs"}); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	p.fail(name.Span, hint, "unknown function %q", name.text)
	return nil
}

// closed ends a call of a number of operands and is its span.
func (p *parser) closed(name token, operands int) Span {
	p.expect(')', ", or )")
	at := p.since(name.Start)
	if operands < 2 {
		p.fail(at, "", "%s needs two operands at least", name.text)
	}
	return at
}

func (p *parser) harmonic(name token) Expr {
	p.take()
	e := &Harmonic{}
	var bare Span // an operand without a weight
	for more := true; more; more = p.accept(',') {
		w, of := p.part()
		switch {
		case w.End == 0:
			bare = of.At()
		case w.value == 0:
			p.fail(w.Span, "leave the operand out", "a weight of harmonic must be positive")
		default:
			e.Weights = append(e.Weights, w.value)
		}
		e.Operands = append(e.Operands, of)
	}
	e.Span = p.closed(name, len(e.Operands))
	if e.Weights != nil && len(e.Weights) < len(e.Operands) {
		p.fail(bare, "give every operand of harmonic a weight, or none", "an operand without a weight")
	}
	return e
}

// model reads the name of a model, where no other operand can stand.
func (p *parser) model() *Model {
	name := p.expect(kindName, "a model")
	if p.is('(') {
		p.fail(name.Span, "obs takes names of models", "a call where a model is expected")
	}
	return &Model{name.Span, name.text}
}

func (p *parser) obs(name token) Expr {
	p.take()
	e := &Obs{}
	var priors []Span
	for more := true; more; more = p.accept(',') {
		l := Label{Model: p.model()}
		if p.accept('^') {
			l.Exponent = p.positive("an exponent")
		}
		at := p.peek().Start
		if p.accept('{') {
			l.Alpha = append(l.Alpha, p.positive("alpha"))
			for p.accept(',') {
				l.Alpha = append(l.Alpha, p.positive("alpha"))
			}
			p.expect('}', ", or }")
		}
		priors = append(priors, Span{at, p.tokens[p.next-1].End})
		e.Labels = append(e.Labels, l)
	}
	if p.accept(';') {
		if t := p.peek(); t.text != "over" {
			p.unexpected("\"over\"")
		}
		p.take()
		p.members(e)
	}
	p.expect(')', ", or ; or )")
	e.Span = p.since(name.Start)
	p.observable(e, priors)
	return e
}

func (p *parser) members(e *Obs) {
	seen := map[string]bool{}
	var weights int
	for more := true; more; more = p.accept(',') {
		var m Member
		if p.is(kindNumber) {
			m.Weight = p.positive("a weight")
			weights++
		}
		m.Model = p.model()
		if seen[m.Model.Name] {
			p.fail(m.Model.Span, "", "%s is listed twice", m.Model.Name)
		}
		seen[m.Model.Name] = true
		e.Over = append(e.Over, m)
	}
	if weights > 0 && weights < len(e.Over) {
		p.fail(e.Over[0].Model.Span, "give every model of the universe a weight, or none", "a weight is missing")
	}
}

// observable checks that the labels of e lie in its universe and that every
// prior fits it.
func (p *parser) observable(e *Obs, priors []Span) {
	universe := e.universe()
	if len(universe) < 2 {
		p.fail(e.Span, fmt.Sprintf("name the universe: obs(%s; over %s, ...)", e.Labels[0].Model.Name, e.Labels[0].Model.Name),
			"observations of one model alone say nothing")
	}
	in := map[string]bool{}
	for _, m := range universe {
		in[m.Model.Name] = true
	}
	for k, l := range e.Labels {
		if !in[l.Model.Name] {
			p.fail(l.Model.Span, "add it after \"over\"", "%s is not in the universe", l.Model.Name)
		}
		switch {
		case l.Alpha == nil || len(l.Alpha) == len(universe):
		case len(l.Alpha) == 1 && len(universe) == 2:
			p.inUnit(priors[k], l.Alpha[0])
		default:
			p.fail(priors[k], "", "a prior over %d models has %d weights", len(universe), len(l.Alpha))
		}
	}
}
