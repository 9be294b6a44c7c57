package compose

// Span is a half-open range of byte offsets in the text of an expression.
type Span struct{ Start, End int }

// Expr is a node of a parsed expression: *[Model], *[Mix], *[And], *[Contrast],
// *[Obs], *[Harmonic], *[Product] or *[Power].
type Expr interface {
	// At is the place of the node in the text it was parsed from.
	At() Span
	// String is the expression in the language itself, with the fewest
	// parentheses; parsing it gives the same tree.
	String() string

	children() []Expr
}

// Model names a base model.
type Model struct {
	Span
	Name string
}

// Mix is a mixture, a | b. Nested mixtures stay nested.
type Mix struct {
	Span
	Terms []Term
}

// Term is one operand of a mixture.
type Term struct {
	Weight float64 // as written, from 0 up; 0 in every term where none is written
	Of     Expr
}

// And is the harmonic mean a & b, or its n-ary form a & b & c.
type And struct {
	Span
	Operands []Expr  // two or more
	Alpha    float64 // in (0, 1), for two operands; 0 where none is written, which means 1/2
}

// Contrast is a - b: where a is high and b is not.
type Contrast struct {
	Span
	Left, Right Expr
	Alpha       float64 // in (0, 1]; 0 where none is written, which means 1/2
}

// Obs is a list of observations of the label "which model made this".
type Obs struct {
	Span
	Labels []Label
	Over   []Member // the universe as written; nil means the models of Labels
}

// Label is one observation.
type Label struct {
	Model    *Model
	Exponent float64   // kappa, positive; 0 where none is written, which means 1
	Alpha    []float64 // prior over the universe as written, or alpha alone for two; nil means the universe's weights
}

// Member is one model of a universe.
type Member struct {
	Weight float64 // as written, positive; 0 in every member where none is written
	Model  *Model
}

// Harmonic is the true harmonic composition 1/(w_a/a + w_b/b + ...).
type Harmonic struct {
	Span
	Operands []Expr    // two or more
	Weights  []float64 // as written, positive; nil where none is written, which means 1 each
}

// Product is the product of densities. Its operands are not normalised, which
// would change it by a constant factor only. Where its degree is not one, its
// target needs the backward kernel.
type Product struct {
	Span
	Operands []Expr // two or more
}

// Power is a density to a positive power, which is not normalised either. Its
// target needs the backward kernel.
type Power struct {
	Span
	Base     Expr
	Exponent float64
}

var (
	_ Expr = (*Model)(nil)
	_ Expr = (*Mix)(nil)
	_ Expr = (*And)(nil)
	_ Expr = (*Contrast)(nil)
	_ Expr = (*Obs)(nil)
	_ Expr = (*Harmonic)(nil)
	_ Expr = (*Product)(nil)
	_ Expr = (*Power)(nil)
)

// At is the place of the node in the text.
func (s Span) At() Span { return s }

func (e *Model) children() []Expr    { return nil }
func (e *And) children() []Expr      { return e.Operands }
func (e *Contrast) children() []Expr { return []Expr{e.Left, e.Right} }
func (e *Harmonic) children() []Expr { return e.Operands }
func (e *Product) children() []Expr  { return e.Operands }
func (e *Power) children() []Expr    { return []Expr{e.Base} }

func (e *Mix) children() []Expr {
	out := make([]Expr, len(e.Terms))
	for i, t := range e.Terms {
		out[i] = t.Of
	}
	return out
}

func (e *Obs) children() []Expr {
	var out []Expr
	for _, m := range e.Over {
		out = append(out, m.Model)
	}
	for _, l := range e.Labels {
		out = append(out, l.Model)
	}
	return out
}

// universe is the list of models that e's posteriors range over.
func (e *Obs) universe() []Member {
	if e.Over != nil {
		return e.Over
	}
	var out []Member
	seen := map[string]bool{}
	for _, l := range e.Labels {
		if !seen[l.Model.Name] {
			seen[l.Model.Name] = true
			out = append(out, Member{Model: l.Model})
		}
	}
	return out
}

// Expression is a parsed text.
type Expression struct {
	Source string // the text that the spans point into
	Root   Expr
}

// String is the expression in its shortest form.
func (e *Expression) String() string { return e.Root.String() }

// Models lists the names of the models that occur, in order of first
// appearance. The universe of an obs counts before its labels.
func (e *Expression) Models() []string {
	var names []string
	seen := map[string]bool{}
	walk(e.Root, func(n Expr) {
		if m, ok := n.(*Model); ok && !seen[m.Name] {
			seen[m.Name] = true
			names = append(names, m.Name)
		}
	})
	return names
}

// walk visits e and all below it, parents first, operands in order.
func walk(e Expr, visit func(Expr)) {
	visit(e)
	for _, c := range e.children() {
		walk(c, visit)
	}
}
