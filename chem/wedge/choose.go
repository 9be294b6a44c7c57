package wedge

import (
	"cmp"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// Choose gives each marked tetrahedral centre of a perceived molecule drawn in
// the plane a bond of its own that shows it, the least disturbing that is free.
// The result is by bond. It does not depend on the order of atoms and bonds.
// Centres that the drawing cannot show get none.
//
// Where centres compete, an augmenting path gives both their share (H. W. Kuhn,
// Naval Res. Logist. Q. 2 (1955) 83).
func Choose(m *chem.Mol, points []Point) []Wedge {
	c := chooser{m: m, points: points, owner: map[int32]int{}, options: map[int][]option{}}
	var centres []int
	for i := range m.Atoms {
		if m.Atoms[i].Chirality != chem.Achiral {
			centres = append(centres, i)
		}
	}
	wedges := make([]Wedge, len(m.Bonds))
	if centres == nil {
		return wedges
	}
	c.rank = chem.CanonicalRanks(m)
	slices.SortFunc(centres, func(a, b int) int { return cmp.Compare(c.rank[a], c.rank[b]) })
	for _, i := range centres {
		c.options[i] = c.list(i)
		c.claim(i, map[int32]bool{})
	}
	for bond, i := range c.owner {
		for _, o := range c.options[i] {
			if o.bond == bond {
				wedges[bond] = Wedge{o.kind, int32(i)}
			}
		}
	}
	return wedges
}

// MarkUnknown gives a wavy bond to every atom of a perceived molecule that is a
// stereocentre without a mark, as long as one that is not drawn otherwise is left.
func MarkUnknown(m *chem.Mol, wedges []Wedge) {
	c := chooser{m: m}
	for _, s := range chem.StereoCentres(m) {
		if s.Label != '?' {
			continue
		}
		if c.rank == nil {
			c.rank = chem.CanonicalRanks(m)
		}
		best, found := option{}, false
		for _, nb := range m.Neighbors(s.Atom) {
			o := c.option(nb)
			if wedges[nb.Bond].Kind == Flat && single(&m.Bonds[nb.Bond]) && (!found || o.compare(best) < 0) {
				best, found = o, true
			}
		}
		if found {
			wedges[best.bond] = Wedge{Either, int32(s.Atom)}
		}
	}
}

// chooser shares out the bonds of a drawing among its centres.
type chooser struct {
	m       *chem.Mol
	points  []Point
	rank    []int
	options map[int][]option // by centre, the best first
	owner   map[int32]int    // of a bond: the centre
}

// claim finds a bond for centre i, if need be one that another centre can give
// up for another.
func (c *chooser) claim(i int, asked map[int32]bool) bool {
	for _, o := range c.options[i] {
		if _, taken := c.owner[o.bond]; !taken {
			c.owner[o.bond] = i
			return true
		}
	}
	for _, o := range c.options[i] {
		if !asked[o.bond] {
			asked[o.bond] = true
			if c.claim(c.owner[o.bond], asked) {
				c.owner[o.bond] = i
				return true
			}
		}
	}
	return false
}

// option is a bond that can show a centre.
type option struct {
	bond       int32
	kind       Kind
	cost, rank int
}

func (o option) compare(p option) int {
	return cmp.Or(cmp.Compare(o.cost, p.cost), cmp.Compare(o.rank, p.rank))
}

func (c *chooser) option(nb chem.Neighbor) option {
	return option{bond: nb.Bond, cost: cost(c.m, nb), rank: c.rank[nb.Atom]}
}

// list is what bonds can show centre i, the best first.
func (c *chooser) list(i int) []option {
	nbrs := c.m.Neighbors(i)
	arms := make([]Arm, len(nbrs))
	for x, nb := range nbrs {
		arms[x].To = c.points[nb.Atom].minus(c.points[i])
	}
	var out []option
	for x, nb := range nbrs {
		if !single(&c.m.Bonds[nb.Bond]) {
			continue
		}
		usable, plainly := legible(arms, x)
		if !usable {
			continue
		}
		o := c.option(nb)
		if !plainly {
			o.cost += 160
		}
		arms[x].Kind = Up
		drawn := Chirality(arms, x)
		arms[x].Kind = Flat
		switch c.m.Atoms[i].Chirality {
		case drawn:
			o.kind = Up
		case chem.Mirror(drawn):
			o.kind = Down
		default:
			continue
		}
		out = append(out, o)
	}
	slices.SortFunc(out, option.compare)
	return out
}

// single tells whether a bond is drawn as one line; aromatic bonds outside
// aromatic rings, as in C:C, are not.
func single(b *chem.Bond) bool {
	return b.Kekule == chem.Single && (b.Order != chem.Aromatic || b.Aromatic)
}

// cost is how much a wedge along a bond disturbs, by the rules of IUPAC's
// recommendations for stereochemical configuration (2006) as far as one wedge
// can follow them: least to a hydrogen or another atom at the end of the
// molecule, most in a ring or towards another centre.
func cost(m *chem.Mol, nb chem.Neighbor) int {
	a := &m.Atoms[nb.Atom]
	if a.Element == 1 {
		return 0
	}
	cost := m.Degree(int(nb.Atom))
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
