package depict

import (
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// block is a ring system without spiro atoms: a rigid piece of the drawing.
type block struct {
	atoms []int   // of the sketch, in ascending order
	rings [][]int // cycles of atoms of the sketch
	at    []Point // by position in atoms, in the block's own frame
}

// index is the position of an atom in b.atoms, or -1.
func (b *block) index(a int) int {
	if i, ok := slices.BinarySearch(b.atoms, a); ok {
		return i
	}
	return -1
}

// frame is a set of rings that is being laid out, with atoms numbered from 0.
type frame struct {
	nbr     [][]int
	rings   [][]int
	firm    []bool // by ring: its bonds are stiff, so that it should be regular
	out     []int  // by atom: neighbours outside of the frame
	named   []bool // by atom: is written with hydrogens, which need room too
	fused   []side // bonds on which a ring will be placed later
	doubles []stereoBond
	at      []Point
	set     []bool // by atom: has its place
}

// side is a bond of a frame on which a ring of the given size is to be fused.
type side struct{ a, b, size int }

// stereoBond is a double bond between a and b inside a ring, whose neighbours
// refA and refB lie on the same side or not.
type stereoBond struct {
	a, b, refA, refB int
	trans            bool
}

// layOut finds the coordinates of a block.
func (b *block) layOut(s *sketch) {
	f := b.frame(s)
	kernel, leaves := f.peel()
	switch {
	case len(kernel) == 1:
		ring := f.rings[kernel[0]]
		for k, p := range f.shape(kernel[0]) {
			f.at[ring[k]], f.set[ring[k]] = p, true
		}
	default:
		f.solveKernel(kernel, leaves)
	}
	for _, r := range slices.Backward(leaves) {
		f.fuse(r)
	}
	if slices.Contains(f.set, false) { // a graph whose rings are not all known
		f.at = f.solveAll()
	}
	f.open()
	b.at = f.at
}

// open lets a form relax in which regular rings have come to lie on each other,
// as in helicenes.
func (f *frame) open() {
	e := f.springs()
	if f.overlaps(e, f.at) == 0 {
		return
	}
	at := slices.Clone(f.at)
	for a := range at {
		at[a] = at[a].add(direction(2.4 * float64(a)).times(0.05))
	}
	e.relax(at, 500)
	if f.overlaps(e, at) < f.overlaps(e, f.at) {
		f.at = at
	}
}

// overlaps counts the atoms that lie on others.
func (f *frame) overlaps(e *springs, at []Point) (n int) {
	for _, s := range e.apart {
		if at[s.i].distance(at[s.j]) < 0.5 {
			n++
		}
	}
	return n
}

func (b *block) frame(s *sketch) *frame {
	n := len(b.atoms)
	f := &frame{nbr: make([][]int, n), out: make([]int, n), named: make([]bool, n), at: make([]Point, n), set: make([]bool, n)}
	for i, a := range b.atoms {
		x := &s.m.Atoms[s.atom[a]]
		f.named[i] = x.Element != 6 && x.Hydrogens() > 0
		for _, w := range s.nbr[a] {
			j := b.index(w)
			if j < 0 {
				f.out[i]++
				continue
			}
			f.nbr[i] = append(f.nbr[i], j)
			if i > j {
				continue
			}
			kind, ref := s.stereo(a, w)
			// The configuration is told by neighbours in the ring.
			ra, swapA := b.inside(s, a, w, ref[0])
			rb, swapB := b.inside(s, w, a, ref[1])
			if kind != chem.NoStereo && ra >= 0 && rb >= 0 {
				f.doubles = append(f.doubles, stereoBond{i, j, ra, rb, (kind == chem.Trans) != (swapA != swapB)})
			}
		}
	}
	for _, r := range b.rings {
		ring := make([]int, len(r))
		firm := true
		for k, a := range r {
			ring[k] = b.index(a)
			firm = firm && s.m.Atoms[s.atom[a]].Hybridization != chem.SP3
		}
		f.rings = append(f.rings, ring)
		f.firm = append(f.firm, firm && len(ring) <= 8)
	}
	return f
}

// inside is the neighbour of a, apart from w, that is in the block too, by its
// number there: ref if it may be. swapped tells that it is not ref.
func (b *block) inside(s *sketch, a, w, ref int) (number int, swapped bool) {
	if i := b.index(ref); i >= 0 {
		return i, false
	}
	for _, v := range s.nbr[a] {
		if i := b.index(v); v != w && v != ref && i >= 0 {
			return i, true
		}
	}
	return -1, false
}

// peel takes away, one after the other, rings that share a single bond with
// all the others, small ones first. What remains is the kernel, at least one
// ring.
func (f *frame) peel() (kernel, leaves []int) {
	uses := make([]int, len(f.nbr))
	alive := make([]int, len(f.rings))
	for r, ring := range f.rings {
		alive[r] = r
		for _, a := range ring {
			uses[a]++
		}
	}
	slices.SortStableFunc(alive, func(x, y int) int { return len(f.rings[x]) - len(f.rings[y]) })
	for {
		leaf := -1
		for k, r := range alive {
			if len(alive) > 1 && f.isLeaf(r, uses) {
				leaf = k
				break
			}
		}
		if leaf < 0 {
			return alive, leaves
		}
		r := alive[leaf]
		leaves = append(leaves, r)
		alive = slices.Delete(alive, leaf, leaf+1)
		for _, a := range f.rings[r] {
			uses[a]--
		}
	}
}

func (f *frame) isLeaf(r int, uses []int) bool {
	ring := f.rings[r]
	shared, bonds := 0, 0
	for k, a := range ring {
		if uses[a] > 1 {
			shared++
			if uses[ring[(k+1)%len(ring)]] > 1 {
				bonds++
			}
		} else if len(f.nbr[a]) > 2 {
			return false // a bond that no known ring holds
		}
	}
	return shared == 2 && bonds == 1
}

// shape is the form of a ring on its own.
func (f *frame) shape(r int) []Point {
	ring := f.rings[r]
	if len(ring) >= 8 {
		if points := f.macrocycle(ring); points != nil {
			return points
		}
	}
	return polygon(len(ring))
}

// polygon is the regular polygon with sides of length 1 around the origin.
func polygon(n int) []Point {
	out := make([]Point, n)
	radius := 0.5 / math.Sin(math.Pi/float64(n))
	for i := range out {
		out[i] = direction(2 * math.Pi * float64(i) / float64(n)).times(radius)
	}
	return out
}

// fuse places a ring of which one bond is placed, on the free side of that
// bond.
func (f *frame) fuse(r int) {
	ring := f.rings[r]
	n := len(ring)
	shape := f.shape(r)
	for k := range ring {
		a, b := ring[k], ring[(k+1)%n]
		if !f.set[a] || !f.set[b] {
			continue
		}
		mid := f.at[a].middle(f.at[b])
		place := func(mirror bool) (at []Point) {
			from, to := shape[(k+1)%n].sub(shape[k]), f.at[b].sub(f.at[a])
			if mirror {
				from.Y = -from.Y
			}
			left := Point{from.dot(to), from.cross(to)}.unit()
			for i := range ring {
				p := shape[i].sub(shape[k].middle(shape[(k+1)%n]))
				if mirror {
					p.Y = -p.Y
				}
				at = append(at, mid.add(p.turned(left)))
			}
			return at
		}
		at, other := place(false), place(true)
		if f.congestion(ring, other) < f.congestion(ring, at) {
			at = other
		}
		for i, a := range ring {
			if !f.set[a] {
				f.at[a], f.set[a] = at[i], true
			}
		}
		return
	}
}

// congestion is how near a ring at the given places comes to atoms that have
// theirs.
func (f *frame) congestion(ring []int, at []Point) float64 {
	sum := 0.0
	middle := centroid(at)
	for i, ok := range f.set {
		if !ok || slices.Contains(ring, i) {
			continue
		}
		d := f.at[i].distance(middle)
		sum += 0.1 / (0.1 + d*d)
		for k, p := range at {
			if !f.set[ring[k]] {
				d := f.at[i].distance(p)
				sum += 0.1 / (0.05 + d*d)
			}
		}
	}
	return sum
}
