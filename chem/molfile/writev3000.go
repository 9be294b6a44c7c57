package molfile

import (
	"bytes"

	"github.com/molsculpt/molsculpt/chem/wedge"
)

// widestV3000 is the length that a line should not exceed, its end included.
const widestV3000 = 80

// appendV30 appends a line M  V30, continued on others where it is too long.
func appendV30(dst, text []byte) []byte {
	const room = widestV3000 - len(v30) - 1
	for len(text) > room {
		cut := bytes.LastIndexByte(text[:room-1], ' ') + 1
		if cut == 0 {
			cut = room - 1
		}
		dst = append(dst, v30...)
		dst = append(dst, text[:cut]...)
		dst = append(dst, "-\n"...)
		text = text[cut:]
	}
	dst = append(dst, v30...)
	dst = append(dst, text...)
	return append(dst, '\n')
}

// appendV3000 appends the counts line and what follows it.
func (s *sheet) appendV3000(dst []byte) []byte {
	dst = append(dst, "  0  0  0     0  0            999 V3000\n"...)
	var text []byte
	line := func() {
		dst = appendV30(dst, text)
		text = text[:0]
	}
	word := func(w string) { text = append(text, w...); line() }
	number := func(before string, n int) {
		text = append(text, before...)
		text = appendInt(text, n, 0)
	}
	word("BEGIN CTAB")
	number("COUNTS ", len(s.m.Atoms))
	number(" ", len(s.m.Bonds))
	chiral := 0
	if s.chiral {
		chiral = 1
	}
	number(" 0 0 ", chiral)
	line()
	if len(s.m.Atoms) > 0 {
		word("BEGIN ATOM")
		for i := range s.m.Atoms {
			a, p := &s.m.Atoms[i], s.points[i]
			number("", i+1)
			text = append(text, ' ')
			text = append(text, symbol(a.Element)...)
			for _, x := range [3]float64{p.X, p.Y, p.Z} {
				text = appendCoordinate(append(text, ' '), x, 0)
			}
			number(" ", int(a.Map))
			for _, p := range []struct {
				name  string
				value int
			}{
				{" CHG=", int(a.Charge)},
				{" RAD=", radicalKind(a.Radical)},
				{" CFG=", int(s.parity[i])},
				{" MASS=", int(a.Isotope)},
				{" VAL=", s.valence[i]},
			} {
				if p.value != 0 {
					number(p.name, p.value)
				}
			}
			line()
		}
		word("END ATOM")
	}
	if len(s.m.Bonds) > 0 {
		word("BEGIN BOND")
		for k := range s.m.Bonds {
			number("", k+1)
			number(" ", s.order[k])
			number(" ", int(s.from[k])+1)
			number(" ", s.m.Bonds[k].Other(int(s.from[k]))+1)
			switch s.marks[k] {
			case wedge.Up:
				number(" CFG=", 1)
			case wedge.Either:
				number(" CFG=", 2)
			case wedge.Down:
				number(" CFG=", 3)
			case wedge.Flat:
			}
			line()
		}
		word("END BOND")
	}
	word("END CTAB")
	return append(dst, "M  END\n"...)
}
