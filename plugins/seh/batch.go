package seh

import (
	"errors"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// batch is some molecules as the network reads them: their atoms one after
// another, nothing in between, and the sums that make messages.
//
// A message to atom i is the mean over its neighbours j of h_j Theta, where
// Theta depends on the kind of the bond alone. So the neighbours of a kind are
// added up before the product: one product for each kind that an atom has,
// about 1.2 of them, instead of one for each of its 2.1 edges. The sums of a
// kind stand together, for one matrix product.
type batch struct {
	first []int // molecule k has atoms first[k] to first[k+1]
	atoms []atomFeatures
	edges [kinds][]sum // the sums of each kind
	terms []int32      // atoms that are added up
	count []int32      // edges that arrive at each atom

	// The sums, numbered through all kinds, by atom: those of atom i are
	// rows[at[i]:at[i+1]]. Filled in by index.
	at, rows []int32
}

// sum is the neighbours of a kind of one atom.
type sum struct {
	to       int32 // the atom
	from, up int32 // its neighbours are terms[from:up]
}

func (b *batch) reset() {
	b.first = append(b.first[:0], 0)
	b.atoms, b.terms, b.count = b.atoms[:0], b.terms[:0], b.count[:0]
	for k := range b.edges {
		b.edges[k] = b.edges[k][:0]
	}
}

// molecules is how many there are.
func (b *batch) molecules() int { return len(b.first) - 1 }

var errEmpty = errors.New("there is no atom")

// add appends a molecule, which must be perceived. Where there is an error the
// network cannot take it, and b is as before.
func (b *batch) add(m *chem.Mol) error {
	if len(m.Atoms) == 0 {
		return errEmpty
	}
	base := len(b.atoms)
	for i := range m.Atoms {
		f, err := features(m, i)
		if err != nil {
			b.atoms = b.atoms[:base]
			return err
		}
		b.atoms = append(b.atoms, f)
	}
	for i := range m.Bonds {
		if _, err := kindOf(&m.Bonds[i]); err != nil {
			b.atoms = b.atoms[:base]
			return err
		}
	}
	b.first = append(b.first, len(b.atoms))
	b.count = append(b.count, make([]int32, len(m.Atoms))...)
	for i := range m.Atoms {
		b.join(m, i, int32(base))
	}
	if len(m.Bonds) == 0 {
		b.term(unjoined, int32(base), int32(base))
	}
	return nil
}

// join adds the edges that arrive at atom i.
func (b *batch) join(m *chem.Mol, i int, base int32) {
	neighbors := m.Neighbors(i)
	for k := range unjoined {
		for _, n := range neighbors {
			if of, _ := kindOf(&m.Bonds[n.Bond]); of == k { // no error, add has looked
				b.term(k, base+int32(i), base+n.Atom)
			}
		}
	}
}

// term adds an edge of a kind. The edges of a kind to an atom come one after
// another.
func (b *batch) term(k kind, to, from int32) {
	b.terms = append(b.terms, from)
	up := int32(len(b.terms))
	b.count[to]++
	if s := b.edges[k]; len(s) > 0 && s[len(s)-1].to == to {
		s[len(s)-1].up = up
		return
	}
	b.edges[k] = append(b.edges[k], sum{to: to, from: up - 1, up: up})
}

// index finds the sums of each atom.
func (b *batch) index() {
	b.at = grow(b.at, len(b.atoms)+1)
	clear(b.at)
	n := 0
	for _, e := range b.edges {
		for _, s := range e {
			b.at[s.to+1]++
		}
		n += len(e)
	}
	for i := range b.atoms {
		b.at[i+1] += b.at[i]
	}
	b.rows = grow(b.rows, n)
	row := int32(0)
	for _, e := range b.edges {
		for _, s := range e {
			b.rows[b.at[s.to]] = row
			b.at[s.to]++
			row++
		}
	}
	copy(b.at[1:], b.at) // each has come to where the next one began
	b.at[0] = 0
}

// grow is s with n elements; what they hold is not said.
func grow[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }
