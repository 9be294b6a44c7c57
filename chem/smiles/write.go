package smiles

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/molsculpt/molsculpt/chem"
)

// WriteOptions say how Write writes. The zero value writes aromatic SMILES
// with stereo marks, starting at atom 0 and following the order of the atoms.
type WriteOptions struct {
	Kekule   bool       // localised bonds, no lower-case atoms
	NoStereo bool       // leave all stereo marks out
	Root     int        // atom to start at
	Rand     *rand.Rand // if not nil: a random start and random turns
}

// Write writes a perceived molecule as SMILES.
//
// There are a few molecules that SMILES has no form for: with a double bond
// without a configuration between others that have one and are its only
// neighbours, as the middle one of C/C=C/C=C/C=C/C may be in a molfile. It is
// read back as cis or trans.
func Write(m *chem.Mol, o WriteOptions) string {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	w.rank = w.rank[:0]
	for i := range m.Atoms {
		w.rank = append(w.rank, int32(i))
	}
	if o.Rand != nil {
		o.Rand.Shuffle(len(w.rank), func(i, j int) { w.rank[i], w.rank[j] = w.rank[j], w.rank[i] })
	} else if o.Root > 0 && o.Root < len(m.Atoms) {
		w.rank[o.Root] = -1
	}
	parts := w.write(m, o)
	if len(parts) == 1 {
		return parts[0]
	}
	return strings.Join(parts, ".")
}

// Canonical writes a perceived molecule as the one aromatic, isomeric SMILES
// that does not depend on the order of its atoms. The form is this package's
// own: RDKit reads the same molecule out of it but writes another string.
func Canonical(m *chem.Mol) string {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	w.rank = w.rank[:0]
	for _, r := range chem.CanonicalRanks(m) {
		w.rank = append(w.rank, int32(r))
	}
	parts := w.write(m, WriteOptions{})
	if len(parts) == 1 {
		return parts[0]
	}
	slices.Sort(parts)
	return strings.Join(parts, ".")
}

var writers = sync.Pool{New: func() any { return new(writer) }}

// writer walks a molecule depth first, lowest rank first, and writes it.
type writer struct {
	m    *chem.Mol
	o    WriteOptions
	rank []int32 // by atom: different numbers from -1 to the number of atoms less one
	turn []int32 // atoms by rank
	out  []byte

	visit    []int32 // by atom: 1 + number of the visit, 0 for not yet
	visits   int32
	from     []int32 // by atom: the bond that led there, -1 for a root
	kids     []int32 // by atom: first child bond in links, through next
	closures []int32 // by atom: first closure in links
	links    []link
	weight   []int32 // by atom: size of the subtree
	used     []bool  // by bond
	sorted   []chem.Neighbor
	digits   []int32 // ring numbers in use: digit -> bond+1
	digitOf  []int32 // by bond
	sequence []int32 // bonds of one atom in written order
	dir      []chem.Direction
	pick     []bool
	doubles  []int32 // double bonds with a configuration
	open     []int32 // double bonds without
	senses   senses
}

// link is an entry of a linked list of bonds.
type link struct{ bond, next int32 }

// write returns one string for each component.
func (w *writer) write(m *chem.Mol, o WriteOptions) []string {
	w.m, w.o = m, o
	n := len(m.Atoms)
	if n == 0 {
		return []string{""}
	}
	w.visit = fill(w.visit, n, 0)
	w.from = fill(w.from, n, -1)
	w.kids = fill(w.kids, n, -1)
	w.closures = fill(w.closures, n, -1)
	w.weight = fill(w.weight, n, 0)
	w.used = fill(w.used, len(m.Bonds), false)
	w.digitOf = fill(w.digitOf, len(m.Bonds), 0)
	w.dir = fill(w.dir, len(m.Bonds), chem.NoDirection)
	w.links = w.links[:0]
	w.visits = 0

	var roots []int32
	w.turn = fill(w.turn, n+1, -1)
	for i, r := range w.rank {
		w.turn[r+1] = int32(i)
	}
	for _, i := range w.turn {
		if i >= 0 && w.visit[i] == 0 {
			roots = append(roots, i)
			w.walk(i)
		}
	}
	if !o.NoStereo {
		w.placeDirections()
	}
	parts := make([]string, 0, 1)
	for _, r := range roots {
		w.out = w.out[:0]
		w.digits = w.digits[:0]
		w.atom(r)
		parts = append(parts, string(w.out))
	}
	return parts
}

func fill[T any](s []T, n int, v T) []T {
	if cap(s) < n {
		s = make([]T, n, n+n/2+8)
	}
	s = s[:n]
	for i := range s {
		s[i] = v
	}
	return s
}

// walk visits the atoms reachable from i and records the tree and the ring
// closures.
func (w *writer) walk(i int32) {
	w.visits++
	w.visit[i] = w.visits
	w.weight[i] = 1
	base := len(w.sorted)
	w.sorted = append(w.sorted, w.m.Neighbors(int(i))...)
	end := len(w.sorted)
	for x := base + 1; x < end; x++ {
		for y := x; y > base && w.rank[w.sorted[y-1].Atom] > w.rank[w.sorted[y].Atom]; y-- {
			w.sorted[y-1], w.sorted[y] = w.sorted[y], w.sorted[y-1]
		}
	}
	for k := base; k < end; k++ {
		nb := w.sorted[k]
		if w.used[nb.Bond] {
			continue
		}
		w.used[nb.Bond] = true
		if w.visit[nb.Atom] != 0 {
			w.push(&w.closures[i], nb.Bond)
			w.push(&w.closures[nb.Atom], nb.Bond)
			continue
		}
		w.from[nb.Atom] = nb.Bond
		w.walk(nb.Atom)
		w.weight[i] += w.weight[nb.Atom]
		w.push(&w.kids[i], nb.Bond)
	}
	w.sorted = w.sorted[:base]
}

// push adds a bond at the end of a list.
func (w *writer) push(head *int32, bond int32) {
	w.links = append(w.links, link{bond, -1})
	at := int32(len(w.links) - 1)
	if *head < 0 {
		*head = at
		return
	}
	k := *head
	for w.links[k].next >= 0 {
		k = w.links[k].next
	}
	w.links[k].next = at
}

// atom writes the subtree of atom i.
func (w *writer) atom(i int32) {
	base := len(w.sequence)
	if w.from[i] >= 0 {
		w.sequence = append(w.sequence, w.from[i])
	}
	closures := 0
	for k := w.closures[i]; k >= 0; k = w.links[k].next {
		w.sequence = append(w.sequence, w.links[k].bond)
		closures++
	}
	first := len(w.sequence)
	for k := w.kids[i]; k >= 0; k = w.links[k].next {
		w.sequence = append(w.sequence, w.links[k].bond)
	}
	kids := w.sequence[first:]
	for x := 1; x < len(kids); x++ { // small subtrees first
		for y := x; y > 0 && w.subtree(kids[y-1], i) > w.subtree(kids[y], i); y-- {
			kids[y-1], kids[y] = kids[y], kids[y-1]
		}
	}
	w.writeAtom(i, w.sequence[base:], closures)
	w.writeClosures(i)
	end := len(w.sequence)
	for k := first; k < end; k++ {
		b := w.sequence[k]
		if k < end-1 {
			w.out = append(w.out, '(')
		}
		w.writeBond(b, i)
		w.atom(int32(w.m.Bonds[b].Other(int(i))))
		if k < end-1 {
			w.out = append(w.out, ')')
		}
	}
	w.sequence = w.sequence[:base]
}

// subtree is the number of atoms that a bond leads to from atom i.
func (w *writer) subtree(bond, i int32) int32 { return w.weight[w.m.Bonds[bond].Other(int(i))] }

// writeClosures writes the ring numbers of atom i, in the order in which they
// were counted as its neighbours. A number is free again after the atom.
func (w *writer) writeClosures(i int32) {
	for k := w.closures[i]; k >= 0; k = w.links[k].next {
		b := w.links[k].bond
		if w.digitOf[b] == 0 {
			d := slices.Index(w.digits, 0)
			if d < 0 {
				w.digits = append(w.digits, 0)
				d = len(w.digits) - 1
			}
			w.digits[d] = b + 1
			w.digitOf[b] = int32(d + 1)
			w.writeBond(b, i)
		}
		w.out = appendRingNumber(w.out, int(w.digitOf[b]))
	}
	for k := w.closures[i]; k >= 0; k = w.links[k].next {
		b := w.links[k].bond
		if other := w.m.Bonds[b].Other(int(i)); w.visit[other] < w.visit[i] {
			w.digits[w.digitOf[b]-1] = 0
		}
	}
}

func appendRingNumber(out []byte, d int) []byte {
	switch {
	case d < 10:
		return append(out, byte('0'+d))
	case d < 100:
		return append(out, '%', byte('0'+d/10), byte('0'+d%10))
	}
	return appendInt(append(out, "%("...), d, ')')
}
