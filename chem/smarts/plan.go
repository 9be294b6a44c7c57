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
	placed := make([]bool, len(p.atoms))
	links := make([]int, len(p.atoms)) // bonds to placed atoms
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
			if placed[i] {
				continue
			}
			if next < 0 || links[i] > links[next] || links[i] == links[next] && p.atoms[i].share < p.atoms[next].share {
				next = i
			}
		}
	}
	return steps
}
