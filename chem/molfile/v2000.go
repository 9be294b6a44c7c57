package molfile

import (
	"bytes"
	"math"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/mass"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// Widths of what a V2000 line must have, as RDKit asks for it.
const (
	shortestCounts = 6
	shortestAtom   = 34
	shortestBond   = 9
)

// readTable reads a molfile behind its three header lines, the second of which
// tells the dimension: the counts line and what follows up to M  END.
func readTable(l *lines, info []byte) (*table, error) {
	counts, err := l.must("the counts line")
	if err != nil {
		return nil, err
	}
	if len(counts) < shortestCounts {
		return nil, formatError(l.at, "the counts line %s is too short", clip(counts))
	}
	atoms, ok1 := number(counts, 0, 3)
	bonds, ok2 := number(counts, 3, 3)
	if !ok1 || !ok2 || atoms < 0 || bonds < 0 {
		return nil, formatError(l.at, "the counts line %s does not begin with two counts", clip(counts))
	}
	t := new(table)
	if len(counts) > 35 {
		switch version := string(column(counts, 34, 5)); version {
		case "V2000":
		case "V3000":
			if atoms != 0 || bonds != 0 {
				return nil, formatError(l.at, "the first counts of a V3000 file must be 0")
			}
			err = t.readV3000(l)
			t.setDimension(info)
			return t, err
		default:
			return nil, formatError(l.at, "there is no version %s of the format", clip([]byte(version)))
		}
	}
	for range atoms {
		line, err := l.must("the last atom")
		if err != nil {
			return nil, err
		}
		if err := t.readAtom(line, l.at); err != nil {
			return nil, err
		}
	}
	t.setDimension(info)
	for range bonds {
		line, err := l.must("the last bond")
		if err != nil {
			return nil, err
		}
		if err := t.readBond(line, l.at); err != nil {
			return nil, err
		}
	}
	if err := t.checkRepeats(); err != nil {
		return nil, err
	}
	return t, t.readProperties(l)
}

// setDimension sets solid: where the header says 3D or an atom lies outside the
// plane.
func (t *table) setDimension(info []byte) {
	t.solid = bytes.EqualFold(column(info, 20, 2), []byte("3D"))
	for i := range t.atoms {
		t.solid = t.solid || math.Abs(t.atoms[i].at.Z) > 1e-6
	}
}

// Fields of an atom line behind the symbol.
const (
	heavier = iota // mass number, less that of the commonest isotope
	charge
	parity
	hydrogens
	valence
	mapped
)

// atomFields are their columns, then those of fields that are not kept.
var atomFields = [...]struct{ from, width int }{
	{34, 2}, {36, 3}, {39, 3}, {42, 3}, {48, 3}, {60, 3}, {45, 3}, {54, 3}, {57, 3}, {63, 3}, {66, 3},
}

// readAtom reads a line xxxxx.xxxxyyyyy.yyyyzzzzz.zzzz aaaddcccssshhhbbbvvv and
// the map number behind it.
func (t *table) readAtom(line []byte, at int) error {
	if len(line) < shortestAtom {
		return formatError(at, "the atom line %s is too short", clip(line))
	}
	a := tableAtom{line: at}
	for k, to := range []*float64{&a.at.X, &a.at.Y, &a.at.Z} {
		text := column(line, 10*k, 10)
		x, ok := coordinate(string(text))
		if !ok || bytes.ContainsAny(text, "eE_xX") {
			return formatError(at, "%s is no coordinate", clip(text))
		}
		*to = x
	}
	if err := a.setSymbol(string(bytes.TrimSpace(column(line, 31, 3))), at); err != nil {
		return err
	}
	var n [len(atomFields)]int
	for k, f := range atomFields {
		var ok bool
		if n[k], ok = number(line, f.from, f.width); !ok {
			return formatError(at, "%s in column %d is no number", clip(column(line, f.from, f.width)), f.from+1)
		}
	}
	if n[heavier] != 0 {
		if err := a.setIsotope(int(math.Round(mass.Common(a.Element)))+n[heavier], at); err != nil {
			return err
		}
	}
	if n[charge] != 0 { // 1 to 3 for +3 to +1, 5 to 7 for -1 to -3
		if err := a.setCharge(4-n[charge], at); err != nil {
			return err
		}
	}
	if n[parity] == 1 || n[parity] == 2 {
		a.parity = n[parity]
	}
	if n[hydrogens] > 0 {
		return queryError(at, "hydrogen count %d", n[hydrogens])
	}
	if a.valence = n[valence]; a.valence == 15 || a.valence < 0 {
		a.valence = noValence
	}
	if err := a.setMap(n[mapped], at); err != nil {
		return err
	}
	t.atoms = append(t.atoms, a)
	return nil
}

// readBond reads a line 111222tttsssxxxrrr.
func (t *table) readBond(line []byte, at int) error {
	if len(line) < shortestBond {
		return formatError(at, "the bond line %s is too short", clip(line))
	}
	var n [4]int
	for k := range n {
		var ok bool
		if n[k], ok = number(line, 3*k, 3); !ok && k < 3 {
			return formatError(at, "%s in column %d is no number", clip(column(line, 3*k, 3)), 3*k+1)
		}
	}
	order, err := bondOrder(n[2], at)
	if err != nil {
		return err
	}
	b := tableBond{a: int32(n[0] - 1), b: int32(n[1] - 1), order: order, line: at}
	switch n[3] {
	case 1:
		b.mark = wedge.Up
	case 6:
		b.mark = wedge.Down
	case 3, 4:
		b.mark = wedge.Either
	}
	if ring, ok := number(line, 15, 3); ok && ring != 0 {
		return queryError(at, "bond topology %d", ring)
	}
	return t.addBond(b)
}

// readProperties reads the lines behind the bonds up to M  END.
func (t *table) readProperties(l *lines) error {
	g := groups{}
	reset := false
	for first := true; ; first = false {
		line, err := l.must("M  END")
		if err != nil {
			return err
		}
		if first && (len(line) == 0 || bytes.IndexByte([]byte("MAVGS"), line[0]) < 0) {
			if len(line) > 4 && (line[4] == 'T' || line[4] == 'F') {
				return queryError(l.at, "an atom list")
			}
			return formatError(l.at, "%s stands where a property should", clip(line))
		}
		switch {
		case hasPrefix(line, "M  END"):
			return g.apply(t)
		case hasPrefix(line, "$$$$"):
			return formatError(l.at, "the record ends before M  END")
		case hasPrefix(line, "A"), hasPrefix(line, "G"):
			l.next() // the text of an alias or abbreviation
		case hasPrefix(line, "S  SKP"):
			n, ok := number(line, 6, 3)
			if !ok || n < 0 {
				return formatError(l.at, "%s does not say how many lines to skip", clip(line))
			}
			for range n {
				l.next()
			}
		case hasPrefix(line, "M  "):
			if (hasPrefix(line, "M  CHG") || hasPrefix(line, "M  RAD")) && !reset {
				reset = true // these lines supersede the charges of all atom lines
				for i := range t.atoms {
					t.atoms[i].Charge = 0
				}
			}
			if err := t.readProperty(line, l.at); err != nil {
				return err
			}
			if err := g.read(line, l.at); err != nil {
				return err
			}
		}
	}
}

// readProperty reads a line M  XXX; those that say nothing about the molecule
// are passed over.
func (t *table) readProperty(line []byte, at int) error {
	each := func(set func(a *tableAtom, n int) error) error {
		return pairs(line, at, len(t.atoms), func(i, n int) error { return set(&t.atoms[i], n) })
	}
	query := func(what string) error {
		return each(func(_ *tableAtom, n int) error {
			if n == 0 {
				return nil
			}
			return queryError(at, "%s %d", what, n)
		})
	}
	switch string(column(line, 3, 3)) {
	case "CHG", "ZCH":
		return each(func(a *tableAtom, n int) error { return a.setCharge(n, at) })
	case "ISO":
		return each(func(a *tableAtom, n int) error {
			if n < 0 {
				return nil
			}
			return a.setIsotope(n, at)
		})
	case "RAD":
		return each(func(a *tableAtom, n int) error {
			if n == 0 {
				return formatError(at, "there is no radical of kind 0")
			}
			return a.setRadical(n, at)
		})
	case "RGP":
		return each(func(a *tableAtom, n int) error {
			if a.Element != 0 {
				return queryError(at, "R-group %d on an element", n)
			}
			return a.setIsotope(n, at)
		})
	case "HYD": // with ZBO and ZCH: A. M. Clark, J. Chem. Inf. Model. 51 (2011) 3149
		return each(func(a *tableAtom, n int) error {
			if n < 0 || n > 100 {
				return formatError(at, "no atom has %d hydrogens", n)
			}
			a.given = n + 1
			return nil
		})
	case "ZBO":
		return pairs(line, at, len(t.bonds), func(i, n int) error {
			order := chem.Zero
			if n > 0 {
				var err error
				if order, err = bondOrder(n, at); err != nil {
					return err
				}
			}
			t.bonds[i].order = order
			return nil
		})
	case "SUB":
		return query("substitution count")
	case "UNS":
		return query("unsaturation")
	case "RBC":
		return query("ring bond count")
	case "ALS":
		return queryError(at, "an atom list")
	case "LIN":
		return queryError(at, "a link node")
	case "MRV":
		return queryError(at, "a SMARTS")
	}
	return nil
}

// pairs reads the entries of a line M  XXXnn8 aaa vvv ...: numbers of atoms or
// bonds, of which there are most, with values.
func pairs(line []byte, at, most int, set func(index, value int) error) error {
	n, ok := number(line, 6, 3)
	if !ok || n < 0 {
		return formatError(at, "%s does not say how many entries it has", clip(line))
	}
	for k := range n {
		from := 9 + 8*k
		if from >= len(line) {
			return formatError(at, "%s has fewer entries than it says", clip(line))
		}
		index, ok1 := number(line, from, 4)
		value, ok2 := number(line, from+4, 4)
		if !ok1 || !ok2 || index < 1 || index > most {
			return formatError(at, "%s is no entry", clip(column(line, from, 8)))
		}
		if err := set(index-1, value); err != nil {
			return err
		}
	}
	return nil
}
