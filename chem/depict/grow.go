package depict

import (
	"math"
	"slices"
)

const third = 2 * math.Pi / 3

// grow places all atoms of the sketch: the largest block first, or one end of
// the longest chain, and then what hangs on it, outwards.
func (s *sketch) grow() {
	n := len(s.atom)
	if n == 0 {
		return
	}
	g := growth{sketch: s, parent: make([]int, n)}
	for i := range g.parent {
		g.parent[i] = -1
	}
	var root *block
	for _, b := range s.blocks {
		b.layOut(s)
		if root == nil || len(b.atoms) > len(root.atoms) {
			root = b
		}
	}
	if root != nil {
		g.put(root, 0, s.at[0], Point{1, 0}, false)
	} else {
		far := g.farthest(0)
		g.put1(g.farthest(far), Point{})
	}
	for len(g.queue) > 0 {
		u := g.queue[0]
		g.queue = g.queue[1:]
		g.expand(u)
	}
}

// growth is a sketch with what growing it needs.
type growth struct {
	*sketch
	parent []int // the atom from which an atom was reached, or -1
	queue  []int // placed atoms whose neighbours may not be
}

func (g *growth) put1(a int, p Point) {
	g.at[a], g.placed[a] = p, true
	g.queue = append(g.queue, a)
}

// put places a block so that its k-th atom comes to p; left is the turn, as a
// unit vector, and mirror turns it over before.
func (g *growth) put(b *block, k int, p, left Point, mirror bool) {
	for i, a := range b.atoms {
		d := b.at[i].sub(b.at[k])
		if mirror {
			d.Y = -d.Y
		}
		q := p.add(d.turned(left))
		if !g.placed[a] {
			g.put1(a, q)
		} else {
			g.at[a] = q
		}
	}
}

// farthest is the last atom of a walk through the sketch in breadth from one.
func (s *sketch) farthest(from int) int {
	last, _, _ := s.reach(from, -1)
	return last
}

// reach walks from an atom without stepping on another. It gives the last atom
// of those at the greatest distance with the least number, that distance, and
// the number of atoms.
func (s *sketch) reach(from, without int) (last, depth, size int) {
	seen := make(map[int]bool, len(s.atom))
	seen[from] = true
	if without >= 0 {
		seen[without] = true
	}
	front := []int{from}
	for len(front) > 0 {
		last = slices.Min(front)
		size += len(front)
		depth++
		var next []int
		for _, u := range front {
			for _, w := range s.nbr[u] {
				if !seen[w] {
					seen[w] = true
					next = append(next, w)
				}
			}
		}
		front = next
	}
	return last, depth, size
}

// limb is something to attach to an atom: a neighbour, or a block that has the
// atom as a spiro atom.
type limb struct {
	atom        int
	block       *block
	depth, size int
}

func (g *growth) limbs(u int) []limb {
	var out []limb
	for _, w := range g.nbr[u] {
		if !g.placed[w] && !g.sameBlock(u, w) {
			_, depth, size := g.reach(w, u)
			out = append(out, limb{w, nil, depth, size})
		}
	}
	for _, b := range g.in[u] {
		if i := b.index(u); !g.placed[b.atoms[(i+1)%len(b.atoms)]] {
			out = append(out, limb{-1, b, len(b.atoms), len(b.atoms)})
		}
	}
	slices.SortStableFunc(out, func(a, b limb) int {
		if a.depth != b.depth {
			return b.depth - a.depth
		}
		return b.size - a.size
	})
	return out
}

func (s *sketch) sameBlock(u, w int) bool {
	for _, b := range s.in[u] {
		if b.index(w) >= 0 {
			return true
		}
	}
	return false
}

// expand places the neighbours of a placed atom.
func (g *growth) expand(u int) {
	limbs := g.limbs(u)
	if len(limbs) == 0 {
		return
	}
	angles := g.angles(u)
	var to []float64
	switch {
	case len(angles) == 1 && len(g.in[u]) == 0:
		to = g.chainAngles(u, angles[0], limbs)
	case len(angles) == 0:
		from := math.Pi / 6
		to = []float64{from}
		if len(limbs) > 1 {
			for i := 1; i < len(limbs); i++ {
				to = append(to, from+2*math.Pi*float64(i)/float64(len(limbs)))
			}
		}
	default:
		var near []Point
		for _, b := range g.in[u] {
			for _, a := range b.atoms {
				if a != u && g.placed[a] {
					near = append(near, g.at[a].sub(g.at[u]))
				}
			}
		}
		from, width := bestGap(angles, near)
		for i := range limbs {
			to = append(to, from+width*float64(i+1)/float64(len(limbs)+1))
		}
	}
	for i, l := range limbs {
		if l.block == nil {
			g.at[l.atom], g.placed[l.atom] = g.at[u].add(direction(to[i])), true
			g.parent[l.atom] = u
		}
	}
	p := g.parent[u]
	if p >= 0 && len(g.in[u]) == 0 && !g.stereoHolds(p, u) {
		axis := g.at[u].sub(g.at[p]).unit()
		for i, l := range limbs {
			to[i] = 2*axis.angle() - to[i]
			if l.block == nil {
				g.at[l.atom] = g.at[l.atom].mirrored(g.at[u], axis)
			}
		}
	}
	for i, l := range limbs {
		switch {
		case l.block != nil:
			g.attach(l.block, u, to[i]+math.Pi, len(l.block.atoms) < 3)
		case len(g.in[l.atom]) > 0:
			g.attach(g.in[l.atom][0], l.atom, to[i]+math.Pi, false)
			if !g.stereoHolds(u, l.atom) {
				g.attach(g.in[l.atom][0], l.atom, to[i]+math.Pi, true)
			}
			g.queue = append(g.queue, l.atom)
		default:
			g.queue = append(g.queue, l.atom)
		}
	}
}

// attach places a block at its atom a, which has its place, so that a bond in
// direction back has room there.
func (g *growth) attach(b *block, a int, back float64, mirror bool) {
	k := b.index(a)
	var angles []float64
	others := 0
	for _, w := range g.nbr[a] {
		if j := b.index(w); j >= 0 {
			d := b.at[j].sub(b.at[k])
			if mirror {
				d.Y = -d.Y
			}
			angles = append(angles, d.angle())
		} else if !g.sameBlock(a, w) {
			others++
		}
	}
	others += len(g.in[a]) - 1
	var near []Point
	for i, p := range b.at {
		if i != k {
			d := p.sub(b.at[k])
			if mirror {
				d.Y = -d.Y
			}
			near = append(near, d)
		}
	}
	from, width := bestGap(angles, near)
	slot := from + width/float64(others+1)
	g.put(b, k, g.at[a], direction(back-slot), mirror)
}

// chainAngles are the directions of limbs at an atom outside of rings that is
// reached in direction back.
func (g *growth) chainAngles(u int, back float64, limbs []limb) []float64 {
	side := g.transSide(u)
	switch len(limbs) {
	case 1:
		if g.linear(u) {
			return []float64{back + math.Pi}
		}
		return []float64{back + side*third}
	case 2:
		return []float64{back + side*third, back - side*third}
	case 3:
		inner := 0
		for _, l := range limbs {
			if l.size > 1 {
				inner++
			}
		}
		if p := g.parent[u]; inner == 1 && p >= 0 && len(g.nbr[p]) > 1 {
			return []float64{back + side*third, back - side*third*2/3, back - side*third*4/3}
		}
		return []float64{back + math.Pi, back + math.Pi/2, back - math.Pi/2}
	}
	var out []float64
	for i := range limbs {
		out = append(out, back+2*math.Pi*float64(i+1)/float64(len(limbs)+1))
	}
	return out
}

// transSide is the side, 1 or -1, to which a chain turns at atom u in order to
// go on in zigzag.
func (g *growth) transSide(u int) float64 {
	p := g.parent[u]
	if p < 0 {
		return 1
	}
	before := g.parent[p]
	for _, w := range g.nbr[p] {
		if before < 0 && w != u && g.placed[w] {
			before = w
		}
	}
	if before < 0 {
		return 1
	}
	// Turning by +120° from the way back goes to the right of the axis p to u.
	if g.at[u].sub(g.at[p]).cross(g.at[before].sub(g.at[p])) < 0 {
		return -1
	}
	return 1
}
