package smarts

import "math/bits"

// search is one search for a pattern in a target. It lives on the stack.
type search struct {
	t     *Target
	steps []step
	cand  []uint64 // a bit set of candidates per class
	used  []uint64 // atoms that are taken
	image []int32  // image[i] is the atom that pattern atom i is placed on

	collect bool // keep every mapping in t.found, else stop at the first
	limit   int  // mappings to keep, 0 for no limit
	count   int
}

// candidates fills cand with the atoms that each class of p allows, and says
// whether there are enough of them. For class first only atoms in within
// (word number word) are considered; first < 0 stands for no class.
func (t *Target) candidates(p *Pattern, cand []uint64, first, word int, within uint64) bool {
	for _, set := range p.bonding {
		if set&t.present == 0 {
			return false
		}
	}
	w := t.words
	for k := range p.classes {
		c := &p.classes[k]
		total := 0
		for i := range w {
			set := t.atLeast[min(c.degree, 4)*w+i]
			if k == first && c.number == 1 {
				if i != word {
					cand[k*w+i] = 0
					continue
				}
				set &= within
			}
			for _, b := range c.bonding {
				set &= t.incidentTo(b, i)
			}
			if set != 0 {
				set = t.eval(&c.expr, i, set)
			}
			cand[k*w+i] = set
			total += bits.OnesCount64(set)
		}
		if total < c.number {
			return false
		}
	}
	return true
}

// incidentTo is word i of the set of atoms that have a bond in set.
func (t *Target) incidentTo(set bondSet, i int) uint64 {
	var atoms uint64
	for s := uint16(set & t.present); s != 0; s &= s - 1 {
		atoms |= t.incident[bits.TrailingZeros16(s)*t.words+i]
	}
	return atoms
}

// begin sets up a search; end gives its memory back.
func (t *Target) begin(p *Pattern, s *search) (size int) {
	w := t.words
	size = (len(p.classes) + 1) * w
	block := t.push(size)
	s.t, s.cand, s.used = t, block[:size-w], block[size-w:]
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

// heads is the part of within (word number word) that the first atom of p can
// be placed on.
func (t *Target) heads(p *Pattern, word int, within uint64) uint64 {
	var s search
	size := t.begin(p, &s)
	defer t.end(p, size)
	first := p.atoms[0].class
	if !t.candidates(p, s.cand, first, word, within) {
		return 0
	}
	within &= s.cand[first*t.words+word]
	if len(p.atoms) == 1 {
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

// run searches the whole target, beginning with the rarest class.
func (t *Target) run(p *Pattern, s *search) {
	size := t.begin(p, s)
	defer t.end(p, size)
	if !t.candidates(p, s.cand, -1, 0, 0) {
		return
	}
	if len(p.atoms) == 1 && !s.collect {
		s.count = 1
		return
	}
	root, fewest := 0, 0
	for i := range p.atoms {
		n := 0
		for _, x := range s.cand[p.atoms[i].class*t.words:][:t.words] {
			n += bits.OnesCount64(x)
		}
		if i == 0 || n < fewest {
			root, fewest = i, n
		}
	}
	s.steps = p.plan(root)
	s.anywhere(0)
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
	s.image[st.atom] = a
	if k+1 == len(s.steps) {
		return s.hit()
	}
	s.used[a>>6] |= 1 << (a & 63)
	stop := s.next(k + 1)
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

// hit takes note of a complete mapping.
func (s *search) hit() bool {
	s.count++
	if !s.collect {
		return true
	}
	s.t.found = append(s.t.found, s.image...)
	return s.limit > 0 && s.count >= s.limit
}
