package space

import (
	"encoding/json"
	"fmt"

	"github.com/molsculpt/molsculpt/chem/fragment"
)

// KindFragments is the kind of fragment-tree spaces.
const KindFragments = "fragment-tree/1"

// UniformParents is the kernel of every space here: a step back goes to each
// distinct parent with equal probability.
const UniformParents = "uniform-parents/1"

// Fragments is the space of the fragment trees of a vocabulary. A State is a
// [fragment.Tree].
type Fragments struct {
	trees *fragment.Trees
	desc  Descriptor
}

// NewFragments is the space of trees of v with at most maxFragments fragments,
// 1 to [fragment.MaxSize].
func NewFragments(v *fragment.Vocabulary, maxFragments int) (*Fragments, error) {
	t, err := fragment.NewTrees(v, maxFragments)
	if err != nil {
		return nil, err
	}
	s := &Fragments{trees: t}
	s.desc = Descriptor{
		Kind:    KindFragments,
		Digest:  digest("%s vocabulary %s rule %s max %d", KindFragments, v.Digest(), v.Rule(), maxFragments),
		Kernel:  UniformParents,
		MaxSize: maxFragments,
	}
	return s, nil
}

// Descriptor implements [Space]. The digest covers the vocabulary's digest, its
// rule and the largest size.
func (s *Fragments) Descriptor() Descriptor { return s.desc }

// Trees gives access to the trees themselves: assembly, cutting.
func (s *Fragments) Trees() *fragment.Trees { return s.trees }

// Vocabulary is the vocabulary of the space.
func (s *Fragments) Vocabulary() *fragment.Vocabulary { return s.trees.Vocabulary() }

// MaxFragments is the size of the largest trees.
func (s *Fragments) MaxFragments() int { return s.trees.Max() }

// Columns implements [Space]: the site classes of all fragments.
func (s *Fragments) Columns() int { return s.Vocabulary().Columns() }

// Rows implements [Space]: the orbits of open sites.
func (s *Fragments) Rows(x State) int { return len(s.trees.Rows(fragment.Tree(x))) }

// RowSites lists the site that stands for each row: the first of its orbit, in
// order. At the empty tree it is one site with node -1. The slice must not be
// changed.
func (s *Fragments) RowSites(x State) []fragment.Site { return s.trees.Rows(fragment.Tree(x)) }

// Nodes decodes a state into the nodes of its tree, in canonical preorder,
// appending to dst.
func (s *Fragments) Nodes(x State, dst []fragment.Node) []fragment.Node {
	return fragment.Tree(x).Nodes(dst)
}

// Legal implements [Space].
func (s *Fragments) Legal(x State, legal []bool) (stop bool) {
	return s.trees.Legal(fragment.Tree(x), legal)
}

// Child implements [Space].
func (s *Fragments) Child(x State, cell int) State {
	return State(s.trees.Child(fragment.Tree(x), cell))
}

// Parents implements [Space].
func (s *Fragments) Parents(x State) []Parent {
	p := s.trees.Parents(fragment.Tree(x))
	list := make([]Parent, len(p))
	for i := range p {
		list[i] = Parent{State: State(p[i].Tree), Cells: p[i].Cells}
	}
	return list
}

// Size implements [Space]: the number of fragments.
func (s *Fragments) Size(x State) int { return fragment.Tree(x).Size() }

// Validate implements [Space].
func (s *Fragments) Validate(x State) error { return s.trees.Validate(fragment.Tree(x)) }

// fragmentsDefinition is what Definition writes.
type fragmentsDefinition struct {
	MaxFragments int             `json:"max_fragments"`
	Vocabulary   json.RawMessage `json:"vocabulary"`
}

// Definition is all that [Open] needs to build the same space elsewhere, as
// JSON: {"max_fragments": 9, "vocabulary": {...}}.
func (s *Fragments) Definition() []byte {
	b, err := json.Marshal(fragmentsDefinition{MaxFragments: s.MaxFragments(), Vocabulary: s.Vocabulary().Marshal()})
	if err != nil {
		panic("space: a vocabulary failed to marshal")
	}
	return b
}

func openFragments(definition []byte) (Defined, error) {
	var d fragmentsDefinition
	if err := json.Unmarshal(definition, &d); err != nil {
		return nil, fmt.Errorf("space: open %s: %w", KindFragments, err)
	}
	v, err := fragment.Parse(d.Vocabulary)
	if err != nil {
		return nil, fmt.Errorf("space: open %s: %w", KindFragments, err)
	}
	return NewFragments(v, d.MaxFragments)
}
