package smarts

import "github.com/molsculpt/molsculpt/chem"

// scanner reads a pattern from left to right.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) fail(at int, reason string) error {
	return &SyntaxError{Pattern: s.text, Offset: at, Reason: reason}
}

// peek is the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

// accept steps over c if it is next.
func (s *scanner) accept(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// number reads decimal digits; ok is false if there are none or the number
// exceeds 9999.
func (s *scanner) number() (n int, ok bool) {
	for s.pos < len(s.text) && s.text[s.pos] >= '0' && s.text[s.pos] <= '9' && n < 1000 {
		n, ok = 10*n+int(s.text[s.pos]-'0'), true
		s.pos++
	}
	if c := s.peek(); c >= '0' && c <= '9' {
		return n, false
	}
	return n, ok
}

// Bounds of what is read: the nesting of recursive patterns, and the atoms of
// one pattern.
const (
	maxDepth = 100
	maxAtoms = 1000
)

// openRing is a ring-closure digit that waits for its other end.
type openRing struct {
	label, atom, at int
	set             bondSet
	written         bool
}

// pattern = component { "." component }; it ends at the end of the text or at
// an unmatched ")".
func (s *scanner) pattern(depth int) (*Pattern, error) {
	if depth > maxDepth {
		return nil, s.fail(s.pos, "nested too deeply")
	}
	start := s.pos
	p := &Pattern{}
	var (
		branches []int // atoms at which parentheses opened
		opened   []int // and the offsets of these
		rings    []openRing
		last     = -1 // atom to bond to
		bond     bondSet
		written  bool // a bond symbol was read
		bondAt   int
	)
	for s.pos < len(s.text) {
		at := s.pos
		switch c := s.text[at]; {
		case c == '(':
			if last < 0 || written {
				return nil, s.fail(at, "a branch must follow an atom (component grouping is not supported)")
			}
			s.pos++
			branches, opened = append(branches, last), append(opened, at)
			if s.peek() == ')' || s.peek() == '.' {
				return nil, s.fail(s.pos, "a branch must begin with a bond or an atom")
			}
		case c == ')':
			if written {
				return nil, s.fail(bondAt, "this bond leads nowhere")
			}
			if len(branches) == 0 {
				return s.end(p, start, rings)
			}
			s.pos++
			last = branches[len(branches)-1]
			branches, opened = branches[:len(branches)-1], opened[:len(opened)-1]
		case c == '.':
			if written || last < 0 || len(branches) > 0 {
				return nil, s.fail(at, "a dot must stand between whole components")
			}
			s.pos++
			last = -1
			if s.peek() == 0 || s.peek() == ')' {
				return nil, s.fail(s.pos, "a component is missing after the dot")
			}
		case c == '>' && !(at > 0 && s.text[at-1] == '-'):
			return nil, s.fail(at, "reactions are not supported")
		case isBond(c):
			if last < 0 {
				return nil, s.fail(at, "a bond must follow an atom")
			}
			set, err := s.bond()
			if err != nil {
				return nil, err
			}
			bond, written, bondAt = set, true, at
		case c == '%' || c >= '0' && c <= '9':
			if last < 0 {
				return nil, s.fail(at, "a ring closure must follow an atom")
			}
			label, err := s.ringLabel()
			if err != nil {
				return nil, err
			}
			r := openRing{label: label, atom: last, at: at, set: bond, written: written}
			if rings, err = s.closeRing(p, rings, r); err != nil {
				return nil, err
			}
			written = false
		default:
			if len(branches) == 0 && last < 0 && len(p.atoms) == 0 && (c == ' ' || c == '\t') {
				return nil, s.fail(at, "a pattern must not begin with white space")
			}
			e, label, err := s.atom(depth)
			if err != nil {
				return nil, err
			}
			if len(p.atoms) == maxAtoms {
				return nil, s.fail(at, "a pattern has at most 1000 atoms")
			}
			p.atoms = append(p.atoms, queryAtom{expr: e, Map: label})
			n := len(p.atoms) - 1
			if last >= 0 {
				if !written {
					bond = implicit
				}
				p.bonds = append(p.bonds, queryBond{last, n, bond})
			}
			last, written = n, false
		}
	}
	if written {
		return nil, s.fail(bondAt, "this bond leads nowhere")
	}
	if len(opened) > 0 {
		return nil, s.fail(opened[len(opened)-1], "this parenthesis is never closed")
	}
	return s.end(p, start, rings)
}

// end checks and finishes a pattern that stops at the scanner's position.
func (s *scanner) end(p *Pattern, start int, rings []openRing) (*Pattern, error) {
	if len(rings) > 0 {
		return nil, s.fail(rings[0].at, "this ring closure has no other end")
	}
	if len(p.atoms) == 0 {
		return nil, s.fail(s.pos, "an atom is missing")
	}
	p.text = s.text[start:s.pos]
	p.finish()
	return p, nil
}

// ringLabel = digit | "%" digit digit | "%(" number ")".
func (s *scanner) ringLabel() (int, error) {
	at := s.pos
	if c := s.peek(); c != '%' {
		s.pos++
		return int(c - '0'), nil
	}
	s.pos++
	if s.accept('(') {
		n, ok := s.number()
		if !ok || !s.accept(')') {
			return 0, s.fail(at, "expected %(number) for a ring closure")
		}
		return n, nil
	}
	n := 0
	for range 2 {
		c := s.peek()
		if c < '0' || c > '9' {
			return 0, s.fail(at, "expected two digits after % for a ring closure")
		}
		n = 10*n + int(c-'0')
		s.pos++
	}
	return n, nil
}

// closeRing bonds r to the end that waits for it, or lets it wait.
func (s *scanner) closeRing(p *Pattern, rings []openRing, r openRing) ([]openRing, error) {
	for i, o := range rings {
		if o.label != r.label {
			continue
		}
		if o.atom == r.atom {
			return nil, s.fail(r.at, "a ring closure bonds an atom to itself")
		}
		for _, b := range p.bonds {
			if b.a == o.atom && b.b == r.atom || b.a == r.atom && b.b == o.atom {
				return nil, s.fail(r.at, "a ring closure repeats a bond")
			}
		}
		set := implicit
		switch {
		case o.written && r.written && o.set != r.set:
			return nil, s.fail(r.at, "the two ends of this ring closure name different bonds")
		case o.written:
			set = o.set
		case r.written:
			set = r.set
		}
		p.bonds = append(p.bonds, queryBond{o.atom, r.atom, set})
		return append(rings[:i:i], rings[i+1:]...), nil
	}
	return append(rings, r), nil
}

func isBond(c byte) bool {
	switch c {
	case '-', '=', '#', '$', ':', '~', '@', '/', '\\', '!', '&', ',', ';', '<':
		return true
	}
	return false
}

// bond = and { ";" and }, where and = or { "," or }, or = not { ["&"] not },
// not = { "!" } symbol.
func (s *scanner) bond() (bondSet, error) {
	all := anyBond
	for {
		var some bondSet
		for {
			part := anyBond
			for first := true; first || s.accept('&') || isBondSymbol(s.peek()); first = false {
				b, err := s.bondSymbol()
				if err != nil {
					return 0, err
				}
				part &= b
			}
			some |= part
			if !s.accept(',') {
				break
			}
		}
		all &= some
		if !s.accept(';') {
			return all, nil
		}
	}
}

func isBondSymbol(c byte) bool { return c != '&' && c != ',' && c != ';' && isBond(c) }

func (s *scanner) bondSymbol() (bondSet, error) {
	negated := false
	for s.accept('!') {
		negated = !negated
	}
	at := s.pos
	var b bondSet
	c := s.peek()
	s.pos++
	switch c {
	case '-':
		b = ofOrder(chem.Single)
		if s.accept('>') {
			b = ofOrder(chem.Dative)
		}
	case '/', '\\':
		b = ofOrder(chem.Single)
		s.accept('?')
	case '=':
		b = ofOrder(chem.Double)
	case '#':
		b = ofOrder(chem.Triple)
	case '$':
		b = ofOrder(chem.Quadruple)
	case ':':
		b = ofOrder(chem.Aromatic)
	case '~':
		b = anyBond
	case '@':
		b = inRing
	case '<':
		if !s.accept('-') {
			return 0, s.fail(at, "expected <- for a dative bond")
		}
		b = ofOrder(chem.Dative)
	default:
		return 0, s.fail(at, "expected a bond symbol")
	}
	if negated {
		b = ^b
	}
	return b, nil
}
