package smiles

import (
	"cmp"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// Parse reads a SMILES string and perceives the molecule. Text after white
// space is ignored, as a name; of a CXSMILES extension the unpaired electrons
// are read. Ordinary explicit hydrogens are merged into
// their neighbours. Errors are *SyntaxError, *chem.ValenceError and
// *chem.KekulizeError; the atom indices of the latter two count the atoms that
// remain.
func Parse(s string) (*chem.Mol, error) {
	m, err := read(s)
	if err != nil {
		return nil, err
	}
	if err := chem.Perceive(m); err != nil {
		return nil, err
	}
	return m, nil
}

// read parses a string into a molecule that is not perceived yet.
func read(s string) (*chem.Mol, error) {
	p := parser{in: s, prev: -1}
	for p.pos < len(s) && isSpace(s[p.pos]) {
		p.pos++
	}
	p.end = p.pos
	for p.end < len(s) && !isSpace(s[p.end]) {
		p.end++
	}
	n := p.end - p.pos
	p.m = &chem.Mol{Atoms: make([]chem.Atom, 0, n*2/3+1), Bonds: make([]chem.Bond, 0, n*2/3+1)}
	p.branches, p.rings, p.closed = p.branchMem[:0], p.ringMem[:0], p.closedMem[:0]
	if err := p.run(); err != nil {
		return nil, err
	}
	if err := p.readExtension(); err != nil {
		return nil, err
	}
	p.setDefaultOrders()
	p.closuresLast()
	p.mergeHydrogens()
	p.orientCentres()
	return p.m, nil
}

// parser is the state of reading one string.
type parser struct {
	in       string
	pos, end int
	m        *chem.Mol

	prev     int32   // atom that the next one is bonded to, -1 for none
	bond     bondTok // bond written since prev
	branches []branch
	rings    []openRing
	closed   []closure
	centres  []centre
	fresh    bool // right after an opening bracket of a branch

	branchMem [8]branch
	ringMem   [8]openRing
	closedMem [8]closure
}

// closure is a bond made by ring numbers.
type closure struct {
	number int
	bond   int32
}

// bondTok is a written bond; present is false where none was.
type bondTok struct {
	present bool
	order   chem.Order
	dir     chem.Direction
	reverse bool // a dative bond <-
	at      int
}

type branch struct {
	atom int32
	at   int
}

type openRing struct {
	number int
	bond   int32
	tok    bondTok
	at     int
}

// centre is an atom with a stereo mark, with its bonds in the order of the
// string; -1 stands for a hydrogen.
type centre struct {
	atom     int32
	n        int
	closures int // ring closures among the bonds
	bonds    [8]int32
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (p *parser) fail(at int, msg string) error {
	return &SyntaxError{Input: p.in, Offset: at, Message: msg}
}

// run reads atoms, bonds, branches and ring closures up to the end.
func (p *parser) run() error {
	for p.pos < p.end {
		c := p.in[p.pos]
		switch {
		case c == '(':
			if p.prev < 0 || p.bond.present || p.fresh {
				return p.fail(p.pos, "a branch must follow an atom")
			}
			p.branches = append(p.branches, branch{p.prev, p.pos})
			p.fresh = true
			p.pos++
		case c == ')':
			if len(p.branches) == 0 {
				return p.fail(p.pos, "closing parenthesis without an opening one")
			}
			if p.fresh {
				return p.fail(p.pos, "empty branch")
			}
			if p.bond.present {
				return p.fail(p.bond.at, "bond leads nowhere")
			}
			if p.prev < 0 {
				return p.fail(p.pos, "expected an atom after the dot")
			}
			p.prev = p.branches[len(p.branches)-1].atom
			p.branches = p.branches[:len(p.branches)-1]
			p.pos++
		case c == '.':
			if p.prev < 0 || p.fresh {
				return p.fail(p.pos, "a dot must follow an atom")
			}
			if p.bond.present {
				return p.fail(p.bond.at, "bond leads nowhere")
			}
			p.prev = -1
			p.pos++
			if p.pos == p.end {
				return p.fail(p.pos-1, "expected an atom after the dot")
			}
		case c >= '0' && c <= '9' || c == '%':
			if p.fresh {
				return p.fail(p.pos, "a ring closure must follow an atom")
			}
			if err := p.ringClosure(); err != nil {
				return err
			}
		case isBond(c):
			if err := p.readBond(); err != nil {
				return err
			}
		default:
			if err := p.readAtom(); err != nil {
				return err
			}
		}
	}
	if p.bond.present {
		return p.fail(p.bond.at, "bond leads nowhere")
	}
	if len(p.branches) > 0 {
		return p.fail(p.branches[len(p.branches)-1].at, "branch is not closed")
	}
	if len(p.rings) > 0 {
		return p.fail(p.rings[0].at, "ring closure is not closed")
	}
	return nil
}

func isBond(c byte) bool {
	switch c {
	case '-', '=', '#', '$', ':', '/', '\\', '~', '<':
		return true
	}
	return false
}

// readBond reads a bond symbol.
func (p *parser) readBond() error {
	if p.prev < 0 {
		return p.fail(p.pos, "a bond must follow an atom")
	}
	if p.bond.present {
		return p.fail(p.pos, "two bonds in a row")
	}
	b := bondTok{present: true, order: chem.Single, at: p.pos}
	next := byte(0)
	if p.pos+1 < p.end {
		next = p.in[p.pos+1]
	}
	switch c := p.in[p.pos]; {
	case c == '-' && next == '>':
		b.order = chem.Dative
		p.pos++
	case c == '<' && next == '-':
		b.order, b.reverse = chem.Dative, true
		p.pos++
	case c == '<':
		return p.fail(p.pos, "unexpected character '<'")
	case c == '=':
		b.order = chem.Double
	case c == '#':
		b.order = chem.Triple
	case c == '$':
		b.order = chem.Quadruple
	case c == ':':
		b.order = chem.Aromatic
	case c == '~':
		b.order = chem.Zero
	case c == '/':
		b.order, b.dir = chem.Unspecified, chem.Up
	case c == '\\':
		b.order, b.dir = chem.Unspecified, chem.Down
		if next == '\\' { // doubled by an escaping program; RDKit reads it too
			p.pos++
		}
	}
	p.pos++
	p.bond = b
	return nil
}

// addAtom appends an atom and bonds it to the one before.
func (p *parser) addAtom(a chem.Atom, marked bool) {
	i := int32(len(p.m.Atoms))
	p.m.Atoms = append(p.m.Atoms, a)
	k := int32(-1)
	if p.prev >= 0 {
		k = int32(len(p.m.Bonds))
		p.m.Bonds = append(p.m.Bonds, p.makeBond(p.prev, i, p.bond))
		p.note(p.prev, k, false)
	}
	if marked {
		c := centre{atom: i}
		if k >= 0 {
			c.bonds[0] = k
			c.n = 1
		}
		for h := range a.ExplicitH {
			if h > 0 && a.Geometry == chem.NoGeometry || c.n == len(c.bonds) {
				break
			}
			c.bonds[c.n] = -1
			c.n++
		}
		p.centres = append(p.centres, c)
	}
	p.bond = bondTok{}
	p.prev = i
	p.fresh = false
}

func (p *parser) makeBond(a, b int32, tok bondTok) chem.Bond {
	if tok.reverse {
		a, b = b, a
	}
	return chem.Bond{A: a, B: b, Order: tok.order, Direction: tok.dir}
}

// note adds a bond to the list of a marked centre.
func (p *parser) note(atom, bond int32, closure bool) {
	for i := len(p.centres) - 1; i >= 0; i-- {
		if c := &p.centres[i]; c.atom == atom {
			if c.n < len(c.bonds) {
				c.bonds[c.n] = bond
			}
			c.n++
			if closure {
				c.closures++
			}
			return
		}
	}
}

// ringClosure reads a ring number and opens or closes the ring.
func (p *parser) ringClosure() error {
	at := p.pos
	number, err := p.ringNumber()
	if err != nil {
		return err
	}
	if p.prev < 0 {
		return p.fail(at, "a ring closure must follow an atom")
	}
	tok := p.bond
	p.bond = bondTok{}
	for i := range p.rings {
		r := &p.rings[i]
		if r.number != number {
			continue
		}
		b := &p.m.Bonds[r.bond]
		from := b.A
		if from == p.prev {
			return p.fail(at, "ring closure bonds an atom to itself")
		}
		for k := range p.m.Bonds {
			x := &p.m.Bonds[k]
			if x.A == from && x.B == p.prev || x.B == from && x.A == p.prev {
				return p.fail(at, "ring closure repeats a bond")
			}
		}
		switch {
		case r.tok.present && !(r.tok.dir != chem.NoDirection && tok.present && tok.order > chem.Single):
			*b = p.makeBond(from, p.prev, r.tok)
			if r.tok.order == chem.Single && r.tok.dir == chem.NoDirection && tok.dir != chem.NoDirection {
				b.Direction = opposite(tok.dir)
			}
		case tok.present:
			*b = p.makeBond(p.prev, from, tok)
			if tok.dir != chem.NoDirection {
				*b = chem.Bond{A: from, B: p.prev, Order: tok.order, Direction: opposite(tok.dir)}
			}
		default:
			b.B = p.prev
		}
		p.note(p.prev, r.bond, true)
		p.rings = append(p.rings[:i], p.rings[i+1:]...)
		return nil
	}
	k := int32(len(p.m.Bonds))
	p.m.Bonds = append(p.m.Bonds, chem.Bond{A: p.prev, B: -1})
	p.note(p.prev, k, true)
	p.rings = append(p.rings, openRing{number, k, tok, at})
	p.closed = append(p.closed, closure{number, k})
	return nil
}

// closuresLast moves the bonds made by ring numbers behind the others, by
// number, as RDKit has them: where several sets of smallest rings are as good,
// the order of bonds decides which is found.
func (p *parser) closuresLast() {
	if len(p.closed) == 0 {
		return
	}
	slices.SortStableFunc(p.closed, func(a, b closure) int { return cmp.Compare(a.number, b.number) })
	bonds := p.m.Bonds
	var moved []int32 // new numbers of the bonds, which only marked centres need
	if len(p.centres) > 0 {
		moved = make([]int32, len(bonds))
	}
	var mem [8]chem.Bond
	last := mem[:0]
	for i, c := range p.closed {
		last = append(last, bonds[c.bond])
		bonds[c.bond].A = -1 // to be moved
		if moved != nil {
			moved[c.bond] = int32(len(bonds) - len(p.closed) + i)
		}
	}
	next := int32(0)
	for i := range bonds {
		if bonds[i].A < 0 {
			continue
		}
		bonds[next] = bonds[i]
		if moved != nil {
			moved[i] = next
		}
		next++
	}
	copy(bonds[next:], last)
	for i := range p.centres {
		c := &p.centres[i]
		for j := range min(c.n, len(c.bonds)) {
			if c.bonds[j] >= 0 {
				c.bonds[j] = moved[c.bonds[j]]
			}
		}
	}
}

func opposite(d chem.Direction) chem.Direction {
	switch d {
	case chem.Up:
		return chem.Down
	case chem.Down:
		return chem.Up
	default:
		return d
	}
}

// ringNumber reads d, %dd or %(ddd).
func (p *parser) ringNumber() (int, error) {
	at := p.pos
	c := p.in[p.pos]
	p.pos++
	if c != '%' {
		return int(c - '0'), nil
	}
	if p.pos < p.end && p.in[p.pos] == '(' {
		p.pos++
		n, digits := p.digits(5)
		if digits == 0 || p.pos == p.end || p.in[p.pos] != ')' {
			return 0, p.fail(at, "expected a ring number as %(123)")
		}
		p.pos++
		return n, nil
	}
	n, digits := p.digits(2)
	if digits != 2 || n < 10 {
		return 0, p.fail(at, "expected two digits after %")
	}
	return n, nil
}

// digits reads up to most decimal digits and tells how many there were.
func (p *parser) digits(most int) (value, count int) {
	for count < most && p.pos < p.end && p.in[p.pos] >= '0' && p.in[p.pos] <= '9' {
		value = value*10 + int(p.in[p.pos]-'0')
		p.pos++
		count++
	}
	return value, count
}

// setDefaultOrders gives bonds without a symbol their order: aromatic between
// aromatic atoms, else single.
func (p *parser) setDefaultOrders() {
	for i := range p.m.Bonds {
		b := &p.m.Bonds[i]
		if b.Order == chem.Unspecified {
			b.Order = chem.Single
			if p.m.Atoms[b.A].Aromatic && p.m.Atoms[b.B].Aromatic {
				b.Order = chem.Aromatic
			}
		}
	}
}
