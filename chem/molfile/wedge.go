package molfile

import (
	"cmp"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// wedging is how the stereocentres of a drawing are marked: by bond, the mark
// and the atom at the narrow end, or plain.
type wedging struct {
	marks []mark
	from  []int32
}

// chooseWedges gives each marked centre of a molecule drawn in the plane a bond
// of its own that shows it, the least disturbing that is free. Where centres
// compete, an augmenting path gives both their share (H. W. Kuhn, Naval Res.
// Logist. Q. 2 (1955) 83). Centres that the drawing cannot show get none.
func chooseWedges(m *chem.Mol, points []Point) wedging {
	w := wedging{marks: make([]mark, len(m.Bonds)), from: make([]int32, len(m.Bonds))}
	var centres []int
	options := map[int][]option{}
	for i := range m.Atoms {
		if m.Atoms[i].Chirality == chem.Achiral {
			continue
		}
		if list := wedgeOptions(m, points, i); len(list) > 0 {
			centres = append(centres, i)
			options[i] = list
		}
	}
	owner := make(map[int]int, len(centres)) // of a bond
	var claim func(i int, asked map[int]bool) bool
	claim = func(i int, asked map[int]bool) bool {
		for _, o := range options[i] {
			if _, taken := owner[o.bond]; !taken {
				owner[o.bond] = i
				return true
			}
		}
		for _, o := range options[i] {
			if !asked[o.bond] {
				asked[o.bond] = true
				if claim(owner[o.bond], asked) {
					owner[o.bond] = i
					return true
				}
			}
		}
		return false
	}
	for _, i := range centres {
		claim(i, map[int]bool{})
	}
	for bond, i := range owner {
		for _, o := range options[i] {
			if o.bond == bond {
				w.marks[bond], w.from[bond] = o.mark, int32(i)
			}
		}
	}
	return w
}

// option is a bond that can show a centre.
type option struct {
	bond, cost int
	mark       mark
}

// wedgeOptions lists the bonds that can show centre i, the best first.
func wedgeOptions(m *chem.Mol, points []Point, i int) []option {
	nbrs := m.Neighbors(i)
	arms := make([]arm, len(nbrs))
	for x, nb := range nbrs {
		other := &m.Atoms[nb.Atom]
		arms[x] = arm{
			to:     points[nb.Atom].minus(points[i]),
			single: fileOrder(&m.Bonds[nb.Bond]) == chem.Single,
			proton: other.Element == 1 && other.Isotope == 0,
		}
	}
	var out []option
	for x, nb := range nbrs {
		if !arms[x].single {
			continue
		}
		usable, plainly := legible(arms, x)
		if !usable {
			continue
		}
		arms[x].mark = wedge
		o := option{bond: int(nb.Bond), cost: wedgeCost(m, nb), mark: wedge}
		if !plainly {
			o.cost += 160
		}
		drawn := drawnChirality(m.Atoms[i].Element, arms, x)
		if drawn == m.Atoms[i].Chirality {
			out = append(out, o)
		} else if drawn == chem.Mirror(m.Atoms[i].Chirality) {
			o.mark = hash
			out = append(out, o)
		}
		arms[x].mark = plain
	}
	slices.SortStableFunc(out, func(a, b option) int { return cmp.Compare(a.cost, b.cost) })
	return out
}

// wedgeCost is how much a wedge along a bond disturbs: least to a hydrogen or
// another atom at the end of the molecule, most in a ring or towards another
// centre.
func wedgeCost(m *chem.Mol, nb chem.Neighbor) int {
	a := &m.Atoms[nb.Atom]
	cost := m.Degree(int(nb.Atom))
	if a.Element == 1 {
		return 0
	}
	if m.Bonds[nb.Bond].InRing {
		cost += 40
	}
	if a.Chirality != chem.Achiral {
		cost += 80
	}
	if a.InRing {
		cost += 20
	}
	for _, next := range m.Neighbors(int(nb.Atom)) {
		if m.Bonds[next.Bond].Kekule == chem.Double {
			cost += 10
		}
	}
	return cost
}

// legible tells whether a wedge at bond ref of a drawn atom has one meaning at
// all, also after rounding, and whether it has the same one for every reader.
// That is so where the other bonds do not lie on one side of the atom, or, of
// two, not in one line or with the wedge between them.
func legible(arms []arm, ref int) (usable, plainly bool) {
	const least, comfortable = 0.002, 0.17 // radians
	var others []float64
	for x, a := range arms {
		if a.to.dot(a.to) < 1e-6 {
			return false, false
		}
		if x != ref {
			others = append(others, angleBetween(arms[ref].to, a.to))
		}
	}
	angles := append([]float64{0, 2 * math.Pi}, others...)
	slices.Sort(angles)
	for x := range angles[1:] {
		if angles[x+1]-angles[x] < least {
			return false, false
		}
	}
	slices.Sort(others)
	if len(others) == 2 {
		gap := others[1] - others[0]
		return math.Abs(gap-math.Pi) > least, gap < math.Pi-comfortable
	}
	widest := others[0] + 2*math.Pi - others[len(others)-1]
	for x := range others[1:] {
		widest = max(widest, others[x+1]-others[x])
	}
	return true, widest < math.Pi-comfortable
}
