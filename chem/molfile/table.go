package molfile

import (
	"math"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// table is a connection table as it stands in a file.
type table struct {
	solid bool // the coordinates are three-dimensional
	atoms []tableAtom
	bonds []tableBond
}

// tableAtom is an atom of the file.
type tableAtom struct {
	chem.Atom
	at      Point
	valence int // number of bonds and hydrogens, noValence, or 0 where not given
	given   int // hydrogens by M  HYD, plus 1; 0 where not given
	parity  int // 1, 2, or 0 where not given
	line    int
}

// tableBond is a bond of the file.
type tableBond struct {
	a, b  int32
	order chem.Order
	mark  wedge.Kind // Either: wavy, or a crossed double bond
	line  int
}

// addBond appends a bond if it can be one.
func (t *table) addBond(b tableBond) error {
	n := int32(len(t.atoms))
	if b.a < 0 || b.a >= n || b.b < 0 || b.b >= n {
		return formatError(b.line, "a bond names an atom that the file does not have")
	}
	if b.a == b.b {
		return formatError(b.line, "a bond leads from an atom to itself")
	}
	t.bonds = append(t.bonds, b)
	return nil
}

// checkRepeats returns an error where two bonds join the same atoms.
func (t *table) checkRepeats() error {
	seen := make(map[[2]int32]bool, len(t.bonds))
	for i := range t.bonds {
		b := &t.bonds[i]
		key := [2]int32{min(b.a, b.b), max(b.a, b.b)}
		if seen[key] {
			return formatError(b.line, "a second bond between the same atoms")
		}
		seen[key] = true
	}
	return nil
}

// orders are the bond types of the format; those of queries are missing. An
// order that is not known (0, and 8 for any) is what SMILES writes as ~.
var orders = map[int]chem.Order{
	0: chem.Zero, 1: chem.Single, 2: chem.Double, 3: chem.Triple, 4: chem.Aromatic, 8: chem.Zero, 9: chem.Dative, 10: chem.Zero,
}

// bondOrder is the order that a bond type means.
func bondOrder(kind, line int) (chem.Order, error) {
	if kind >= 5 && kind <= 7 {
		return 0, queryError(line, "bond type %d", kind)
	}
	o, ok := orders[kind]
	if !ok {
		return 0, formatError(line, "there is no bond type %d", kind)
	}
	return o, nil
}

// setCharge, setIsotope, setRadical and setMap check the range of a number.
func (a *tableAtom) setCharge(n, line int) error {
	if n < -128 || n > 127 {
		return formatError(line, "no atom has charge %d", n)
	}
	a.Charge = int8(n)
	return nil
}

func (a *tableAtom) setIsotope(n, line int) error {
	if n < 0 || n > math.MaxUint16 {
		return formatError(line, "no atom has mass number %d", n)
	}
	a.Isotope = uint16(n)
	return nil
}

// setRadical sets the unpaired electrons: singlets and triplets have two.
func (a *tableAtom) setRadical(n, line int) error {
	switch n {
	case 0:
		a.Radical = 0
	case 2:
		a.Radical = 1
	case 1, 3:
		a.Radical = 2
	default:
		return formatError(line, "there is no radical of kind %d", n)
	}
	return nil
}

func (a *tableAtom) setMap(n, line int) error {
	if n < 0 || n > math.MaxInt32 {
		return formatError(line, "atom-map number %d is out of range", n)
	}
	a.Map = uint32(n)
	return nil
}
