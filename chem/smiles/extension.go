package smiles

import "strings"

// readExtension reads what follows the string between vertical bars, as in
// CCO |^1:0,$a;b;c$|, which is the CXSMILES extension of ChemAxon. Unpaired
// electrons (^) are taken over; labels, coordinates and all else is left out. A
// name may stand behind.
func (p *parser) readExtension() error {
	open := p.end
	for open < len(p.in) && isSpace(p.in[open]) {
		open++
	}
	if open == len(p.in) || p.in[open] != '|' {
		return nil
	}
	n := strings.IndexByte(p.in[open+1:], '|')
	if n < 0 {
		return p.fail(open, "extension is not closed")
	}
	p.pos, p.end = open+1, open+1+n
	for p.pos < p.end {
		switch c := p.in[p.pos]; c {
		case '$':
			p.skipPast('$')
		case '(':
			p.skipPast(')')
		case '^':
			if err := p.readRadicals(); err != nil {
				return err
			}
		default:
			p.pos++
		}
	}
	return nil
}

// skipPast goes behind the next byte that closes what opens here, or to the end.
func (p *parser) skipPast(closing byte) {
	p.pos++
	if n := strings.IndexByte(p.in[p.pos:p.end], closing); n >= 0 {
		p.pos += n + 1
	} else {
		p.pos = p.end
	}
}

// readRadicals reads ^ with a kind from 1 to 7 and the numbers of the atoms of
// that kind: 1 has one unpaired electron, 2 to 4 two, 5 to 7 three.
func (p *parser) readRadicals() error {
	at := p.pos
	p.pos++
	kind, _ := p.digits(1)
	if kind < 1 || kind > 7 || p.pos == p.end || p.in[p.pos] != ':' {
		return p.fail(at, "expected the kind of radical as ^1:")
	}
	electrons := uint8(1)
	if kind >= 5 {
		electrons = 3
	} else if kind >= 2 {
		electrons = 2
	}
	for p.pos < p.end && (p.in[p.pos] == ':' || p.in[p.pos] == ',') {
		back := p.pos
		p.pos++
		atom, digits := p.digits(6)
		if digits == 0 { // the comma belongs to the next part
			p.pos = back + 1
			return nil
		}
		if atom >= len(p.m.Atoms) {
			return p.fail(back+1, "there is no such atom")
		}
		p.m.Atoms[atom].Radical = electrons
	}
	return nil
}
