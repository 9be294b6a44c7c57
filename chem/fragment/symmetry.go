package fragment

import (
	"fmt"
	"slices"
)

// maxSymmetries bounds the permutations of a fragment's sites that are listed.
// It is far above what molecules have (60 rotations of buckminsterfullerene,
// 12 symmetries of benzene); sites on one atom do not count, they are sorted.
const maxSymmetries = 1 << 15

// symmetry is the group of a fragment's automorphisms as it acts on the sites.
// Sites on one atom are exchangeable and kept in order by every permutation:
// whoever uses the group sorts the contents of each atom's sites first.
type symmetry struct {
	perms  [][]uint8 // perms[k][s] is the site that site s goes to; perms[0] changes nothing
	inv    [][]uint8 // the inverses
	class  []uint8   // of each site, numbered by first site
	first  []uint8   // the first site of each class
	toward [][]int32 // toward[s] are the perms that carry the atom of s to the atom of its class's first site
	mates  [][]uint8 // sites on the same atom as s, ascending, for atoms with several; nil where every atom has one
}

// newSymmetry finds the automorphisms of g that keep the number of sites of
// every atom, as permutations of sites. sites[s] is an atom.
func newSymmetry(g *graph, sites []int) (symmetry, error) {
	byAtom := make(map[int][]uint8)
	var atoms []int // in order of first site
	for s, a := range sites {
		if len(byAtom[a]) == 0 {
			atoms = append(atoms, a)
		}
		byAtom[a] = append(byAtom[a], uint8(s))
	}
	marked := &graph{label: slices.Clone(g.label), nbr: g.nbr}
	for a, l := range byAtom {
		marked.label[a] |= uint64(len(l)) << 48
	}
	atomPerms, err := atomPermutations(marked, atoms)
	if err != nil {
		return symmetry{}, err
	}

	var sym symmetry
	for _, p := range atomPerms {
		perm := make([]uint8, len(sites))
		inv := make([]uint8, len(sites))
		for i, a := range atoms {
			for j, s := range byAtom[a] {
				perm[s] = byAtom[p[i]][j]
				inv[perm[s]] = s
			}
		}
		sym.perms = append(sym.perms, perm)
		sym.inv = append(sym.inv, inv)
	}
	sym.classify(sites, byAtom)
	return sym, nil
}

// classify fills what follows from the permutations.
func (sym *symmetry) classify(sites []int, byAtom map[int][]uint8) {
	sym.class = make([]uint8, len(sites))
	sym.toward = make([][]int32, len(sites))
	target := make([]uint8, len(sites))
	for s, a := range sites {
		target[s] = byAtom[a][0]
		for _, p := range sym.perms {
			target[s] = min(target[s], p[byAtom[a][0]])
		}
		if i := slices.Index(sym.first, target[s]); i >= 0 {
			sym.class[s] = uint8(i)
		} else {
			sym.class[s] = uint8(len(sym.first))
			sym.first = append(sym.first, target[s])
		}
		for k, p := range sym.perms {
			if p[byAtom[a][0]] == target[s] {
				sym.toward[s] = append(sym.toward[s], int32(k))
			}
		}
	}
	if len(byAtom) == len(sites) {
		return
	}
	sym.mates = make([][]uint8, len(sites))
	for s, a := range sites {
		sym.mates[s] = byAtom[a]
	}
}

// atomPermutations lists the distinct ways in which automorphisms of g move the
// given atoms: the images of atoms, the identity first.
func atomPermutations(g *graph, atoms []int) ([][]int, error) {
	const quick = 2000
	colours := g.colours()
	seen := make(map[string]bool)
	var perms [][]int
	key := make([]byte, 0, 2*len(atoms))
	add := func(image func(a int) int) {
		key = key[:0]
		for _, a := range atoms {
			w := image(a)
			key = append(key, byte(w), byte(w>>8))
		}
		if seen[string(key)] {
			return
		}
		seen[string(key)] = true
		p := make([]int, len(atoms))
		for i, a := range atoms {
			p[i] = image(a)
		}
		perms = append(perms, p)
	}
	add(func(a int) int { return a })
	count := 0
	match(g, g, colours, colours, nil, func(image []int32) bool {
		add(func(a int) int { return int(image[a]) })
		count++
		return count < quick
	})
	if count < quick {
		return perms, nil
	}

	// Very many automorphisms, perhaps of atoms that carry no site: ask for
	// each placement of the site atoms whether the rest can follow.
	clear(seen)
	perms = perms[:0]
	add(func(a int) int { return a })
	pins := make([]int, 0, len(atoms))
	var place func() bool
	place = func() bool {
		i := len(pins)
		if i == len(atoms) {
			add(func(a int) int { return pins[slices.Index(atoms, a)] })
			return len(perms) <= maxSymmetries
		}
		for _, w := range atoms {
			if colours[w] != colours[atoms[i]] || slices.Contains(pins, w) {
				continue
			}
			pins = append(pins, w)
			if extendable(g, colours, atoms, pins) && !place() {
				return false
			}
			pins = pins[:i]
		}
		return true
	}
	if !place() {
		return nil, fmt.Errorf("the sites can be exchanged in more than %d ways; list fewer of the equivalent sites", maxSymmetries)
	}
	return perms, nil
}

// extendable reports whether an automorphism of g carries atoms[i] to pins[i].
func extendable(g *graph, colours []uint64, atoms, pins []int) bool {
	from, to := slices.Clone(colours), slices.Clone(colours)
	for i, w := range pins {
		mark := spread(uint64(i) + 77)
		from[atoms[i]] += mark
		to[w] += mark
	}
	g.refine(from)
	g.refine(to)
	a, b := slices.Clone(from), slices.Clone(to)
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		return false
	}
	found := false
	match(g, g, from, to, nil, func([]int32) bool {
		found = true
		return false
	})
	return found
}
