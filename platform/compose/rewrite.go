package compose

import "math"

// Simplify is the shortest expression with the same law that exact rewrites
// lead to; it is what Compile compiles. The evidence is that of what is left:
// observations that say nothing are gone.
//
//	a & a, a - a, a -{1} b    a
//	1 a | 0 b                 a
//	(a | b) | c               0.25 a | 0.25 b | 0.5 c
//	a | (a | b)               0.75 a | 0.25 b
//	harmonic(a, a, b)         harmonic(2 a, 1 b)
//	product(a, b, a)          product(a^2, b)
//	(a^2)^3, a^1              a^6, a
//
// What looks alike and is not the same stays: (a & b) & c is not a & b & c,
// for the inner one is normalised, and a & (b | c) is not a & b | a & c.
func (e *Expression) Simplify() *Expression { return &Expression{e.Source, simplify(e.Root)} }

func simplify(e Expr) Expr {
	switch e := e.(type) {
	case *Mix:
		return simplifyMix(e)
	case *And:
		of := simplifyAll(e.Operands)
		if allEqual(of) {
			return of[0] // a^n / (n a)^(n-1)
		}
		return &And{e.Span, of, e.Alpha}
	case *Contrast:
		left, right := simplify(e.Left), simplify(e.Right)
		if e.Alpha == 1 || left.String() == right.String() {
			return left // a^2 / a
		}
		return &Contrast{e.Span, left, right, e.Alpha}
	case *Harmonic:
		return simplifyHarmonic(e)
	case *Product, *Power:
		return simplifyProduct(e)
	}
	return e
}

func simplifyAll(list []Expr) []Expr {
	out := make([]Expr, len(list))
	for i, e := range list {
		out[i] = simplify(e)
	}
	return out
}

func allEqual(list []Expr) bool {
	for _, e := range list[1:] {
		if e.String() != list[0].String() {
			return false
		}
	}
	return true
}

// sum is a sum of different expressions with coefficients.
type sum struct {
	of     []Expr
	factor []float64
}

func (s *sum) add(of Expr, factor float64) {
	for i, known := range s.of {
		if known.String() == of.String() {
			s.factor[i] += factor
			return
		}
	}
	s.of, s.factor = append(s.of, of), append(s.factor, factor)
}

// usable reports whether every coefficient can stand in an expression: products
// of extreme ones can leave the range of floating point.
func (s *sum) usable() bool {
	for _, f := range s.factor {
		if !(f > 0) || math.IsInf(f, 1) {
			return false
		}
	}
	return true
}

// simplifyMix joins nested mixtures and equal terms and drops those of weight 0.
func simplifyMix(e *Mix) Expr {
	kept, flat := sum{}, sum{}
	w := mixWeights(e.Terms)
	merged := false
	for i, t := range e.Terms {
		if w.w[i] == 0 {
			merged = true
			continue
		}
		of := simplify(t.Of)
		kept.add(of, w.w[i])
		inner, ok := of.(*Mix)
		if !ok {
			flat.add(of, w.w[i])
			continue
		}
		merged = true
		for j, u := range mixWeights(inner.Terms).w {
			flat.add(inner.Terms[j].Of, w.w[i]*u)
		}
	}
	if !flat.usable() {
		flat = kept
	}
	if len(flat.of) == 1 {
		return flat.of[0]
	}
	out := &Mix{e.Span, make([]Term, len(flat.of))}
	merged = merged || len(flat.of) < len(e.Terms)
	for i, of := range flat.of {
		out.Terms[i] = Term{flat.factor[i], of}
		if !merged { // as it was written
			out.Terms[i].Weight = e.Terms[i].Weight
		}
	}
	return out
}

// simplifyHarmonic joins equal operands, w/a + v/a = (w+v)/a.
func simplifyHarmonic(e *Harmonic) Expr {
	var s sum
	for i, of := range e.Operands {
		s.add(simplify(of), e.weight(i))
	}
	switch {
	case len(s.of) == 1:
		return s.of[0]
	case len(s.of) == len(e.Operands):
		return &Harmonic{e.Span, s.of, e.Weights}
	case !s.usable():
		return &Harmonic{e.Span, simplifyAll(e.Operands), e.Weights}
	}
	return &Harmonic{e.Span, s.of, s.factor}
}

func (e *Harmonic) weight(i int) float64 {
	if e.Weights == nil {
		return 1
	}
	return e.Weights[i]
}

// simplifyProduct writes a product of powers with each factor once.
func simplifyProduct(e Expr) Expr {
	var s sum
	factors(e, 1, &s)
	if !s.usable() {
		return e
	}
	out := make([]Expr, len(s.of))
	for i, of := range s.of {
		if out[i] = of; s.factor[i] != 1 {
			out[i] = &Power{of.At(), of, s.factor[i]}
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return &Product{e.At(), out}
}

// factors lists what e^k is a product of, with exponents.
func factors(e Expr, k float64, s *sum) {
	switch e := e.(type) {
	case *Product:
		for _, of := range e.Operands {
			factors(of, k, s)
		}
	case *Power:
		factors(e.Base, k*e.Exponent, s)
	default:
		switch of := simplify(e).(type) {
		case *Product, *Power: // a & a of one is one
			factors(of, k, s)
		default:
			s.add(of, k)
		}
	}
}
