package descriptor

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// Rings is the number of rings as RDKit counts them: those of Mol.Rings, but of
// the rings that symmetry adds to the smallest set only those of the last
// component that has any. (RDKit keeps them in one place for the whole
// molecule, so that each component overwrites those of the one before: cubane
// has six rings, two cubanes have eleven.)
func Rings(m *chem.Mol) int {
	n := len(chem.SmallestRings(m))
	extra := m.Rings[n:]
	if len(extra) == 0 {
		return n
	}
	components := chem.Components(m)
	last, count := -1, 0
	for _, r := range extra {
		c := slices.IndexFunc(components, func(atoms []int) bool {
			_, in := slices.BinarySearch(atoms, int(r[0]))
			return in
		})
		if c > last {
			last, count = c, 0
		}
		if c == last {
			count++
		}
	}
	return n + count
}

// AromaticRings is the number of rings all of whose bonds are aromatic.
func AromaticRings(m *chem.Mol) int {
	n := 0
	for _, r := range m.Rings {
		all := true
		for k := range r {
			b := m.BondBetween(int(r[k]), int(r[(k+1)%len(r)]))
			all = all && m.Bonds[b].Aromatic
		}
		if all {
			n++
		}
	}
	return n
}

// Macrocycles is the number of rings of more than eight atoms.
func Macrocycles(m *chem.Mol) int {
	n := 0
	for _, r := range m.Rings {
		if len(r) > 8 {
			n++
		}
	}
	return n
}

// Spiro is the number of atoms that are all that two rings share.
func Spiro(m *chem.Mol) int {
	var spiro []int32
	for i, r := range m.Rings {
		for _, s := range m.Rings[:i] {
			shared, at := 0, int32(0)
			for _, x := range r {
				if slices.Contains(s, x) {
					shared++
					at = x
				}
			}
			if shared == 1 && !slices.Contains(spiro, at) {
				spiro = append(spiro, at)
			}
		}
	}
	return len(spiro)
}

// Bridgeheads is the number of atoms at the ends of what two rings share, if
// that is more than one bond.
func Bridgeheads(m *chem.Mol) int {
	if len(m.Rings) < 2 {
		return 0
	}
	bonds := make([][]int32, len(m.Rings))
	for i, r := range m.Rings {
		for k := range r {
			b := m.BondBetween(int(r[k]), int(r[(k+1)%len(r)]))
			bonds[i] = append(bonds[i], int32(b))
		}
	}
	var heads, ends []int32
	for i := range bonds {
		for j := range i {
			ends = ends[:0]
			shared := 0
			for _, b := range bonds[i] {
				if !slices.Contains(bonds[j], b) {
					continue
				}
				shared++
				ends = append(ends, m.Bonds[b].A, m.Bonds[b].B)
			}
			if shared < 2 {
				continue
			}
			slices.Sort(ends)
			for k, x := range ends {
				alone := (k == 0 || ends[k-1] != x) && (k+1 == len(ends) || ends[k+1] != x)
				if alone && !slices.Contains(heads, x) {
					heads = append(heads, x)
				}
			}
		}
	}
	return len(heads)
}

// Fsp3 is the share of carbon atoms that have four neighbours, hydrogens
// included, from 0 to 1; 0 where there is no carbon.
func Fsp3(m *chem.Mol) float64 {
	carbons, saturated := 0, 0
	for i := range m.Atoms {
		if m.Atoms[i].Element != 6 {
			continue
		}
		carbons++
		if m.Degree(i)+m.Atoms[i].Hydrogens() == 4 {
			saturated++
		}
	}
	if carbons == 0 {
		return 0
	}
	return float64(saturated) / float64(carbons)
}

// Components is the number of molecules in m that no bond joins.
func Components(m *chem.Mol) int {
	seen := make([]bool, len(m.Atoms))
	var todo []int
	n := 0
	for i := range m.Atoms {
		if seen[i] {
			continue
		}
		n++
		seen[i] = true
		for todo = append(todo[:0], i); len(todo) > 0; {
			x := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, nb := range m.Neighbors(x) {
				if !seen[nb.Atom] {
					seen[nb.Atom] = true
					todo = append(todo, int(nb.Atom))
				}
			}
		}
	}
	return n
}
