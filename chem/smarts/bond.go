package smarts

import "github.com/molsculpt/molsculpt/chem"

// queryBond joins the atoms a and b of a pattern.
type queryBond struct {
	a, b      int
	set       bondSet
	order     chem.Order     // of its first symbol
	direction chem.Direction // of its first symbol, seen from a
	loose     bool           // the direction may be unknown in the molecule (/?)
	backwards bool           // written <-: begins at b
}

// bondSet is a set of bond states; bit s stands for the state s of a bond,
// which is its order plus ringBit if it is in a ring.
type bondSet uint16

const ringBit = 8

const (
	anyBond  bondSet = 0xffff
	inRing   bondSet = 0xff00
	implicit         = bondSet((1<<chem.Single | 1<<chem.Aromatic) * 0x101)
)

// ofOrder is the set of all bonds of an order.
func ofOrder(o chem.Order) bondSet { return bondSet(1<<o) * 0x101 }

// state is the index of a bond in a bondSet.
func state(b *chem.Bond) uint8 {
	s := uint8(b.Order) & 7
	if b.InRing {
		s |= ringBit
	}
	return s
}

func isBond(c byte) bool {
	switch c {
	case '-', '=', '#', '$', ':', '~', '@', '/', '\\', '!', '&', ',', ';', '<':
		return true
	}
	return false
}

func isBondSymbol(c byte) bool { return c != '&' && c != ',' && c != ';' && isBond(c) }

// bondExpr = and { ";" and }, where and = or { "," or }, or = not { ["&"] not },
// not = { "!" } symbol.
func (s *scanner) bondExpr() (queryBond, error) {
	var result queryBond
	all, symbols := anyBond, 0
	for {
		var some bondSet
		for {
			part := anyBond
			for first := true; first || s.accept('&') || isBondSymbol(s.peek()); first = false {
				b, err := s.bondSymbol()
				if err != nil {
					return b, err
				}
				if symbols++; symbols == 1 {
					result = b
				}
				part &= b.set
			}
			some |= part
			if !s.accept(',') {
				break
			}
		}
		all &= some
		if !s.accept(';') {
			result.set = all
			return result, nil
		}
	}
}

// bondSymbol reads one symbol with the ! before it.
func (s *scanner) bondSymbol() (queryBond, error) {
	negated := false
	for s.accept('!') {
		negated = !negated
	}
	at := s.pos
	var b queryBond
	c := s.peek()
	s.pos++
	switch c {
	case '-':
		b.order = chem.Single
		if s.accept('>') {
			b.order = chem.Dative
		}
	case '/', '\\':
		b.order, b.direction = chem.Single, chem.Up
		if c == '\\' {
			b.direction = chem.Down
		}
		b.loose = s.accept('?')
	case '=':
		b.order = chem.Double
	case '#':
		b.order = chem.Triple
	case '$':
		b.order = chem.Quadruple
	case ':':
		b.order = chem.Aromatic
	case '~':
		b.set = anyBond
	case '@':
		b.set = inRing
	case '<':
		if !s.accept('-') {
			return b, s.fail(at, "expected <- for a dative bond")
		}
		b.order, b.backwards = chem.Dative, true
	default:
		return b, s.fail(at, "expected a bond symbol")
	}
	if b.order != chem.Unspecified {
		b.set = ofOrder(b.order)
	}
	if negated {
		b.set = ^b.set
	}
	return b, nil
}
