package smarts

import "math/bits"

// Set is a list of patterns that are looked for together, such as a catalogue
// of alerts. Which atoms a query atom can be placed on is worked out once for
// all patterns that ask for the same. It is immutable and may be shared.
type Set struct {
	patterns []*Pattern
	distinct []*class  // the classes of all patterns
	classes  [][]int32 // classes[i][k] is the place in distinct of class k of pattern i
}

// NewSet makes a set of the given patterns.
func NewSet(patterns []*Pattern) *Set {
	s := &Set{patterns: patterns, classes: make([][]int32, len(patterns))}
	for i, p := range patterns {
		for k := range p.classes {
			s.classes[i] = append(s.classes[i], s.place(&p.classes[k]))
		}
	}
	return s
}

func (s *Set) place(c *class) int32 {
	for i, d := range s.distinct {
		if d.alike(c) {
			return int32(i)
		}
	}
	s.distinct = append(s.distinct, c)
	return int32(len(s.distinct) - 1)
}

// Len is the number of patterns.
func (s *Set) Len() int { return len(s.patterns) }

// Pattern is the i-th pattern.
func (s *Set) Pattern(i int) *Pattern { return s.patterns[i] }

// Find appends to dst the indices of the patterns that are found in the
// target, in ascending order. Stereo marks are not looked at. It does not
// allocate once dst and the target's scratch memory have grown.
func (s *Set) Find(dst []int, t *Target) []int {
	t.sizes = zeroed(t.sizes, len(s.distinct))
	if n := len(s.distinct) * t.words; cap(t.allowedBy) < n {
		t.allowedBy = make([]uint64, n)
	}
	for i := range s.patterns {
		if s.found(i, t) {
			dst = append(dst, i)
		}
	}
	return dst
}

// found tells whether pattern i is found.
func (s *Set) found(i int, t *Target) bool {
	p := s.patterns[i]
	for k, c := range s.classes[i] {
		if t.sizes[c] == 0 {
			s.workOut(c, t)
		}
		if int(t.sizes[c])-1 < p.classes[k].number {
			return false
		}
	}
	var r search
	size := t.begin(p, &r)
	defer t.end(p, size)
	w := t.words
	for k, c := range s.classes[i] {
		copy(r.cand[k*w:(k+1)*w], t.allowedBy[int(c)*w:])
	}
	return r.exists()
}

// workOut finds the atoms that class c allows, and one more than their number.
func (s *Set) workOut(c int32, t *Target) {
	atoms := t.allowedBy[int(c)*t.words:][:t.words]
	t.sizes[c] = 1
	for i := range atoms {
		atoms[i] = t.allowed(s.distinct[c], i, ^uint64(0))
		t.sizes[c] += int32(bits.OnesCount64(atoms[i]))
	}
}
