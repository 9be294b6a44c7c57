package depict

import (
	"cmp"
	"math"
	"slices"
)

// solveKernel lays out rings that are joined in more than single bonds. It
// tries several beginnings (the rings put together one by one, and plane
// drawings with each possible circumference), lets them relax, and keeps the
// one with the least faults.
func (f *frame) solveKernel(rings, leaves []int) {
	var atoms []int
	for _, r := range rings {
		atoms = append(atoms, f.rings[r]...)
	}
	slices.Sort(atoms)
	atoms = slices.Compact(atoms)
	number := make(map[int]int, len(atoms))
	for i, a := range atoms {
		number[a] = i
	}
	k := &frame{nbr: make([][]int, len(atoms)), out: make([]int, len(atoms)), named: make([]bool, len(atoms))}
	for i, a := range atoms {
		k.out[i], k.named[i] = f.out[a], f.named[a]
		for _, w := range f.nbr[a] {
			if j, ok := number[w]; ok {
				k.nbr[i] = append(k.nbr[i], j)
			} else {
				k.out[i]++
			}
		}
	}
	for _, r := range rings {
		ring := make([]int, len(f.rings[r]))
		for i, a := range f.rings[r] {
			ring[i] = number[a]
		}
		k.rings, k.firm = append(k.rings, ring), append(k.firm, f.firm[r])
	}
	for _, d := range f.doubles {
		a, okA := number[d.a]
		b, okB := number[d.b]
		refA, okRA := number[d.refA]
		refB, okRB := number[d.refB]
		if okA && okB && okRA && okRB {
			k.doubles = append(k.doubles, stereoBond{a, b, refA, refB, d.trans})
		}
	}
	for _, r := range leaves {
		ring := f.rings[r]
		for x, a := range ring {
			i, okA := number[a]
			j, okB := number[ring[(x+1)%len(ring)]]
			if okA && okB {
				k.fused = append(k.fused, side{i, j, len(ring)})
			}
		}
	}
	for i, p := range k.solveAll() {
		f.at[atoms[i]], f.set[atoms[i]] = p, true
	}
}

// Bounds of the search for a kernel's form.
const (
	maxStarts       = 8  // ring after ring, from each of so many rings
	maxPerimeterSet = 7  // circumferences made of up to so many rings
	fullRelax       = 4  // beginnings that are relaxed to the end
	manyAtoms       = 80 // kernels above have few beginnings

	nearBond = 0.5 // an atom nearer to a bond than this is a fault
)

// solveAll is the best form found for all atoms of the frame.
func (f *frame) solveAll() []Point {
	n := len(f.nbr)
	e := f.springs()
	type candidate struct {
		at    []Point
		score float64
	}
	var all []candidate
	starts := min(len(f.rings), maxStarts)
	if n > manyAtoms {
		starts = min(starts, 2)
	}
	for r := range starts {
		at := f.assemble(r)
		if f.faults(e, at) < 1e-3 {
			return at // regular in all
		}
		all = append(all, candidate{at: at})
	}
	for _, cycle := range f.perimeters() {
		all = append(all, candidate{at: f.inscribe(cycle)})
	}
	short, long := 80, 500
	if n > manyAtoms {
		short, long = 40, 200
	}
	for i := range all {
		at := all[i].at
		for a := range at { // off the saddle points of symmetry
			at[a] = at[a].add(direction(2.4 * float64(a)).times(0.02))
		}
		e.hold(f.doubles, at)
		e.relax(at, short)
		all[i].score = f.faults(e, at)
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.score, b.score) })
	all = all[:min(len(all), fullRelax)]
	for i := range all {
		e.hold(f.doubles, all[i].at)
		e.relax(all[i].at, long)
		all[i].score = f.faults(e, all[i].at)
	}
	best := slices.MinFunc(all, func(a, b candidate) int { return cmp.Compare(a.score, b.score) })
	if cage := f.cage(); cage != nil && f.flaws(e, cage) < f.flaws(e, best.at) {
		return cage
	}
	return best.at
}

// faults weighs what is wrong with a form: its energy and its flaws.
func (f *frame) faults(e *springs, at []Point) float64 {
	return e.energy(at, nil) + f.flaws(e, at)
}

// flaws weighs bonds that cross, atoms that lie on others or on bonds,
// substituents without room, and double bonds turned round.
func (f *frame) flaws(e *springs, at []Point) float64 {
	sum := 3 * float64(f.overlaps(e, at))
	bonds := f.bonds()
	for x, b := range bonds {
		p, q := at[b[0]], at[b[1]]
		for _, c := range bonds[:x] {
			if crosses(p, q, at[c[0]], at[c[1]]) {
				sum += 1.2
			}
		}
		for i, r := range at {
			if i != b[0] && i != b[1] {
				if d := distanceToSegment(r, p, q); d < nearBond {
					sum += 3 * (nearBond - d)
				}
			}
		}
	}
	for _, d := range f.doubles {
		axis := at[d.b].sub(at[d.a])
		if (axis.cross(at[d.refA].sub(at[d.a]))*axis.cross(at[d.refB].sub(at[d.b])) < 0) != d.trans {
			sum += 10
		}
	}
	return sum + f.crowded(at, bonds)
}

func (f *frame) bonds() [][2]int {
	var out [][2]int
	for i, nbrs := range f.nbr {
		for _, j := range nbrs {
			if i < j {
				out = append(out, [2]int{i, j})
			}
		}
	}
	return out
}

// crowded is what all substituents and rings to be fused cost.
func (f *frame) crowded(at []Point, bonds [][2]int) float64 {
	sum := 0.0
	for i, count := range f.out {
		if count > 0 || f.named[i] {
			sum += f.crowding(at, i, bonds)
		}
	}
	for _, s := range f.fused {
		sum += s.crowding(at)
	}
	return sum
}

// crowding is what a substituent of atom i in the widest gap there costs.
func (f *frame) crowding(at []Point, i int, bonds [][2]int) float64 {
	var angles []float64
	for _, w := range f.nbr[i] {
		angles = append(angles, at[w].sub(at[i]).angle())
	}
	from, width := freeGap(angles)
	sum := 0.0
	if width < math.Pi/1.8 {
		sum += 0.5
	}
	end := at[i].add(direction(from + width/2))
	for j, p := range at {
		if j != i {
			if d := p.distance(end); d < 0.95 {
				sum += 4.5 * (0.95 - d)
			}
		}
	}
	for _, b := range bonds {
		if b[0] != i && b[1] != i && crosses(at[i], end, at[b[0]], at[b[1]]) {
			sum += 1.2
		}
	}
	return sum
}

// crowding is what the ring to be fused costs on the better side of its bond.
func (s side) crowding(at []Point) float64 {
	radius := 0.5 / math.Sin(math.Pi/float64(s.size))
	middle := at[s.a].middle(at[s.b])
	out := at[s.b].sub(at[s.a]).unit().left().times(radius * math.Cos(math.Pi/float64(s.size)))
	best := math.Inf(1)
	for _, sign := range [2]float64{1, -1} {
		centre, sum := middle.add(out.times(sign)), 0.0
		for i, p := range at {
			if i != s.a && i != s.b {
				sum += 2 * max(0, radius+0.4-p.distance(centre))
			}
		}
		best = min(best, sum)
	}
	return best
}

// assemble puts the rings together one by one from ring first on.
func (f *frame) assemble(first int) []Point {
	at, set := make([]Point, len(f.nbr)), make([]bool, len(f.nbr))
	for k, p := range f.shape(first) {
		at[f.rings[first][k]], set[f.rings[first][k]] = p, true
	}
	done := make([]bool, len(f.rings))
	done[first] = true
	for {
		best, bestKey := -1, [3]int{}
		for r, ring := range f.rings {
			if done[r] {
				continue
			}
			count, runs := 0, 0
			for k, a := range ring {
				if set[a] {
					count++
					if !set[ring[(k+1)%len(ring)]] {
						runs++
					}
				}
			}
			if count < 2 {
				continue
			}
			key := [3]int{runs, min(count, 3), len(ring)}
			if best < 0 || slices.Compare(key[:], bestKey[:]) < 0 {
				best, bestKey = r, key
			}
		}
		if best < 0 {
			break
		}
		done[best] = true
		f.complete(f.rings[best], at, set)
	}
	for i := range at {
		if !set[i] { // of no known ring
			at[i], set[i] = direction(float64(i)).times(2), true
		}
	}
	return at
}

// complete places the missing atoms of a ring: as those of a regular polygon if
// the others are, else on arcs.
func (f *frame) complete(ring []int, at []Point, set []bool) {
	n := len(ring)
	var have []int
	for k, a := range ring {
		if set[a] {
			have = append(have, k)
		}
	}
	if len(have) == n {
		return
	}
	var taken []Point
	for i, ok := range set {
		if ok {
			taken = append(taken, at[i])
		}
	}
	middle := centroid(taken)
	if n <= 8 {
		var best []Point
		bestKey := math.Inf(1)
		for _, sign := range [2]float64{1, -1} {
			fit, worst := fitPolygon(n, sign, ring, have, at)
			if worst > 0.1 {
				continue
			}
			if key := -centroid(fit).distance(middle); key < bestKey {
				best, bestKey = fit, key
			}
		}
		if best != nil {
			for k, a := range ring {
				if !set[a] {
					at[a], set[a] = best[k], true
				}
			}
			return
		}
	}
	for x, k := range have {
		next := have[(x+1)%len(have)]
		gap := (next-k+n)%n - 1
		if len(have) == 1 || gap <= 0 {
			continue
		}
		for i, p := range arc(at[ring[k]], at[ring[next]], gap, middle) {
			a := ring[(k+1+i)%n]
			at[a], set[a] = p, true
		}
	}
}

// fitPolygon lays a regular polygon on the placed atoms of a ring, and tells by
// how much it misses them at worst.
func fitPolygon(n int, sign float64, ring, have []int, at []Point) (fit []Point, worst float64) {
	fit = polygon(n)
	var from, to Point
	for i := range fit {
		fit[i].Y *= sign
	}
	for _, k := range have {
		from, to = from.add(fit[k]), to.add(at[ring[k]])
	}
	from, to = from.times(1/float64(len(have))), to.times(1/float64(len(have)))
	var left Point
	for _, k := range have {
		p, q := fit[k].sub(from), at[ring[k]].sub(to)
		left = left.add(Point{p.dot(q), p.cross(q)})
	}
	left = left.unit()
	for i := range fit {
		fit[i] = to.add(fit[i].sub(from).turned(left))
	}
	for _, k := range have {
		worst = max(worst, fit[k].distance(at[ring[k]]))
	}
	return fit, worst
}

// arc is count points between p and q, one bond length apart, on the side of
// the line that is away from the given point.
func arc(p, q Point, count int, from Point) []Point {
	steps := float64(count + 1)
	chord := p.distance(q)
	out := make([]Point, count)
	side := q.sub(p).unit().left()
	if side.dot(from.sub(p.middle(q))) > 0 {
		side = side.times(-1)
	}
	if chord >= steps {
		for i := range out {
			out[i] = p.along(q, float64(i+1)/steps)
		}
		return out
	}
	low, high := 1e-6, 2*math.Pi/steps
	for range 60 { // the angle of a step, by the ratio of chord and step
		mid := (low + high) / 2
		if math.Sin(steps*mid/2)/math.Sin(mid/2) > chord {
			low = mid
		} else {
			high = mid
		}
	}
	radius := 0.5 / math.Sin(low/2)
	half := steps * low / 2
	centre := p.middle(q).sub(side.times(radius * math.Cos(half)))
	along := q.sub(p).unit()
	for i := range out {
		a := -half + float64(i+1)*low
		out[i] = centre.add(side.times(radius * math.Cos(a))).add(along.times(radius * math.Sin(a)))
	}
	return out
}
