package depict

import (
	"math"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
)

// label is the text of an atom, in parts, with places relative to the atom.
type label struct {
	parts []part
	color Color
}

// part is a run of one size.
type part struct {
	text string
	at   Point   // left end of the base line
	size float64 // pixels
}

// box is what a part covers.
func (p part) box() box {
	return box{p.at.add(Point{0, -capHeight * p.size}), p.at.add(Point{TextWidth(p.text) * p.size, 0.02 * p.size})}
}

// shown tells whether an atom is drawn with its symbol: all but carbon that has
// neighbours and nothing special.
func shown(m *chem.Mol, i int) bool {
	a := &m.Atoms[i]
	if a.Element == 0 {
		return !attachment(m, i)
	}
	return a.Element != 6 || a.Charge != 0 || a.Isotope != 0 || a.Radical != 0 || m.Degree(i) == 0
}

// attachment tells whether an atom is a wildcard without a number at the end of
// a bond, which is drawn as a wavy line across.
func attachment(m *chem.Mol, i int) bool {
	a := &m.Atoms[i]
	return a.Element == 0 && a.Map == 0 && a.Isotope == 0 && a.Charge == 0 && a.Hydrogens() == 0 && m.Degree(i) == 1
}

// quarter is where the hydrogens of an atom stand.
type quarter uint8

const (
	right quarter = iota
	left
	above
	below
)

// freeSide is the side of an atom that its bonds leave free; the right one if
// it is as good as any.
func freeSide(angles []float64) quarter {
	distance := func(s quarter) float64 {
		to := [4]float64{right: 0, left: math.Pi, above: math.Pi / 2, below: -math.Pi / 2}[s]
		least := math.Pi
		for _, a := range angles {
			d := turn(a - to)
			least = min(least, d, 2*math.Pi-d)
		}
		return least
	}
	const enough = 75 * math.Pi / 180
	best, bestClear := right, 0.0
	for _, s := range [4]quarter{right, left, above, below} {
		c := distance(s)
		if c > enough && s <= left {
			return s
		}
		if c > bestClear+1e-6 {
			best, bestClear = s, c
		}
	}
	return best
}

// newLabel composes the label of atom i, whose bonds go in the given directions
// (y up), in letters of the given size.
func newLabel(m *chem.Mol, i int, angles []float64, size float64) label {
	a := &m.Atoms[i]
	l := label{color: elementColor(a.Element)}
	base := capHeight * size / 2
	small := 0.7 * size

	symbol, sub := chem.Symbol(a.Element), ""
	isotope := ""
	if a.Element == 0 {
		switch {
		case a.Map > 0:
			symbol, sub = "R", strconv.Itoa(int(a.Map))
		case a.Isotope > 0:
			symbol, sub = "R", strconv.Itoa(int(a.Isotope))
		}
	} else if a.Isotope > 0 {
		isotope = strconv.Itoa(int(a.Isotope))
	}
	width := TextWidth(symbol) * size
	from, to := -width/2, width/2
	l.parts = append(l.parts, part{symbol, Point{from, base}, size})
	if sub != "" {
		l.parts = append(l.parts, part{sub, Point{to, base + 0.25*size}, small})
		to += TextWidth(sub) * small
	}
	if isotope != "" {
		from -= TextWidth(isotope) * small
		l.parts = append(l.parts, part{isotope, Point{from, base - 0.35*size}, small})
	}
	h := a.Hydrogens()
	count := ""
	if h > 1 {
		count = strconv.Itoa(h)
	}
	hydrogens := TextWidth("H")*size + TextWidth(count)*small
	addHydrogens := func(at Point) {
		l.parts = append(l.parts, part{"H", at, size})
		if count != "" {
			l.parts = append(l.parts, part{count, at.add(Point{TextWidth("H") * size, 0.25 * size}), small})
		}
	}
	if h > 0 {
		side := freeSide(angles)
		if len(angles) == 0 && leading(a.Element) {
			side = left
		}
		switch side {
		case right:
			addHydrogens(Point{to, base})
			to += hydrogens
		case left:
			from -= hydrogens
			addHydrogens(Point{from, base})
		case above:
			addHydrogens(Point{-TextWidth("H") * size / 2, base - 0.88*size})
		case below:
			drop := 0.88 * size
			if sub != "" {
				drop += 0.2 * size
			}
			addHydrogens(Point{-TextWidth("H") * size / 2, base + drop})
		}
	}
	if mark := chargeMark(a); mark != "" {
		l.parts = append(l.parts, part{mark, Point{to, base - 0.38*size}, small})
	}
	return l
}

// leading tells whether the hydrogens of an atom alone stand before it, as in
// H2O and HCl: with the elements of groups 16 and 17.
func leading(z uint8) bool {
	switch z {
	case 8, 9, 16, 17, 34, 35, 52, 53:
		return true
	}
	return false
}

// chargeMark is the charge and the unpaired electrons of an atom.
func chargeMark(a *chem.Atom) string {
	var b strings.Builder
	if !metal(a.Element) { // a metal's are not chemistry that one draws
		for range min(int(a.Radical), 3) {
			b.WriteRune(dot)
		}
	}
	size := int(a.Charge)
	if size < 0 {
		size = -size
	}
	if size > 1 {
		b.WriteString(strconv.Itoa(size))
	}
	switch {
	case a.Charge > 0:
		b.WriteByte('+')
	case a.Charge < 0:
		b.WriteRune(minus)
	}
	return b.String()
}

// metal tells whether an element is a metal: neither hydrogen nor a noble gas nor
// of the upper right of the periodic table.
func metal(z uint8) bool {
	switch {
	case z <= 2, z >= 5 && z <= 10, z >= 14 && z <= 18, z >= 32 && z <= 36, z >= 51 && z <= 54, z >= 85 && z <= 86:
		return false
	}
	return true
}

// exit is how far a line from the atom in a direction (pixels, y down) goes
// until it is out of the label, with a margin.
func (l *label) exit(dir Point, margin float64) float64 {
	far := 0.0
	for _, p := range l.parts {
		b := p.box()
		b.low, b.high = b.low.sub(Point{margin, margin}), b.high.add(Point{margin, margin})
		enter, leave := 0.0, math.Inf(1)
		for _, axis := range [2][3]float64{{dir.X, b.low.X, b.high.X}, {dir.Y, b.low.Y, b.high.Y}} {
			if math.Abs(axis[0]) < 1e-9 {
				if axis[1] > 0 || axis[2] < 0 {
					enter = math.Inf(1)
				}
				continue
			}
			t1, t2 := axis[1]/axis[0], axis[2]/axis[0]
			enter, leave = max(enter, min(t1, t2)), min(leave, max(t1, t2))
		}
		if enter <= leave && enter < far+4*margin+1 {
			far = max(far, leave)
		}
	}
	return far
}
