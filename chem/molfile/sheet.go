package molfile

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// sheet is a record made ready for writing: what both formats say of its atoms
// and bonds.
type sheet struct {
	m      *chem.Mol
	points []Point // by atom, zeros where there are none
	label  string  // dimension of the coordinates: 2D, 3D or blank
	chiral bool    // some centre is marked

	valence []int        // by atom: number of bonds and hydrogens, noValence, or 0 for what a reader thinks
	parity  []uint8      // by atom: 1, 2, or 0 for none
	order   []int        // by bond: the type
	from    []int32      // by bond: its first atom, the narrow end of a wedge
	marks   []wedge.Kind // by bond; Either crosses a double bond
}

// newSheet prepares a record. What the formats or the coordinates cannot express
// of stereo is left open, never wrong; other things are errors.
func newSheet(rec *Record) (*sheet, error) {
	m := rec.Mol
	if m == nil {
		return nil, fmt.Errorf("molfile: write: there is no molecule")
	}
	if rec.Points != nil && len(rec.Points) != len(m.Atoms) {
		return nil, fmt.Errorf("molfile: write: %d points for %d atoms", len(rec.Points), len(m.Atoms))
	}
	s := &sheet{
		m: m, points: rec.Points, label: "  ", valence: make([]int, len(m.Atoms)), parity: make([]uint8, len(m.Atoms)),
		order: make([]int, len(m.Bonds)), from: make([]int32, len(m.Bonds)), marks: make([]wedge.Kind, len(m.Bonds)),
	}
	for k := range m.Bonds {
		s.from[k] = m.Bonds[k].A
		var err error
		if s.order[k], err = bondType(&m.Bonds[k]); err != nil {
			return nil, err
		}
	}
	for i := range m.Atoms {
		s.valence[i] = neededValence(m, i)
		s.chiral = s.chiral || m.Atoms[i].Chirality != chem.Achiral
	}
	if rec.Points == nil {
		s.points = make([]Point, len(m.Atoms))
		s.setParities()
		return s, nil
	}
	s.label = "2D"
	for i, p := range rec.Points {
		if !(p.X > -1e9 && p.X < 1e9 && p.Y > -1e9 && p.Y < 1e9 && p.Z > -1e9 && p.Z < 1e9) {
			return nil, fmt.Errorf("molfile: write: atom %d has no finite place", i)
		}
		if p.Z != 0 {
			s.label = "3D"
		}
	}
	if s.label == "2D" {
		flat := make([]wedge.Point, len(s.points))
		for i, p := range s.points {
			flat[i] = wedge.Point{X: p.X, Y: p.Y}
		}
		for k, w := range wedge.Choose(m, flat) {
			if w.Kind != wedge.Flat {
				s.marks[k], s.from[k] = w.Kind, w.From
			}
		}
	}
	s.crossDoubleBonds()
	s.keepHydrogens()
	return s, nil
}

// keepHydrogens draws a wedge to hydrogens that alone show the configuration of
// a double bond, as of an imine. It says nothing about the atom, which has no
// third neighbour, but readers would merge a hydrogen on a plain bond.
func (s *sheet) keepHydrogens() {
	for k := range s.m.Bonds {
		b := &s.m.Bonds[k]
		if b.Stereo == chem.NoStereo || s.marks[k] == wedge.Either {
			continue
		}
		for _, end := range [2]int32{b.A, b.B} {
			nbrs := s.m.Neighbors(int(end))
			if len(nbrs) != 2 {
				continue
			}
			for _, nb := range nbrs {
				if h := &s.m.Atoms[nb.Atom]; h.Element == 1 && h.Isotope == 0 && int(nb.Bond) != k {
					s.marks[nb.Bond], s.from[nb.Bond] = wedge.Up, end
				}
			}
		}
	}
}

// bondType is the number of a bond's order in the format.
func bondType(b *chem.Bond) (int, error) {
	if b.Kekule == chem.Unspecified {
		return 0, fmt.Errorf("molfile: write: the molecule is not perceived")
	}
	switch fileOrder(b) {
	case chem.Single:
		return 1, nil
	case chem.Double:
		return 2, nil
	case chem.Triple:
		return 3, nil
	case chem.Aromatic:
		return 4, nil
	case chem.Zero:
		return 8, nil
	case chem.Dative:
		return 9, nil
	default:
		return 0, fmt.Errorf("molfile: write: the format has no quadruple bond, as between atoms %d and %d", b.A, b.B)
	}
}

// setParities marks the centres of a file without coordinates, see fromParities.
func (s *sheet) setParities() {
	for i := range s.m.Atoms {
		mark := s.m.Atoms[i].Chirality
		nbrs := s.m.Neighbors(i)
		if mark == chem.Achiral || len(nbrs) < 3 || len(nbrs) > 4 {
			continue
		}
		s.parity[i] = 1
		if byNumber(nbrs, mark) == chem.CounterClockwise {
			s.parity[i] = 2
		}
	}
}

// crossDoubleBonds marks the double bonds that the coordinates would give a
// configuration that they do not have.
func (s *sheet) crossDoubleBonds() {
	d := drawing{m: s.m, points: s.points, marks: s.marks}
	var cross []int
	d.doubleBonds(func(k int, refs [2]int32, stereo chem.BondStereo) {
		b := &s.m.Bonds[k]
		if b.Stereo == chem.NoStereo {
			if s.differ(k, b.A) && s.differ(k, b.B) {
				cross = append(cross, k)
			}
			return
		}
		for end, ref := range refs {
			if ref != b.StereoAtoms[end] {
				stereo = chem.Cis + chem.Trans - stereo
			}
		}
		if stereo != b.Stereo {
			cross = append(cross, k)
		}
	})
	for _, k := range cross {
		s.marks[k] = wedge.Either
	}
}

// differ tells whether the substituents at one end of double bond k may be
// different: they are the same if both are ends of the molecule and alike.
func (s *sheet) differ(k int, end int32) bool {
	var first *chem.Atom
	for _, nb := range s.m.Neighbors(int(end)) {
		if int(nb.Bond) == k {
			continue
		}
		a := &s.m.Atoms[nb.Atom]
		if s.m.Degree(int(nb.Atom)) > 1 {
			return true
		}
		if first == nil {
			first = a
			continue
		}
		return a.Element != first.Element || a.Charge != first.Charge || a.Isotope != first.Isotope ||
			a.Hydrogens() != first.Hydrogens() || a.Map != first.Map
	}
	return true
}
