package smarts

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// mark is a tetrahedral stereo mark of a query atom: as written while it is
// read, relative to the order of the atom's bonds afterwards.
type mark struct {
	chirality chem.Chirality
	loose     bool // the atom of the molecule may have no mark (@?)
}

// doubleBond is a double bond of a pattern with a configuration: whether the
// neighbours refs of its ends lie on the same side.
type doubleBond struct {
	ends, refs [2]int
	stereo     chem.BondStereo
	loose      bool // the configuration may be unknown in the molecule
}

// settleStereo turns the written stereo marks into ones that can be compared.
// It reads them as RDKit does, which differs from Daylight's language in this:
// the hydrogen that is written in the brackets of the first atom of a component
// stands behind the other neighbours, not before them; and inside $() ring
// closures do so too, and double bonds have no configuration.
func (p *Pattern) settleStereo(top bool) {
	for i := range p.atoms {
		a := &p.atoms[i]
		p.marked = p.marked || a.mark.chirality != chem.Achiral || a.expr.marked()
		if top && a.mark.chirality != chem.Achiral && odd(a.written, p.neighbors(i)) != p.closureTwist(i) {
			a.mark.chirality = chem.Mirror(a.mark.chirality)
		}
	}
	if top {
		p.settleDoubles()
	}
}

// settleDoubles finds the double bonds with a configuration: those between
// bonds with directions.
func (p *Pattern) settleDoubles() {
	for _, b := range p.bonds {
		if b.order != chem.Double {
			continue
		}
		refA, dirA, looseA := p.directed(b.a)
		refB, dirB, looseB := p.directed(b.b)
		if dirA == chem.NoDirection || dirB == chem.NoDirection {
			continue
		}
		d := doubleBond{ends: [2]int{b.a, b.b}, refs: [2]int{refA, refB}, stereo: chem.Trans, loose: looseA || looseB}
		if dirA == dirB {
			d.stereo = chem.Cis
		}
		p.doubles = append(p.doubles, d)
		p.marked = true
	}
}

// marked tells whether a pattern inside $() has stereo marks.
func (e *expr) marked() bool {
	return e.sub != nil && e.sub.marked || slices.ContainsFunc(e.args, func(a expr) bool { return a.marked() })
}

// neighbors lists the neighbours of atom i in the order of its bonds.
func (p *Pattern) neighbors(i int) []int {
	var list []int
	for _, b := range p.bonds {
		switch i {
		case b.a:
			list = append(list, b.b)
		case b.b:
			list = append(list, b.a)
		}
	}
	return list
}

// closureTwist tells whether RDKit inverts a mark on an atom of three
// neighbours because a ring closure stands beside it.
func (p *Pattern) closureTwist(i int) bool {
	a := &p.atoms[i]
	if len(a.written) != 3 || a.closures != 1 || a.expr.singleHydrogen() {
		return false
	}
	return !slices.ContainsFunc(p.bonds, func(b queryBond) bool {
		return (b.a == i || b.b == i) && b.order > chem.Single && b.order <= chem.Aromatic
	})
}

// singleHydrogen tells whether e asks for exactly one hydrogen.
func (e *expr) singleHydrogen() bool {
	if e.op != opAnd {
		return e.op == opProperty && e.prop == propHydrogens && e.lo == 1 && e.hi == 1
	}
	for i := range e.args {
		if a := &e.args[i]; a.op == opProperty && a.prop == propHydrogens {
			return a.lo == 1 && a.hi == 1
		}
	}
	return false
}

// directed is the first bond with a direction at atom i: where it leads, and
// the direction seen from i.
func (p *Pattern) directed(i int) (ref int, d chem.Direction, loose bool) {
	for _, b := range p.bonds {
		if b.direction == chem.NoDirection || b.order == chem.Double {
			continue
		}
		switch i {
		case b.a:
			return b.b, b.direction, b.loose
		case b.b:
			return b.a, chem.Up + chem.Down - b.direction, b.loose
		}
	}
	return -1, chem.NoDirection, false
}

// odd tells whether an odd number of exchanges turns one order of some
// things into the other.
func odd[T comparable](a, b []T) bool {
	swaps := false
	for i := range b {
		for j := range i {
			if slices.Index(a, b[j]) > slices.Index(a, b[i]) {
				swaps = !swaps
			}
		}
	}
	return swaps
}

// stereoFits tells whether the marks of the pattern agree with those of the
// molecule in a complete mapping.
func (s *search) stereoFits() bool {
	for i := range s.p.atoms {
		if !s.atomFits(i) {
			return false
		}
	}
	for i := range s.p.doubles {
		if !s.doubleFits(&s.p.doubles[i]) {
			return false
		}
	}
	return true
}

// mayBe tells whether query atom i can be placed on atom a as far as there
// being a mark is concerned.
func (s *search) mayBe(i int, a int32) bool {
	m := s.p.atoms[i].mark
	return m.chirality == chem.Achiral || m.loose || s.t.mol.Atoms[a].Chirality != chem.Achiral
}

// atomFits compares the mark of query atom i. With fewer than three neighbours
// in the pattern there is nothing to compare.
func (s *search) atomFits(i int) bool {
	q := &s.p.atoms[i]
	if q.mark.chirality == chem.Achiral || len(q.bonds) < 3 {
		return true
	}
	at := s.image[i]
	has := s.t.mol.Atoms[at].Chirality
	if has == chem.Achiral {
		return q.mark.loose
	}
	// Neighbours in the order of the pattern, as places among those of the
	// molecule; what the pattern leaves out counts as the last.
	nbrs := s.t.mol.Neighbors(int(at))
	var order [8]int
	n, rest := 0, (len(nbrs)-1)*len(nbrs)/2
	for _, k := range q.bonds {
		b := &s.p.bonds[k]
		to := s.image[b.a+b.b-i]
		x := slices.IndexFunc(nbrs, func(nb chem.Neighbor) bool { return nb.Atom == to })
		if n == len(order)-1 {
			return false
		}
		order[n] = x
		rest -= x
		n++
	}
	if n+1 == len(nbrs) {
		order[n] = rest
		n++
	}
	swaps := false
	for x := range n {
		for y := range x {
			if order[y] > order[x] {
				swaps = !swaps
			}
		}
	}
	return swaps == (has != q.mark.chirality)
}

// doubleFits compares the configuration of a double bond.
func (s *search) doubleFits(d *doubleBond) bool {
	at := [2]int32{s.image[d.ends[0]], s.image[d.ends[1]]}
	b := &s.t.mol.Bonds[s.t.mol.BondBetween(int(at[0]), int(at[1]))]
	if b.Order != chem.Double {
		return true
	}
	if b.Stereo == chem.NoStereo {
		return d.loose
	}
	same := b.Stereo == d.stereo
	for k := range 2 {
		ref := b.StereoAtoms[0]
		if at[k] != b.A {
			ref = b.StereoAtoms[1]
		}
		if s.image[d.refs[k]] != ref {
			same = !same
		}
	}
	return same
}
