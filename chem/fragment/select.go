package fragment

import "container/heap"

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

// swap exchanges kept kinds for others as long as that rebuilds more molecules.
func (s *selection) swap() {
	gain := make([]int, len(s.kinds))
	for range 2000 {
		clear(gain)
		for i, l := range s.mols {
			switch s.lacks[i] {
			case 0:
				for _, k := range l {
					gain[k]++ // lost without it
				}
			case 1:
				for _, k := range l {
					if !s.kept[k] {
						gain[k]++
					}
				}
			}
		}
		in, out := -1, -1
		for k, g := range gain {
			if s.kept[k] {
				if out < 0 || g < gain[out] {
					out = k
				}
			} else if in < 0 || g > gain[in] {
				in = k
			}
		}
		if in < 0 || out < 0 || gain[in] <= gain[out] {
			return
		}
		before := s.covered()
		s.keep(in, true)
		s.keep(out, false)
		if s.covered() <= before {
			s.keep(out, true)
			s.keep(in, false)
			return
		}
	}
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
