package fragment

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
)

// Assemble is the molecule of a tree, perceived: the atoms of the fragments in
// the order of the tree's nodes, with a single bond for each edge. A bonded
// atom with written hydrogens loses one of them for each bond; the others get
// the hydrogens that their valence leaves. There is no stereo in it.
//
// An error means that the chemistry of the vocabulary does not hold together at
// this tree; [New] checks each site alone, so it is rare.
func (t *Trees) Assemble(x Tree) (*chem.Mol, error) {
	nodes := x.Nodes(make([]Node, 0, 16))
	if len(nodes) == 0 {
		return nil, fmt.Errorf("fragment: assemble: the empty tree is no molecule")
	}
	atoms, bonds := 0, len(nodes)-1
	for _, n := range nodes {
		f := &t.v.fragments[n.Fragment]
		atoms += len(f.Mol.Atoms)
		bonds += len(f.Mol.Bonds)
	}
	m := &chem.Mol{Atoms: make([]chem.Atom, 0, atoms), Bonds: make([]chem.Bond, 0, bonds)}
	first := make([]int, 0, 16)
	for _, n := range nodes {
		f := &t.v.fragments[n.Fragment]
		base := len(m.Atoms)
		first = append(first, base)
		m.Atoms = append(m.Atoms, f.Mol.Atoms...)
		for _, b := range f.Mol.Bonds {
			m.Bonds = append(m.Bonds, chem.Bond{A: b.A + int32(base), B: b.B + int32(base), Order: b.Order, Kekule: b.Kekule})
		}
		if n.Parent < 0 {
			continue
		}
		p := &t.v.fragments[nodes[n.Parent].Fragment]
		attach(m, first[n.Parent]+p.Sites[n.ParentSite], base+f.Sites[n.Site])
	}
	for i := range m.Atoms {
		m.Atoms[i].Chirality = chem.Achiral
	}
	if err := chem.Perceive(m); err != nil {
		return nil, fmt.Errorf("fragment: assemble tree: %w", err)
	}
	return m, nil
}

// attach joins two atoms by a single bond, at the cost of a written hydrogen
// each where they have any.
func attach(m *chem.Mol, a, b int) {
	for _, i := range [...]int{a, b} {
		if m.Atoms[i].ExplicitH > 0 {
			m.Atoms[i].ExplicitH--
		}
	}
	m.Bonds = append(m.Bonds, chem.Bond{A: int32(a), B: int32(b), Order: chem.Single, Kekule: chem.Single})
}

// hydrogensByBonds finds how many hydrogens each site atom has with no, one,
// two, ... of its sites used. For most that is one less each time; hypervalent
// atoms may gain some. An atom that cannot carry as many bonds as it has sites
// is an error.
func hydrogensByBonds(m *chem.Mol, sites []int) ([][]int16, error) {
	times := make([]int, len(m.Atoms))
	for _, a := range sites {
		times[a]++
	}
	table := make([][]int16, len(m.Atoms))
	for a, n := range times {
		h := m.Atoms[a].Hydrogens()
		table[a] = append(table[a], int16(h))
		for k := 1; k <= n; k++ {
			if simpleValence(m.Atoms[a].Element) {
				if k > h {
					return nil, siteError(a, n, h, nil)
				}
				table[a] = append(table[a], int16(h-k))
				continue
			}
			hk, err := hydrogensWith(m, a, k)
			if err != nil {
				return nil, siteError(a, n, h, err)
			}
			table[a] = append(table[a], int16(hk))
		}
	}
	return table, nil
}

// simpleValence reports whether an element gives up a hydrogen for every bond.
func simpleValence(element uint8) bool {
	switch element {
	case 6, 7, 8, 9:
		return true
	}
	return false
}

func siteError(atom, n, h int, cause error) error {
	times := "once"
	if n > 1 {
		times = fmt.Sprintf("%d times", n)
	}
	err := fmt.Errorf("atom %d is listed as a site %s but has %d hydrogens to give up", atom, times, h)
	if cause != nil {
		err = fmt.Errorf("atom %d is listed as a site %s but cannot carry that many further bonds: %w", atom, times, cause)
	}
	return fmt.Errorf("%w; list it less often", err)
}

// hydrogensWith is the number of hydrogens on atom a after k methyl groups have
// been attached to it.
func hydrogensWith(m *chem.Mol, a, k int) (int, error) {
	n := len(m.Atoms)
	c := &chem.Mol{Atoms: append([]chem.Atom(nil), m.Atoms...)}
	for _, b := range m.Bonds {
		c.Bonds = append(c.Bonds, chem.Bond{A: b.A, B: b.B, Order: b.Order, Kekule: b.Kekule})
	}
	for i := range c.Atoms {
		c.Atoms[i].Chirality = chem.Achiral
	}
	for i := range k {
		c.Atoms = append(c.Atoms, chem.Atom{Element: 6})
		attach(c, a, n+i)
	}
	if err := chem.Perceive(c); err != nil {
		return 0, err
	}
	return c.Atoms[a].Hydrogens(), nil
}
