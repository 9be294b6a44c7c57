package smarts

import (
	"sync/atomic"

	"github.com/molsculpt/molsculpt/chem"
)

// Pattern is a compiled SMARTS pattern. It is immutable and may be shared.
type Pattern struct {
	text    string
	atoms   []queryAtom
	bonds   []queryBond
	classes []class
	bonding []bondSet                // the distinct bond sets of bonds
	plans   []atomic.Pointer[[]step] // plans[i] is the search order from atom i, made when first needed
}

// queryAtom is an atom of a pattern.
type queryAtom struct {
	expr  expr
	share float64 // expr.share()
	class int     // index into Pattern.classes
	bonds []int   // indices into Pattern.bonds
	Map   uint32
}

// queryBond joins the atoms a and b of a pattern.
type queryBond struct {
	a, b int
	set  bondSet
}

// class is what query atoms with the same conditions have in common.
type class struct {
	expr    expr
	degree  int       // neighbours that the pattern asks for
	bonding []bondSet // of its uncommon bonds: a match has a bond in each
	number  int       // query atoms of this class
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

// Compile reads a SMARTS pattern. The error is a *SyntaxError.
func Compile(text string) (*Pattern, error) {
	s := scanner{text: text}
	p, err := s.pattern(0)
	if err != nil {
		return nil, err
	}
	if s.pos < len(text) {
		return nil, s.fail(s.pos, "no parenthesis is open here")
	}
	return p, nil
}

// MustCompile is Compile for patterns known to be right; it panics otherwise.
func MustCompile(text string) *Pattern {
	p, err := Compile(text)
	if err != nil {
		panic(err)
	}
	return p
}

// String is the text that the pattern was compiled from.
func (p *Pattern) String() string { return p.text }

// Len is the number of atoms of the pattern.
func (p *Pattern) Len() int { return len(p.atoms) }

// Label is the atom-map number written on atom i of the pattern, or 0.
func (p *Pattern) Label(i int) uint32 { return p.atoms[i].Map }

// finish computes everything that matching needs from atoms and bonds.
func (p *Pattern) finish() {
	rare := make([][]bondSet, len(p.atoms))
	for k, b := range p.bonds {
		p.atoms[b.a].bonds = append(p.atoms[b.a].bonds, k)
		p.atoms[b.b].bonds = append(p.atoms[b.b].bonds, k)
		if b.set&implicit == 0 {
			rare[b.a] = addSet(rare[b.a], b.set)
			rare[b.b] = addSet(rare[b.b], b.set)
		}
		p.bonding = addSet(p.bonding, b.set)
	}
	for i := range p.atoms {
		a := &p.atoms[i]
		a.share = a.expr.share()
		a.class = p.classOf(a.expr, len(a.bonds), rare[i])
	}
	p.plans = make([]atomic.Pointer[[]step], len(p.atoms))
}

// classOf finds or adds the class with these conditions and counts it.
func (p *Pattern) classOf(e expr, degree int, bonding []bondSet) int {
	for i := range p.classes {
		c := &p.classes[i]
		if c.degree == degree && sameSets(c.bonding, bonding) && c.expr.equal(&e) {
			c.number++
			return i
		}
	}
	p.classes = append(p.classes, class{expr: e, degree: degree, bonding: bonding, number: 1})
	return len(p.classes) - 1
}

func addSet(sets []bondSet, s bondSet) []bondSet {
	for _, t := range sets {
		if s == t {
			return sets
		}
	}
	return append(sets, s)
}

func sameSets(a, b []bondSet) bool {
	if len(a) != len(b) {
		return false
	}
	for _, s := range a {
		found := false
		for _, t := range b {
			found = found || s == t
		}
		if !found {
			return false
		}
	}
	return true
}
