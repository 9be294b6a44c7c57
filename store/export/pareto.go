package export

import (
	"slices"

	"github.com/molsculpt/molsculpt/store"
)

// front finds the vectors of desirabilities that no other one dominates.
type front struct {
	columns []int // objectives with a weight
	index   []int
	values  []float64 // len(columns) per vector
}

func newFront(objectives []store.Objective) *front {
	f := &front{}
	for i, o := range objectives {
		if o.Weight > 0 {
			f.columns = append(f.columns, i)
		}
	}
	return f
}

func (f *front) add(index int, scores []store.Score) {
	f.index = append(f.index, index)
	for _, c := range f.columns {
		f.values = append(f.values, scores[c].Desirability)
	}
}

func (f *front) vector(i int) []float64 {
	return f.values[i*len(f.columns) : (i+1)*len(f.columns)]
}

// dominated lists the indices of the vectors that another one dominates. In
// descending lexicographic order a vector can be dominated by earlier ones
// only, and then by one of the front so far: cost is the number of vectors
// times the size of the front.
func (f *front) dominated() []int {
	order := make([]int, len(f.index))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return slices.Compare(f.vector(b), f.vector(a)) })
	var best, out []int
next:
	for _, i := range order {
		v := f.vector(i)
		for _, j := range best {
			if dominates(f.vector(j), v) {
				out = append(out, f.index[i])
				continue next
			}
		}
		best = append(best, i)
	}
	return out
}

func dominates(a, b []float64) bool {
	better := false
	for i := range a {
		if a[i] < b[i] {
			return false
		}
		better = better || a[i] > b[i]
	}
	return better
}
