package smarts

// Set is a list of patterns that are looked for together, such as a catalogue
// of alerts. What their atoms ask for is worked out once for all patterns that
// ask for the same. It is immutable and may be shared.
type Set struct {
	patterns   []*Pattern
	conditions []*expr   // the distinct ones
	classes    [][]int32 // classes[i][k] is the condition of class k of pattern i
}

// NewSet makes a set of the given patterns.
func NewSet(patterns []*Pattern) *Set {
	s := &Set{patterns: patterns, classes: make([][]int32, len(patterns))}
	for i, p := range patterns {
		for k := range p.classes {
			s.classes[i] = append(s.classes[i], s.conditionOf(&p.classes[k].expr))
		}
	}
	return s
}

func (s *Set) conditionOf(e *expr) int32 {
	for i, c := range s.conditions {
		if c.equal(e) {
			return int32(i)
		}
	}
	s.conditions = append(s.conditions, e)
	return int32(len(s.conditions) - 1)
}

// Len is the number of patterns.
func (s *Set) Len() int { return len(s.patterns) }

// Pattern is the i-th pattern.
func (s *Set) Pattern(i int) *Pattern { return s.patterns[i] }

// Find appends to dst the indices of the patterns that are found in the
// target, in ascending order. Stereo marks are not looked at. It does not
// allocate once dst and the target's scratch memory have grown.
func (s *Set) Find(dst []int, t *Target) []int {
	t.known = zeroed(t.known, len(s.conditions))
	if n := len(s.conditions) * t.words; cap(t.conditions) < n {
		t.conditions = make([]uint64, n)
	}
	for i, p := range s.patterns {
		if t.matchesIn(s, i, p) {
			dst = append(dst, i)
		}
	}
	return dst
}

func (t *Target) matchesIn(set *Set, i int, p *Pattern) bool {
	var s search
	size := t.begin(p, &s)
	defer t.end(p, size)
	return s.candidates(-1, 0, 0, set, set.classes[i]) && s.exists()
}

// condition is the set of atoms that meet condition c of a set.
func (t *Target) condition(set *Set, c int32) []uint64 {
	w := t.words
	atoms := t.conditions[int(c)*w : (int(c)+1)*w]
	if t.known[c] == 0 {
		t.known[c] = 1
		for i := range atoms {
			atoms[i] = t.eval(set.conditions[c], i, t.atLeast[i])
		}
	}
	return atoms
}
