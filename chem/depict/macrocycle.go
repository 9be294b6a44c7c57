package depict

import "math"

// Rings of this many atoms and more are drawn on the pattern of a honeycomb;
// smaller ones only where a double bond in them is trans.
const (
	smallestHoneycomb = 12
	largestHoneycomb  = 60
)

// macrocycle is the form of a large ring: a closed walk with turns of 60° to the
// left and to the right, as around the cells of a honeycomb. Right turns keep
// away from atoms with substituents, which need the space outside, and obey the
// configuration of double bonds. It is nil where a regular polygon is better.
func (f *frame) macrocycle(ring []int) []Point {
	n := len(ring)
	w := walk{n: n, cost: make([]float64, n), bond: make([]int8, n)}
	trans := false
	for k, a := range ring {
		b := ring[(k+1)%n]
		for _, d := range f.doubles {
			if d.b == a && d.a == b {
				d.a, d.b, d.refA, d.refB = d.b, d.a, d.refB, d.refA
			}
			if d.a != a || d.b != b {
				continue
			}
			if d.refA != ring[(k+n-1)%n] {
				d.trans = !d.trans
			}
			if d.refB != ring[(k+2)%n] {
				d.trans = !d.trans
			}
			w.bond[k] = 1
			if d.trans {
				w.bond[k], trans = -1, true
			}
		}
		switch {
		case len(f.nbr[a]) > 2:
			w.cost[k] = 2
		case f.out[a] > 0:
			w.cost[k] = float64(f.out[a])
		}
	}
	if n > largestHoneycomb || n < smallestHoneycomb && !trans {
		return nil
	}
	best := w.search()
	if !trans && w.inwards(best) > n/12 {
		return nil
	}
	at := w.points(best)
	e := &springs{n: n}
	for i := range n {
		e.list = append(e.list, spring{i, (i + 1) % n, 1, bondStrength}, spring{i, (i + 2) % n, math.Sqrt(3), 1})
		for j := i + 3; j < n && j < i+n-2; j++ {
			e.apart = append(e.apart, spring{i, j, 1.6, 0.3})
		}
	}
	for k, t := range best {
		e.bends = append(e.bends, bend{(k + n - 1) % n, k, (k + 1) % n, float64(t) * math.Sin(third)})
	}
	e.relax(at, 300)
	return at
}

// walk is the search for the turns of a closed walk of n steps.
type walk struct {
	n    int
	cost []float64 // of a right turn at each atom
	bond []int8    // turns at an atom and the next: alike (1), unlike (-1), or free
}

// search improves walks with evenly spread right turns by exchanging turns. A
// walk without strain has (n-6)/2 of them; every trans bond needs one of its own.
func (w *walk) search() []int8 {
	rights := max(1, (w.n-6)/2)
	if w.n%2 == 1 {
		rights = max(1, (w.n-7)/2)
	}
	trans := 0
	for _, b := range w.bond {
		if b < 0 {
			trans++
		}
	}
	best, faults := w.improved(rights)
	for more := rights + 1; more <= min(trans, w.n/2); more++ {
		if turns, f := w.improved(more); f < faults-1e-9 {
			best, faults = turns, f
		}
	}
	return best
}

// improved is the best walk found with so many right turns.
func (w *walk) improved(rights int) (best []int8, bestFaults float64) {
	offsets := w.n
	if w.n > 20 {
		offsets = 4
	}
	bestFaults = math.Inf(1)
	for offset := range offsets {
		turns := make([]int8, w.n)
		for i := range turns {
			turns[i] = 1
		}
		for r := range rights {
			turns[(offset+r*w.n/rights)%w.n] = -1
		}
		faults := w.faults(turns)
		for range 20 {
			bi, bj, least := -1, -1, faults-1e-9
			for i, a := range turns {
				for j := range i {
					if turns[j] == a {
						continue
					}
					turns[i], turns[j] = turns[j], turns[i]
					if v := w.faults(turns); v < least {
						bi, bj, least = i, j, v
					}
					turns[i], turns[j] = turns[j], turns[i]
				}
			}
			if bi < 0 {
				break
			}
			turns[bi], turns[bj] = turns[bj], turns[bi]
			faults = least
		}
		if faults < bestFaults-1e-9 {
			best, bestFaults = turns, faults
		}
	}
	return best, bestFaults
}

// inwards counts the atoms with substituents that would point into the ring.
func (w *walk) inwards(turns []int8) (count int) {
	for i, t := range turns {
		if t < 0 && w.cost[i] > 0 {
			count++
		}
	}
	return count
}

// points walks from the origin; the last step need not lead back.
func (w *walk) points(turns []int8) []Point {
	sum := 0
	for _, t := range turns {
		sum += int(t)
	}
	step := 2 * math.Pi / float64(max(4, sum))
	out := make([]Point, w.n)
	var p Point
	angle := 0.0
	for i, t := range turns {
		out[i] = p
		angle += step * float64(t)
		p = p.add(direction(angle))
	}
	// The gap is spread over all steps.
	for i := range out {
		out[i] = out[i].sub(p.times(float64(i) / float64(w.n)))
	}
	return out
}

func (w *walk) faults(turns []int8) float64 {
	sum := 0.0
	for i, t := range turns {
		next := turns[(i+1)%w.n]
		if t < 0 {
			sum += w.cost[i]
			if next < 0 {
				sum += 0.8
			}
		}
		if b := w.bond[i]; b != 0 && b != t*next {
			sum += 8
		}
	}
	at := w.points(turns)
	gap := 0.0
	for i, p := range at {
		gap += math.Abs(p.distance(at[(i+1)%w.n]) - 1)
		for j := range i {
			if i-j < 2 || i-j > w.n-2 {
				continue
			}
			d := at[j].sub(p)
			if l := d.dot(d); l < 1.5*1.5 && i-j > 2 && i-j < w.n-2 {
				sum += 1.5
			} else if l > 0.5*float64(w.n) {
				sum += 0.002 * l // round rather than long
			}
		}
	}
	return sum + gap
}
