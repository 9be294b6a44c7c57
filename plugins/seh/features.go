package seh

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
)

// The columns of the vector of an atom. Columns 6 to 8 and 70 are always 0.
const (
	columnOther    = 5 // an element other than H, C, N, O and F, which have 0 to 4
	columnAromatic = 9
	columnSP       = 10 // then sp2 and sp3
	columnH        = 13 // hydrogens on the atom, a count
	columnElement  = 14 // of atomic number 1
	columns        = 71
)

// heaviest is the largest atomic number that has a column.
const heaviest = 56

// atomFeatures is the vector of an atom: the columns that are 1, and the number
// of hydrogens, which is the value of columnH.
type atomFeatures struct {
	ones      [4]uint8
	n         int // of ones
	hydrogens int
}

// features is the vector of atom i, by the rules of Bengio et al. (2021), whose
// columns for donors and acceptors are empty.
func features(m *chem.Mol, i int) (atomFeatures, error) {
	a := &m.Atoms[i]
	if a.Element < 1 || a.Element > heaviest {
		return atomFeatures{}, fmt.Errorf("atom %d is %s; the proxy knows the elements from H to %s", i, name(a.Element), chem.Symbol(heaviest))
	}
	f := atomFeatures{n: 2, hydrogens: a.Hydrogens()}
	f.ones[0], f.ones[1] = symbolColumn(a.Element), columnElement+a.Element-1
	if a.Aromatic {
		f.ones[f.n] = columnAromatic
		f.n++
	}
	if h := a.Hybridization; h >= chem.SP && h <= chem.SP3 {
		f.ones[f.n] = columnSP + uint8(h-chem.SP)
		f.n++
	}
	for _, n := range m.Neighbors(i) {
		if m.Atoms[n.Atom].Element == 1 {
			f.hydrogens++
		}
	}
	return f, nil
}

func symbolColumn(z uint8) uint8 {
	switch z {
	case 1:
		return 0
	case 6, 7, 8, 9:
		return z - 5
	default:
		return columnOther
	}
}

func name(z uint8) string {
	if z == 0 {
		return "a wildcard"
	}
	return chem.Symbol(z)
}

// kind says how two atoms are joined. The matrix that a message is multiplied
// by depends on nothing else.
type kind uint8

// The kinds. Unjoined is the edge from its first atom to itself that a molecule
// without bonds has.
const (
	single kind = iota
	double
	triple
	aromatic
	unjoined
	kinds
)

// edgeFeatures is the width of the vector of an edge: a column for each kind,
// but none for unjoined.
const edgeFeatures = int(unjoined)

// kindOf is the kind of a bond.
func kindOf(b *chem.Bond) (kind, error) {
	switch b.Order {
	case chem.Unspecified, chem.Single:
		return single, nil
	case chem.Double:
		return double, nil
	case chem.Triple:
		return triple, nil
	case chem.Aromatic:
		return aromatic, nil
	case chem.Quadruple:
		return 0, fmt.Errorf("a quadruple bond joins atoms %d and %d; the proxy does not know it", b.A, b.B)
	case chem.Dative:
		return 0, fmt.Errorf("a dative bond joins atoms %d and %d; the proxy does not know it", b.A, b.B)
	default:
		return 0, fmt.Errorf("a bond of unknown order joins atoms %d and %d; the proxy does not know it", b.A, b.B)
	}
}
