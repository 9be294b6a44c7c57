package depict

import "slices"

// perimeters are the cycles that may run around a plane drawing of the frame:
// the sums of its rings that are one cycle, the longest first.
func (f *frame) perimeters() [][]int {
	k := len(f.rings)
	if k > maxPerimeterSet {
		var all [][]int
		all = append(all, f.rings...)
		slices.SortStableFunc(all, func(a, b []int) int { return len(b) - len(a) })
		return all[:3]
	}
	var all [][]int
	for set := 1; set < 1<<k; set++ {
		edges := make(map[[2]int]bool)
		for r, ring := range f.rings {
			if set>>r&1 == 0 {
				continue
			}
			for i, a := range ring {
				b := ring[(i+1)%len(ring)]
				e := [2]int{min(a, b), max(a, b)}
				if edges[e] {
					delete(edges, e)
				} else {
					edges[e] = true
				}
			}
		}
		if c := cycle(edges); c != nil {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b []int) int { return len(b) - len(a) })
	return all[:min(len(all), 24)]
}

// cycle is the order of atoms if the edges are one cycle, else nil.
func cycle(edges map[[2]int]bool) []int {
	next := make(map[int][]int)
	first := -1
	for e := range edges {
		next[e[0]] = append(next[e[0]], e[1])
		next[e[1]] = append(next[e[1]], e[0])
		if first < 0 || e[0] < first {
			first = e[0]
		}
	}
	for _, w := range next {
		if len(w) != 2 {
			return nil
		}
	}
	if first < 0 {
		return nil
	}
	out := []int{first}
	for at, before := min(next[first][0], next[first][1]), first; at != first; {
		out = append(out, at)
		w := next[at]
		if w[0] == before {
			before, at = at, w[1]
		} else {
			before, at = at, w[0]
		}
	}
	if len(out) != len(edges) {
		return nil
	}
	return out
}

// inscribe draws the frame with a cycle as a regular polygon around it and
// every other atom in the middle of its neighbours (W. T. Tutte, Proc. London
// Math. Soc. 13 (1963) 743).
func (f *frame) inscribe(cycle []int) []Point {
	at := make([]Point, len(f.nbr))
	fixed := make([]bool, len(f.nbr))
	for k, p := range polygon(len(cycle)) {
		at[cycle[k]], fixed[cycle[k]] = p, true
	}
	for range 100 {
		for i, nbrs := range f.nbr {
			if fixed[i] {
				continue
			}
			var sum Point
			for _, w := range nbrs {
				sum = sum.add(at[w])
			}
			at[i] = sum.times(1 / float64(len(nbrs)))
		}
	}
	return at
}
