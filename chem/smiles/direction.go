package smiles

import (
	"cmp"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// placeDirections chooses the bonds that carry / and \ and their directions,
// in the sense in which the bonds are written. Each stereo double bond needs a
// marked bond at both ends; double bonds that share a marked bond are settled
// one after the other.
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
	slices.SortFunc(w.doubles, func(a, b int32) int {
		if c := cmp.Compare(w.start(a), w.start(b)); c != 0 {
			return c
		}
		return cmp.Compare(w.stop(a), w.stop(b))
	})
	w.pick = fill(w.pick, len(w.m.Bonds), false)
	for _, d := range w.doubles {
		b := &w.m.Bonds[d]
		w.pickMark(d, b.A)
		w.pickMark(d, b.B)
	}
	for len(w.doubles) > 0 {
		next := 0
		for k, d := range w.doubles {
			b := &w.m.Bonds[d]
			if w.knownSide(d, b.A) != chem.NoDirection || w.knownSide(d, b.B) != chem.NoDirection {
				next = k
				break
			}
		}
		w.settle(w.doubles[next])
		w.doubles = slices.Delete(w.doubles, next, next+1)
	}
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

// pickMark chooses the bond at one end of double bond d that carries a mark:
// one that does so already, else rather not one next to an unmarked double
// bond, else rather not a ring closure, else the first written.
func (w *writer) pickMark(d, at int32) {
	best, bestScore := int32(-1), 1<<30
	for _, nb := range w.m.Neighbors(int(at)) {
		if nb.Bond == d {
			continue
		}
		b := &w.m.Bonds[nb.Bond]
		if b.Order != chem.Single && (b.Order != chem.Aromatic || !b.Aromatic) {
			continue // : outside aromatic rings must be written
		}
		score := 0
		if !w.pick[nb.Bond] {
			score = 1
			for _, x := range w.m.Neighbors(int(nb.Atom)) {
				if b := &w.m.Bonds[x.Bond]; b.Kekule == chem.Double && b.Order != chem.Aromatic && b.Stereo == chem.NoStereo {
					score += 4
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

// sideOf turns a written direction into the side of the neighbour as seen from
// the atom at the other end.
func (w *writer) sideOf(bond, at int32, d chem.Direction) chem.Direction {
	if other := w.m.Bonds[bond].Other(int(at)); w.visit[other] < w.visit[at] {
		return opposite(d)
	}
	return d
}

// knownSide is the side on which the stereo atom at one end of double bond d
// lies, if a marked bond tells.
func (w *writer) knownSide(d, at int32) chem.Direction {
	b := &w.m.Bonds[d]
	ref := b.StereoAtoms[0]
	if at == b.B {
		ref = b.StereoAtoms[1]
	}
	for _, nb := range w.m.Neighbors(int(at)) {
		if nb.Bond == d || w.dir[nb.Bond] == chem.NoDirection {
			continue
		}
		side := w.sideOf(nb.Bond, at, w.dir[nb.Bond])
		if nb.Atom != ref {
			side = opposite(side)
		}
		return side
	}
	return chem.NoDirection
}

// settle gives the marked bonds of double bond d their directions.
func (w *writer) settle(d int32) {
	b := &w.m.Bonds[d]
	sideA, sideB := w.knownSide(d, b.A), w.knownSide(d, b.B)
	if sideA == chem.NoDirection && sideB == chem.NoDirection {
		// Free choice: the first mark that is written is a slash.
		end := b.A
		if w.firstPick(d, b.B) < w.firstPick(d, b.A) {
			end = b.B
		}
		w.apply(d, end, chem.Up, true)
		sideA, sideB = w.knownSide(d, b.A), w.knownSide(d, b.B)
	}
	across := func(s chem.Direction) chem.Direction {
		if b.Stereo == chem.Trans {
			return opposite(s)
		}
		return s
	}
	if sideA == chem.NoDirection {
		sideA = across(sideB)
	} else if sideB == chem.NoDirection {
		sideB = across(sideA)
	}
	w.apply(d, b.A, sideA, false)
	w.apply(d, b.B, sideB, false)
}

// firstPick is when the first marked bond at one end of d is written.
func (w *writer) firstPick(d, at int32) int32 {
	first := int32(1 << 30)
	for _, nb := range w.m.Neighbors(int(at)) {
		if nb.Bond != d && w.pick[nb.Bond] {
			first = min(first, w.stop(nb.Bond))
		}
	}
	return first
}

// apply marks the chosen bonds at one end of double bond d so that the stereo
// atom lies on the given side; with free set, the direction is that of the
// first mark as written instead.
func (w *writer) apply(d, at int32, side chem.Direction, free bool) {
	b := &w.m.Bonds[d]
	ref := b.StereoAtoms[0]
	if at == b.B {
		ref = b.StereoAtoms[1]
	}
	for _, nb := range w.m.Neighbors(int(at)) {
		if nb.Bond == d || !w.pick[nb.Bond] || w.dir[nb.Bond] != chem.NoDirection {
			continue
		}
		if free {
			w.dir[nb.Bond] = side
			return
		}
		s := side
		if nb.Atom != ref {
			s = opposite(s)
		}
		w.dir[nb.Bond] = w.sideOf(nb.Bond, at, s)
	}
}
