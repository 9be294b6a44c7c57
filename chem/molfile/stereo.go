package molfile

import (
	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// readStereo gives the perceived molecule the marks that the table's drawing or
// coordinates show, and tells whether there are any. Perception then removes
// those that mean nothing.
func (b *builder) readStereo() bool {
	var marks []chem.Chirality // by atom of the table
	switch {
	case !b.spread():
		marks = b.fromParities()
	case b.solid:
		marks = b.fromSpace()
	default:
		marks = b.fromWedges()
	}
	for k := range b.bonds {
		// A wavy bond says that its first atom is not known. In space RDKit looks
		// at the first three bonds only, save for hydrogens.
		bond := &b.bonds[k]
		if bond.mark != wedge.Either || bond.order != chem.Single {
			continue
		}
		if nbrs := b.raw.Neighbors(int(bond.a)); b.solid && b.index[bond.b] >= 0 && len(nbrs) > 3 && int(nbrs[3].Bond) <= k {
			continue
		}
		marks[bond.a] = chem.Achiral
	}
	found := false
	for i, mark := range marks {
		if to := b.index[i]; mark != chem.Achiral && to >= 0 {
			b.mol.Atoms[to].Chirality = b.withoutHydrogens(i, mark)
			found = true
		}
	}
	if b.spread() {
		d := b.drawing()
		d.doubleBonds(func(k int, refs [2]int32, stereo chem.BondStereo) {
			b.mol.Bonds[k].StereoAtoms, b.mol.Bonds[k].Stereo = refs, stereo
			found = true
		})
	}
	return found
}

// drawing is the molecule as the table draws it.
func (b *builder) drawing() drawing {
	d := drawing{m: b.mol, points: b.points(), marks: make([]wedge.Kind, len(b.bond)), open: make([]bool, len(b.atom))}
	for k, from := range b.bond {
		d.marks[k] = b.bonds[from].mark
	}
	for k := range b.bonds {
		if bond := &b.bonds[k]; bond.mark == wedge.Either && b.index[bond.b] < 0 {
			d.open[b.index[bond.a]] = true
		}
	}
	return d
}

// points are the places of the molecule's atoms.
func (b *builder) points() []Point {
	points := make([]Point, len(b.atom))
	for i, from := range b.atom {
		points[i] = b.atoms[from].at
	}
	return points
}

// spread tells whether the table has coordinates: not all the same.
func (t *table) spread() bool {
	for i := range t.atoms {
		if t.atoms[i].at != t.atoms[0].at {
			return true
		}
	}
	return false
}

// withoutHydrogens makes a mark for the neighbours of atom i in the table one
// for those that are left in the molecule, the merged hydrogen being the last.
func (b *builder) withoutHydrogens(i int, mark chem.Chirality) chem.Chirality {
	nbrs := b.raw.Neighbors(i)
	for k, nb := range nbrs {
		if b.index[nb.Atom] < 0 && (len(nbrs)-1-k)%2 == 1 {
			mark = chem.Mirror(mark)
		}
	}
	return mark
}

// fromParities takes the parities of the atom lines, which are all there is to
// tell in a file without coordinates: seen with the neighbour of the highest
// number behind, the others run clockwise in ascending order for parity 1. A
// hydrogen that is no atom counts as the highest.
func (b *builder) fromParities() []chem.Chirality {
	marks := make([]chem.Chirality, len(b.atoms))
	for i := range b.atoms {
		nbrs := b.raw.Neighbors(i)
		if b.atoms[i].parity == 0 || len(nbrs) < 3 || len(nbrs) > 4 {
			continue
		}
		mark := chem.Clockwise
		if b.atoms[i].parity == 2 {
			mark = chem.CounterClockwise
		}
		marks[i] = byNumber(nbrs, mark)
	}
	return marks
}

// byNumber makes a mark for neighbours in their order one for the same
// neighbours by ascending numbers, or the other way round.
func byNumber(nbrs []chem.Neighbor, mark chem.Chirality) chem.Chirality {
	for x := range nbrs {
		for _, earlier := range nbrs[:x] {
			if earlier.Atom > nbrs[x].Atom {
				mark = chem.Mirror(mark)
			}
		}
	}
	return mark
}

// flatVolume is the volume spanned by three bonds, in cubic angstroms, below
// which an atom counts as flat.
const flatVolume = 0.1

// fromSpace looks at the atoms of three-dimensional coordinates that have four
// neighbours, with at most one hydrogen, and at three-valent sulfur and selenium.
func (b *builder) fromSpace() []chem.Chirality {
	marks := make([]chem.Chirality, len(b.atoms))
	for i := range b.atoms {
		nbrs := b.raw.Neighbors(i)
		if b.index[i] < 0 || len(nbrs) < 3 {
			continue
		}
		to := int(b.index[i])
		a := &b.mol.Atoms[to]
		hydrogens := a.Hydrogens()
		for _, nb := range b.mol.Neighbors(to) {
			if h := &b.mol.Atoms[nb.Atom]; h.Element == 1 && h.Isotope == 0 {
				hydrogens++
			}
		}
		degree := b.mol.Degree(to) + a.Hydrogens()
		if degree > 4 || a.Element != 16 && a.Element != 34 && (degree != 4 || hydrogens > 1) {
			continue
		}
		var v [3]Point
		for k := range v {
			v[k] = b.atoms[nbrs[k].Atom].at.minus(b.atoms[i].at)
		}
		switch volume := v[0].dot(v[1].cross(v[2])); {
		case volume > flatVolume:
			marks[i] = chem.CounterClockwise
		case volume < -flatVolume:
			marks[i] = chem.Clockwise
		}
	}
	return marks
}

// fromWedges looks at the atoms at the narrow ends of wedges.
func (b *builder) fromWedges() []chem.Chirality {
	marks := make([]chem.Chirality, len(b.atoms))
	for k := range b.bonds {
		bond := &b.bonds[k]
		i := int(bond.a)
		if bond.mark != wedge.Up && bond.mark != wedge.Down || marks[i] != chem.Achiral || !b.wedgeable(i) {
			continue
		}
		var arms []wedge.Arm
		ref := 0
		for _, nb := range b.raw.Neighbors(i) {
			to := b.atoms[nb.Atom].at.minus(b.atoms[i].at)
			a := wedge.Arm{To: wedge.Point{X: to.X, Y: to.Y}}
			if b.bonds[nb.Bond].a == bond.a {
				a.Kind = b.bonds[nb.Bond].mark
			}
			if int(nb.Bond) == k {
				ref = len(arms)
			}
			arms = append(arms, a)
		}
		marks[i] = wedge.Chirality(arms, ref)
	}
	return marks
}

// wedgeable tells whether a wedge at atom i of the table means anything: it has
// three or four neighbours, in three no hydrogen beside the one that is missing,
// and no multiple bond unless it is phosphorus or sulfur, as in RDKit 2022.09.
func (b *builder) wedgeable(i int) bool {
	nbrs := b.raw.Neighbors(i)
	if len(nbrs) < 3 || len(nbrs) > 4 {
		return false
	}
	element := b.raw.Atoms[i].Element
	for _, nb := range nbrs {
		other := &b.raw.Atoms[nb.Atom]
		if len(nbrs) == 3 && other.Element == 1 && other.Isotope == 0 {
			return false
		}
		if b.raw.Bonds[nb.Bond].Order != chem.Single && element != 15 && element != 16 {
			return false
		}
	}
	return true
}

func (p Point) minus(q Point) Point { return Point{p.X - q.X, p.Y - q.Y, p.Z - q.Z} }

func (p Point) dot(q Point) float64 { return p.X*q.X + p.Y*q.Y + p.Z*q.Z }

func (p Point) cross(q Point) Point {
	return Point{p.Y*q.Z - p.Z*q.Y, p.Z*q.X - p.X*q.Z, p.X*q.Y - p.Y*q.X}
}
