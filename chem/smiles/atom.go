package smiles

import "github.com/molsculpt/molsculpt/chem"

// readAtom reads an organic-subset atom, a wildcard or a bracket atom.
func (p *parser) readAtom() error {
	c := p.in[p.pos]
	next := byte(0)
	if p.pos+1 < p.end {
		next = p.in[p.pos+1]
	}
	var a chem.Atom
	width := 1
	switch c {
	case '[':
		return p.readBracket()
	case '*':
	case 'B':
		a.Element = 5
		if next == 'r' {
			a.Element, width = 35, 2
		}
	case 'C':
		a.Element = 6
		if next == 'l' {
			a.Element, width = 17, 2
		}
	case 'N':
		a.Element = 7
	case 'O':
		a.Element = 8
	case 'F':
		a.Element = 9
	case 'P':
		a.Element = 15
	case 'S':
		a.Element = 16
	case 'I':
		a.Element = 53
	case 'b':
		a.Element, a.Aromatic = 5, true
	case 'c':
		a.Element, a.Aromatic = 6, true
	case 'n':
		a.Element, a.Aromatic = 7, true
	case 'o':
		a.Element, a.Aromatic = 8, true
	case 'p':
		a.Element, a.Aromatic = 15, true
	case 's':
		a.Element, a.Aromatic = 16, true
	default:
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			return p.fail(p.pos, "no such atom outside brackets")
		}
		return p.fail(p.pos, "unexpected character")
	}
	p.pos += width
	p.addAtom(a, false)
	return nil
}

// readBracket reads [isotope symbol chirality hydrogens charge :map].
func (p *parser) readBracket() error {
	open := p.pos
	p.pos++
	a := chem.Atom{NoImplicit: true}
	if n, digits := p.digits(6); digits > 0 {
		if n > 65535 {
			return p.fail(open+1, "isotope is too large")
		}
		a.Isotope = uint16(n)
	}
	if err := p.readSymbol(&a); err != nil {
		return err
	}
	marked, err := p.readChirality(&a)
	if err != nil {
		return err
	}
	if p.pos < p.end && p.in[p.pos] == 'H' {
		p.pos++
		at := p.pos
		n, digits := p.digits(4)
		if digits == 0 {
			n = 1
		}
		if n > 255 {
			return p.fail(at, "too many hydrogens")
		}
		a.ExplicitH = uint8(n)
	}
	if err := p.readCharge(&a); err != nil {
		return err
	}
	if p.pos < p.end && p.in[p.pos] == ':' {
		at := p.pos
		p.pos++
		n, digits := p.digits(9)
		if digits == 0 {
			return p.fail(at, "expected an atom-map number after the colon")
		}
		a.Map = uint32(n)
	}
	if p.pos >= p.end {
		return p.fail(open, "bracket is not closed")
	}
	if p.in[p.pos] != ']' {
		return p.fail(p.pos, "unexpected character in a bracket atom")
	}
	p.pos++
	p.addAtom(a, marked)
	return nil
}

// readSymbol reads an element symbol, an aromatic symbol, * or #number.
func (p *parser) readSymbol(a *chem.Atom) error {
	if p.pos >= p.end {
		return p.fail(p.end-1, "bracket is not closed")
	}
	c := p.in[p.pos]
	next := byte(0)
	if p.pos+1 < p.end {
		next = p.in[p.pos+1]
	}
	switch {
	case c == '*':
		p.pos++
		return nil
	case c == '#':
		at := p.pos
		p.pos++
		n, digits := p.digits(3)
		if digits == 0 || n > 118 {
			return p.fail(at, "expected an atomic number after #")
		}
		a.Element = uint8(n)
		return nil
	case c == 'U' && p.pos+2 < p.end && next == 'u' && provisional[p.in[p.pos+2]] != 0:
		a.Element = provisional[p.in[p.pos+2]]
		p.pos += 3
		return nil
	case c >= 'A' && c <= 'Z':
		if next >= 'a' && next <= 'z' {
			if z, ok := chem.AtomicNumber(p.in[p.pos : p.pos+2]); ok {
				a.Element = z
				p.pos += 2
				return nil
			}
		}
		if z, ok := chem.AtomicNumber(p.in[p.pos : p.pos+1]); ok {
			a.Element = z
			p.pos++
			return nil
		}
	case c >= 'a' && c <= 'z':
		a.Aromatic = true
		two := string([]byte{c, next})
		switch two {
		case "se":
			a.Element = 34
		case "te":
			a.Element = 52
		case "as":
			a.Element = 33
		case "si":
			a.Element = 14
		}
		if a.Element != 0 {
			p.pos += 2
			return nil
		}
		switch c {
		case 'b':
			a.Element = 5
		case 'c':
			a.Element = 6
		case 'n':
			a.Element = 7
		case 'o':
			a.Element = 8
		case 'p':
			a.Element = 15
		case 's':
			a.Element = 16
		default:
			return p.fail(p.pos, "unknown aromatic symbol")
		}
		p.pos++
		return nil
	}
	return p.fail(p.pos, "unknown element symbol")
}

// provisional is the third letter of the old symbols Uun to Uuo.
var provisional = [256]uint8{
	'n': 110, 'u': 111, 'b': 112, 't': 113, 'q': 114, 'p': 115, 'h': 116, 's': 117, 'o': 118,
}

// classes are the classes of stereo marks that are written with a number.
var classes = map[string]struct {
	geometry chem.Geometry
	most     int
}{
	"TH": {most: 2}, "AL": {most: 2}, "SP": {chem.SquarePlanar, 3}, "TB": {chem.TrigonalBipyramidal, 20}, "OH": {chem.Octahedral, 30},
}

// readChirality reads @, @@ or @ with a class and a number; marks of allenes
// are not kept. It tells whether the atom is marked.
func (p *parser) readChirality(a *chem.Atom) (marked bool, err error) {
	if p.pos >= p.end || p.in[p.pos] != '@' {
		return false, nil
	}
	at := p.pos
	if a.Element == 1 {
		return false, p.fail(at, "a hydrogen is no stereocentre")
	}
	p.pos++
	a.Chirality = chem.CounterClockwise
	if p.pos < p.end && p.in[p.pos] == '@' {
		p.pos++
		a.Chirality = chem.Clockwise
		return true, nil
	}
	if p.pos+1 >= p.end {
		return true, nil
	}
	name := p.in[p.pos : p.pos+2]
	class, ok := classes[name]
	if !ok {
		return true, nil
	}
	p.pos += 2
	n, _ := p.digits(2)
	if n > class.most {
		return false, p.fail(at, "no such chirality number")
	}
	switch name {
	case "TH":
		if n == 2 {
			a.Chirality = chem.Clockwise
		}
		return true, nil
	case "AL":
		a.Chirality = chem.Achiral
		return false, nil
	}
	a.Chirality = chem.Achiral
	a.Geometry, a.Arrangement = class.geometry, uint8(n)
	return true, nil
}

// readCharge reads +, -, ++, --, +n or -n.
func (p *parser) readCharge(a *chem.Atom) error {
	if p.pos >= p.end || p.in[p.pos] != '+' && p.in[p.pos] != '-' {
		return nil
	}
	at := p.pos
	sign := p.in[p.pos]
	p.pos++
	n := 1
	if p.pos < p.end && p.in[p.pos] == sign {
		p.pos++
		n = 2
	} else {
		first := byte(0)
		if p.pos < p.end {
			first = p.in[p.pos]
		}
		v, digits := p.digits(3)
		if digits > 1 && first == '0' || v > 127 {
			return p.fail(at, "not a charge")
		}
		if digits > 0 {
			n = v
		}
	}
	if sign == '-' {
		n = -n
	}
	a.Charge = int8(n)
	return nil
}
