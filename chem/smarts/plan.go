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

// plan orders the atoms for a search from root: each next atom is bonded to
// those before it where possible, closes as many rings as it can, and is as
// rare as it can be.
func (p *Pattern) plan(root int) []step {
	placed := make([]bool, len(p.atoms))
	links := make([]int, len(p.atoms)) // bonds to placed atoms
	share := make([]float64, len(p.atoms))
	for i := range p.atoms {
		share[i] = p.atoms[i].expr.share()
	}
	steps := make([]step, 0, len(p.atoms))
	for next := root; next >= 0; {
		s := step{atom: int32(next), parent: -1, class: int32(p.atoms[next].class)}
		for _, b := range p.bonds {
			o := b.a
			switch next {
			case b.a:
				o = b.b
			case b.b:
			default:
				continue
			}
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
			if next < 0 || links[i] > links[next] || links[i] == links[next] && share[i] < share[next] {
				next = i
			}
		}
	}
	return steps
}
