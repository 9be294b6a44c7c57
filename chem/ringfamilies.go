package chem

import (
	"cmp"
	"slices"
)

// RingFamily is a unique ring family: relevant cycles of one size that can
// stand in for each other, such as the ways around a macrocycle through the two
// sides of a para-phenylene.
type RingFamily struct {
	Size  int   // atoms in each cycle of the family
	Atoms []int // atoms of all its cycles, ascending
	Bonds []int // bonds of all its cycles, ascending
}

// RingFamilies lists the unique ring families of a perceived molecule, small
// ones first. Unlike a smallest set of smallest rings they do not depend on the
// order of atoms, and unlike all cycles there are few of them.
//
// A cycle is relevant if it is no sum of shorter ones (Vismara, Electron. J.
// Comb. 1997, 4, R9). Two of the same size belong together if their sum is one
// of shorter cycles and they share a bond (Kolodzik, Urbaczek and Rarey, J.
// Chem. Inf. Model. 2012, 52, 2013). The error is a *RingError.
func RingFamilies(m *Mol) ([]RingFamily, error) {
	f := familySearch{m: m, effort: new(effort)}
	for _, system := range RingSystems(m) {
		for _, root := range system {
			if !f.cyclesAt(int32(root)) {
				return nil, &RingError{Atoms: len(m.Atoms), Bonds: len(m.Bonds)}
			}
		}
	}
	f.sort()
	if !f.join() {
		return nil, &RingError{Atoms: len(m.Atoms), Bonds: len(m.Bonds)}
	}
	return f.out, nil
}

// pathSteps is what it takes to go on along a path by one bond, in steps of
// effort.
const pathSteps = 30

// prototype is one cycle of a set of cycles of the same size, with the bonds of
// the whole set.
type prototype struct {
	size  int
	cycle bondSet
	bonds bondSet
}

// familySearch finds prototypes of all relevant cycles by the method of Vismara
// and joins those that belong together.
type familySearch struct {
	m      *Mol
	dist   []int32 // from the root over atoms of lower number, -1 if that is no shortest way
	far    []int32 // from the root over all ring atoms
	protos []prototype
	out    []RingFamily
	effort *effort
}

func (f *familySearch) sort() {
	slices.SortStableFunc(f.protos, func(a, b prototype) int { return cmp.Compare(a.size, b.size) })
}

// minimumBasis adds to out independent cycles through the given ring atoms, as
// many and as short as may be. It fails where that takes too many steps.
func minimumBasis(m *Mol, atoms []int32, out *ringList, e *effort) bool {
	f := familySearch{m: m, effort: e}
	for _, root := range atoms {
		if !f.cyclesAt(root) {
			return false
		}
	}
	f.sort()
	var space cycleSpace
	for _, p := range f.protos {
		if !e.spend(len(space) * len(p.cycle)) {
			return false
		}
		if more := space.extend(p.cycle); len(more) > len(space) {
			space = more
			out.add(f.walk(p.cycle))
		}
	}
	return true
}

// walk lists the atoms of a cycle in turn.
func (f *familySearch) walk(cycle bondSet) []int32 {
	first := f.m.Bonds[cycle.first()].A
	ring := []int32{first}
	for at, came := first, int32(-1); ; {
		for _, nb := range f.m.Neighbors(int(at)) {
			if nb.Bond != came && cycle.has(int(nb.Bond)) {
				at, came = nb.Atom, nb.Bond
				break
			}
		}
		if at == first {
			return ring
		}
		ring = append(ring, at)
	}
}

// cyclesAt collects prototypes of the cycles whose highest atom is root: two
// shortest paths from there that meet in an atom or across a bond. It fails where
// there are too many.
func (f *familySearch) cyclesAt(root int32) bool {
	if f.dist == nil {
		f.dist = make([]int32, len(f.m.Atoms))
		f.far = make([]int32, len(f.m.Atoms))
	}
	f.search(f.far, root, int32(len(f.m.Atoms)))
	f.search(f.dist, root, root)
	for i := range f.dist[:root] {
		if f.dist[i] != f.far[i] {
			f.dist[i] = -1 // the shortest path passes a higher atom
		}
	}
	for y := range root {
		if f.dist[y] < 0 {
			continue
		}
		var before []Neighbor
		for _, nb := range f.m.Neighbors(int(y)) {
			switch z := nb.Atom; {
			case !f.m.Bonds[nb.Bond].InRing || z > root || f.dist[z] < 0:
			case f.dist[z]+1 == f.dist[y]:
				for _, x := range before {
					f.add(root, x.Atom, z, x.Bond, nb.Bond)
				}
				before = append(before, nb)
			case f.dist[z] == f.dist[y] && z < y:
				f.add(root, y, z, nb.Bond)
			}
		}
		if !f.effort.spend(0) {
			return false
		}
	}
	return true
}

// search sets dist to the distances from root over ring bonds and atoms up to
// the number most.
func (f *familySearch) search(dist []int32, root, most int32) {
	for i := range dist {
		dist[i] = -1
	}
	dist[root] = 0
	queue := []int32{root}
	for q := 0; q < len(queue); q++ {
		at := queue[q]
		for _, nb := range f.m.Neighbors(int(at)) {
			if f.m.Bonds[nb.Bond].InRing && nb.Atom <= most && dist[nb.Atom] < 0 {
				dist[nb.Atom] = dist[at] + 1
				queue = append(queue, nb.Atom)
			}
		}
	}
}

// add takes up the cycle of a shortest path from root to p, the given bonds and
// a path from q back, if there are two such paths that do not meet.
func (f *familySearch) add(root, p, q int32, bonds ...int32) {
	cycle := newBondSet(len(f.m.Bonds))
	seen := map[int32]bool{}
	for at := p; at != root; {
		seen[at] = true
		at = f.step(at, cycle, nil)
	}
	for at := q; at != root; {
		if seen[at] {
			return
		}
		at = f.step(at, cycle, nil)
	}
	all := slices.Clone(cycle)
	f.paths(p, all)
	f.paths(q, all)
	for _, b := range bonds {
		cycle.set(b)
		all.set(b)
	}
	f.protos = append(f.protos, prototype{int(f.dist[p]+f.dist[q]) + len(bonds), cycle, all})
}

// step goes one bond towards the root and marks it; if each is not nil, it marks
// all bonds that do and calls each with the atoms they lead to.
func (f *familySearch) step(at int32, marks bondSet, each func(int32)) (next int32) {
	next = -1
	f.effort.spend(pathSteps)
	for _, nb := range f.m.Neighbors(int(at)) {
		if !f.m.Bonds[nb.Bond].InRing || f.dist[nb.Atom] < 0 || f.dist[nb.Atom]+1 != f.dist[at] {
			continue
		}
		if next < 0 || each != nil {
			marks.set(nb.Bond)
		}
		if next < 0 {
			next = nb.Atom
		}
		if each != nil {
			each(nb.Atom)
		}
	}
	return next
}

// paths marks the bonds of all shortest paths from an atom to the root.
func (f *familySearch) paths(from int32, marks bondSet) {
	seen := map[int32]bool{from: true}
	queue := []int32{from}
	for q := 0; q < len(queue); q++ {
		f.step(queue[q], marks, func(next int32) {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		})
	}
}

// join keeps the relevant prototypes, size by size, and joins them. It fails where
// that takes too many steps.
func (f *familySearch) join() bool {
	var shorter cycleSpace
	for start := 0; start < len(f.protos); {
		end := start
		for end < len(f.protos) && f.protos[end].size == f.protos[start].size {
			end++
		}
		same := f.protos[start:end]
		var families []prototype // the cycle is what is left beyond shorter ones
		for _, p := range same {
			if !f.effort.spend((2*len(shorter) + len(families)) * len(p.cycle)) {
				return false
			}
			p.cycle = shorter.rest(p.cycle)
			if p.cycle.first() < 0 {
				continue
			}
			apart := families[:0]
			for _, o := range families {
				if slices.Equal(o.cycle, p.cycle) && o.bonds.intersects(p.bonds) {
					p.bonds.join(o.bonds)
				} else {
					apart = append(apart, o)
				}
			}
			families = append(apart, p)
		}
		for _, p := range families {
			f.out = append(f.out, f.describe(p))
		}
		for _, p := range same {
			shorter = shorter.extend(p.cycle)
		}
		start = end
	}
	return true
}

func (f *familySearch) describe(p prototype) RingFamily {
	r := RingFamily{Size: p.size}
	for b := range f.m.Bonds {
		if p.bonds.has(b) {
			r.Bonds = append(r.Bonds, b)
			r.Atoms = append(r.Atoms, int(f.m.Bonds[b].A), int(f.m.Bonds[b].B))
		}
	}
	slices.Sort(r.Atoms)
	r.Atoms = slices.Compact(r.Atoms)
	return r
}
