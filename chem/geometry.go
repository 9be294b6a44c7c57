package chem

import "sync"

// Geometry is how the neighbours of an atom are arranged where that is not
// tetrahedral (classes SP, TB and OH of OpenSMILES).
type Geometry uint8

// The geometries.
const (
	NoGeometry          Geometry = iota
	SquarePlanar                 // @SP, 4 places
	TrigonalBipyramidal          // @TB, 5 places
	Octahedral                   // @OH, 6 places
)

// Places is how many neighbours a geometry has room for.
func (g Geometry) Places() int { return len(shapes[g].places) }

// Arrangements is how many ways there are to put different neighbours in the
// places of a geometry: 3, 20 or 30.
func (g Geometry) Arrangements() int { return len(shapes[g].numbers) }

// shape describes a geometry by the rotations of its places and by the
// arrangements that OpenSMILES numbers from 1: which neighbour, from a on in
// the order of writing, stands in which place.
type shape struct {
	places    string   // the places in order
	rotations []string // generators of the rotation group: what comes to each place
	numbers   []string
}

// Square: places go around. Bipyramid: places 0 and 1 are the axis, 2 to 4 go
// around anticlockwise as seen from 0. Octahedron: places 0 and 5 are an axis,
// 1 to 4 go around anticlockwise as seen from 0.
var shapes = [...]shape{
	NoGeometry: {},
	SquarePlanar: {
		places:    "0123",
		rotations: []string{"1230", "3210"},
		numbers:   []string{"abcd", "acbd", "abdc"}, // U, 4, Z
	},
	TrigonalBipyramidal: {
		places:    "01234",
		rotations: []string{"01342", "10243"},
		numbers: []string{
			"aebcd", "aedcb", "adbce", "adecb", "acbde", "acedb", "abcde", "abedc", "beacd", "bdace",
			"bedca", "bdeca", "bcade", "bceda", "ceabd", "cdabe", "deabc", "decba", "cdeba", "cedba",
		},
	},
	Octahedral: {
		places:    "012345",
		rotations: []string{"023415", "215304"},
		numbers: []string{
			"abcdef", "abedcf", "abcdfe", "abcedf", "abcfde", "abcefd", "abcfed", "abdcef", "abdcfe", "abecdf",
			"abfcde", "abecfd", "abfced", "abdecf", "abdfce", "abfdce", "abefcd", "abfecd", "abdefc", "abdfec",
			"abedfc", "abfdec", "abefdc", "abfedc", "acdefb", "acdfeb", "acedfb", "acfdeb", "acefdb", "acfedb",
		},
	},
}

// numbersOf has the number of every arrangement of a geometry.
var numbersOf = sync.OnceValue(func() *[len(shapes)]map[string]uint8 {
	var all [len(shapes)]map[string]uint8
	for g, s := range shapes {
		all[g] = map[string]uint8{}
		for n, a := range s.numbers {
			todo := []string{a}
			for len(todo) > 0 {
				x := todo[len(todo)-1]
				todo = todo[:len(todo)-1]
				if _, known := all[g][x]; known {
					continue
				}
				all[g][x] = uint8(n + 1)
				for _, r := range s.rotations {
					turned := make([]byte, len(x))
					for i := range turned {
						turned[i] = x[r[i]-'0']
					}
					todo = append(todo, string(turned))
				}
			}
		}
	}
	return &all
})

// Renumber is the number of an arrangement when its neighbours are listed in
// another order: the i-th of the new list is the order[i]-th of the old one,
// counted from 0. Number 0, an arrangement that is not known, stays 0.
func (g Geometry) Renumber(number uint8, order []int) uint8 {
	if number == 0 || len(order) != g.Places() {
		return 0
	}
	old := shapes[g].numbers[number-1]
	fresh := make([]byte, len(old))
	for place := range fresh {
		for i, was := range order {
			if was == int(old[place]-'a') {
				fresh[place] = 'a' + byte(i)
			}
		}
	}
	return numbersOf()[g][string(fresh)]
}

// relativeArrangement is the number of the arrangement at atom i with its
// neighbours in the order of their ranks, which must differ.
func (m *Mol) relativeArrangement(i int, rank []int32) uint8 {
	a := &m.Atoms[i]
	if a.Arrangement == 0 {
		return 0
	}
	nbrs := m.Neighbors(i)
	var mem [6]int
	order := mem[:0]
	for k := range a.Geometry.Places() {
		order = append(order, k)
		if k >= len(nbrs) {
			continue // hydrogens and free places stay behind
		}
		for at := k; at > 0 && rank[nbrs[order[at-1]].Atom] > rank[nbrs[order[at]].Atom]; at-- {
			order[at-1], order[at] = order[at], order[at-1]
		}
	}
	return a.Geometry.Renumber(a.Arrangement, order)
}

func (g Geometry) hybridization() Hybridization {
	switch g {
	case SquarePlanar:
		return SP2D
	case TrigonalBipyramidal:
		return SP3D
	case Octahedral:
		return SP3D2
	default:
		return HybridUnknown
	}
}
