package chem

import (
	"fmt"
	"strings"
)

// ValenceError says that an atom has more bonds and hydrogens than its element
// and charge allow.
type ValenceError struct {
	Atom    int   // index of the atom
	Element uint8 // its atomic number
	Charge  int   // its formal charge, e
	Valence int   // the sum of bond orders and written hydrogens
}

// Error names the atom, its element and the valence.
func (e *ValenceError) Error() string {
	charge := ""
	if e.Charge != 0 {
		charge = fmt.Sprintf(" with charge %+d", e.Charge)
	}
	return fmt.Sprintf("chem: valence %d is too high for atom %d (%s%s)", e.Valence, e.Atom, Symbol(e.Element), charge)
}

// RingError says that a ring system has so many ways around it that to find its
// smallest rings would take too long. It is for input made to do harm: systems
// of thousands of fused rings, or of sixty atoms with ten ring bonds each,
// pass.
type RingError struct {
	Atoms int // atoms of the ring system
	Bonds int // bonds between them
}

// Error tells the size of the ring system.
func (e *RingError) Error() string {
	return fmt.Sprintf("chem: find rings: %d atoms with %d bonds between them have too many rings", e.Atoms, e.Bonds)
}

// KekulizeError says that aromatic atoms could not be given alternating single
// and double bonds. Often a hydrogen is missing, as in n1cccc1 for [nH]1cccc1.
type KekulizeError struct {
	Atoms  []int  // the atoms left without a double bond, or otherwise at fault
	Reason string // what is wrong with them
}

// Error names the atoms and the reason.
func (e *KekulizeError) Error() string {
	list := make([]string, len(e.Atoms))
	for i, a := range e.Atoms {
		list[i] = fmt.Sprint(a)
	}
	return fmt.Sprintf("chem: kekulize: %s (atoms %s)", e.Reason, strings.Join(list, ", "))
}
