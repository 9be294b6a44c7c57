package diffusion

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sort"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Data is a weighted set of trees.
type Data struct {
	trees []space.State
	sum   []float64 // of the weights up to each tree
	even  bool      // whether all weights are equal
}

// NewData makes a set of examples, each a finished tree of the space with a
// positive weight.
func NewData(sp *space.Fragments, examples []sdk.Example) (*Data, error) {
	d := &Data{even: true}
	total := 0.0
	for i, e := range examples {
		if err := sp.Validate(e.State); err != nil {
			return nil, fmt.Errorf("diffusion: example %d: %w", i, err)
		}
		if e.State == "" || !(e.Weight > 0) {
			return nil, fmt.Errorf("diffusion: example %d: an empty tree, or a weight of %g; it must be above 0", i, e.Weight)
		}
		d.even = d.even && e.Weight == examples[0].Weight
		total += e.Weight
		d.trees, d.sum = append(d.trees, e.State), append(d.sum, total)
	}
	return d, nil
}

// Len is the number of trees.
func (d *Data) Len() int { return len(d.trees) }

// Weight is that of all trees together: molecules, where each has the weight 1.
func (d *Data) Weight() float64 {
	if len(d.sum) == 0 {
		return 0
	}
	return d.sum[len(d.sum)-1]
}

// draw is a tree, drawn by weight.
func (d *Data) draw(r *rand.Rand) space.State {
	u := r.Float64() * d.Weight()
	return d.trees[min(sort.Search(len(d.sum), func(i int) bool { return d.sum[i] > u }), len(d.trees)-1)]
}

// some are n trees drawn by weight, or all of a set that has no more and whose
// weights are equal.
func (d *Data) some(n int, r *rand.Rand) []space.State {
	if d.Len() <= n && d.even {
		return d.trees
	}
	out := make([]space.State, n)
	for i := range out {
		out[i] = d.draw(r)
	}
	return out
}

// digest names the set.
func (d *Data) digest() string {
	h := fnv.New64a()
	for i, s := range d.trees {
		fmt.Fprintf(h, "%x %g\n", string(s), d.sum[i])
	}
	return fmt.Sprintf("%d trees %016x", d.Len(), h.Sum64())
}
