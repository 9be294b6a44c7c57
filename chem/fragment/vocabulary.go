package fragment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
)

// Limits of the compact form of trees.
const (
	MaxVocabulary = 1 << 16 // fragments of a vocabulary
	MaxSites      = 250     // sites of a fragment
	MaxSize       = 250     // fragments of a tree
)

// Entry is a fragment as it enters a vocabulary.
type Entry struct {
	SMILES string    // as it is to be shown and stored
	Mol    *chem.Mol // perceived; its atom order is the one that Sites speaks of
	Sites  []int     // atom indices, one for each bond that may be made
	Count  int       // occurrences where it was counted, 0 if unknown

	// Stored overrides how atoms and bonds of Mol are told apart where
	// identity and symmetry are decided, so that a stored vocabulary does not
	// change when perception does. nil takes Mol's.
	Stored *Stored
}

// Stored is what a vocabulary file says of a fragment's aromaticity.
type Stored struct {
	Aromatic []bool  // of each atom
	Orders   []uint8 // of each bond: 1 single, 2 double, 3 triple, 4 aromatic
}

// Fragment is a building block of a vocabulary. It is read only.
type Fragment struct {
	SMILES string
	Mol    *chem.Mol // perceived, with all its hydrogens
	Sites  []int     // the atom of each site; an atom that can carry several bonds stands several times
	Count  int       // occurrences where the vocabulary was counted, 0 if unknown

	// Classes is the class of each site: sites that a symmetry of the free
	// fragment exchanges share one. They are numbered from 0 by first site.
	Classes []int
	// FirstColumn is the column of class 0; class k has FirstColumn+k.
	FirstColumn int
	// Columns is the number of classes.
	Columns int

	graph       *graph // hydrogens counted, aromaticity as stored
	skel        *graph // as perceived, without hydrogens
	skelColours []uint64
	sym         symmetry
	ring        []bool    // of each site: is its atom in a ring
	hyd         [][]int16 // hyd[a][k]: hydrogens of atom a with k of its sites used, -1 where that cannot be
}

// EntryError says what is wrong with one fragment of a vocabulary.
type EntryError struct {
	Index  int    // of the fragment, from 0
	SMILES string // as given
	Err    error  // cause and remedy
}

// Error implements error.
func (e *EntryError) Error() string {
	return fmt.Sprintf("fragment: fragment %d (%s): %v", e.Index, e.SMILES, e.Err)
}

// Unwrap is the cause.
func (e *EntryError) Unwrap() error { return e.Err }

// Vocabulary is an ordered list of fragments and the rule for joining them. It
// does not change once made and is safe for concurrent use.
type Vocabulary struct {
	name      string
	source    string
	rule      Rule
	fragments []Fragment
	columns   []column
	digest    string
	index     map[uint64][]int32 // fragments by invariant of their skeleton
}

// column is a site class of a fragment.
type column struct {
	fragment uint16
	site     uint8 // the first of the class
	ring     bool
}

// New makes a vocabulary of entries. Name and source are for people and do not
// enter the digest. The error is an [*EntryError] where one entry is at fault.
func New(name, source string, rule Rule, entries []Entry) (*Vocabulary, error) {
	if err := rule.check(); err != nil {
		return nil, fmt.Errorf("fragment: make vocabulary: %w", err)
	}
	if len(entries) == 0 || len(entries) > MaxVocabulary {
		return nil, fmt.Errorf("fragment: make vocabulary: %d fragments; from 1 to %d are possible", len(entries), MaxVocabulary)
	}
	v := &Vocabulary{name: name, source: source, rule: rule, index: make(map[uint64][]int32)}
	v.fragments = make([]Fragment, len(entries))
	for i, e := range entries {
		if err := v.fragments[i].fill(e, rule); err != nil {
			return nil, &EntryError{Index: i, SMILES: e.SMILES, Err: err}
		}
		if j := v.duplicateOf(i); j >= 0 {
			return nil, &EntryError{Index: i, SMILES: e.SMILES, Err: fmt.Errorf("the same as fragment %d (%s); remove one of the two", j, entries[j].SMILES)}
		}
		f := &v.fragments[i]
		f.FirstColumn = len(v.columns)
		for _, s := range f.sym.first {
			v.columns = append(v.columns, column{fragment: uint16(i), site: s, ring: f.ring[s]})
		}
		key := f.skel.invariant()
		v.index[key] = append(v.index[key], int32(i))
	}
	v.digest = v.computeDigest()
	return v, nil
}

// fill makes a fragment of an entry.
func (f *Fragment) fill(e Entry, rule Rule) error {
	if e.Mol == nil || len(e.Mol.Atoms) == 0 {
		return fmt.Errorf("it has no atoms; give its SMILES")
	}
	if len(e.Sites) == 0 {
		return fmt.Errorf("it has no site, so nothing could ever be attached to it; list at least one atom index")
	}
	if len(e.Sites) > MaxSites {
		return fmt.Errorf("%d sites; at most %d are possible", len(e.Sites), MaxSites)
	}
	for _, a := range e.Sites {
		if a < 0 || a >= len(e.Mol.Atoms) {
			return fmt.Errorf("site on atom %d, but its atoms are numbered 0 to %d in the order of the SMILES", a, len(e.Mol.Atoms)-1)
		}
	}
	f.SMILES, f.Mol, f.Count = e.SMILES, e.Mol, e.Count
	f.Sites = slices.Clone(e.Sites)
	g, err := moleculeGraph(e.Mol, e.Stored)
	if err != nil {
		return err
	}
	if len(g.component(0)) != len(g.label) {
		return fmt.Errorf("it has several unconnected parts; keep one")
	}
	f.graph = g
	f.setSkeleton()
	if rule == RingAcyclic {
		if err := closedSites(g, e.Sites); err != nil {
			return err
		}
		for i := range e.Mol.Bonds {
			if b := &e.Mol.Bonds[i]; cuttable(e.Mol, b) {
				return fmt.Errorf("the bond between atoms %d and %d would be cut by the rule %q, so the fragment could never be found in a molecule; give its parts as fragments, or use the rule %q", b.A, b.B, string(rule), string(Any))
			}
		}
	}
	if f.hyd, err = hydrogensByBonds(e.Mol, e.Sites); err != nil {
		return err
	}
	if rule == RingAcyclic {
		for a, h := range f.hyd {
			for k := range h {
				if h[k] != h[0]-int16(k) {
					return fmt.Errorf("atom %d has %d hydrogens, and %d after %d bonds, so cutting would not give the fragment back; write its hydrogens in brackets, as in O=[SH2]=O", a, h[0], h[k], k)
				}
			}
		}
	}
	if f.sym, err = newSymmetry(g, e.Sites); err != nil {
		return err
	}
	f.Classes = make([]int, len(f.Sites))
	f.ring = make([]bool, len(f.Sites))
	for s, a := range f.Sites {
		f.Classes[s] = int(f.sym.class[s])
		f.ring[s] = e.Mol.Atoms[a].InRing
	}
	f.Columns = len(f.sym.first)
	return nil
}

// closedSites says whether atoms that look alike are listed as sites equally
// often: else a molecule could have several trees.
func closedSites(g *graph, sites []int) error {
	times := make([]int, len(g.label))
	for _, a := range sites {
		times[a]++
	}
	seen := make(map[uint64]int)
	for a, c := range g.colours() {
		b, ok := seen[c]
		if !ok {
			seen[c] = a
		} else if times[a] != times[b] {
			return fmt.Errorf("atoms %d and %d are equivalent, but are listed as sites %d and %d times; list both equally often", b, a, times[b], times[a])
		}
	}
	return nil
}

// moleculeGraph is the labelled graph of a molecule, hydrogens counted.
func moleculeGraph(m *chem.Mol, stored *Stored) (*graph, error) {
	g := &graph{label: make([]uint64, len(m.Atoms)), nbr: make([][]arc, len(m.Atoms))}
	for i, a := range m.Atoms {
		aro := a.Aromatic
		if stored != nil {
			aro = stored.Aromatic[i]
		}
		g.label[i] = atomLabel(a.Element, a.Charge, a.Isotope, aro, a.Hydrogens())
	}
	for i, b := range m.Bonds {
		l := bondLabel(b.Order)
		if stored != nil {
			l = stored.Orders[i]
		}
		if l == 0 {
			return nil, fmt.Errorf("the bond between atoms %d and %d is neither single, double, triple nor aromatic", b.A, b.B)
		}
		g.nbr[b.A] = append(g.nbr[b.A], arc{to: b.B, bond: l})
		g.nbr[b.B] = append(g.nbr[b.B], arc{to: b.A, bond: l})
	}
	return g, nil
}

// setSkeleton sets the graph that molecules are searched for.
func (f *Fragment) setSkeleton() {
	n := len(f.Mol.Atoms)
	all, part := make([]int32, n), make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	f.skel = subgraph(f.Mol, all, all, part, 0)
	f.skelColours = f.skel.colours()
}

// component lists the vertices that can be reached from v.
func (g *graph) component(v int32) []int32 {
	seen := make([]bool, len(g.label))
	seen[v] = true
	list := []int32{v}
	for i := 0; i < len(list); i++ {
		for _, e := range g.nbr[list[i]] {
			if !seen[e.to] {
				seen[e.to] = true
				list = append(list, e.to)
			}
		}
	}
	return list
}

// duplicateOf is an earlier fragment that fragment i does not differ from, or
// -1. Under [RingAcyclic] the same molecule with other sites is a duplicate too.
func (v *Vocabulary) duplicateOf(i int) int {
	f := &v.fragments[i]
	key := f.skel.invariant()
	colours := f.graph.colours()
	for _, j := range v.index[key] {
		h := &v.fragments[j]
		if len(h.Sites) != len(f.Sites) && v.rule != RingAcyclic {
			continue
		}
		same := false
		match(f.graph, h.graph, colours, h.graph.colours(), nil, func(image []int32) bool {
			same = v.rule == RingAcyclic || equalSites(f.Sites, h.Sites, image)
			return !same
		})
		if same {
			return int(j)
		}
	}
	return -1
}

// equalSites reports whether image carries the sites a to the sites b.
func equalSites(a, b []int, image []int32) bool {
	moved := make([]int, len(a))
	for s, x := range a {
		moved[s] = int(image[x])
	}
	want := slices.Clone(b)
	slices.Sort(moved)
	slices.Sort(want)
	return slices.Equal(moved, want)
}

// computeDigest hashes what fixes states, actions and molecules: the rule, and
// for each fragment its atoms, bonds and sites as stored.
func (v *Vocabulary) computeDigest() string {
	var b strings.Builder
	fmt.Fprintf(&b, "molsculpt-vocabulary/1\nrule %s\n", v.rule)
	for i := range v.fragments {
		f := &v.fragments[i]
		b.WriteString("fragment\n")
		for a, at := range f.Mol.Atoms {
			aromatic := 0
			if f.graph.label[a]>>32&1 == 1 {
				aromatic = 1
			}
			fmt.Fprintf(&b, "a %d %d %d %d %d\n", at.Element, at.Charge, at.Isotope, at.Hydrogens(), aromatic)
		}
		var bonds [][3]int
		for a, l := range f.graph.nbr {
			for _, e := range l {
				if int32(a) < e.to {
					bonds = append(bonds, [3]int{a, int(e.to), int(e.bond)})
				}
			}
		}
		slices.SortFunc(bonds, func(x, y [3]int) int { return slices.Compare(x[:], y[:]) })
		for _, x := range bonds {
			fmt.Fprintf(&b, "b %d %d %d\n", x[0], x[1], x[2])
		}
		for _, s := range f.Sites {
			fmt.Fprintf(&b, "s %d\n", s)
		}
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// Name is what people call the vocabulary.
func (v *Vocabulary) Name() string { return v.name }

// Source says where the fragments come from.
func (v *Vocabulary) Source() string { return v.source }

// Rule is the rule for bonds between fragments.
func (v *Vocabulary) Rule() Rule { return v.rule }

// Len is the number of fragments.
func (v *Vocabulary) Len() int { return len(v.fragments) }

// Fragment is fragment i.
func (v *Vocabulary) Fragment(i int) *Fragment { return &v.fragments[i] }

// Columns is the number of site classes of all fragments, which number the
// columns of action tables fragment by fragment.
func (v *Vocabulary) Columns() int { return len(v.columns) }

// Column is the fragment of a column and the first site of its class.
func (v *Vocabulary) Column(c int) (fragment, site int) {
	return int(v.columns[c].fragment), int(v.columns[c].site)
}

// Digest is the sha256 (hex) over the rule and every fragment's atoms, bonds
// and sites: equal digests mean equal states, actions and molecules. It does
// not depend on SMILES text.
func (v *Vocabulary) Digest() string { return v.digest }
