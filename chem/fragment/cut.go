package fragment

import (
	"fmt"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// CutError names the part of a molecule that a vocabulary cannot express.
type CutError struct {
	Atoms  []int  // the atoms of the part, indices of the molecule; nil where the whole is at fault
	Part   string // the part as SMILES, "" where the whole is at fault
	Reason string // what is wrong with it
}

// Error implements error.
func (e *CutError) Error() string {
	if e.Part == "" {
		return "fragment: cut molecule: " + e.Reason
	}
	return fmt.Sprintf("fragment: cut molecule: %s: %s", e.Part, e.Reason)
}

// Cut is the tree of a perceived molecule, or a [*CutError] that says which
// part the vocabulary cannot express. Stereo is dropped; charges are taken as
// they are, see [Prepare]. Where the rule is not one-to-one it is the least of
// the trees, in the order of their bytes, that [Trees.Decompose] finds.
func (t *Trees) Cut(m *chem.Mol) (Tree, error) {
	if len(m.Atoms) == 0 {
		return "", &CutError{Reason: "it has no atoms"}
	}
	if t.v.rule != RingAcyclic {
		trees, _ := t.Decompose(m, 1000)
		if len(trees) == 0 {
			return "", &CutError{Reason: "no way of cutting it gives fragments of the vocabulary"}
		}
		return trees[0], nil
	}
	p := newPartition(m, func(b *chem.Bond) bool { return cuttable(m, b) })
	if err := p.connected(); err != nil {
		return "", err
	}
	if len(p.pieces) > t.max {
		return "", &CutError{Reason: fmt.Sprintf("it has %d fragments, at most %d are possible", len(p.pieces), t.max)}
	}
	frags := make([]int, len(p.pieces))
	sites := make(map[[2]int32]int, 2*len(p.cuts)) // by bond and atom
	for i := range p.pieces {
		f, where, err := t.v.identify(p, i)
		if err != nil {
			return "", err
		}
		frags[i] = f
		for k, c := range p.ends(i) {
			sites[[2]int32{c.bond, c.atom}] = where[k]
		}
	}
	return t.canonical(p.tree(frags, sites)), nil
}

// partition is a molecule cut at some of its bonds.
type partition struct {
	m      *chem.Mol
	piece  []int32   // of each atom
	pieces [][]int32 // the atoms of each piece, ascending
	cuts   []int32   // the bonds
	ncut   []uint8   // cut bonds of each atom
	local  []int32   // index of each atom in its piece
}

// end is one side of a cut bond.
type end struct{ bond, atom int32 }

func newPartition(m *chem.Mol, cut func(*chem.Bond) bool) *partition {
	n := len(m.Atoms)
	p := &partition{m: m, piece: make([]int32, n), ncut: make([]uint8, n), local: make([]int32, n)}
	isCut := make([]bool, len(m.Bonds))
	for i := range m.Bonds {
		if b := &m.Bonds[i]; cut(b) {
			isCut[i] = true
			p.cuts = append(p.cuts, int32(i))
			p.ncut[b.A]++
			p.ncut[b.B]++
		}
	}
	for i := range p.piece {
		p.piece[i] = -1
	}
	for i := range n {
		if p.piece[i] >= 0 {
			continue
		}
		k := int32(len(p.pieces))
		p.piece[i] = k
		list := []int32{int32(i)}
		for j := 0; j < len(list); j++ {
			for _, e := range m.Neighbors(int(list[j])) {
				if !isCut[e.Bond] && p.piece[e.Atom] < 0 {
					p.piece[e.Atom] = k
					list = append(list, e.Atom)
				}
			}
		}
		slices.Sort(list)
		for j, a := range list {
			p.local[a] = int32(j)
		}
		p.pieces = append(p.pieces, list)
	}
	return p
}

// connected says whether the molecule is one component.
func (p *partition) connected() error {
	if len(p.cuts) != len(p.pieces)-1 {
		return &CutError{Reason: "it has several components; keep one"}
	}
	return nil
}

// ends lists the cut bonds of piece i in the order of bonds.
func (p *partition) ends(i int) []end {
	var list []end
	for _, k := range p.cuts {
		b := &p.m.Bonds[k]
		for _, a := range [...]int32{b.A, b.B} {
			if p.piece[a] == int32(i) {
				list = append(list, end{bond: k, atom: a})
			}
		}
	}
	return list
}

// skeleton is the graph of piece i without hydrogens.
func (p *partition) skeleton(i int) *graph {
	return subgraph(p.m, p.pieces[i], p.local, p.piece, int32(i))
}

// subgraph is the graph, without hydrogens, of the atoms whose part is k.
func subgraph(m *chem.Mol, atoms, local, part []int32, k int32) *graph {
	g := &graph{label: make([]uint64, len(atoms)), nbr: make([][]arc, len(atoms))}
	store := make([]arc, 0, 2*len(atoms)+4)
	for j, a := range atoms {
		at := &m.Atoms[a]
		g.label[j] = atomLabel(at.Element, at.Charge, at.Isotope, at.Aromatic, -1)
		from := len(store)
		for _, e := range m.Neighbors(int(a)) {
			if part[e.Atom] == k {
				store = append(store, arc{to: local[e.Atom], bond: bondLabel(m.Bonds[e.Bond].Order)})
			}
		}
		g.nbr[j] = store[from:len(store):len(store)]
	}
	return g
}

// identify finds the fragment that piece i is, and the site for each of its cut
// bonds, in the order of ends.
func (v *Vocabulary) identify(p *partition, i int) (fragment int, sites []int, err error) {
	g := p.skeleton(i)
	atoms := p.pieces[i]
	reason := "no fragment of the vocabulary"
	var colours []uint64
	for _, k := range v.index[g.invariant()] {
		f := &v.fragments[k]
		if colours == nil {
			colours = g.colours()
		}
		saturated := func(a, w int) bool {
			at := atoms[a]
			return g.label[a] == f.skel.label[w] &&
				p.m.Atoms[at].Hydrogens()+int(p.ncut[at]) == int(f.hyd[w][0])
		}
		found, fits := false, false
		match(g, f.skel, colours, f.skelColours, saturated, func(image []int32) bool {
			found = true
			sites, fits = f.sitesFor(p, i, image)
			return !fits
		})
		if fits {
			return int(k), sites, nil
		}
		if found {
			reason = fmt.Sprintf("fragment %d of the vocabulary (%s) has no site where it is bonded here", k, f.SMILES)
		}
	}
	return 0, nil, &CutError{Atoms: toInts(atoms), Part: partSMILES(p, i), Reason: reason}
}

// sitesFor assigns sites to the cut bonds of piece i under an isomorphism.
func (f *Fragment) sitesFor(p *partition, i int, image []int32) ([]int, bool) {
	used := make([]bool, len(f.Sites))
	var list []int
	for _, e := range p.ends(i) {
		w := int(image[p.local[e.atom]])
		site := -1
		for s, a := range f.Sites {
			if a == w && !used[s] {
				site = s
				break
			}
		}
		if site < 0 {
			return nil, false
		}
		used[site] = true
		list = append(list, site)
	}
	return list, true
}

// tree lists the nodes of the pieces from piece 0 on. sites gives the site of
// each end of a cut bond.
func (p *partition) tree(frags []int, sites map[[2]int32]int) []Node {
	index := make([]int, len(p.pieces))
	for i := range index {
		index[i] = -1
	}
	nodes := []Node{{Fragment: frags[0], Parent: -1, ParentSite: -1, Site: -1}}
	index[0] = 0
	queue := []int{0}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for _, e := range p.ends(i) {
			b := &p.m.Bonds[e.bond]
			other := int32(b.Other(int(e.atom)))
			j := int(p.piece[other])
			if index[j] >= 0 {
				continue
			}
			index[j] = len(nodes)
			nodes = append(nodes, Node{
				Fragment: frags[j], Parent: index[i],
				ParentSite: sites[[2]int32{e.bond, e.atom}],
				Site:       sites[[2]int32{e.bond, other}],
			})
			queue = append(queue, j)
		}
	}
	return nodes
}

func toInts(list []int32) []int {
	out := make([]int, len(list))
	for i, x := range list {
		out[i] = int(x)
	}
	return out
}
