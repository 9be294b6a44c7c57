package chem

import "slices"

// Components lists the connected components of a molecule, each as its atoms
// in ascending order, by their first atoms.
func Components(m *Mol) [][]int {
	return m.groups(func(Neighbor) bool { return true }, func(int) bool { return true })
}

// RingSystems lists the ring systems of a perceived molecule: sets of ring
// atoms joined by fusion, bridging or a spiro atom, each in ascending order.
func RingSystems(m *Mol) [][]int {
	return m.groups(func(nb Neighbor) bool { return m.Bonds[nb.Bond].InRing }, func(i int) bool { return m.Atoms[i].InRing })
}

// groups collects the chosen atoms into sets connected by the chosen bonds.
func (m *Mol) groups(follow func(Neighbor) bool, take func(int) bool) [][]int {
	seen := make([]bool, len(m.Atoms))
	var out [][]int
	for i := range m.Atoms {
		if seen[i] || !take(i) {
			continue
		}
		seen[i] = true
		set := []int{i}
		for q := 0; q < len(set); q++ {
			for _, nb := range m.Neighbors(set[q]) {
				if !seen[nb.Atom] && follow(nb) {
					seen[nb.Atom] = true
					set = append(set, int(nb.Atom))
				}
			}
		}
		slices.Sort(set)
		out = append(out, set)
	}
	return out
}

// LargestComponent returns the component with the most heavy atoms, the first
// of those if there are several, as a perceived molecule; m itself if it has
// no more than one.
func LargestComponent(m *Mol) (*Mol, error) {
	parts := Components(m)
	if len(parts) <= 1 {
		return m, nil
	}
	best, most := 0, -1
	for k, part := range parts {
		n := 0
		for _, i := range part {
			if m.Atoms[i].Element != 1 {
				n++
			}
		}
		if n > most {
			best, most = k, n
		}
	}
	c := Subset(m, parts[best])
	if err := Perceive(c); err != nil {
		return nil, err
	}
	return c, nil
}

// Subset copies the given atoms of m and the bonds between them, in their
// order in m, into a new molecule that is not perceived yet. Hydrogen counts
// stay as they are; bonds that are cut leave open valences to the caller.
// Geometries of atoms that lose a neighbour are dropped.
func Subset(m *Mol, atoms []int) *Mol {
	index := make([]int32, len(m.Atoms))
	for i := range index {
		index[i] = -1
	}
	c := &Mol{Atoms: make([]Atom, 0, len(atoms))}
	for _, i := range atoms {
		index[i] = int32(len(c.Atoms))
		c.Atoms = append(c.Atoms, m.Atoms[i])
	}
	for _, b := range m.Bonds {
		if index[b.A] < 0 || index[b.B] < 0 {
			for _, i := range [2]int32{index[b.A], index[b.B]} {
				if i >= 0 {
					c.Atoms[i].Geometry, c.Atoms[i].Arrangement = NoGeometry, 0
				}
			}
			continue
		}
		b.A, b.B = index[b.A], index[b.B]
		if b.Stereo != NoStereo {
			b.StereoAtoms[0], b.StereoAtoms[1] = index[b.StereoAtoms[0]], index[b.StereoAtoms[1]]
			if b.StereoAtoms[0] < 0 || b.StereoAtoms[1] < 0 {
				b.Stereo, b.StereoAtoms = NoStereo, [2]int32{}
			}
		}
		c.Bonds = append(c.Bonds, b)
	}
	c.Connect()
	return c
}
