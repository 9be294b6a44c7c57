package smarts

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/molsculpt/molsculpt/chem"
)

// FindOptions say which matches FindAll gives.
type FindOptions struct {
	// Symmetric asks for every mapping. Otherwise there is one match for each
	// set of atoms, the first in lexicographic order. (RDKit's uniquify gives the
	// same sets, but where a pattern is symmetric its order within may differ.)
	Symmetric bool
	// Max bounds the number of matches; 0 is no bound. Which ones are given
	// then is not specified.
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

// Matches says whether the pattern is found in m, which must be perceived.
func (p *Pattern) Matches(m *chem.Mol) bool {
	return with(m, func(t *Target) bool { return t.Matches(p) })
}

// FindAll gives the matches in m: for each, the atoms of m that the atoms of
// the pattern are placed on, in the pattern's order. The matches are in
// lexicographic order.
func (p *Pattern) FindAll(m *chem.Mol, opt FindOptions) [][]int {
	return with(m, func(t *Target) [][]int { return t.FindAll(p, opt) })
}

// Count is the number of matches in m that differ in their sets of atoms.
func (p *Pattern) Count(m *chem.Mol) int {
	return with(m, func(t *Target) int { return t.Count(p) })
}

// Matches says whether p is found in the target. It does not allocate once the
// target's scratch memory has grown.
func (t *Target) Matches(p *Pattern) bool {
	var s search
	t.run(p, &s)
	return s.count > 0
}

// FindAll is Pattern.FindAll on a prepared molecule.
func (t *Target) FindAll(p *Pattern, opt FindOptions) [][]int {
	rows := t.mappings(p, opt)
	if len(rows) == 0 {
		return nil
	}
	n := len(p.atoms)
	flat := make([]int, 0, len(rows)*n)
	out := make([][]int, 0, len(rows))
	for _, r := range rows {
		at := len(flat)
		for _, a := range r {
			flat = append(flat, int(a))
		}
		out = append(out, flat[at:len(flat):len(flat)])
	}
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
	return len(t.mappings(p, FindOptions{}))
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

// mappings lists the matches in order; the rows belong to t.
func (t *Target) mappings(p *Pattern, opt FindOptions) [][]int32 {
	t.found = t.found[:0]
	s := search{collect: true}
	if opt.Symmetric {
		s.limit = opt.Max
	}
	t.run(p, &s)
	if s.count == 0 {
		return nil
	}
	n := len(p.atoms)
	rows := make([][]int32, 0, s.count)
	for at := 0; at < len(t.found); at += n {
		rows = append(rows, t.found[at:at+n:at+n])
	}
	slices.SortFunc(rows, slices.Compare)
	if !opt.Symmetric {
		rows = t.unique(rows)
	}
	if opt.Max > 0 && len(rows) > opt.Max {
		rows = rows[:opt.Max]
	}
	return rows
}

// unique keeps the first row of each set of atoms.
func (t *Target) unique(rows [][]int32) [][]int32 {
	if len(rows) < 2 {
		return rows
	}
	type keyed struct{ key, row []int32 }
	all := make([]keyed, len(rows))
	for i, r := range rows {
		k := slices.Clone(r)
		slices.Sort(k)
		all[i] = keyed{k, r}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return slices.Compare(a.key, b.key) })
	kept := rows[:0]
	for i := range all {
		if i == 0 || slices.Compare(all[i].key, all[i-1].key) != 0 {
			kept = append(kept, all[i].row)
		}
	}
	slices.SortFunc(kept, slices.Compare)
	return kept
}
