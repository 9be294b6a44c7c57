package smarts

import (
	"math"
	"slices"
)

// op is the kind of a node of an atom expression.
type op uint8

const (
	opAny       op = iota // every atom
	opAnd                 // all of args
	opOr                  // one of args
	opNot                 // not args[0]
	opElement             // atomic number lo
	opAliphatic           // not aromatic
	opAromatic            // aromatic
	opProperty            // lo <= property <= hi
	opIsotope             // mass number lo, 0 for none given
	opRecursive           // first atom of sub
)

// property is a counted quantity of an atom.
type property uint8

// The properties up to tabled have bit sets in a Target; the others are
// computed atom by atom.
const (
	propDegree     property = iota // D
	propConnection                 // X
	propHydrogens                  // H
	propRings                      // R
	propRingBonds                  // x
	propValence                    // v
	propCharge                     // + and -, shifted by chargeShift in the bit sets
	tabled
	propImplicitH   // h
	propMinRing     // r
	propHybrid      // ^
	propHetero      // z
	propAliphHetero // Z
	propHeavyDegree // d
)

// chargeShift is the bit set that neutral atoms stand in.
const chargeShift = 8

// noLimit is the upper end of a range without one.
const noLimit = math.MaxInt16

// expr is an atom expression: a tree of logic over primitives.
type expr struct {
	op     op
	prop   property
	lo, hi int16
	args   []expr
	sub    *Pattern
}

func element(z int) expr   { return expr{op: opElement, lo: int16(z)} }
func aromatic(z int) expr  { return and(element(z), expr{op: opAromatic}) }
func aliphatic(z int) expr { return and(element(z), expr{op: opAliphatic}) }
func between(p property, lo, hi int) expr {
	return expr{op: opProperty, prop: p, lo: int16(lo), hi: int16(hi)}
}
func exactly(p property, n int) expr { return between(p, n, n) }

// and joins conditions, dropping those that always hold and putting recursive
// ones last, where few atoms are left to try them on.
func and(args ...expr) expr {
	var flat []expr
	for _, a := range args {
		switch a.op {
		case opAny:
		case opAnd:
			flat = append(flat, a.args...)
		default:
			flat = append(flat, a)
		}
	}
	switch len(flat) {
	case 0:
		return expr{op: opAny}
	case 1:
		return flat[0]
	}
	slices.SortStableFunc(flat, byCost)
	return expr{op: opAnd, args: flat}
}

// or joins alternatives, cheap ones first.
func or(args ...expr) expr {
	if len(args) == 1 {
		return args[0]
	}
	args = slices.Clone(args)
	slices.SortStableFunc(args, byCost)
	return expr{op: opOr, args: args}
}

func not(a expr) expr {
	if a.op == opNot {
		return a.args[0]
	}
	return expr{op: opNot, args: []expr{a}}
}

func byCost(a, b expr) int { return a.cost() - b.cost() }

// cost orders conditions by the work of evaluating them.
func (e *expr) cost() int {
	switch e.op {
	case opRecursive:
		return 100
	case opIsotope:
		return 2
	case opProperty:
		if e.prop > tabled {
			return 2
		}
		return 0
	default:
		c := 0
		for i := range e.args {
			c = max(c, e.args[i].cost())
		}
		return c
	}
}

// share is a rough guess of the share of a drug-like molecule's atoms that e
// holds for. It decides only the order of the search, never its result.
func (e *expr) share() float64 {
	switch e.op {
	case opAnd:
		s := 1.0
		for i := range e.args {
			s *= e.args[i].share()
		}
		return s
	case opOr:
		s := 0.0
		for i := range e.args {
			s += e.args[i].share()
		}
		return min(s, 1)
	case opNot:
		return 1 - e.args[0].share()
	case opElement:
		switch e.lo {
		case 6:
			return 0.73
		case 7, 8:
			return 0.11
		case 1:
			return 0
		}
		return 0.01
	case opAliphatic, opAromatic:
		return 0.5
	case opProperty:
		if e.prop == propCharge && (e.lo > 0 || e.hi < 0) {
			return 0.02
		}
		return 0.5
	case opIsotope:
		return 0.001
	case opRecursive:
		return 0.5 * e.sub.atoms[0].expr.share()
	default:
		return 1
	}
}

// equal says whether a and b are written alike; two patterns inside $() are
// alike when their texts are.
func (e *expr) equal(b *expr) bool {
	if e.op != b.op || e.prop != b.prop || e.lo != b.lo || e.hi != b.hi || len(e.args) != len(b.args) {
		return false
	}
	if e.sub != nil && (e.sub.text != b.sub.text || e.sub.merged != b.sub.merged) {
		return false
	}
	for i := range e.args {
		if !e.args[i].equal(&b.args[i]) {
			return false
		}
	}
	return true
}
