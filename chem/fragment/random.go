package fragment

import "math/rand/v2"

// Random is a tree of the given size, drawn by attaching one fragment after
// another with equal probability of all legal cells. It is smaller where
// nothing can be attached any more.
func (t *Trees) Random(size int, r *rand.Rand) Tree {
	var x Tree
	w := len(t.v.columns)
	for x.Size() < min(size, t.max) {
		n := len(t.Rows(x)) * w
		legal := make([]bool, n)
		t.Legal(x, legal)
		cells := make([]int, 0, n)
		for c, ok := range legal {
			if ok {
				cells = append(cells, c)
			}
		}
		if len(cells) == 0 {
			break
		}
		x = t.Child(x, cells[r.IntN(len(cells))])
	}
	return x
}
