package smarts

// step is one step of a search: the query atom to place next, the placed
// atom it hangs on, and the bonds to atoms placed earlier.
type step struct {
	atom, parent int32 // parent -1: any atom of the molecule
	class        int32
	set          bondSet // the bond to parent
	closures     []closure
}

// closure is a bond from a step's atom to another one that is already placed.
type closure struct {
	atom int32
	set  bondSet
}

// plan is the search order from root.
func (p *Pattern) plan(root int) []step {
	if steps := p.plans[root].Load(); steps != nil {
		return *steps
	}
	steps := p.makePlan(root)
	p.plans[root].Store(&steps)
	return steps
}

// makePlan orders the atoms for a search from root: each next atom is bonded to
// those before it where possible, closes as many rings as it can, and is as
// rare as it can be.
func (p *Pattern) makePlan(root int) []step {
	return p.order(root, func(links []int, i, best int) bool {
		return links[i] > links[best] || links[i] == links[best] && p.atoms[i].share < p.atoms[best].share
	})
}

// writtenPlan orders the atoms as RDKit's search does (VF2; L. P. Cordella et
// al., IEEE Trans. Pattern Anal. 2004, 26, 1367): the first one written that is
// bonded to those before it.
func (p *Pattern) writtenPlan() []step {
	return p.order(0, func(links []int, i, best int) bool { return links[i] > 0 && links[best] == 0 })
}

// order makes the steps of a search; better tells which of two atoms comes
// first, given the numbers of bonds to atoms that are placed.
func (p *Pattern) order(root int, better func(links []int, i, best int) bool) []step {
	placed := make([]bool, len(p.atoms))
	links := make([]int, len(p.atoms))
	steps := make([]step, 0, len(p.atoms))
	for next := root; next >= 0; {
		s := step{atom: int32(next), parent: -1, class: int32(p.atoms[next].class)}
		for _, k := range p.atoms[next].bonds {
			b := p.bonds[k]
			o := b.a + b.b - next
			switch {
			case !placed[o]:
				links[o]++
			case s.parent < 0:
				s.parent, s.set = int32(o), b.set
			default:
				s.closures = append(s.closures, closure{int32(o), b.set})
			}
		}
		steps = append(steps, s)
		placed[next] = true
		next = -1
		for i := range p.atoms {
			if !placed[i] && (next < 0 || better(links, i, next)) {
				next = i
			}
		}
	}
	return steps
}
