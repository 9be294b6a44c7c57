package molfile

import (
	"math"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// drawing is a perceived molecule with what a file shows of its stereo.
type drawing struct {
	m      *chem.Mol
	points []Point
	marks  []wedge.Kind // by bond
	open   []bool       // by atom: a wavy bond to a hydrogen says that its sides are not known; may be nil
}

// doubleBonds finds the double bonds whose configuration the coordinates tell,
// and calls tell with it. Crossed ones and those beside a wavy bond stay open.
func (d *drawing) doubleBonds(tell func(bond int, refs [2]int32, stereo chem.BondStereo)) {
	m := d.m
	var candidates []int
	var count []int // by bond: how many candidates are beside it
	for k := range m.Bonds {
		if d.marks[k] == wedge.Either || !canBeStereo(m, k) {
			continue
		}
		if count == nil {
			count = make([]int, len(m.Bonds))
		}
		candidates = append(candidates, k)
		for _, end := range [2]int32{m.Bonds[k].A, m.Bonds[k].B} {
			for _, nb := range m.Neighbors(int(end)) {
				count[nb.Bond]++
			}
		}
	}
	for _, k := range candidates {
		a, b := m.Bonds[k].A, m.Bonds[k].B
		axis := d.points[b].minus(d.points[a])
		refA, okA := d.side(k, a, axis, count)
		refB, okB := d.side(k, b, Point{}.minus(axis), count)
		if okA && okB {
			tell(k, [2]int32{refA, refB}, d.configuration(k, refA, refB))
		}
	}
}

// side chooses the neighbour at one end of double bond k that tells on which
// side the substituents lie: the one beside most candidates, then the first, but
// not one in line with the axis. ok is false where there is none, or where a
// wavy bond says that the side is not known.
func (d *drawing) side(k int, end int32, axis Point, count []int) (ref int32, ok bool) {
	if d.open != nil && d.open[end] {
		return -1, false
	}
	best := -1
	for _, nb := range d.m.Neighbors(int(end)) {
		bond := &d.m.Bonds[nb.Bond]
		if int(nb.Bond) == k || bond.Order != chem.Single && bond.Order != chem.Aromatic {
			continue
		}
		if d.marks[nb.Bond] == wedge.Either {
			return -1, false
		}
		if inLine(d.points[nb.Atom].minus(d.points[end]), axis) {
			continue
		}
		if best < 0 || count[nb.Bond] > best {
			best, ref = count[nb.Bond], nb.Atom
		}
	}
	return ref, best >= 0
}

// inLine tells whether two directions are opposite, within two degrees.
func inLine(p, q Point) bool {
	length := math.Sqrt(p.dot(p) * q.dot(q))
	return length < 1e-9 || math.Acos(max(-1, min(1, p.dot(q)/length))) > math.Pi-0.035
}

// configuration tells on which sides of bond k its neighbours p and q lie.
func (d *drawing) configuration(k int, p, q int32) chem.BondStereo {
	a, b := d.points[d.m.Bonds[k].A], d.points[d.m.Bonds[k].B]
	axis := b.minus(a)
	if d.points[p].minus(a).cross(axis).dot(d.points[q].minus(b).cross(axis)) > 0 {
		return chem.Cis
	}
	return chem.Trans
}

// canBeStereo tells whether bond k of a perceived molecule is a double bond that
// may be cis or trans, and not part of a cumulene.
func canBeStereo(m *chem.Mol, k int) bool {
	if !m.CanBeCisTrans(k) {
		return false
	}
	for _, end := range [2]int32{m.Bonds[k].A, m.Bonds[k].B} {
		for _, nb := range m.Neighbors(int(end)) {
			if int(nb.Bond) != k && m.Bonds[nb.Bond].Order == chem.Double {
				return false
			}
		}
	}
	return true
}
