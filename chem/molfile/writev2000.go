package molfile

import "github.com/molsculpt/molsculpt/chem/wedge"

// Limits of the columns of V2000.
const (
	mostV2000     = 999
	widestV2000   = 9999
	noneV2000     = 15 // valence 0
	valencesV2000 = 14
)

// fitsV2000 tells whether the columns of V2000 have room for the molecule.
func (s *sheet) fitsV2000() bool {
	if len(s.m.Atoms) > mostV2000 || len(s.m.Bonds) > mostV2000 {
		return false
	}
	for i := range s.m.Atoms {
		a, p := &s.m.Atoms[i], s.points[i]
		if a.Map > mostV2000 || a.Isotope > mostV2000 || s.valence[i] > valencesV2000 {
			return false
		}
		for _, x := range [3]float64{p.X, p.Y, p.Z} {
			if x > widestV2000 || x < -widestV2000 {
				return false
			}
		}
	}
	for _, order := range s.order {
		if order == 9 {
			return false
		}
	}
	return true
}

// appendV2000 appends the counts line and what follows it.
func (s *sheet) appendV2000(dst []byte) []byte {
	dst = appendInt(dst, len(s.m.Atoms), 3)
	dst = appendInt(dst, len(s.m.Bonds), 3)
	chiral := 0
	if s.chiral {
		chiral = 1
	}
	dst = append(dst, "  0  0"...)
	dst = appendInt(dst, chiral, 3)
	dst = append(dst, "  0  0  0  0  0999 V2000\n"...)
	for i := range s.m.Atoms {
		a, p := &s.m.Atoms[i], s.points[i]
		for _, x := range [3]float64{p.X, p.Y, p.Z} {
			dst = appendCoordinate(dst, x, 10)
		}
		dst = append(dst, ' ')
		name := symbol(a.Element)
		dst = append(dst, name...)
		for range 3 - len(name) {
			dst = append(dst, ' ')
		}
		valence := s.valence[i]
		if valence == noValence {
			valence = noneV2000
		}
		dst = append(dst, " 0  0"...)
		dst = appendInt(dst, int(s.parity[i]), 3)
		dst = append(dst, "  0  0"...)
		dst = appendInt(dst, valence, 3)
		dst = append(dst, "  0  0  0"...)
		dst = appendInt(dst, int(a.Map), 3)
		dst = append(dst, "  0  0\n"...)
	}
	for k := range s.m.Bonds {
		b := &s.m.Bonds[k]
		dst = appendInt(dst, int(s.from[k])+1, 3)
		dst = appendInt(dst, b.Other(int(s.from[k]))+1, 3)
		dst = appendInt(dst, s.order[k], 3)
		stereo := 0
		switch s.marks[k] {
		case wedge.Up:
			stereo = 1
		case wedge.Down:
			stereo = 6
		case wedge.Either: // only double bonds are
			stereo = 3
		case wedge.Flat:
		}
		dst = appendInt(dst, stereo, 3)
		dst = append(dst, '\n')
	}
	dst = s.appendPairs(dst, "CHG", func(i int) int { return int(s.m.Atoms[i].Charge) })
	dst = s.appendPairs(dst, "RAD", func(i int) int { return radicalKind(s.m.Atoms[i].Radical) })
	dst = s.appendPairs(dst, "ISO", func(i int) int { return int(s.m.Atoms[i].Isotope) })
	return append(dst, "M  END\n"...)
}

// pairsPerLine is how many entries a line M  XXX may have.
const pairsPerLine = 8

// appendPairs appends lines M  XXX with the atoms whose value is not 0.
func (s *sheet) appendPairs(dst []byte, kind string, value func(i int) int) []byte {
	var atoms []int
	for i := range s.m.Atoms {
		if value(i) != 0 {
			atoms = append(atoms, i)
		}
	}
	for len(atoms) > 0 {
		n := min(len(atoms), pairsPerLine)
		dst = append(dst, "M  "...)
		dst = append(dst, kind...)
		dst = appendInt(dst, n, 3)
		for _, i := range atoms[:n] {
			dst = appendInt(dst, i+1, 4)
			dst = appendInt(dst, value(i), 4)
		}
		dst = append(dst, '\n')
		atoms = atoms[n:]
	}
	return dst
}
