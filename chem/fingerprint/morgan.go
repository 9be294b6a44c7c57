package fingerprint

import (
	"cmp"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/mass"
)

// Count says how often an environment occurs.
type Count struct {
	Hash  uint32
	Count int
}

// Environment is what the bonds around an atom look like up to a radius.
type Environment struct {
	Hash   uint32
	Atom   int // the atom in the middle
	Radius int // in bonds
}

// MorganOptions are the variants of Morgan fingerprints. The zero value is the
// common one: connectivity, bond orders, no chirality.
type MorganOptions struct {
	Features    bool // atoms by their features, see Features (FCFP), not by connectivity (ECFP)
	Chirality   bool // tell R from S and E from Z
	IgnoreBonds bool // do not tell bond orders apart
	Redundant   bool // count environments of the same bonds again
}

// Morgan counts the atom environments of m up to a radius in bonds (radius 2 is
// known as ECFP4, 3 as ECFP6), sorted by hash. An environment that covers the
// same bonds as an earlier one is not counted again. m must be perceived.
func Morgan(m *chem.Mol, radius int) []Count {
	var w Workspace
	return w.Morgan(m, radius)
}

// MorganBits is Morgan folded to a bit vector of nbits bits; nbits must be
// positive.
func MorganBits(m *chem.Mol, radius, nbits int) Bits {
	var w Workspace
	return w.MorganBits(m, radius, nbits)
}

// Environments lists the atom environments of m up to a radius, those of a
// smaller radius first. Those of one bit of a folded fingerprint have the same
// Hash modulo its length. m must be perceived.
func Environments(m *chem.Mol, radius int, o MorganOptions) []Environment {
	var w Workspace
	first := w.connectivity(m)
	if o.Features {
		first = Features(m)
	}
	w.environments(m, radius, o, first)
	out := make([]Environment, len(w.hashes))
	for i, h := range w.hashes {
		out[i] = Environment{h, int(w.origin[i].atom), int(w.origin[i].radius)}
	}
	return out
}

// CountEnvironments counts environments by their hashes, sorted by hash.
func CountEnvironments(list []Environment) []Count {
	var w Workspace
	for _, e := range list {
		w.hashes = append(w.hashes, e.Hash)
	}
	return w.count()
}

// FoldEnvironments sets the bits of environments in a vector of nbits bits;
// nbits must be positive.
func FoldEnvironments(list []Environment, nbits int) Bits {
	b := NewBits(nbits)
	for _, e := range list {
		b.Set(int(e.Hash % uint32(nbits)))
	}
	return b
}

// FoldCounts sets the bits of the environments that occur in a vector of nbits
// bits; nbits must be positive. Folding what Morgan counts gives MorganBits.
func FoldCounts(counts []Count, nbits int) Bits {
	b := NewBits(nbits)
	for _, c := range counts {
		b.Set(int(c.Hash % uint32(nbits)))
	}
	return b
}

// Workspace is memory for computing fingerprints, for callers that compute
// many. Its zero value is ready. It must not be used by two goroutines at once.
type Workspace struct {
	hashes     []uint32
	origin     []origin // of each hash
	counts     []Count
	invariants []uint32
	next       []uint32
	dead       []bool
	chiral     []bool   // by atom: found to differ in its neighbours
	label      []byte   // by atom: 'R', 'S' or else
	cover      []uint64 // a bit set of bonds per atom
	nextCover  []uint64
	seen       []uint64 // the bit sets counted so far
	nbrs       []uint64
	round      []int32 // atoms alive in this round
}

type origin struct{ atom, radius int32 }

// Morgan is the function of that name; its result is valid until the next call.
func (w *Workspace) Morgan(m *chem.Mol, radius int) []Count {
	w.environments(m, radius, MorganOptions{}, w.connectivity(m))
	return w.count()
}

// MorganBits is the function of that name; its result is the caller's.
func (w *Workspace) MorganBits(m *chem.Mol, radius, nbits int) Bits {
	w.environments(m, radius, MorganOptions{}, w.connectivity(m))
	b := NewBits(nbits)
	for _, h := range w.hashes {
		b.Set(int(h % uint32(nbits)))
	}
	return b
}

// count sorts and counts the hashes.
func (w *Workspace) count() []Count {
	slices.Sort(w.hashes)
	w.counts = w.counts[:0]
	for i, h := range w.hashes {
		if i > 0 && h == w.hashes[i-1] {
			w.counts[len(w.counts)-1].Count++
			continue
		}
		w.counts = append(w.counts, Count{h, 1})
	}
	return w.counts
}

// environments lists the hashes of all environments, repeated as often as they
// occur, beginning with the invariants of the atoms. A hash of radius k covers
// the bonds within k steps of its atom; an atom whose environment covers what
// another one covered before is dead: it is neither counted nor grown any more.
func (w *Workspace) environments(m *chem.Mol, radius int, o MorganOptions, first []uint32) {
	n, words := len(m.Atoms), (len(m.Bonds)+63)/64
	w.invariants = append(w.invariants[:0], first...)
	w.hashes = append(w.hashes[:0], first...)
	w.origin = w.origin[:0]
	for i := range n {
		w.origin = append(w.origin, origin{int32(i), 0})
	}
	w.next = resize(w.next, n)
	w.dead = resize(w.dead, n)
	w.cover = resize(w.cover, n*words)
	w.nextCover = resize(w.nextCover, n*words)
	clear(w.dead)
	clear(w.cover)
	w.seen = w.seen[:0]
	if o.Chirality {
		w.label = labels(m)
		w.chiral = resize(w.chiral, n)
		clear(w.chiral)
	}
	for layer := range radius {
		copy(w.nextCover, w.cover)
		clear(w.next)
		w.round = w.round[:0]
		for i := range m.Atoms {
			if w.dead[i] {
				continue
			}
			if m.Degree(i) == 0 {
				w.dead[i] = true
				continue
			}
			w.grow(m, i, layer, words, o)
			w.round = append(w.round, int32(i))
		}
		// Of atoms with the same cover the one with the lowest hash counts.
		slices.SortFunc(w.round, func(a, b int32) int {
			return cmp.Or(cmp.Compare(w.next[a], w.next[b]), cmp.Compare(a, b))
		})
		for _, i := range w.round {
			if !o.Redundant {
				c := w.nextCover[int(i)*words:][:words]
				if w.known(c) {
					w.dead[i] = true
					continue
				}
				w.seen = append(w.seen, c...)
			}
			w.hashes = append(w.hashes, w.next[i])
			w.origin = append(w.origin, origin{i, int32(layer + 1)})
		}
		w.invariants, w.next = w.next, w.invariants
		w.cover, w.nextCover = w.nextCover, w.cover
	}
}

// grow computes atom i's hash and cover for a layer.
func (w *Workspace) grow(m *chem.Mol, i, layer, words int, o MorganOptions) {
	w.nbrs = w.nbrs[:0]
	cover := w.nextCover[i*words:][:words]
	for _, nb := range m.Neighbors(i) {
		cover[nb.Bond>>6] |= 1 << (nb.Bond & 63)
		for k, x := range w.cover[int(nb.Atom)*words:][:words] {
			cover[k] |= x
		}
		w.nbrs = append(w.nbrs, uint64(o.bond(&m.Bonds[nb.Bond]))<<32|uint64(w.invariants[nb.Atom]))
	}
	slices.Sort(w.nbrs)
	h := combine(uint32(layer), w.invariants[i])
	for _, x := range w.nbrs {
		h = combine(h, pair(uint32(x>>32), uint32(x)))
	}
	if o.Chirality && marked(&m.Atoms[i]) && w.looksChiral(i) {
		w.chiral[i] = true
		h = combine(h, chiralCode(w.label[i]))
	}
	w.next[i] = h
}

func marked(a *chem.Atom) bool { return a.Chirality != chem.Achiral || a.Geometry != chem.NoGeometry }

// looksChiral says whether the configuration of atom i, which has a mark,
// counts in this layer: in the first, and later as long as all its bonds are
// single and its neighbours differ.
func (w *Workspace) looksChiral(i int) bool {
	if !w.chiral[i] {
		return true
	}
	for k, x := range w.nbrs {
		if x>>32 != 1 || k > 0 && uint32(x) == uint32(w.nbrs[k-1]) {
			return false
		}
	}
	return true
}

func chiralCode(label byte) uint32 {
	switch label {
	case 'R':
		return 3
	case 'S':
		return 2
	default:
		return 1
	}
}

// labels has the label of each stereocentre, 0 for other atoms.
func labels(m *chem.Mol) []byte {
	out := make([]byte, len(m.Atoms))
	for _, c := range chem.StereoCentres(m) {
		out[c.Atom] = c.Label
	}
	return out
}

// known says whether the cover c has been counted.
func (w *Workspace) known(c []uint64) bool {
	words := len(c)
	if words == 1 {
		return slices.Contains(w.seen, c[0])
	}
	for at := 0; at < len(w.seen); at += words {
		if slices.Equal(w.seen[at:at+words], c) {
			return true
		}
	}
	return false
}

// connectivity has the hashes of radius 0: atomic number, neighbours with
// hydrogens, hydrogens, charge, mass difference, and 1 if in a ring.
func (w *Workspace) connectivity(m *chem.Mol) []uint32 {
	w.next = resize(w.next, len(m.Atoms))
	for i := range m.Atoms {
		w.next[i] = invariant(m, i)
	}
	return w.next
}

func invariant(m *chem.Mol, i int) uint32 {
	a := &m.Atoms[i]
	h := a.Hydrogens()
	v := combine(0, uint32(a.Element))
	v = combine(v, uint32(m.Degree(i)+h))
	for _, nb := range m.Neighbors(i) {
		if m.Atoms[nb.Atom].Element == 1 {
			h++
		}
	}
	v = combine(v, uint32(h))
	v = combine(v, uint32(int32(a.Charge)))
	v = combine(v, uint32(massDifference(a)))
	if a.InRing {
		v = combine(v, 1)
	}
	return v
}

// massDifference is how many unified mass units an isotope is above the
// element's mean atomic weight, rounded towards zero.
func massDifference(a *chem.Atom) int32 {
	if a.Isotope == 0 {
		return 0
	}
	return int32(mass.Isotope(a.Element, a.Isotope) - mass.Average(a.Element))
}

// bond is the number that stands for a bond in the hashes.
func (o MorganOptions) bond(b *chem.Bond) uint32 {
	code := bondCode(b.Order)
	switch {
	case o.IgnoreBonds:
		return 1
	case o.Chirality && b.Order == chem.Double && b.Stereo == chem.Cis:
		return 100 + 10*code + 2
	case o.Chirality && b.Order == chem.Double && b.Stereo == chem.Trans:
		return 100 + 10*code + 3
	}
	return code
}

// bondCode is RDKit's number of a bond order. A bond without an order (~)
// counts as the unspecified one, which is what RDKit reads there.
func bondCode(o chem.Order) uint32 {
	switch o {
	case chem.Aromatic:
		return 12
	case chem.Dative:
		return 17
	case chem.Zero, chem.Unspecified:
		return 0
	default:
		return uint32(o - chem.Single + 1)
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
