package depict

import (
	"cmp"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// sketch is one component of a molecule on its way to coordinates. Its atoms
// are numbered in canonical order, so that nothing depends on the order of
// atoms and bonds in the molecule.
type sketch struct {
	m      *chem.Mol
	atom   []int   // the atom of m
	nbr    [][]int // neighbours in ascending order
	blocks []*block
	in     [][]*block // by atom: the blocks that it belongs to
	at     []Point
	placed []bool
}

// sketches splits a molecule into its components, the largest first, and these
// into chains and blocks.
func sketches(m *chem.Mol) []*sketch {
	n := len(m.Atoms)
	rank := chem.CanonicalRanks(m)
	order := make([]int, n)
	for i, r := range rank {
		order[r] = i
	}
	edges := make([][2]int, len(m.Bonds))
	for i, b := range m.Bonds {
		e := [2]int{rank[b.A], rank[b.B]}
		edges[i] = [2]int{min(e[0], e[1]), max(e[0], e[1])}
	}
	slices.SortFunc(edges, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	skeleton := bare(n, edges)

	number := make([]int, n)
	var all []*sketch
	for _, part := range chem.Components(skeleton) {
		s := &sketch{
			m: m, atom: make([]int, len(part)), nbr: make([][]int, len(part)), in: make([][]*block, len(part)),
			at: make([]Point, len(part)), placed: make([]bool, len(part)),
		}
		for k, i := range part {
			number[i], s.atom[k] = k, order[i]
		}
		for k, i := range part {
			for _, nb := range skeleton.Neighbors(i) {
				s.nbr[k] = append(s.nbr[k], number[nb.Atom])
			}
			slices.Sort(s.nbr[k])
		}
		all = append(all, s)
	}
	home := make([]*sketch, n)
	for _, s := range all {
		for _, a := range s.atom {
			home[rank[a]] = s
		}
		s.findBlocks()
	}
	for _, r := range chem.SmallestRings(skeleton) {
		ring := make([]int, len(r))
		for k, i := range r {
			ring[k] = number[i]
		}
		home[r[0]].addRing(ring)
	}
	slices.SortStableFunc(all, func(a, b *sketch) int { return len(b.atom) - len(a.atom) })
	return all
}

// bare is the graph as a molecule without chemistry, for the sake of its rings.
func bare(n int, edges [][2]int) *chem.Mol {
	m := &chem.Mol{Atoms: make([]chem.Atom, n)}
	for i := range m.Atoms {
		m.Atoms[i].NoImplicit = true
	}
	for _, e := range edges {
		m.Bonds = append(m.Bonds, chem.Bond{A: int32(e[0]), B: int32(e[1]), Order: chem.Single})
	}
	if err := chem.Perceive(m); err != nil {
		panic("depict: a graph of wildcards is no molecule")
	}
	return m
}

// findBlocks finds the blocks of the graph that are more than a bond: ring
// systems without spiro atoms (Hopcroft and Tarjan 1973).
func (s *sketch) findBlocks() {
	n := len(s.nbr)
	depth, low := make([]int, n), make([]int, n)
	var stack [][2]int
	var visit func(v, parent int)
	visit = func(v, parent int) {
		low[v] = depth[v]
		for _, w := range s.nbr[v] {
			switch {
			case w == parent:
			case depth[w] == 0:
				stack = append(stack, [2]int{v, w})
				depth[w] = depth[v] + 1
				visit(w, v)
				low[v] = min(low[v], low[w])
				if low[w] < depth[v] {
					continue
				}
				var atoms []int
				for {
					e := stack[len(stack)-1]
					stack = stack[:len(stack)-1]
					atoms = append(atoms, e[0], e[1])
					if e == [2]int{v, w} {
						break
					}
				}
				slices.Sort(atoms)
				if atoms = slices.Compact(atoms); len(atoms) > 2 {
					s.blocks = append(s.blocks, &block{atoms: atoms})
				}
			case depth[w] < depth[v]:
				stack = append(stack, [2]int{v, w})
				low[v] = min(low[v], depth[w])
			}
		}
	}
	if n > 0 {
		depth[0] = 1
		visit(0, -1)
	}
	for _, b := range s.blocks {
		for _, a := range b.atoms {
			s.in[a] = append(s.in[a], b)
		}
	}
}

// addRing gives a ring to the block that it is of.
func (s *sketch) addRing(ring []int) {
	for _, b := range s.in[ring[0]] {
		if b.index(ring[1]) >= 0 {
			b.rings = append(b.rings, ring)
			return
		}
	}
}

// bond is the bond of the molecule between two atoms of the sketch.
func (s *sketch) bond(a, b int) *chem.Bond {
	return &s.m.Bonds[s.m.BondBetween(s.atom[a], s.atom[b])]
}

// linear tells whether the bonds at an atom with two neighbours stand at 180°:
// next to a triple bond or between double bonds.
func (s *sketch) linear(a int) bool {
	if len(s.nbr[a]) != 2 {
		return false
	}
	o1, o2 := s.bond(a, s.nbr[a][0]).Kekule, s.bond(a, s.nbr[a][1]).Kekule
	return o1 == chem.Triple || o2 == chem.Triple || o1 == chem.Double && o2 == chem.Double && s.m.Atoms[s.atom[a]].Hydrogens() == 0
}

// stereo is what the double bond between two atoms asks for: NoStereo, or Cis
// or Trans of ref[0], a neighbour of a, and ref[1], a neighbour of b.
func (s *sketch) stereo(a, b int) (kind chem.BondStereo, ref [2]int) {
	bond := s.bond(a, b)
	if bond.Stereo == chem.NoStereo {
		return chem.NoStereo, ref
	}
	refA, refB := bond.StereoAtoms[0], bond.StereoAtoms[1]
	if int(bond.A) != s.atom[a] {
		refA, refB = refB, refA
	}
	ref = [2]int{-1, -1}
	for _, w := range s.nbr[a] {
		if s.atom[w] == int(refA) {
			ref[0] = w
		}
	}
	for _, w := range s.nbr[b] {
		if s.atom[w] == int(refB) {
			ref[1] = w
		}
	}
	if ref[0] < 0 || ref[1] < 0 {
		return chem.NoStereo, ref
	}
	return bond.Stereo, ref
}

// stereoHolds tells whether the double bond between a and b is drawn with the
// configuration that it has, as far as its neighbours are placed.
func (s *sketch) stereoHolds(a, b int) bool {
	kind, ref := s.stereo(a, b)
	if kind == chem.NoStereo || !s.placed[ref[0]] || !s.placed[ref[1]] {
		return true
	}
	axis := s.at[b].sub(s.at[a])
	same := axis.cross(s.at[ref[0]].sub(s.at[a]))*axis.cross(s.at[ref[1]].sub(s.at[b])) > 0
	return same == (kind == chem.Cis)
}

// angles are the directions from an atom to those of its neighbours that are
// placed.
func (s *sketch) angles(a int) []float64 {
	var out []float64
	for _, w := range s.nbr[a] {
		if s.placed[w] && math.Abs(s.at[w].X-s.at[a].X)+math.Abs(s.at[w].Y-s.at[a].Y) > 1e-9 {
			out = append(out, s.at[w].sub(s.at[a]).angle())
		}
	}
	return out
}
