package smarts

import "github.com/molsculpt/molsculpt/chem"

// atom = "[" expression [ ":" number ] "]" | symbol of the organic subset |
// "*" | "a" | "A". The second value is the atom-map number.
func (s *scanner) atom(depth int) (expr, uint32, error) {
	at := s.pos
	if s.accept('[') {
		return s.bracket(depth, at)
	}
	c := s.peek()
	s.pos++
	switch c {
	case '*':
		return expr{op: opAny}, 0, nil
	case 'a':
		return expr{op: opAromatic}, 0, nil
	case 'A':
		return expr{op: opAliphatic}, 0, nil
	case 'b', 'c', 'n', 'o', 'p', 's':
		return aromatic(numberOf(string(c - 'a' + 'A'))), 0, nil
	case 'C':
		if s.accept('l') {
			return aliphatic(17), 0, nil
		}
		return aliphatic(6), 0, nil
	case 'B':
		if s.accept('r') {
			return aliphatic(35), 0, nil
		}
		return aliphatic(5), 0, nil
	case 'N', 'O', 'P', 'S', 'F', 'I':
		return aliphatic(numberOf(string(c))), 0, nil
	}
	return expr{}, 0, s.fail(at, "expected an atom")
}

func (s *scanner) bracket(depth, open int) (expr, uint32, error) {
	e, ok := s.hydrogen()
	if !ok {
		var err error
		if e, err = s.low(depth); err != nil {
			return e, 0, err
		}
	}
	label := 0
	if s.accept(':') {
		at := s.pos
		var ok bool
		if label, ok = s.number(9); !ok {
			return e, 0, s.fail(at, "expected an atom-map number of at most nine digits")
		}
	}
	if !s.accept(']') {
		if s.pos >= len(s.text) {
			return e, 0, s.fail(open, "this bracket is never closed")
		}
		return e, 0, s.fail(s.pos, "expected an atom primitive, a logical operator or ]")
	}
	return e, uint32(label), nil
}

// hydrogen reads [isotope] "H" [charge], which alone in brackets is the
// element and not a count. It moves only if that is what stands there.
func (s *scanner) hydrogen() (expr, bool) {
	start := s.pos
	e := element(1)
	if n, ok := s.number(4); ok {
		e = and(e, expr{op: opIsotope, lo: int16(n)})
	}
	if s.accept('H') {
		if c := s.peek(); c == '+' || c == '-' {
			if q, err := s.charge(); err == nil {
				e = and(e, q)
			}
		}
		if c := s.peek(); c == ']' || c == ':' {
			return e, true
		}
	}
	s.pos = start
	return expr{}, false
}

// low = mid { ";" mid }.
func (s *scanner) low(depth int) (expr, error) {
	var args []expr
	for {
		e, err := s.mid(depth)
		if err != nil {
			return e, err
		}
		if args = append(args, e); !s.accept(';') {
			return and(args...), nil
		}
	}
}

// mid = high { "," high }.
func (s *scanner) mid(depth int) (expr, error) {
	var args []expr
	for {
		e, err := s.high(depth)
		if err != nil {
			return e, err
		}
		if args = append(args, e); !s.accept(',') {
			return or(args...), nil
		}
	}
}

// high = not { ["&"] not }, not = { "!" } primitive.
func (s *scanner) high(depth int) (expr, error) {
	var args []expr
	for {
		negated := false
		for s.accept('!') {
			negated = !negated
		}
		e, err := s.primitive(depth)
		if err != nil {
			return e, err
		}
		if negated {
			e = not(e)
		}
		args = append(args, e)
		if s.accept('&') {
			continue
		}
		switch s.peek() {
		case 0, ']', ',', ';', ':':
			return and(args...), nil
		}
	}
}

// primitive reads one condition on an atom.
func (s *scanner) primitive(depth int) (expr, error) {
	at := s.pos
	if e, ok := s.symbol(); ok {
		return e, nil
	}
	c := s.peek()
	if c >= '0' && c <= '9' {
		return s.isotope()
	}
	s.pos++
	switch c {
	case '*':
		return expr{op: opAny}, nil
	case 'A':
		return expr{op: opAliphatic}, nil
	case 'a':
		return expr{op: opAromatic}, nil
	case 'D':
		return s.count(propDegree, exactly(propDegree, 1))
	case 'd':
		return s.count(propHeavyDegree, exactly(propHeavyDegree, 1))
	case 'X':
		return s.count(propConnection, exactly(propConnection, 1))
	case 'H':
		return s.count(propHydrogens, exactly(propHydrogens, 1))
	case 'v':
		return s.count(propValence, exactly(propValence, 1))
	case 'h':
		return s.count(propImplicitH, between(propImplicitH, 1, noLimit))
	case 'R':
		return s.count(propRings, between(propRings, 1, noLimit))
	case 'r':
		return s.count(propMinRing, between(propRings, 1, noLimit))
	case 'x':
		return s.count(propRingBonds, between(propRingBonds, 1, noLimit))
	case 'z':
		return s.count(propHetero, between(propHetero, 1, noLimit))
	case 'Z':
		return s.count(propAliphHetero, between(propAliphHetero, 1, noLimit))
	case '#':
		n, ok := s.number(4)
		if !ok || n > 118 {
			return expr{}, s.fail(at, "expected an atomic number of at most 118 after #")
		}
		return element(n), nil
	case '^':
		if c := s.peek(); c >= '0' && c <= '5' {
			s.pos++
			return exactly(propHybrid, int(hybrids[c-'0'])), nil
		}
		return expr{}, s.fail(at, "expected a hybridisation from ^0 to ^5")
	case '+', '-':
		s.pos--
		return s.charge()
	case '@':
		s.chirality()
		return expr{op: opAny}, nil
	case '$':
		return s.recursive(at, depth)
	}
	s.pos = at
	if at >= len(s.text) {
		return expr{}, s.fail(at, "the pattern ends inside a bracket")
	}
	return expr{}, s.fail(at, "expected an atom primitive")
}

// isotope reads a mass number. What names an element behind it belongs to the
// same primitive, so that ! before it is about both.
func (s *scanner) isotope() (expr, error) {
	at := s.pos
	n, ok := s.number(4)
	if !ok {
		return expr{}, s.fail(at, "a mass number has at most four digits")
	}
	e := expr{op: opIsotope, lo: int16(n)}
	other, ok := s.symbol()
	if !ok {
		switch s.peek() {
		case '#', 'a', 'A', 'H':
			var err error
			if other, err = s.primitive(0); err != nil {
				return e, err
			}
		}
	}
	return and(e, other), nil
}

// hybrids are the values of chem.Hybridization that ^0 to ^5 stand for: s, sp,
// sp2, sp3, sp3d, sp3d2.
var hybrids = [6]uint8{1, 2, 3, 4, 6, 7}

// symbol reads the longest element symbol at the scanner's position.
func (s *scanner) symbol() (expr, bool) {
	c := s.peek()
	two := ""
	if s.pos+2 <= len(s.text) {
		two = s.text[s.pos : s.pos+2]
	}
	switch two {
	case "as", "se", "si", "te":
		s.pos += 2
		return aromatic(numberOf(string(two[0]-'a'+'A') + two[1:])), true
	}
	switch c {
	case 'b', 'c', 'n', 'o', 'p', 's':
		s.pos++
		return aromatic(numberOf(string(c - 'a' + 'A'))), true
	}
	if c < 'A' || c > 'Z' {
		return expr{}, false
	}
	if len(two) == 2 && two[1] >= 'a' && two[1] <= 'z' {
		if z := numberOf(two); z > 0 && two != "Nh" { // which is a nitrogen with h
			s.pos += 2
			if z == 17 || z == 35 {
				return aliphatic(z), true
			}
			return element(z), true
		}
	}
	switch c {
	case 'B', 'C', 'N', 'O', 'F', 'P', 'S', 'I':
		s.pos++
		return aliphatic(numberOf(string(c))), true
	case 'K', 'V', 'Y', 'W', 'U':
		s.pos++
		return element(numberOf(string(c))), true
	}
	return expr{}, false
}

// count reads what may follow a counted primitive: a number, a range {a-b},
// {a-}, {-b}, or nothing, which means bare.
func (s *scanner) count(p property, bare expr) (expr, error) {
	at := s.pos
	if !s.accept('{') {
		if c := s.peek(); c < '0' || c > '9' {
			return bare, nil
		}
		n, ok := s.number(4)
		if !ok {
			return bare, s.fail(at, "a count has at most four digits")
		}
		return exactly(p, n), nil
	}
	lo, hasLo := s.number(4)
	if !s.accept('-') {
		return bare, s.fail(s.pos, "expected - in a range {low-high}")
	}
	hi, hasHi := s.number(4)
	if !hasHi {
		hi = noLimit
	}
	if !s.accept('}') || !hasLo && !hasHi || lo > hi {
		return bare, s.fail(at, "expected a range {low-high}, {low-} or {-high}")
	}
	return between(p, lo, hi), nil
}

// charge = ("+" | "-") [ number | range ] | repeated signs.
func (s *scanner) charge() (expr, error) {
	at, sign := s.pos, s.peek()
	s.pos++
	n := 1
	switch c := s.peek(); {
	case c == '{':
		e, err := s.count(propCharge, expr{})
		if err == nil && sign == '-' {
			e.lo, e.hi = -e.hi, -e.lo
		}
		return e, err
	case c >= '0' && c <= '9':
		var ok bool
		if n, ok = s.number(4); !ok || n > 99 {
			return expr{}, s.fail(at, "a charge has at most two digits")
		}
	default:
		for n < 100 && s.accept(sign) {
			n++
		}
	}
	if sign == '-' {
		n = -n
	}
	return exactly(propCharge, n), nil
}

// chirality reads what follows an @: another one, ?, or the class and the
// number of an arrangement, which is not compared. The first mark of an atom
// counts.
func (s *scanner) chirality() {
	if s.pos+2 <= len(s.text) {
		switch s.text[s.pos : s.pos+2] {
		case "TH", "AL", "SP", "TB", "OH":
			s.pos += 2
			s.number(2)
			return
		}
	}
	m := mark{chirality: chem.CounterClockwise}
	if s.accept('@') {
		m.chirality = chem.Clockwise
	}
	m.loose = s.accept('?')
	if s.mark.chirality == chem.Achiral {
		s.mark = m
	}
}

// recursive = "$(" pattern ")" [ "_" number ]. RDKit has the number, a name for
// the pattern; it is not looked at.
func (s *scanner) recursive(at, depth int) (expr, error) {
	if !s.accept('(') {
		return expr{}, s.fail(at, "expected $( and a pattern")
	}
	outer := s.mark
	sub, err := s.pattern(depth + 1)
	if err != nil {
		return expr{}, err
	}
	s.mark = outer
	if !s.accept(')') {
		return expr{}, s.fail(at, "this recursive pattern is never closed")
	}
	if s.accept('_') {
		if _, ok := s.number(9); !ok {
			return expr{}, s.fail(s.pos, "expected a number after $()_")
		}
	}
	return expr{op: opRecursive, sub: sub}, nil
}

// numberOf is the atomic number of a symbol, or 0.
func numberOf(symbol string) int {
	z, ok := chem.AtomicNumber(symbol)
	if !ok {
		return 0
	}
	return int(z)
}
