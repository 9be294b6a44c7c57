package fingerprint

import (
	"cmp"
	"slices"
)

// Index finds the vectors of a table that are most similar to another one. It
// holds them in the order of their number of bits, because that bounds the
// similarity: Tanimoto of vectors with a and b bits is at most
// min(a, b)/max(a, b) (Swamidass and Baldi, J. Chem. Inf. Model. 2007, 47, 302).
// It may be used by several goroutines at once.
type Index struct {
	table *Table // sorted by count
	row   []int32
	start []int // rows with c bits are start[c] to start[c+1] of the sorted table
}

// Neighbor is a row of a table and its similarity to the vector asked about.
type Neighbor struct {
	Row        int
	Similarity float64
}

// NewIndex makes an index of a table; it copies the rows.
func NewIndex(t *Table) *Index {
	x := &Index{table: NewTable(t.nbits), row: make([]int32, t.Len()), start: make([]int, t.nbits+2)}
	for i := range x.row {
		x.row[i] = int32(i)
		x.start[t.counts[i]+1]++
	}
	for c := range t.nbits + 1 {
		x.start[c+1] += x.start[c]
	}
	slices.SortStableFunc(x.row, func(a, b int32) int { return cmp.Compare(t.counts[a], t.counts[b]) })
	x.table.rows = make([]uint64, 0, len(t.rows))
	for _, i := range x.row {
		x.table.rows = append(x.table.rows, t.rows[int(i)*t.stride:][:t.stride]...)
		x.table.counts = append(x.table.counts, t.counts[i])
	}
	return x
}

// Nearest lists the k rows with the highest Tanimoto similarity to q, the most
// similar first and equal ones in the order of rows; all rows if there are
// fewer. q must have the table's length.
func (x *Index) Nearest(q Bits, k int) []Neighbor {
	if k <= 0 {
		return nil
	}
	query, count := x.table.pad(q), q.Count()
	best := make([]Neighbor, 0, min(k, len(x.row))+1)
	low, high := count, count+1 // the next numbers of bits to look at
	for low >= 0 || high <= x.table.nbits {
		boundLow, boundHigh := bound(low, count), bound(count, high)
		next := low
		if low < 0 || high <= x.table.nbits && boundHigh > boundLow {
			next, boundLow = high, boundHigh
			high++
		} else {
			low--
		}
		if len(best) == k && boundLow < best[k-1].Similarity {
			break // the other bound is no higher
		}
		best = x.search(best, k, query, count, x.start[next], x.start[next+1])
	}
	return best
}

// bound is the highest similarity of vectors with a <= b bits.
func bound(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// search looks at the rows from one to another for better neighbours than the
// best so far.
func (x *Index) search(best []Neighbor, k int, query []uint64, count, from, to int) []Neighbor {
	var mem [batch]float64
	for ; from < to; from += batch {
		found := mem[:min(batch, to-from)]
		x.table.compare(found, query, count, from)
		for i, s := range found {
			if len(best) == k && s < best[k-1].Similarity {
				continue
			}
			n := Neighbor{int(x.row[from+i]), s}
			at, _ := slices.BinarySearchFunc(best, n, nearer)
			best = slices.Insert(best, at, n)
			best = best[:min(len(best), k)]
		}
	}
	return best
}

// nearer orders neighbours by similarity, then by row.
func nearer(a, b Neighbor) int {
	return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Row, b.Row))
}
