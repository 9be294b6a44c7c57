package diagnose

import (
	"errors"
	"fmt"
	"math"
)

// Transport is an optimal way to move one set of masses onto another.
type Transport struct {
	// Cost is the least sum of mass times cost: the earth mover's distance where
	// the masses sum to one.
	Cost float64
	// Flow[i*m+j] is the mass that goes from source i to sink j.
	Flow []float64
	// U and V prove that the cost is least: U[i]+V[j] is nowhere above the cost
	// of i to j, and equals it where anything flows (linear programming duality),
	// each to rounding.
	U, V []float64
}

// dust is a share of all mass that is rounding error.
const dust = 1e-13

// Move finds the optimal transport from sources of mass a to sinks of mass b,
// where moving one unit from i to j costs cost[i*len(b)+j]. The masses are
// scaled to sum to one on either side. It fails where a mass is negative, all of
// a side are zero, or a cost is not finite.
//
// It sends mass along shortest augmenting paths with potentials (successive
// shortest paths: Edmonds and Karp 1972; with dense Dijkstra steps, as Jonker and
// Volgenant 1987 do for assignments). Every path uses up a source, a sink or a
// flow, and takes time of order len(a) times len(b): a fraction of a second for
// some hundreds of points on each side.
func Move(cost, a, b []float64) (*Transport, error) {
	if len(cost) != len(a)*len(b) {
		return nil, fmt.Errorf("diagnose: move mass: %d costs for %d sources and %d sinks", len(cost), len(a), len(b))
	}
	for _, c := range cost {
		if math.IsNaN(c) || math.IsInf(c, 0) {
			return nil, fmt.Errorf("diagnose: move mass: a cost is %v", c)
		}
	}
	supply, err := shares(a)
	if err != nil {
		return nil, err
	}
	demand, err := shares(b)
	if err != nil {
		return nil, err
	}
	s := newShipping(cost, supply, demand)
	for i := range supply {
		for s.supply[i] > dust && s.ship(i) {
		}
	}
	t := &Transport{Flow: s.flow, U: s.u, V: s.v}
	for k, f := range s.flow {
		t.Cost += f * cost[k]
	}
	return t, nil
}

// shares scales masses to sum to one.
func shares(mass []float64) ([]float64, error) {
	var sum float64
	for _, m := range mass {
		if !(m >= 0) || math.IsInf(m, 1) {
			return nil, fmt.Errorf("diagnose: move mass: a mass is %v", m)
		}
		sum += m
	}
	if sum == 0 {
		return nil, errors.New("diagnose: move mass: there is none")
	}
	out := make([]float64, len(mass))
	for i, m := range mass {
		out[i] = m / sum
	}
	return out, nil
}

// shipping is a transport under way. The reduced cost c_ij - u_i - v_j is never
// negative, and zero where there is a flow.
type shipping struct {
	n, m           int
	cost, flow     []float64
	supply, demand []float64 // what is left
	u, v           []float64

	// Of one search: distances of rows and columns from its start, how a column
	// was reached (from its row) and how a row (back along its column).
	rowDist, colDist []float64
	from, back       []int
	done             []bool // columns
}

func newShipping(cost, supply, demand []float64) *shipping {
	n, m := len(supply), len(demand)
	s := &shipping{
		n: n, m: m, cost: cost, flow: make([]float64, n*m), supply: supply, demand: demand,
		u: make([]float64, n), v: make([]float64, m),
		rowDist: make([]float64, n), colDist: make([]float64, m),
		from: make([]int, m), back: make([]int, n), done: make([]bool, m),
	}
	for i := range s.u {
		s.u[i] = math.Inf(1)
		for j := range m {
			s.u[i] = math.Min(s.u[i], cost[i*m+j])
		}
	}
	for j := range s.v {
		s.v[j] = math.Inf(1)
		for i := range n {
			s.v[j] = math.Min(s.v[j], cost[i*m+j]-s.u[i])
		}
	}
	return s
}

// ship sends mass from a source along a shortest path to a sink that wants some;
// false where none does.
func (s *shipping) ship(start int) bool {
	inf := math.Inf(1)
	for i := range s.rowDist {
		s.rowDist[i] = inf
	}
	for j := range s.colDist {
		s.colDist[j], s.done[j] = inf, false
	}
	s.reach(start, 0, -1)
	sink := -1
	for sink < 0 {
		best := -1
		for j, d := range s.colDist {
			if !s.done[j] && d < inf && (best < 0 || d < s.colDist[best]) {
				best = j
			}
		}
		if best < 0 {
			return false
		}
		s.done[best] = true
		if s.demand[best] > dust {
			sink = best
			break
		}
		for i := range s.n {
			if s.flow[i*s.m+best] > 0 && math.IsInf(s.rowDist[i], 1) {
				s.reach(i, s.colDist[best], best)
			}
		}
	}
	far := s.colDist[sink]
	for i, d := range s.rowDist {
		if d < far {
			s.u[i] += far - d
		}
	}
	for j, d := range s.colDist {
		if s.done[j] && d < far {
			s.v[j] -= far - d
		}
	}
	s.augment(start, sink)
	return true
}

// reach comes to a row and looks at every column from there.
func (s *shipping) reach(row int, dist float64, back int) {
	s.rowDist[row], s.back[row] = dist, back
	base := dist - s.u[row]
	costs := s.cost[row*s.m : (row+1)*s.m]
	for j, c := range costs {
		if s.done[j] {
			continue
		}
		if d := math.Max(dist, base+c-s.v[j]); d < s.colDist[j] {
			s.colDist[j], s.from[j] = d, row
		}
	}
}

// augment moves as much as the path found allows.
func (s *shipping) augment(start, sink int) {
	amount := math.Min(s.supply[start], s.demand[sink])
	for j := sink; ; {
		i := s.from[j]
		if i == start {
			break
		}
		j = s.back[i]
		amount = math.Min(amount, s.flow[i*s.m+j])
	}
	s.supply[start] -= amount
	s.demand[sink] -= amount
	for j := sink; ; {
		i := s.from[j]
		s.flow[i*s.m+j] += amount
		if i == start {
			return
		}
		j = s.back[i]
		if f := s.flow[i*s.m+j] - amount; f > dust {
			s.flow[i*s.m+j] = f
		} else {
			s.flow[i*s.m+j] = 0
		}
	}
}
