package smarts

import (
	"math/bits"
	"sync"

	"github.com/molsculpt/molsculpt/chem"
)

// FindOptions say which matches are given. The zero value asks for one match
// for each set of atoms.
type FindOptions struct {
	// Symmetric asks for every mapping. Otherwise only the first one is given
	// for each set of atoms.
	Symmetric bool
	// Stereo asks that tetrahedral marks and the configurations of double bonds
	// agree. Otherwise they are not looked at.
	Stereo bool
	// Max bounds the number of matches; 0 is no bound.
	Max int
}

var targets = sync.Pool{New: func() any { return new(Target) }}

// with lends a target prepared for m to f.
func with[T any](m *chem.Mol, f func(*Target) T) T {
	t := targets.Get().(*Target)
	t.Reset(m)
	x := f(t)
	t.mol = nil
	targets.Put(t)
	return x
}

// Matches says whether the pattern is found in m, which must be perceived,
// whatever its stereo marks.
func (p *Pattern) Matches(m *chem.Mol) bool {
	return with(m, func(t *Target) bool { return t.Matches(p) })
}

// FindAll gives the matches in m: for each, the atoms of m that the atoms of
// the pattern are placed on, in the pattern's order. The matches come in the
// order of Target.Each.
func (p *Pattern) FindAll(m *chem.Mol, opt FindOptions) [][]int {
	return with(m, func(t *Target) [][]int { return t.FindAll(p, opt) })
}

// Find gives the first match in m, or nil.
func (p *Pattern) Find(m *chem.Mol, opt FindOptions) []int {
	opt.Symmetric, opt.Max = true, 1
	if found := p.FindAll(m, opt); len(found) > 0 {
		return found[0]
	}
	return nil
}

// Count is the number of matches in m that differ in their sets of atoms.
func (p *Pattern) Count(m *chem.Mol) int {
	return with(m, func(t *Target) int { return t.Count(p) })
}

// Matches says whether p is found in the target, whatever its stereo marks. It
// does not allocate once the target's scratch memory has grown.
func (t *Target) Matches(p *Pattern) bool {
	var s search
	size := t.begin(p, &s)
	defer t.end(p, size)
	return s.candidates(-1, 0, 0) && s.exists()
}

// Each gives the matches of p in the target to yield, which returns false to
// stop. A match is a list of the atoms that the atoms of the pattern are placed
// on, in the pattern's order; it is valid until yield returns.
//
// The order of the matches is RDKit's: atoms of the pattern are placed in the
// order they are written in, always one that is bonded to those before; the
// first on the atoms of the molecule in their order, the others on the
// neighbours in the order of their bonds.
func (t *Target) Each(p *Pattern, opt FindOptions, yield func(atoms []int32) bool) {
	t.each(p, opt, yield)
}

// each is Each and gives the number of matches.
func (t *Target) each(p *Pattern, opt FindOptions, yield func(atoms []int32) bool) int {
	s := search{stereo: opt.Stereo && p.marked}
	size := t.begin(p, &s)
	defer t.end(p, size)
	before := t.stereo
	t.stereo = s.stereo
	defer func() { t.stereo = before }()
	// The written order may be slow to find out that there is no match.
	if !s.candidates(-1, 0, 0) || !s.exists() {
		return 0
	}
	if !opt.Symmetric {
		s.seen, t.seen = t.seen, nil // yield may search too
		if s.seen == nil {
			s.seen = new(atomSets)
		}
		s.seen.reset(t.words)
		defer func() { t.seen = s.seen }()
	}
	s.steps, s.yield, s.limit, s.count = p.written, yield, opt.Max, 0
	s.anywhere(0)
	return s.count
}

// FindAll is Pattern.FindAll on a prepared molecule.
func (t *Target) FindAll(p *Pattern, opt FindOptions) [][]int {
	var out [][]int
	t.Each(p, opt, func(atoms []int32) bool {
		row := make([]int, len(atoms))
		for i, a := range atoms {
			row[i] = int(a)
		}
		out = append(out, row)
		return true
	})
	return out
}

// Count is Pattern.Count on a prepared molecule.
func (t *Target) Count(p *Pattern) int {
	if len(p.atoms) == 1 {
		n := 0
		for i := range t.words {
			n += bits.OnesCount64(t.heads(p, i, t.atLeast[i]))
		}
		return n
	}
	return t.each(p, FindOptions{}, func([]int32) bool { return true })
}

// Heads stores in dst, a bit set with a bit per atom, the part of within that
// the first atom of p can be placed on, and returns it. A nil within is all
// atoms; dst may be within.
func (t *Target) Heads(dst []uint64, p *Pattern, within []uint64) []uint64 {
	if cap(dst) < t.words {
		dst = make([]uint64, t.words)
	}
	dst = dst[:t.words]
	for i := range dst {
		set := t.atLeast[i]
		if within != nil {
			set &= within[i]
		}
		if set != 0 {
			set = t.heads(p, i, set)
		}
		dst[i] = set
	}
	return dst
}
