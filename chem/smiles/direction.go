package smiles

import (
	"cmp"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// placeDirections chooses the bonds that carry / and \ and their directions,
// in the sense in which the bonds are written. Each double bond with a
// configuration needs a marked bond at both ends. Where this marks both ends of
// one without, contradictory marks at an end keep it open; so does RDKit read
// them. Where that is impossible, see Write.
func (w *writer) placeDirections() {
	w.doubles = w.doubles[:0]
	for i := range w.m.Bonds {
		if w.m.Bonds[i].Stereo != chem.NoStereo {
			w.doubles = append(w.doubles, int32(i))
		}
	}
	if len(w.doubles) == 0 {
		return
	}
	slices.SortFunc(w.doubles, w.byVisit)
	if !w.mark(false) {
		w.mark(true)
	}
	w.direct()
}

// mark chooses the marked bonds and ties them to each other, either end by end
// or with the ends first that leave no choice. It tells whether all double bonds
// without a configuration stay open.
func (w *writer) mark(forcedFirst bool) bool {
	w.pick = fill(w.pick, len(w.m.Bonds), false)
	w.senses.reset(len(w.m.Bonds))
	for pass := range 2 {
		for _, d := range w.doubles {
			b := &w.m.Bonds[d]
			for _, at := range [2]int32{b.A, b.B} {
				if late := forcedFirst && w.m.Degree(int(at)) > 2; late == (pass == 1) {
					w.pickMark(d, at)
				}
			}
		}
	}
	for _, d := range w.doubles {
		w.relateMarks(d)
	}
	return len(w.doubles) < 2 || w.keepOpen()
}

// start and stop are the visits of a bond's earlier and later written atom.
func (w *writer) start(bond int32) int32 {
	b := &w.m.Bonds[bond]
	return min(w.visit[b.A], w.visit[b.B])
}

func (w *writer) stop(bond int32) int32 {
	b := &w.m.Bonds[bond]
	return max(w.visit[b.A], w.visit[b.B])
}

func (w *writer) byVisit(a, b int32) int {
	return cmp.Or(cmp.Compare(w.start(a), w.start(b)), cmp.Compare(w.stop(a), w.stop(b)))
}

// canMark tells whether a bond can be written as / or \: aromatic bonds outside
// rings must be written as a colon.
func canMark(b *chem.Bond) bool {
	return b.Order == chem.Single || b.Order == chem.Aromatic && b.Aromatic
}

// pickMark chooses the bond at one end of double bond d that carries a mark:
// one that does so already, else rather not one next to a double bond without a
// configuration, least of all if that is marked at its other end, else rather
// not a ring closure, else the first written.
func (w *writer) pickMark(d, at int32) {
	best, bestScore := int32(-1), 1<<30
	for _, nb := range w.m.Neighbors(int(at)) {
		if nb.Bond == d || !canMark(&w.m.Bonds[nb.Bond]) {
			continue
		}
		score := 0
		if !w.pick[nb.Bond] {
			score = 1
			for _, x := range w.m.Neighbors(int(nb.Atom)) {
				if b := &w.m.Bonds[x.Bond]; b.Kekule == chem.Double && b.Order != chem.Aromatic && b.Stereo == chem.NoStereo {
					score += 4
					if _, n := w.marksAt(x.Bond, int32(b.Other(int(nb.Atom)))); n > 0 && w.m.CanBeCisTrans(int(x.Bond)) {
						score += 16
					}
				}
			}
			if w.from[nb.Atom] != nb.Bond && w.from[at] != nb.Bond {
				score += 2
			}
		}
		if score < bestScore || score == bestScore && w.stop(nb.Bond) < w.stop(best) {
			best, bestScore = nb.Bond, score
		}
	}
	if best >= 0 {
		w.pick[best] = true
	}
}

// marksAt lists the marked bonds at one end of double bond d, at most two.
func (w *writer) marksAt(d, at int32) (marks [2]int32, n int) {
	for _, nb := range w.m.Neighbors(int(at)) {
		if nb.Bond != d && w.pick[nb.Bond] && n < len(marks) {
			marks[n] = nb.Bond
			n++
		}
	}
	return marks, n
}

// falls tells whether the neighbour over a bond written as / lies below the
// atom at.
func (w *writer) falls(bond, at int32) bool {
	return w.visit[w.m.Bonds[bond].Other(int(at))] < w.visit[at]
}

// relateMarks ties the marks around double bond d to each other: two at one end
// lie on different sides, and the stereo atoms as its configuration says.
func (w *writer) relateMarks(d int32) {
	b := &w.m.Bonds[d]
	var first [2]int32
	for end, at := range [2]int32{b.A, b.B} {
		marks, n := w.marksAt(d, at)
		if n == 0 {
			return
		}
		if n == 2 {
			w.putOpposite(marks[0], marks[1], at)
		}
		first[end] = marks[0]
	}
	unlike := b.Stereo == chem.Trans
	for end, at := range [2]int32{b.A, b.B} {
		unlike = unlike != w.falls(first[end], at)
		unlike = unlike != (w.m.Bonds[first[end]].Other(int(at)) != int(b.StereoAtoms[end]))
	}
	w.senses.relate(first[0], first[1], unlike)
}

// putOpposite makes two marked bonds at an atom lie on different sides.
func (w *writer) putOpposite(e, f, at int32) {
	w.senses.relate(e, f, w.falls(e, at) == w.falls(f, at))
}

// direct gives the marked bonds their directions. In each group of bonds that
// depend on each other, the first mark of the first double bond is a slash.
func (w *writer) direct() {
	for _, d := range w.doubles {
		b := &w.m.Bonds[d]
		first := int32(-1)
		for _, at := range [2]int32{b.A, b.B} {
			marks, n := w.marksAt(d, at)
			for _, e := range marks[:n] {
				if first < 0 || w.byStop(e, first) < 0 {
					first = e
				}
			}
		}
		if first < 0 {
			continue
		}
		if root, odd := w.senses.find(first); w.dir[root] == chem.NoDirection {
			w.dir[root] = turned(chem.Up, odd)
		}
	}
	for e, marked := range w.pick {
		if marked {
			root, odd := w.senses.find(int32(e))
			w.dir[e] = turned(w.dir[root], odd)
		}
	}
}

func (w *writer) byStop(a, b int32) int {
	return cmp.Or(cmp.Compare(w.stop(a), w.stop(b)), cmp.Compare(w.start(a), w.start(b)))
}

func turned(d chem.Direction, odd bool) chem.Direction {
	if odd {
		return opposite(d)
	}
	return d
}
