package smarts

import (
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
)

// scanner reads a pattern from left to right.
type scanner struct {
	text string // without what follows the pattern
	pos  int
	full string // the whole text, for errors

	merge bool // see CompileMergingH
	mark  mark // stereo mark of the bracket atom that is being read
}

func (s *scanner) fail(at int, reason string) error {
	return &SyntaxError{Pattern: s.full, Offset: at, Reason: reason}
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

// number reads decimal digits; ok is false if there are none or more than
// digits of them.
func (s *scanner) number(digits int) (n int, ok bool) {
	start := s.pos
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		if s.pos-start < digits {
			n = 10*n + int(c-'0')
		}
		s.pos++
	}
	return n, s.pos > start && s.pos-start <= digits
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
	slot            int // place in queryAtom.written
	bond            queryBond
	written         bool
}

// closedRing is the bond of a ring closure.
type closedRing struct {
	label int
	bond  queryBond
}

// reader is the state of reading one pattern, at the top or inside $().
type reader struct {
	*scanner
	p        *Pattern
	top      bool  // not inside $()
	branches []int // atoms at which parentheses opened
	opened   []int // and the offsets of these
	rings    []openRing
	closed   []closedRing
	last     int // atom to bond to, or -1
	bond     queryBond
	written  bool // a bond symbol was read
	bondAt   int
	group    int // component group that is open, or 0
	groups   int // groups so far
	groupAt  int
}

// pattern = part { "." part }, where part = component | "(" component
// { "." component } ")"; it ends at the end of the text or at an unmatched ")".
func (s *scanner) pattern(depth int) (*Pattern, error) {
	if depth > maxDepth {
		return nil, s.fail(s.pos, "nested too deeply")
	}
	start := s.pos
	r := reader{scanner: s, p: &Pattern{}, top: depth == 0, last: -1}
	done := false
	for s.pos < len(s.text) && !done {
		var err error
		if done, err = r.token(depth); err != nil {
			return nil, err
		}
	}
	return r.end(start)
}

// token reads the next token; done tells that a parenthesis ended the pattern.
func (r *reader) token(depth int) (done bool, err error) {
	at := r.pos
	switch c := r.text[at]; {
	case c == '(':
		return false, r.open()
	case c == ')':
		return r.close()
	case c == '.':
		return false, r.dot()
	case c == '>' && !(at > 0 && r.text[at-1] == '-'):
		return false, r.fail(at, "reactions are not supported")
	case isBond(c):
		if r.last < 0 {
			return false, r.fail(at, "a bond must follow an atom")
		}
		if r.bond, err = r.bondExpr(); err != nil {
			return false, err
		}
		r.written, r.bondAt = true, at
	case c == '%' || c >= '0' && c <= '9':
		if r.last < 0 {
			return false, r.fail(at, "a ring closure must follow an atom")
		}
		label, err := r.ringLabel()
		if err != nil {
			return false, err
		}
		return false, r.closeRing(label, at)
	default:
		return false, r.addAtom(depth)
	}
	return false, nil
}

func (r *reader) open() error {
	at := r.pos
	if r.written {
		return r.fail(at, "a branch must follow an atom")
	}
	r.pos++
	if r.last < 0 {
		if r.group > 0 {
			return r.fail(at, "a group of components cannot hold another one")
		}
		r.groups++
		r.group, r.groupAt = r.groups, at
		return nil
	}
	r.branches, r.opened = append(r.branches, r.last), append(r.opened, at)
	if c := r.peek(); c == ')' || c == '.' || c == '(' {
		return r.fail(r.pos, "a branch must begin with a bond or an atom")
	}
	return nil
}

func (r *reader) close() (done bool, err error) {
	switch {
	case r.written:
		return false, r.fail(r.bondAt, "this bond leads nowhere")
	case len(r.branches) > 0:
		k := len(r.branches) - 1
		r.last = r.branches[k]
		r.branches, r.opened = r.branches[:k], r.opened[:k]
	case r.group > 0:
		if r.last < 0 {
			return false, r.fail(r.pos, "a component is missing here")
		}
		r.group = 0
		if c := r.text[r.pos+1:]; c != "" && c[0] != '.' && c[0] != ')' {
			return false, r.fail(r.pos+1, "a dot must follow a group of components")
		}
	default:
		return true, nil
	}
	r.pos++
	return false, nil
}

func (r *reader) dot() error {
	if r.written || r.last < 0 || len(r.branches) > 0 {
		return r.fail(r.pos, "a dot must stand between whole components")
	}
	r.pos++
	r.last = -1
	if c := r.peek(); c == 0 || c == ')' {
		return r.fail(r.pos, "a component is missing after the dot")
	}
	return nil
}

func (r *reader) addAtom(depth int) error {
	at := r.pos
	r.mark = mark{}
	e, label, err := r.atom(depth)
	if err != nil {
		return err
	}
	if len(r.p.atoms) == maxAtoms {
		return r.fail(at, "a pattern has at most 1000 atoms")
	}
	n := len(r.p.atoms)
	a := queryAtom{expr: e, label: label, group: r.group, mark: r.mark}
	if r.last >= 0 {
		b := queryBond{set: implicit, order: chem.Single}
		if r.written {
			b = r.bond
		}
		b.a, b.b = r.last, n
		r.p.bonds = append(r.p.bonds, b)
		a.written, a.joined = append(a.written, r.last), true
		r.p.atoms[r.last].written = append(r.p.atoms[r.last].written, n)
	}
	r.p.atoms = append(r.p.atoms, a)
	r.last, r.written = n, false
	return nil
}

// end checks and finishes a pattern that stops at the scanner's position.
func (r *reader) end(start int) (*Pattern, error) {
	switch {
	case r.written:
		return nil, r.fail(r.bondAt, "this bond leads nowhere")
	case len(r.opened) > 0:
		return nil, r.fail(r.opened[len(r.opened)-1], "this parenthesis is never closed")
	case r.group > 0:
		return nil, r.fail(r.groupAt, "this parenthesis is never closed")
	case len(r.rings) > 0:
		return nil, r.fail(r.rings[0].at, "this ring closure has no other end")
	case len(r.p.atoms) == 0:
		return nil, r.fail(r.pos, "an atom is missing")
	}
	// Ring closures come last, by their numbers: the order of RDKit's bonds,
	// which decides in what order matches are found.
	slices.SortStableFunc(r.closed, func(a, b closedRing) int { return a.label - b.label })
	for _, c := range r.closed {
		r.p.bonds = append(r.p.bonds, c.bond)
	}
	r.p.text = r.text[start:r.pos]
	r.p.settleStereo(r.top)
	if r.merge {
		r.p.mergeHydrogens()
	}
	r.p.finish()
	return r.p, nil
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
		n, ok := s.number(5)
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

// closeRing bonds the last atom to the end that waits for it, or lets it wait.
// Where both ends name a bond the first one counts, as in RDKit.
func (r *reader) closeRing(label, at int) error {
	written := r.written
	r.written = false
	here := &r.p.atoms[r.last]
	r.twistMark(here)
	// Closures stand behind the preceding atom and before the branches.
	slot := here.closures
	if here.joined {
		slot++
	}
	here.closures++
	for i, o := range r.rings {
		if o.label != label {
			continue
		}
		if o.atom == r.last {
			return r.fail(at, "a ring closure bonds an atom to itself")
		}
		if r.bonded(o.atom, r.last) {
			return r.fail(at, "a ring closure repeats a bond")
		}
		b := queryBond{set: implicit, order: chem.Single}
		switch {
		case o.written:
			b = o.bond
			b.a, b.b = o.atom, r.last
			if written && b.direction == chem.NoDirection && r.bond.direction != chem.NoDirection {
				b.direction, b.loose = chem.Up+chem.Down-r.bond.direction, r.bond.loose
			}
		case written:
			b = r.bond
			b.a, b.b = r.last, o.atom
		default:
			b.a, b.b = o.atom, r.last
		}
		r.closed = append(r.closed, closedRing{label, b})
		r.p.atoms[o.atom].written[o.slot] = r.last
		here.written = slices.Insert(here.written, slot, o.atom)
		r.rings = slices.Delete(r.rings, i, i+1)
		return nil
	}
	r.rings = append(r.rings, openRing{
		label: label, atom: r.last, at: at, slot: slot, bond: r.bond, written: written,
	})
	here.written = slices.Insert(here.written, slot, -1)
	return nil
}

// twistMark inverts the mark of the last atom if a ring closure that comes now
// comes after an odd number of branches, by RDKit's rule for that: it takes
// every atom but the first of the pattern for one with a preceding atom.
func (r *reader) twistMark(a *queryAtom) {
	if r.last == len(r.p.atoms)-1 {
		return
	}
	switch branched := len(a.written) - a.closures; {
	case branched == 1, branched == 2 && r.last > 0, branched == 3 && r.last == 0:
		a.mark.chirality = chem.Mirror(a.mark.chirality)
	}
}

func (r *reader) bonded(i, j int) bool {
	return slices.Contains(r.p.atoms[i].written, j)
}

// trim cuts off white space around a pattern, and the name or the CXSMARTS
// extension that may follow it.
func trim(text string) (start int, pattern string) {
	const space = " \t\r\n"
	pattern = strings.TrimLeft(text, space)
	start = len(text) - len(pattern)
	if end := strings.IndexAny(pattern, space); end >= 0 {
		pattern = pattern[:end]
	}
	return start, pattern
}
