package smiles

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// keepOpen contradicts the marks at double bonds without a configuration that
// would be read as cis or trans because other double bonds need them. It tells
// whether that went well.
func (w *writer) keepOpen() bool {
	w.open = w.open[:0]
	for i := range w.m.Bonds {
		if b := &w.m.Bonds[i]; b.Order == chem.Double && b.Stereo == chem.NoStereo {
			w.open = append(w.open, int32(i))
		}
	}
	slices.SortFunc(w.open, w.byVisit)
	// A mark that contradicts here may be one too many elsewhere.
	for {
		changed, closed := false, false
		for _, d := range w.open {
			b := &w.m.Bonds[d]
			if !w.tells(d, b.A) || !w.tells(d, b.B) || !w.m.CanBeCisTrans(int(d)) {
				continue
			}
			if w.part(d) || w.contradict(d) {
				changed = true
			} else {
				closed = true
			}
		}
		if !changed {
			return !closed
		}
	}
}

// tells tells whether the marks at one end of double bond d say on which side a
// neighbour lies: there are some, and they do not contradict each other.
func (w *writer) tells(d, at int32) bool {
	marks, n := w.marksAt(d, at)
	if n < 2 {
		return n == 1
	}
	unlike, known := w.senses.relation(marks[0], marks[1])
	return !known || unlike == (w.falls(marks[0], at) == w.falls(marks[1], at))
}

// part makes two marks at an end of double bond d contradict each other if they
// do not depend on each other yet.
func (w *writer) part(d int32) bool {
	b := &w.m.Bonds[d]
	for _, at := range [2]int32{b.A, b.B} {
		marks, n := w.marksAt(d, at)
		if n < 2 {
			continue
		}
		if _, known := w.senses.relation(marks[0], marks[1]); !known {
			w.putAlike(marks[0], marks[1], at)
			return true
		}
	}
	return false
}

// contradict marks a second bond at an end of double bond d so that both lie on
// the same side: rather one that leads to no other double bond, else the first
// written that no other configuration forbids.
func (w *writer) contradict(d int32) bool {
	b := &w.m.Bonds[d]
	best, bestAt, bestMark, bestFree := int32(-1), int32(-1), int32(-1), false
	for _, at := range [2]int32{b.A, b.B} {
		marks, n := w.marksAt(d, at)
		if n != 1 {
			continue
		}
		for _, nb := range w.m.Neighbors(int(at)) {
			if nb.Bond == d || nb.Bond == marks[0] || !canMark(&w.m.Bonds[nb.Bond]) {
				continue
			}
			free, allowed := w.beyond(nb, at, marks[0])
			if allowed && (best < 0 || free && !bestFree || free == bestFree && w.byStop(nb.Bond, best) < 0) {
				best, bestAt, bestMark, bestFree = nb.Bond, at, marks[0], free
			}
		}
	}
	if best < 0 {
		return false
	}
	w.pick[best] = true
	w.putAlike(best, bestMark, bestAt)
	far := int32(w.m.Bonds[best].Other(int(bestAt)))
	if _, mark := w.markBeyond(best, far); mark >= 0 {
		w.putOpposite(best, mark, far)
	}
	return true
}

// beyond looks at the far end of an unmarked bond that shall contradict mark at
// atom at: free if no other double bond is there, allowed unless a configuration
// there wants the opposite.
func (w *writer) beyond(nb chem.Neighbor, at, mark int32) (free, allowed bool) {
	double, other := w.markBeyond(nb.Bond, nb.Atom)
	if other < 0 {
		return !double, true
	}
	unlike, known := w.senses.relation(mark, other)
	wanted := w.falls(mark, at) != w.falls(nb.Bond, at)
	wanted = wanted != (w.falls(nb.Bond, nb.Atom) == w.falls(other, nb.Atom))
	return false, !known || unlike == wanted
}

// markBeyond tells whether a bond leads, with atom far, to the end of a double
// bond that can be cis or trans, and which other mark is there if it is; -1 for
// none.
func (w *writer) markBeyond(bond, far int32) (double bool, mark int32) {
	for _, nb := range w.m.Neighbors(int(far)) {
		if !w.m.CanBeCisTrans(int(nb.Bond)) {
			continue
		}
		double = true
		if w.m.Bonds[nb.Bond].Stereo == chem.NoStereo {
			continue
		}
		marks, n := w.marksAt(nb.Bond, far)
		for _, e := range marks[:n] {
			if e != bond {
				return true, e
			}
		}
	}
	return double, -1
}

// putAlike makes two marked bonds at an atom lie on the same side.
func (w *writer) putAlike(e, f, at int32) {
	w.senses.relate(e, f, w.falls(e, at) != w.falls(f, at))
}
