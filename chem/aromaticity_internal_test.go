package chem

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestEachFusedSetIsTriedOnce compares with all subsets of small random graphs
// of rings.
func TestEachFusedSetIsTriedOnce(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 300 {
		n := 1 + rnd.IntN(9)
		r := &aromaticity{rings: make([][]int32, n), nbr: make([][]int32, n), inSystem: make([]bool, n), reached: make([]bool, n)}
		for i := range n {
			for j := range i {
				if rnd.IntN(3) == 0 {
					r.nbr[i] = append(r.nbr[i], int32(j))
					r.nbr[j] = append(r.nbr[j], int32(i))
				}
			}
		}
		r.collectSystem(int32(rnd.IntN(n)))
		for size := 1; size <= len(r.system); size++ {
			var got []string
			r.eachFused(size, func() bool {
				set := slices.Sorted(slices.Values(r.combo))
				got = append(got, fmt.Sprint(set))
				return true
			})
			slices.Sort(got)
			var want []string
			for bits := range 1 << n {
				var set []int32
				for i := range int32(n) {
					if bits>>i&1 != 0 {
						set = append(set, i)
					}
				}
				if len(set) == size && r.inSystem[set[0]] && fused(r.nbr, set) {
					want = append(want, fmt.Sprint(set))
				}
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("neighbours %v, size %d:\n got %v\nwant %v", r.nbr, size, got, want)
			}
			calls := 0
			r.eachFused(size, func() bool { calls++; return calls < 2 })
			if calls > 2 || calls < min(2, len(want)) {
				t.Fatalf("%d calls after the second said stop", calls)
			}
		}
	}
}

// fused tells whether the rings of a set can all be reached from the first.
func fused(nbr [][]int32, set []int32) bool {
	reached := []int32{set[0]}
	for q := 0; q < len(reached); q++ {
		for _, j := range nbr[reached[q]] {
			if slices.Contains(set, j) && !slices.Contains(reached, j) {
				reached = append(reached, j)
			}
		}
	}
	return len(reached) == len(set)
}
