package fingerprint

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// lengths are lengths of vectors around the sizes of words and blocks.
var lengths = []int{1, 63, 64, 65, 166, 511, 512, 513, 1024, 2048, 3000}

// sparse is a vector of n bits, of which a random share is set.
func sparse(r *rand.Rand, n int) Bits {
	b := NewBits(n)
	for range r.IntN(1 + n/4) {
		b.Set(r.IntN(n))
	}
	return b
}

func tableOf(r *rand.Rand, nbits, rows int) (*Table, []Bits) {
	t, list := NewTable(nbits), make([]Bits, rows)
	for i := range list {
		list[i] = sparse(r, nbits)
		if i > 0 && r.IntN(8) == 0 {
			list[i] = list[r.IntN(i)] // equal rows
		}
		t.Append(list[i])
	}
	return t, list
}

func TestTableComparesAsPairsDo(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range lengths {
		for _, rows := range []int{0, 1, 7, batch, 2*batch + 3} {
			table, list := tableOf(r, n, rows)
			q := sparse(r, n)
			tanimoto, tversky := table.Tanimoto(nil, q), table.Tversky(nil, q, 0.2, 0.7)
			for i, b := range list {
				if want := Tanimoto(q, b); tanimoto[i] != want {
					t.Fatalf("%d bits, row %d of %d: Tanimoto %v, want %v", n, i, rows, tanimoto[i], want)
				}
				if want := OverlapBits(q, b).Tversky(0.2, 0.7); tversky[i] != want {
					t.Fatalf("%d bits, row %d of %d: Tversky %v, want %v", n, i, rows, tversky[i], want)
				}
				if !slices.Equal(table.Row(i).On(), b.On()) || table.Count(i) != b.Count() {
					t.Fatalf("%d bits: row %d is not what was appended", n, i)
				}
			}
		}
	}
}

func TestKernelsCountTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for words := blockWords; words <= 5*blockWords; words += blockWords {
		for n := range 20 {
			query, rows := make([]uint64, words), make([]uint64, n*words)
			for _, s := range [][]uint64{query, rows} {
				for i := range s {
					s[i] = r.Uint64() | r.Uint64()
				}
			}
			want, got := make([]int32, n), make([]int32, n)
			for i := range want {
				for k, q := range query {
					for bit := range 64 {
						want[i] += int32(q >> bit & (rows[i*words+k] >> bit) & 1)
					}
				}
			}
			if commonPlain(got, query, rows); !slices.Equal(got, want) {
				t.Fatalf("plain, %d rows of %d words: %v, want %v", n, words, got, want)
			}
			clear(got)
			if common(got, query, rows); !slices.Equal(got, want) {
				t.Fatalf("%d rows of %d words: %v, want %v", n, words, got, want)
			}
		}
	}
}

func TestMatrixIsTheTableOfAllPairs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	for _, size := range [][2]int{{0, 3}, {1, 1}, {5, 0}, {17, 600}, {300, 41}} {
		a, rows := tableOf(r, 300, size[0])
		b, _ := tableOf(r, 300, size[1])
		got := Matrix(nil, a, b)
		for i, q := range rows {
			if want := b.Tanimoto(nil, q); !slices.Equal(got[i*b.Len():(i+1)*b.Len()], want) {
				t.Fatalf("row %d of %v is not the comparison with it", i, size)
			}
		}
	}
}

// TestNearestIsTheHeadOfTheSortedTable holds the search against a sort of all.
func TestNearestIsTheHeadOfTheSortedTable(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	for _, n := range lengths {
		for _, rows := range []int{0, 1, 20, 700} {
			table, _ := tableOf(r, n, rows)
			index := NewIndex(table)
			for range 5 {
				q := sparse(r, n)
				var want []Neighbor
				for i, s := range table.Tanimoto(nil, q) {
					want = append(want, Neighbor{i, s})
				}
				slices.SortFunc(want, nearer)
				k := r.IntN(rows + 3)
				want = want[:min(k, len(want))]
				if got := index.Nearest(q, k); !slices.Equal(got, want) {
					t.Fatalf("%d bits, %d of %d rows: %v, want %v", n, k, rows, got, want)
				}
			}
		}
	}
}
