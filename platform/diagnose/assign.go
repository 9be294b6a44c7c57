package diagnose

import (
	"errors"
	"fmt"
	"math"
)

// Assignment is a pairing of n rows with n columns of least cost.
type Assignment struct {
	// Cost is the mean cost of a pair: the earth mover's distance of two samples
	// of n elements of equal weights.
	Cost float64
	// Column[i] is the column that row i is paired with.
	Column []int
	// U and V prove that no pairing costs less: U[i]+V[j] is nowhere above the
	// cost of row i and column j, and equals it for the pairs, each to rounding
	// (linear programming duality).
	U, V []float64
}

// Assign pairs n rows with n columns, one with one, at the least sum of
// cost[i*n+j]. It fails where cost is not n times n long, where n is 0, or where
// a cost is not finite.
//
// It is the algorithm of Jonker and Volgenant (Computing 38, 1987): column
// reduction, reduction transfer and augmenting row reduction pair most rows, and
// shortest augmenting paths pair the rest. Duals are kept in float64, so the
// pairing is optimal to rounding for the costs as they are. Some seconds for
// 5,000 rows.
func Assign(cost []float32, n int) (*Assignment, error) {
	if n < 1 || len(cost) != n*n {
		return nil, fmt.Errorf("diagnose: assign: %d costs for %d rows and columns", len(cost), n)
	}
	for _, c := range cost {
		if math.IsNaN(float64(c)) || math.IsInf(float64(c), 0) {
			return nil, errors.New("diagnose: assign: a cost is not finite")
		}
	}
	a := &assigning{n: n, cost: cost, v: make([]float64, n), column: make([]int, n), row: make([]int, n)}
	free := a.reduceColumns()
	for range 2 {
		free = a.reduceRows(free)
	}
	a.augment(free)
	out := &Assignment{Column: a.column, U: make([]float64, n), V: a.v}
	for i, j := range a.column {
		c := float64(cost[i*n+j])
		out.Cost += c / float64(n)
		out.U[i] = c - a.v[j]
	}
	return out, nil
}

// assigning is an assignment under way. A paired row has its least reduced cost
// c_ij - v_j at its column.
type assigning struct {
	n           int
	cost        []float32
	v           []float64
	column, row []int // paired with a row, with a column; -1 for none
}

func (a *assigning) pair(i, j int) { a.column[i], a.row[j] = j, i }

// reduceColumns sets v to the least cost of each column and pairs columns with
// the rows where that is, as far as these are free. Then it lowers v of the
// column of each row that one column chose to what the row's second best one
// allows (reduction transfer). It returns the rows that stayed free.
func (a *assigning) reduceColumns() []int {
	n := a.n
	least := make([]int, n) // row of the least cost of each column
	for j, c := range a.cost[:n] {
		a.v[j] = float64(c)
	}
	for i := 1; i < n; i++ {
		for j, c := range a.cost[i*n : (i+1)*n] {
			if float64(c) < a.v[j] {
				a.v[j], least[j] = float64(c), i
			}
		}
	}
	chosen := make([]int, n) // how many columns chose a row
	for i := range n {
		a.column[i], a.row[i] = -1, -1
	}
	for j := n - 1; j >= 0; j-- {
		i := least[j]
		if chosen[i]++; chosen[i] == 1 {
			a.pair(i, j)
		}
	}
	var free []int
	for i := range n {
		switch chosen[i] {
		case 0:
			free = append(free, i)
		case 1:
			own, second := a.column[i], math.Inf(1)
			for j, c := range a.cost[i*n : (i+1)*n] {
				if d := float64(c) - a.v[j]; j != own && d < second {
					second = d
				}
			}
			if n > 1 {
				a.v[own] -= second - (float64(a.cost[i*n+own]) - a.v[own])
			}
		}
	}
	return free
}

// reduceRows pairs each free row with its best column and lowers that column's v
// to what the second best allows, which frees the row that had it. It returns the
// rows that are free in the end. A row that is freed goes on at once where the
// column became cheaper, else it waits for the next pass; the number of steps
// is bounded, as rounding and ties could make them many.
func (a *assigning) reduceRows(free []int) []int {
	var later []int
	for k, steps := 0, 0; k < len(free); steps++ {
		if steps > 4*a.n {
			return append(later, free[k:]...)
		}
		i := free[k]
		best, next, first, second := a.twoBest(i)
		owner := a.row[best]
		cheaper := next >= 0 && a.v[best]-(second-first) < a.v[best]
		if cheaper {
			a.v[best] -= second - first
		} else if owner >= 0 && next >= 0 {
			best = next // as good, and perhaps free
			owner = a.row[best]
		}
		a.pair(i, best)
		if owner >= 0 {
			a.column[owner] = -1
		}
		switch {
		case owner >= 0 && cheaper:
			free[k] = owner
		case owner >= 0:
			later = append(later, owner)
			k++
		default:
			k++
		}
	}
	return later
}

// twoBest are the two columns of the least reduced costs of a row; next is -1
// where there is one column.
func (a *assigning) twoBest(i int) (best, next int, first, second float64) {
	best, next, first, second = -1, -1, math.Inf(1), math.Inf(1)
	for j, c := range a.cost[i*a.n : (i+1)*a.n] {
		if d := float64(c) - a.v[j]; d < second {
			if d < first {
				best, next, first, second = j, best, d, first
			} else {
				next, second = j, d
			}
		}
	}
	return best, next, first, second
}

// augment pairs the free rows, each along a shortest path of reduced costs to a
// free column (Dijkstra 1959, over columns).
func (a *assigning) augment(free []int) {
	n := a.n
	dist, from := make([]float64, n), make([]int, n)
	columns := make([]int, n) // [0:done] left for good, [done:near] at the least distance, the rest further
	for j := range columns {
		columns[j] = j
	}
	for _, start := range free {
		for j, c := range a.cost[start*n : (start+1)*n] {
			dist[j], from[j] = float64(c)-a.v[j], start
		}
		done, near, end := 0, 0, -1
		var least float64
		for end < 0 {
			if done == near {
				least, near = a.nearest(columns, done, dist)
				for _, j := range columns[done:near] {
					if a.row[j] < 0 {
						end = j
						break
					}
				}
				if end >= 0 {
					break
				}
			}
			j := columns[done]
			done++
			near, end = a.relax(a.row[j], j, columns, near, dist, from, least)
		}
		for _, j := range columns[:done] {
			a.v[j] += dist[j] - least
		}
		for j := end; ; {
			i := from[j]
			next := a.column[i]
			a.pair(i, j)
			if i == start {
				break
			}
			j = next
		}
	}
}

// nearest moves the columns of the least distance to the front of columns[done:]
// and returns that distance and where they end.
func (a *assigning) nearest(columns []int, done int, dist []float64) (least float64, near int) {
	least = math.Inf(1)
	for k := done; k < len(columns); k++ {
		j := columns[k]
		if d := dist[j]; d <= least {
			if d < least {
				least, near = d, done
			}
			columns[k], columns[near] = columns[near], j
			near++
		}
	}
	return least, near
}

// relax looks at the columns beyond near from a row whose column is left. It
// returns where those at the least distance end, and a free one of them, or -1.
func (a *assigning) relax(i, own int, columns []int, near int, dist []float64, from []int, least float64) (int, int) {
	costs := a.cost[i*a.n : (i+1)*a.n]
	base := float64(costs[own]) - a.v[own] - least
	for k := near; k < len(columns); k++ {
		j := columns[k]
		d := float64(costs[j]) - a.v[j] - base
		if d >= dist[j] {
			continue
		}
		dist[j], from[j] = d, i
		if d <= least { // below it by rounding alone
			dist[j] = least
			if a.row[j] < 0 {
				return near, j
			}
			columns[k], columns[near] = columns[near], j
			near++
		}
	}
	return near, -1
}
