package sample

import (
	"fmt"
	"slices"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// Allow says which molecules of a fragment space are wanted. The zero value is
// all of them.
type Allow struct {
	// Scaffold is a tree that every molecule's tree contains, connected and with
	// the same sites joined, up to symmetry; "" for none.
	Scaffold space.State

	// Forbid lists fragments of the vocabulary, by index, that do not occur.
	Forbid []int

	// Min and Max are the fewest and the most fragments; 0 is no bound.
	Min, Max int
}

// AllowPart is a part of [Allow].
type AllowPart int

// The parts of [Allow].
const (
	AllowScaffold AllowPart = iota
	AllowForbid
	AllowSize
)

// AllowError says which part of an [Allow] is at fault.
type AllowError struct {
	Part   AllowPart
	Index  int // of the entry of Forbid
	Reason string
}

// Error implements error.
func (e *AllowError) Error() string { return "sample: restrict space: " + e.Reason }

// Bounds on what a scaffold costs.
const (
	maxGrowth = 16      // fragments that a scaffold grows by: the ways to have grown double with each
	maxParts  = 1 << 14 // subtrees of a scaffold
)

// Region is the part of a fragment space that [Allow] describes. A composition is
// restricted to it, not conditioned in its steps: models are asked, and paths are
// judged, by the policies of the whole space. It is safe for concurrent use.
//
// Where a sampler's steps are its own to choose, they lead to allowed molecules
// only, and never to where none can be reached any more. The probability that is
// left out goes into the weights: the evidence is what the composition has inside
// the region. Of a scaffold see [Region.LogVisits].
type Region struct {
	space     *space.Fragments
	scaffold  space.State
	parts     []space.State // of the scaffold: its connected subtrees by size, itself last
	needs     map[int]int   // fragments of the scaffold, and how many of each
	forbidden []bool        // by fragment
	columns   []bool        // those of fragments that are not forbidden
	min, max  int
	growth    *growth
}

// NewRegion is the region of a space that a describes. What is wrong with it is an
// [*AllowError]: sizes that cannot be, a scaffold that is no tree of the space or
// that may not occur itself, more than 16 fragments to grow by.
func NewRegion(sp *space.Fragments, a Allow) (*Region, error) {
	v := sp.Vocabulary()
	r := &Region{
		space: sp, scaffold: a.Scaffold, min: max(a.Min, 1), max: a.Max,
		forbidden: make([]bool, v.Len()), columns: make([]bool, v.Columns()), needs: map[int]int{},
	}
	if r.max == 0 {
		r.max = sp.MaxFragments()
	}
	switch {
	case a.Min < 0 || a.Max < 0:
		return nil, sizeError("a number of fragments must not be negative")
	case r.max > sp.MaxFragments():
		return nil, sizeError("molecules of %d fragments are allowed, but the space ends at %d", r.max, sp.MaxFragments())
	case r.min > r.max:
		return nil, sizeError("at least %d and at most %d fragments cannot be", r.min, r.max)
	}
	for i, f := range a.Forbid {
		if f < 0 || f >= v.Len() {
			return nil, &AllowError{AllowForbid, i, fmt.Sprintf("fragment %d is not of a vocabulary of %d", f, v.Len())}
		}
		r.forbidden[f] = true
	}
	for c := range r.columns {
		f, _ := v.Column(c)
		r.columns[c] = !r.forbidden[f]
	}
	if err := r.startAt(a); err != nil {
		return nil, err
	}
	r.growth = newGrowth(sp, r.forbidden, r.min)
	if !r.reachable() {
		return nil, sizeError("no molecule of %d fragments can be made of the fragments that are allowed", r.min)
	}
	return r, nil
}

func sizeError(format string, args ...any) error {
	return &AllowError{Part: AllowSize, Reason: fmt.Sprintf(format, args...)}
}

// startAt looks at the scaffold.
func (r *Region) startAt(a Allow) error {
	if r.scaffold == "" {
		return nil
	}
	if err := r.space.Validate(r.scaffold); err != nil {
		return &AllowError{Part: AllowScaffold, Reason: fmt.Sprintf("the scaffold is no tree of the space: %v", err)}
	}
	size := r.space.Size(r.scaffold)
	switch {
	case size > r.max:
		return sizeError("the scaffold has %d fragments, and at most %d are allowed", size, r.max)
	case r.max-size > maxGrowth:
		return sizeError("a scaffold of %d fragments may grow to %d at most, not to %d", size, size+maxGrowth, r.max)
	}
	for _, n := range r.space.Nodes(r.scaffold, nil) {
		if r.forbidden[n.Fragment] {
			return &AllowError{AllowForbid, slices.Index(a.Forbid, n.Fragment), fmt.Sprintf(
				"the fragment %s is forbidden, but the scaffold contains it", r.space.Vocabulary().Fragment(n.Fragment).SMILES)}
		}
		r.needs[n.Fragment]++
	}
	r.parts = partsOf(r.space, r.scaffold)
	if r.parts == nil {
		return &AllowError{Part: AllowScaffold, Reason: fmt.Sprintf("the scaffold has more than %d parts, which is too large", maxParts)}
	}
	return nil
}

// reachable reports whether any molecule lies in the region.
func (r *Region) reachable() bool {
	if r.scaffold != "" {
		return r.growth.reaches(r.open(r.scaffold), r.min-r.space.Size(r.scaffold))
	}
	for c, ok := range r.columns {
		if ok && r.growth.reaches(r.growth.attach(opening{}, kindNone, c), r.min-1) {
			return true
		}
	}
	return false
}

// start is the state where walks begin; r may be nil.
func (r *Region) start() space.State {
	if r == nil {
		return ""
	}
	return r.scaffold
}

// Allows reports whether a finished state lies in the region.
func (r *Region) Allows(x space.State) bool {
	size := r.space.Size(x)
	if size < r.min || size > r.max {
		return false
	}
	for _, n := range r.space.Nodes(x, nil) {
		if r.forbidden[n.Fragment] {
			return false
		}
	}
	through := passing{region: r}
	return through.probability(x) > 0
}

// bar sets allowed for Stop, which stands first, and for every cell of the action
// table at s: false where no molecule of the region can be reached.
func (r *Region) bar(s space.State, allowed []bool) {
	size := r.space.Size(s)
	allowed[0] = size >= r.min
	cells, w := allowed[1:], len(r.columns)
	if size >= r.max {
		clear(cells)
		return
	}
	need := r.min - size - 1
	if need <= 0 {
		for ; len(cells) > 0; cells = cells[w:] {
			copy(cells, r.columns)
		}
		return
	}
	open, nodes := r.open(s), r.space.Nodes(s, nil)
	for row, at := range r.space.RowSites(s) {
		kind := kindNone
		if at.Node >= 0 {
			kind = r.growth.sites[nodes[at.Node].Fragment][at.Site]
		}
		for c, ok := range r.columns {
			cells[row*w+c] = ok && r.growth.reaches(r.growth.attach(open, kind, c), need)
		}
	}
}

// open counts the open sites of a tree by their kind.
func (r *Region) open(s space.State) opening {
	var n opening
	nodes := r.space.Nodes(s, nil)
	for _, x := range nodes {
		for _, k := range r.growth.sites[x.Fragment] {
			n[k]++
		}
		if x.Parent >= 0 {
			n[r.growth.sites[x.Fragment][x.Site]]--
			n[r.growth.sites[nodes[x.Parent].Fragment][x.ParentSite]]--
		}
	}
	return n
}
