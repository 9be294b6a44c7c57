package smarts

import "slices"

// mergeHydrogens turns the hydrogens of p that have a neighbour into conditions
// on it: that it has more than none, more than one, and so on. It is done
// before the pattern is finished.
func (p *Pattern) mergeHydrogens() {
	p.merged = true
	hydrogens := make([]bool, len(p.atoms))
	for i := range p.atoms {
		hydrogens[i] = p.atoms[i].expr.isHydrogen()
	}
	gone := make([]bool, len(p.atoms))
	number := make([]int, len(p.atoms))
	for _, b := range p.bonds {
		for _, x := range [2][2]int{{b.a, b.b}, {b.b, b.a}} {
			if at, h := x[0], x[1]; hydrogens[h] && !hydrogens[at] {
				gone[h] = true
				number[at]++
			}
		}
	}
	if !slices.Contains(gone, true) {
		return
	}
	place := make([]int, len(p.atoms))
	kept := p.atoms[:0]
	for i := range p.atoms {
		a := p.atoms[i]
		place[i] = len(kept)
		if gone[i] {
			continue
		}
		for n := range number[i] {
			a.expr = and(a.expr, not(exactly(propHydrogens, n)))
		}
		kept = append(kept, a)
	}
	p.atoms = kept
	p.bonds = slices.DeleteFunc(p.bonds, func(b queryBond) bool { return gone[b.a] || gone[b.b] })
	for i := range p.bonds {
		b := &p.bonds[i]
		b.a, b.b = place[b.a], place[b.b]
	}
	p.doubles = slices.DeleteFunc(p.doubles, func(d doubleBond) bool { return gone[d.refs[0]] || gone[d.refs[1]] })
	for i := range p.doubles {
		d := &p.doubles[i]
		for k := range 2 {
			d.ends[k], d.refs[k] = place[d.ends[k]], place[d.refs[k]]
		}
	}
}

// isHydrogen tells whether e asks for a hydrogen of no special mass, without
// alternatives.
func (e *expr) isHydrogen() bool {
	if e.op == opElement {
		return e.lo == 1
	}
	if e.op != opAnd || e.has(opOr) || e.has(opIsotope) {
		return false
	}
	return slices.ContainsFunc(e.args, func(a expr) bool { return a.op == opElement && a.lo == 1 })
}

// has tells whether a condition of that kind stands anywhere in e, not looking
// into $().
func (e *expr) has(kind op) bool {
	return e.op == kind || slices.ContainsFunc(e.args, func(a expr) bool { return a.has(kind) })
}
