package smiles

import (
	"strconv"

	"github.com/molsculpt/molsculpt/chem"
)

func appendInt(out []byte, n int, after ...byte) []byte {
	return append(strconv.AppendInt(out, int64(n), 10), after...)
}

// writeAtom writes the symbol of atom i, whose bonds are written in the given
// sequence, with brackets where the reader would not guess the rest.
func (w *writer) writeAtom(i int32, sequence []int32, closures int) {
	a := &w.m.Atoms[i]
	aromatic := a.Aromatic && !w.o.Kekule
	mark := chem.Achiral
	if !w.o.NoStereo && a.Chirality != chem.Achiral {
		mark = w.writtenChirality(i, sequence, closures)
	}
	symbol := chem.Symbol(a.Element)
	geometry := chem.NoGeometry
	if !w.o.NoStereo {
		geometry = a.Geometry
	}
	if !w.needsBrackets(i, aromatic, mark != chem.Achiral || geometry != chem.NoGeometry) {
		w.out = appendSymbol(w.out, symbol, aromatic)
		return
	}
	w.out = append(w.out, '[')
	if a.Isotope != 0 {
		w.out = appendInt(w.out, int(a.Isotope))
	}
	w.out = appendSymbol(w.out, symbol, aromatic)
	switch mark {
	case chem.CounterClockwise:
		w.out = append(w.out, '@')
	case chem.Clockwise:
		w.out = append(w.out, '@', '@')
	case chem.Achiral:
	}
	switch geometry {
	case chem.SquarePlanar:
		w.out = append(w.out, "@SP"...)
	case chem.TrigonalBipyramidal:
		w.out = append(w.out, "@TB"...)
	case chem.Octahedral:
		w.out = append(w.out, "@OH"...)
	case chem.NoGeometry:
	}
	if geometry != chem.NoGeometry && a.Arrangement != 0 {
		w.out = appendInt(w.out, int(w.writtenArrangement(i, sequence)))
	}
	if h := a.Hydrogens(); h > 0 {
		if w.out = append(w.out, 'H'); h > 1 {
			w.out = appendInt(w.out, h)
		}
	}
	if c := int(a.Charge); c != 0 {
		sign := byte('+')
		if c < 0 {
			sign, c = '-', -c
		}
		if w.out = append(w.out, sign); c > 1 {
			w.out = appendInt(w.out, c)
		}
	}
	if a.Map != 0 {
		w.out = appendInt(append(w.out, ':'), int(a.Map))
	}
	w.out = append(w.out, ']')
}

func appendSymbol(out []byte, symbol string, aromatic bool) []byte {
	if aromatic && symbol != "*" {
		out = append(out, symbol[0]|0x20)
		return append(out, symbol[1:]...)
	}
	return append(out, symbol...)
}

// needsBrackets tells whether an atom is more than the bare symbol says. An atom
// without brackets is read without unpaired electrons, also in C[CH]:C, where
// the bond's half leaves room for one although the hydrogens are as in CC:C.
func (w *writer) needsBrackets(i int32, aromatic, marked bool) bool {
	a := &w.m.Atoms[i]
	if a.Isotope != 0 || a.Charge != 0 || a.Map != 0 || a.Radical != 0 || marked {
		return true
	}
	switch a.Element {
	case 0:
		return a.Hydrogens() != 0
	case 5, 6, 7, 8, 15, 16:
	case 9, 17, 35, 53:
		if aromatic {
			return true
		}
	default:
		return true
	}
	twice := 0
	anyAromatic := aromatic
	for _, nb := range w.m.Neighbors(int(i)) {
		b := &w.m.Bonds[nb.Bond]
		order := w.order(b)
		twice += b.TwiceValence(order, i)
		anyAromatic = anyAromatic || order == chem.Aromatic
	}
	h, ok := chem.DefaultHydrogens(a.Element, twice, anyAromatic)
	return !ok || h != a.Hydrogens()
}

// order is the bond order that is written. Aromatic bonds outside aromatic
// rings, as in C:C, have no localised form.
func (w *writer) order(b *chem.Bond) chem.Order {
	if w.o.Kekule && (b.Aromatic || b.Order != chem.Aromatic) {
		return b.Kekule
	}
	return b.Order
}

// writeBond writes the symbol of a bond as seen from atom i, if it needs one.
func (w *writer) writeBond(bond, i int32) {
	b := &w.m.Bonds[bond]
	switch w.dir[bond] {
	case chem.Up:
		w.out = append(w.out, '/')
		return
	case chem.Down:
		w.out = append(w.out, '\\')
		return
	case chem.NoDirection:
	}
	aromatic := !w.o.Kekule && w.m.Atoms[b.A].Aromatic && w.m.Atoms[b.B].Aromatic
	switch w.order(b) {
	case chem.Single:
		if aromatic {
			w.out = append(w.out, '-')
		}
	case chem.Double:
		w.out = append(w.out, '=')
	case chem.Triple:
		w.out = append(w.out, '#')
	case chem.Quadruple:
		w.out = append(w.out, '$')
	case chem.Aromatic:
		if !aromatic || w.m.Atoms[b.A].Element == 0 && w.m.Atoms[b.B].Element == 0 {
			w.out = append(w.out, ':')
		}
	case chem.Dative:
		if b.A == i {
			w.out = append(w.out, "->"...)
		} else {
			w.out = append(w.out, "<-"...)
		}
	case chem.Zero:
		w.out = append(w.out, '~')
	case chem.Unspecified:
	}
}
