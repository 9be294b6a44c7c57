package fragment

import (
	"container/heap"
	"slices"
)

// selection chooses kinds of fragments so that many molecules consist of chosen
// ones alone (the densest k-subhypergraph problem, which is hard; these are
// greedy answers).
type selection struct {
	kinds []*kind
	mols  [][]int32 // the distinct kinds of each molecule
	of    [][]int32 // the molecules of each kind
	kept  []bool
	lacks []int32 // of each molecule: its kinds that are not kept
}

func newSelection(kinds []*kind, mols [][]int32) *selection {
	s := &selection{kinds: kinds, mols: mols, of: make([][]int32, len(kinds)), kept: make([]bool, len(kinds)), lacks: make([]int32, len(mols))}
	for i, l := range mols {
		s.lacks[i] = int32(len(l))
		for _, k := range l {
			s.of[k] = append(s.of[k], int32(i))
		}
	}
	return s
}

// keep adds or removes a kind.
func (s *selection) keep(k int, on bool) {
	if s.kept[k] == on {
		return
	}
	s.kept[k] = on
	d := int32(1)
	if on {
		d = -1
	}
	for _, i := range s.of[k] {
		s.lacks[i] += d
	}
}

// covered is the number of molecules that consist of kept kinds.
func (s *selection) covered() int {
	n := 0
	for _, l := range s.lacks {
		if l == 0 {
			n++
		}
	}
	return n
}

// best keeps the kinds that rebuild most molecules, of two ways to begin with.
func (s *selection) best(size int) {
	s.peel(size)
	s.swap()
	peeled, n := slices.Clone(s.kept), s.covered()
	s.mostFrequent(size)
	s.swap()
	if s.covered() > n {
		return
	}
	for k, on := range peeled {
		s.keep(k, on)
	}
}

// mostFrequent keeps the kinds that occur most often; kinds are in that order.
func (s *selection) mostFrequent(size int) {
	for k := range s.kinds {
		s.keep(k, k < size)
	}
}

// peel keeps all kinds and then drops, one after another, the one that the
// fewest molecules need that could still be rebuilt (as in the peeling of
// Charikar 2000 for densest subgraphs).
func (s *selection) peel(size int) {
	q := make(peelQueue, len(s.kinds))
	where := make([]*peelItem, len(s.kinds))
	for k := range s.kinds {
		s.keep(k, true)
		where[k] = &peelItem{kind: k, need: len(s.of[k]), at: k}
		q[k] = where[k]
	}
	heap.Init(&q)
	for len(q) > size {
		x := heap.Pop(&q).(*peelItem) //nolint:forcetypeassert // the queue holds nothing else
		for _, i := range s.of[x.kind] {
			if s.lacks[i] != 0 {
				continue
			}
			for _, k := range s.mols[i] {
				if k != int32(x.kind) {
					where[k].need--
					heap.Fix(&q, where[k].at)
				}
			}
		}
		s.keep(x.kind, false)
	}
}

// swap exchanges a kept kind for another one as long as that rebuilds more
// molecules, looking at the candidates that promise most.
func (s *selection) swap() {
	const candidates, rounds = 40, 2000
	gain := make([]int, len(s.kinds)) // won with it, or lost without
	both := make([]int, len(s.kinds)) // of those won, lost again without the one that goes
	for range rounds {
		clear(gain)
		for i, l := range s.mols {
			if s.lacks[i] > 1 {
				continue
			}
			for _, k := range l {
				if s.lacks[i] == 0 || !s.kept[k] {
					gain[k]++
				}
			}
		}
		in := s.rank(false, candidates, func(a, b int) int { return gain[b] - gain[a] })
		out := s.rank(true, candidates, func(a, b int) int { return gain[a] - gain[b] })
		best, bestIn, bestOut := 0, -1, -1
		for _, o := range out {
			clear(both)
			for _, i := range s.of[o] {
				if s.lacks[i] != 1 {
					continue
				}
				for _, k := range s.mols[i] {
					if !s.kept[k] {
						both[k]++
					}
				}
			}
			for _, k := range in {
				if net := gain[k] - both[k] - gain[o]; net > best {
					best, bestIn, bestOut = net, k, o
				}
			}
		}
		if bestIn < 0 {
			return
		}
		s.keep(bestIn, true)
		s.keep(bestOut, false)
	}
}

// rank lists the first few kinds that are kept, or not, in an order.
func (s *selection) rank(kept bool, few int, compare func(a, b int) int) []int {
	var list []int
	for k := range s.kinds {
		if s.kept[k] == kept {
			list = append(list, k)
		}
	}
	slices.SortStableFunc(list, compare)
	return list[:min(few, len(list))]
}

// peelItem is a kind in the queue of peel.
type peelItem struct {
	kind, need, at int
}

// peelQueue is a heap: least needed first, of equal ones the rarest.
type peelQueue []*peelItem

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (q peelQueue) Len() int { return len(q) }

func (q peelQueue) Less(i, j int) bool {
	if q[i].need != q[j].need {
		return q[i].need < q[j].need
	}
	return q[i].kind > q[j].kind
}

func (q peelQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

func (q *peelQueue) Push(x any) {
	it := x.(*peelItem) //nolint:forcetypeassert // called by heap with what peel gives it
	it.at = len(*q)
	*q = append(*q, it)
}

func (q *peelQueue) Pop() any {
	old := *q
	it := old[len(old)-1]
	*q = old[:len(old)-1]
	return it
}
