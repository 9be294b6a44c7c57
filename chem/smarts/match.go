package smarts

import (
	"math/bits"

	"github.com/molsculpt/molsculpt/chem"
)

// search is one search for a pattern in a target. It lives on the stack.
type search struct {
	t     *Target
	p     *Pattern
	steps []step
	cand  []uint64 // a bit set of candidates per class
	used  []uint64 // atoms that are taken
	image []int32  // image[i] is the atom that pattern atom i is placed on

	stereo bool                     // compare stereo marks
	yield  func(atoms []int32) bool // gets the matches; nil to stop at the first
	seen   *atomSets                // sets of atoms that were given; nil to give every mapping
	limit  int                      // matches to give, 0 for no limit
	count  int
}

// candidates fills s.cand with the atoms that each class of the pattern allows,
// and says whether there are enough of them. For class first only atoms in
// within (word number word) are considered; first < 0 stands for no class.
func (s *search) candidates(first, word int, within uint64) bool {
	t, p := s.t, s.p
	for _, b := range p.bonding {
		if b&t.present == 0 {
			return false
		}
	}
	w := t.words
	for k := range p.classes {
		c := &p.classes[k]
		total := 0
		for i := range w {
			only := ^uint64(0)
			if k == first && c.number == 1 {
				only = 0
				if i == word {
					only = within
				}
			}
			s.cand[k*w+i] = t.allowed(c, i, only)
			total += bits.OnesCount64(s.cand[k*w+i])
		}
		if total < c.number {
			return false
		}
	}
	return true
}

// allowed is the part of within (word number word) that a class allows.
func (t *Target) allowed(c *class, word int, within uint64) uint64 {
	atoms := within & t.atLeast[min(c.degree, 4)*t.words+word]
	for _, b := range c.bonding {
		atoms &= t.incidentTo(b, word)
	}
	if atoms == 0 {
		return 0
	}
	return t.eval(&c.expr, word, atoms)
}

// incidentTo is word i of the set of atoms that have a bond in set.
func (t *Target) incidentTo(set bondSet, i int) uint64 {
	var atoms uint64
	for s := uint16(set & t.present); s != 0; s &= s - 1 {
		atoms |= t.incident[bits.TrailingZeros16(s)*t.words+i]
	}
	return atoms
}

// begin sets up a search for p; end gives its memory back.
func (t *Target) begin(p *Pattern, s *search) (size int) {
	w := t.words
	size = (len(p.classes) + 1) * w
	block := t.push(size)
	s.t, s.p, s.cand, s.used = t, p, block[:size-w], block[size-w:]
	clear(s.used)
	at := len(t.maps)
	if at+len(p.atoms) > cap(t.maps) {
		t.maps = append(make([]int32, 0, 2*(at+len(p.atoms))+64), t.maps...)
	}
	t.maps = t.maps[:at+len(p.atoms)]
	s.image = t.maps[at:]
	return size
}

func (t *Target) end(p *Pattern, size int) {
	t.pop(size)
	t.maps = t.maps[:len(t.maps)-len(p.atoms)]
}

// heads is the part of within (word number word) that the first atom of p, a
// pattern inside $() or alone, can be placed on.
func (t *Target) heads(p *Pattern, word int, within uint64) uint64 {
	s := search{stereo: t.stereo && p.marked}
	size := t.begin(p, &s)
	defer t.end(p, size)
	first := p.atoms[0].class
	if !s.candidates(first, word, within) {
		return 0
	}
	within &= s.cand[first*t.words+word]
	if len(p.atoms) == 1 && !s.stereo {
		return within
	}
	s.steps = p.plan(0)
	var set uint64
	for rest := within; rest != 0; rest &= rest - 1 {
		b := bits.TrailingZeros64(rest)
		clear(s.used)
		if s.place(0, int32(word*64+b)) {
			set |= 1 << b
		}
	}
	return set
}

// exists tells whether there is a match, beginning with the rarest class; the
// candidates are known.
func (s *search) exists() bool {
	if len(s.p.atoms) == 1 && !s.stereo {
		return true
	}
	root, fewest := 0, 0
	for i := range s.p.atoms {
		n := 0
		for _, x := range s.cand[s.p.atoms[i].class*s.t.words:][:s.t.words] {
			n += bits.OnesCount64(x)
		}
		if i == 0 || n < fewest {
			root, fewest = i, n
		}
	}
	s.steps = s.p.plan(root)
	return s.anywhere(0)
}

// anywhere tries every free candidate of the class of step k. It returns true
// to stop the search.
func (s *search) anywhere(k int) bool {
	w := s.t.words
	class := int(s.steps[k].class)
	for i := range w {
		for rest := s.cand[class*w+i] &^ s.used[i]; rest != 0; rest &= rest - 1 {
			if s.place(k, int32(i*64+bits.TrailingZeros64(rest))) {
				return true
			}
		}
	}
	return false
}

// place puts the atom of step k on atom a, which is free and a candidate, and
// goes on with the next step.
func (s *search) place(k int, a int32) bool {
	st := &s.steps[k]
	for _, c := range st.closures {
		b := s.t.mol.BondBetween(int(a), int(s.image[c.atom]))
		if b < 0 || c.set>>s.t.states[b]&1 == 0 {
			return false
		}
	}
	if s.stereo && !s.mayBe(int(st.atom), a) {
		return false
	}
	s.image[st.atom] = a
	s.used[a>>6] |= 1 << (a & 63)
	var stop bool
	if k+1 == len(s.steps) {
		stop = s.hit()
	} else {
		stop = s.next(k + 1)
	}
	s.used[a>>6] &^= 1 << (a & 63)
	return stop
}

// next tries the atoms that step k can be placed on.
func (s *search) next(k int) bool {
	st := &s.steps[k]
	if st.parent < 0 {
		return s.anywhere(k)
	}
	w := s.t.words
	for _, nb := range s.t.mol.Neighbors(int(s.image[st.parent])) {
		a := nb.Atom
		free := s.cand[int(st.class)*w+int(a>>6)] &^ s.used[a>>6]
		if free>>(a&63)&1 != 0 && st.set>>s.t.states[nb.Bond]&1 != 0 && s.place(k, a) {
			return true
		}
	}
	return false
}

// hit takes note of a complete mapping and tells whether to stop.
func (s *search) hit() bool {
	switch {
	case s.seen != nil && s.seen.has(s.used):
		return false
	case s.stereo && !s.stereoFits():
		return false
	case s.p.dative && !s.dativeFits():
		return false
	case s.p.grouped && !s.groupsFit():
		return false
	}
	s.count++
	if s.yield == nil {
		return true
	}
	if s.seen != nil {
		s.seen.add(s.used)
	}
	before := s.t.stereo
	s.t.stereo = false // for searches that yield makes
	more := s.yield(s.image)
	s.t.stereo = before
	return !more || s.count == s.limit
}

// dativeFits tells whether dative bonds of the pattern and of the molecule have
// like atoms at their beginnings and ends.
func (s *search) dativeFits() bool {
	for i := range s.p.bonds {
		q := &s.p.bonds[i]
		if q.order != chem.Dative {
			continue
		}
		b := &s.t.mol.Bonds[s.t.mol.BondBetween(int(s.image[q.a]), int(s.image[q.b]))]
		from, to := q.a, q.b
		if q.backwards {
			from, to = to, from
		}
		if b.Order == chem.Dative && !(s.t.holds(&s.p.atoms[from].expr, b.A) && s.t.holds(&s.p.atoms[to].expr, b.B)) {
			return false
		}
	}
	return true
}

// groupsFit tells whether atoms of the same component group are in one
// component of the molecule, and those of different groups in different ones.
func (s *search) groupsFit() bool {
	component := s.t.componentOf()
	for i := range s.p.atoms {
		for j := range i {
			gi, gj := s.p.atoms[i].group, s.p.atoms[j].group
			if gi > 0 && gj > 0 && (gi == gj) != (component[s.image[i]] == component[s.image[j]]) {
				return false
			}
		}
	}
	return true
}
