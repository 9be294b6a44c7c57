package depict

import (
	"cmp"
	"math"
	"slices"
)

// joint is a place where the drawing may be changed without bending a ring: the
// atoms of a side may be mirrored in an axis through the pivot or turned about
// the pivot.
type joint struct {
	pivot  int
	toward []int // the axis goes to the middle of these
	side   []int
	flip   bool // whether it may be mirrored
	bend   bool // whether it may be turned
}

// joints lists the bonds outside of rings that may be turned about, the spiro
// atoms, and the ring atoms with two substituents, which may change places.
func (s *sketch) joints() []joint {
	n := len(s.atom)
	var out []joint
	for u, nbrs := range s.nbr {
		for _, v := range nbrs {
			if u > v || s.sameBlock(u, v) {
				continue
			}
			near, far := u, v
			side := s.side(v, u)
			if 2*len(side) > n {
				near, far, side = v, u, s.side(u, v)
			}
			kind, _ := s.stereo(u, v)
			out = append(out, joint{near, []int{far}, side, len(side) > 1 && kind == 0, true})
			if len(side) > 1 { // the same bond, bent at its other end
				rest := slices.DeleteFunc(slices.Clone(side), func(a int) bool { return a == far })
				out = append(out, joint{far, []int{near}, rest, false, len(s.in[far]) == 0 || kind == 0})
			}
		}
	}
	for u, blocks := range s.in {
		var outside, ring []int
		for _, w := range s.nbr[u] {
			if s.sameBlock(u, w) {
				ring = append(ring, w)
			} else {
				outside = append(outside, w)
			}
		}
		if len(blocks) == 1 && len(outside) == 2 {
			side := append(s.side(outside[0], u), s.side(outside[1], u)...)
			out = append(out, joint{u, ring, side, true, false})
		}
		if len(blocks) < 2 {
			continue
		}
		for _, b := range blocks[1:] {
			var mine []int
			for _, w := range s.nbr[u] {
				if b.index(w) >= 0 {
					mine = append(mine, w)
				}
			}
			out = append(out, joint{u, mine, s.side(mine[0], u), true, true})
		}
	}
	return out
}

// side lists the atoms that can be reached from an atom without stepping on
// another.
func (s *sketch) side(from, without int) []int {
	seen := make([]bool, len(s.atom))
	seen[from], seen[without] = true, true
	out := []int{from}
	for k := 0; k < len(out); k++ {
		for _, w := range s.nbr[out[k]] {
			if !seen[w] {
				seen[w] = true
				out = append(out, w)
			}
		}
	}
	return out
}

// tension is the state of the search for a drawing without clashes.
type tension struct {
	*sketch
	joints []joint
	bonds  [][2]int
	of     [][]int // by atom: its bonds
	inside []bool  // by atom: on the side that moves
	moving []int   // bonds with an end on that side
	saved  []Point
}

// What clashes cost. Lengths are in bond lengths.
const (
	closeAtoms   = 1.15 // atoms below this distance cost
	overlapAtoms = 0.55 // and below this one much
	closeBond    = 0.42 // an atom below this distance of a bond costs
	crossCost    = 2.5
	farCost      = 0.03 // of any two atoms, divided by the square of their distance
)

// manyJoints is the size above which less is tried.
const manyJoints = 250

// untangle removes clashes: by mirroring sides at bonds where that helps, then
// at two bonds at once, then by bending angles.
func (s *sketch) untangle() {
	if len(s.atom) < 4 {
		return
	}
	t := &tension{sketch: s, joints: s.joints(), of: make([][]int, len(s.atom)), inside: make([]bool, len(s.atom)), saved: make([]Point, len(s.atom))}
	if len(t.joints) == 0 {
		return
	}
	for u, nbrs := range s.nbr {
		for _, w := range nbrs {
			if u < w {
				t.of[u], t.of[w] = append(t.of[u], len(t.bonds)), append(t.of[w], len(t.bonds))
				t.bonds = append(t.bonds, [2]int{u, w})
			}
		}
	}
	sweeps := 6
	if len(s.atom) > manyJoints {
		sweeps = 0
	}
	for range sweeps {
		changed := false
		for i := range t.joints {
			if j := &t.joints[i]; j.flip {
				changed = t.try(j, func() { t.mirror(j) }) || changed
			}
		}
		if !changed {
			break
		}
	}
	tried := map[[2]int]int{}
	for range 40 {
		a, b, ok := t.worst(tried)
		if !ok {
			return
		}
		tried[[2]int{a, b}]++
		if !t.separate(a, b) {
			tried[[2]int{a, b}] += 2
		}
	}
}

// mirror mirrors the side of a joint in its axis.
func (t *tension) mirror(j *joint) {
	var to Point
	for _, a := range j.toward {
		to = to.add(t.at[a])
	}
	axis := to.times(1 / float64(len(j.toward))).sub(t.at[j.pivot]).unit()
	for _, a := range j.side {
		t.at[a] = t.at[a].mirrored(t.at[j.pivot], axis)
	}
}

// rotate turns the side of a joint about its pivot.
func (t *tension) rotate(j *joint, angle float64) {
	left := direction(angle)
	for _, a := range j.side {
		t.at[a] = t.at[j.pivot].add(t.at[a].sub(t.at[j.pivot]).turned(left))
	}
}

// try makes a change of a joint's side and keeps it if that costs less.
func (t *tension) try(j *joint, change func()) bool {
	before := t.between(j.side)
	for _, a := range j.side {
		t.saved[a] = t.at[a]
	}
	change()
	if t.between(j.side) < before-1e-6 {
		return true
	}
	for _, a := range j.side {
		t.at[a] = t.saved[a]
	}
	return false
}

// between is the cost of a side against the rest.
func (t *tension) between(side []int) float64 {
	for i := range t.inside {
		t.inside[i] = false
	}
	for _, a := range side {
		t.inside[a] = true
	}
	sum := 0.0
	for _, a := range side {
		for b, in := range t.inside {
			if !in {
				sum += t.pair(a, b)
			}
		}
	}
	t.moving = t.moving[:0]
	for _, a := range side {
		for _, k := range t.of[a] {
			if b := t.bonds[k]; b[0] == a || !t.inside[b[0]] { // each once
				t.moving = append(t.moving, k)
			}
		}
	}
	for _, k := range t.moving {
		b := t.bonds[k]
		kind := t.moves(b)
		for _, c := range t.bonds {
			if other := t.moves(c); other == stays || kind == moves && other == joins {
				sum += t.bondPair(b, c)
			}
		}
	}
	return sum
}

// How a bond moves with a side.
const (
	stays = iota
	joins // the side with the rest
	moves
)

func (t *tension) moves(bond [2]int) int {
	n := stays
	for _, a := range bond {
		if t.inside[a] {
			n++
		}
	}
	return n
}

// pair is the cost of two atoms.
func (t *tension) pair(a, b int) float64 {
	d := t.at[a].sub(t.at[b])
	l := d.dot(d)
	sum := farCost / (l + 0.1)
	if l > closeAtoms*closeAtoms || slices.Contains(t.nbr[a], b) {
		return sum
	}
	l = math.Sqrt(l)
	sum += 4 * (closeAtoms - l) * (closeAtoms - l)
	if l < overlapAtoms {
		sum += 3 + 4*(overlapAtoms-l)
	}
	return sum
}

// bondPair is the cost of two bonds that cross or of an end of one that lies
// near the other.
func (t *tension) bondPair(b, c [2]int) float64 {
	if b[0] == c[0] || b[0] == c[1] || b[1] == c[0] || b[1] == c[1] {
		return 0
	}
	p, q, r, s := t.at[b[0]], t.at[b[1]], t.at[c[0]], t.at[c[1]]
	d := p.add(q).sub(r).sub(s)
	if d.dot(d) > 4*1.7*1.7 {
		return 0
	}
	sum := 0.0
	if crosses(p, q, r, s) {
		sum += crossCost
	}
	for _, x := range [4][3]Point{{p, r, s}, {q, r, s}, {r, p, q}, {s, p, q}} {
		if d := distanceToSegment(x[0], x[1], x[2]); d < closeBond {
			sum += 2 * (closeBond - d)
		}
	}
	return sum
}

func distanceToSegment(p, a, b Point) float64 {
	d := b.sub(a)
	f := 0.0
	if l := d.dot(d); l > 0 {
		f = min(1, max(0, p.sub(a).dot(d)/l))
	}
	return p.distance(a.along(b, f))
}

// worst is the pair of atoms that clash most, among those not given up.
func (t *tension) worst(tried map[[2]int]int) (a, b int, ok bool) {
	worst := 0.0
	consider := func(x, y int, cost float64) {
		if cost > worst && tried[[2]int{min(x, y), max(x, y)}] < 3 {
			a, b, ok, worst = min(x, y), max(x, y), true, cost
		}
	}
	for x := range t.at {
		for y := range x {
			if d := t.at[x].sub(t.at[y]); math.Abs(d.X) < 0.8 && math.Abs(d.Y) < 0.8 && !slices.Contains(t.nbr[x], y) {
				if l := d.length(); l < 0.8 {
					consider(x, y, 2-l)
				}
			}
		}
	}
	for k, b := range t.bonds {
		for _, c := range t.bonds[:k] {
			if cost := t.bondPair(b, c); cost > 0.1 {
				consider(b[0], c[0], cost)
				consider(b[1], c[1], cost)
			}
		}
	}
	return a, b, ok
}

// total is the cost of all.
func (t *tension) total() float64 {
	sum := 0.0
	for x := range t.at {
		for y := range x {
			sum += t.pair(x, y)
		}
	}
	for k, b := range t.bonds {
		for _, c := range t.bonds[:k] {
			sum += t.bondPair(b, c)
		}
	}
	return sum
}

// separate tries changes on the way between two atoms and keeps the best, if
// one helps.
func (t *tension) separate(a, b int) bool {
	var way []*joint
	for i := range t.joints {
		j := &t.joints[i]
		if slices.Contains(j.side, a) != slices.Contains(j.side, b) {
			way = append(way, j)
		}
	}
	slices.SortStableFunc(way, func(x, y *joint) int { return cmp.Compare(len(x.side), len(y.side)) })
	most := 14
	if len(t.at) > manyJoints {
		most = 5
	}
	if len(way) > most {
		way = way[:most]
	}
	start := slices.Clone(t.at)
	best := slices.Clone(t.at)
	least := t.total() - 1e-6
	found := false
	attempt := func(penalty float64) {
		if v := t.total() + penalty; v < least {
			least, found = v, true
			copy(best, t.at)
		}
		copy(t.at, start)
	}
	for i, j := range way {
		if !j.flip {
			continue
		}
		t.mirror(j)
		attempt(0)
		for _, k := range way[:i] {
			if k.flip {
				t.mirror(k)
				t.mirror(j)
				attempt(0)
			}
		}
	}
	if !found {
		for _, j := range way {
			if !j.bend {
				continue
			}
			for _, degrees := range [6]float64{15, -15, 30, -30, 45, -45} {
				t.rotate(j, degrees*math.Pi/180)
				attempt(math.Abs(degrees) * 0.01)
			}
		}
	}
	copy(t.at, best)
	return found
}
