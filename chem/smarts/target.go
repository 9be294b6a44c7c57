package smarts

import (
	"math/bits"

	"github.com/molsculpt/molsculpt/chem"
)

// values is the number of bit sets of a property: one each for 0 to 14 and
// one for all that is more.
const values = 16

// Target is a perceived molecule prepared for matching: one bit set over its
// atoms for each primitive of the language. Preparing costs about a
// microsecond for a drug-like molecule. A Target holds scratch memory and must
// not be used by two goroutines at once; it does not change the molecule.
type Target struct {
	mol   *chem.Mol
	words int // words of a bit set

	block    []uint64 // the memory of all bit sets
	aromatic []uint64
	elements []uint64 // 119 bit sets, by atomic number
	table    []uint64 // tabled x values bit sets
	incident []uint64 // 16 bit sets: atoms with a bond in that state
	atLeast  []uint64 // 5 bit sets: atoms with that many neighbours

	states  []uint8 // of each bond
	present bondSet // states that occur
	number  []uint8 // tabled values of each atom
	ringMin []uint8 // smallest ring of each atom, 0 for none

	stereo    bool      // the search that is going on compares stereo marks
	arena     []uint64  // scratch, used as a stack
	maps      []int32   // scratch, used as a stack
	seen      *atomSets // scratch of Each
	allowedBy []uint64  // the atoms that each class of a Set allows,
	sizes     []int32   // and one more than their number; 0 where it is not worked out
	component []int32   // of each atom; empty until it is asked for
}

// NewTarget prepares m, which must be perceived.
func NewTarget(m *chem.Mol) *Target {
	t := &Target{}
	t.Reset(m)
	return t
}

// Reset prepares t for another molecule and reuses its memory.
func (t *Target) Reset(m *chem.Mol) {
	n := len(m.Atoms)
	w := (n + 63) / 64
	t.mol, t.words = m, w
	const sets = 1 + 119 + int(tabled)*values + 16 + 5
	block := zeroed(t.block, sets*w)
	t.block = block
	next := func(k int) []uint64 {
		s := block[: k*w : k*w]
		block = block[k*w:]
		return s
	}
	t.aromatic, t.elements, t.table = next(1), next(119), next(int(tabled)*values)
	t.incident, t.atLeast = next(16), next(5)
	t.number = zeroed(t.number, n*int(tabled))
	t.ringMin = zeroed(t.ringMin, n)
	t.states = zeroed(t.states, len(m.Bonds))
	t.present = 0
	t.arena, t.maps, t.component = t.arena[:0], t.maps[:0], t.component[:0]

	for _, r := range m.Rings {
		for _, a := range r {
			t.number[int(a)*int(tabled)+int(propRings)]++
			if s := uint8(min(len(r), 255)); t.ringMin[a] == 0 || s < t.ringMin[a] {
				t.ringMin[a] = s
			}
		}
	}
	for k := range m.Bonds {
		b := &m.Bonds[k]
		s := state(b)
		t.states[k] = s
		t.present |= 1 << s
		va, vb := bondValence(b)
		for _, end := range [2]struct {
			atom    int32
			valence uint8
			other   int32
		}{{b.A, va, b.B}, {b.B, vb, b.A}} {
			v := t.number[int(end.atom)*int(tabled):]
			v[propValence] += end.valence
			if b.InRing {
				v[propRingBonds]++
			}
			if m.Atoms[end.other].Element == 1 {
				v[propHydrogens]++
			}
			t.incident[int(s)*w+int(end.atom>>6)] |= 1 << (end.atom & 63)
		}
	}
	for i := range m.Atoms {
		a := &m.Atoms[i]
		word, bit := i>>6, uint64(1)<<(i&63)
		if a.Aromatic {
			t.aromatic[word] |= bit
		}
		t.elements[int(min(a.Element, 118))*w+word] |= bit
		degree := m.Degree(i)
		h := uint8(a.Hydrogens())
		v := t.number[i*int(tabled):][:tabled]
		v[propDegree] = uint8(degree)
		v[propConnection] = uint8(degree) + h
		v[propHydrogens] += h
		v[propValence] += h
		v[propCharge] = uint8(min(max(int(a.Charge)+chargeShift, 0), values-1))
		for p, x := range v {
			t.table[(p*values+int(min(x, values-1)))*w+word] |= bit
		}
		for k := 0; k <= min(degree, 4); k++ {
			t.atLeast[k*w+word] |= bit
		}
	}
}

// bondValence is what b adds to the valence of its ends.
func bondValence(b *chem.Bond) (a, z uint8) {
	switch b.Kekule {
	case chem.Double:
		return 2, 2
	case chem.Triple:
		return 3, 3
	case chem.Quadruple:
		return 4, 4
	case chem.Dative:
		return 0, 1
	case chem.Zero:
		return 0, 0
	default:
		return 1, 1
	}
}

// zeroed is a slice of n zeros, in s if it fits.
func zeroed[T uint8 | int32 | uint64](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// push takes n words from the scratch stack; pop gives them back.
func (t *Target) push(n int) []uint64 {
	at := len(t.arena)
	if at+n > cap(t.arena) {
		grown := make([]uint64, at, 2*(at+n)+64)
		copy(grown, t.arena)
		t.arena = grown
	}
	t.arena = t.arena[:at+n]
	return t.arena[at : at+n : at+n]
}

func (t *Target) pop(n int) { t.arena = t.arena[:len(t.arena)-n] }

// eval is the part of within (word number word of a set of atoms) for which e
// holds.
func (t *Target) eval(e *expr, word int, within uint64) uint64 {
	switch e.op {
	case opAny:
		return within
	case opAnd:
		for i := range e.args {
			if within == 0 {
				return 0
			}
			within = t.eval(&e.args[i], word, within)
		}
		return within
	case opOr:
		var some uint64
		for i := range e.args {
			if rest := within &^ some; rest != 0 {
				some |= t.eval(&e.args[i], word, rest)
			}
		}
		return some
	case opNot:
		return within &^ t.eval(&e.args[0], word, within)
	case opElement:
		return within & t.elements[int(e.lo)*t.words+word]
	case opAliphatic:
		return within &^ t.aromatic[word]
	case opAromatic:
		return within & t.aromatic[word]
	case opProperty:
		return t.evalProperty(e, word, within)
	case opRecursive:
		return t.heads(e.sub, word, within)
	case opIsotope:
		return t.filter(word, within, func(i int) bool { return int(t.mol.Atoms[i].Isotope) == int(e.lo) })
	}
	return 0
}

func (t *Target) evalProperty(e *expr, word int, within uint64) uint64 {
	lo, hi := int(e.lo), int(e.hi)
	if e.prop == propCharge {
		lo, hi = lo+chargeShift, hi+chargeShift
	}
	if e.prop < tabled && lo >= 0 && (hi < values-1 || hi >= noLimit && lo < values) {
		var set uint64
		for x := lo; x <= min(hi, values-1); x++ {
			set |= t.table[(int(e.prop)*values+x)*t.words+word]
		}
		return within & set
	}
	return t.filter(word, within, func(i int) bool {
		x := t.property(e.prop, i)
		return int(e.lo) <= x && x <= int(e.hi)
	})
}

// holds says whether e holds for atom i.
func (t *Target) holds(e *expr, i int32) bool { return t.eval(e, int(i>>6), 1<<(i&63)) != 0 }

// componentOf is the number of the component that each atom is in.
func (t *Target) componentOf() []int32 {
	if len(t.component) == 0 {
		t.component = append(t.component, make([]int32, len(t.mol.Atoms))...)
		for n, c := range chem.Components(t.mol) {
			for _, a := range c {
				t.component[a] = int32(n)
			}
		}
	}
	return t.component
}

// filter keeps the atoms of within that ok says yes to.
func (t *Target) filter(word int, within uint64, ok func(i int) bool) uint64 {
	var set uint64
	for rest := within; rest != 0; rest &= rest - 1 {
		b := bits.TrailingZeros64(rest)
		if ok(word*64 + b) {
			set |= 1 << b
		}
	}
	return set
}

// property is the value of p at atom i.
func (t *Target) property(p property, i int) int {
	a := &t.mol.Atoms[i]
	switch p {
	case propCharge:
		return int(a.Charge)
	case propImplicitH:
		return a.Hydrogens()
	case propMinRing:
		return int(t.ringMin[i])
	case propHybrid:
		return int(a.Hybridization)
	case propHeavyDegree:
		n := 0
		for _, nb := range t.mol.Neighbors(i) {
			if o := &t.mol.Atoms[nb.Atom]; o.Element != 1 || o.Isotope > 1 {
				n++
			}
		}
		return n
	case propHetero, propAliphHetero:
		n := 0
		for _, nb := range t.mol.Neighbors(i) {
			o := &t.mol.Atoms[nb.Atom]
			if o.Element != 6 && o.Element != 1 && (p == propHetero || !o.Aromatic) {
				n++
			}
		}
		return n
	default:
		return int(t.number[i*int(tabled)+int(p)])
	}
}
