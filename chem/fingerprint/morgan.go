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
	b := NewBits(nbits)
	for _, h := range w.environments(m, radius) {
		b.Set(int(h % uint32(nbits)))
	}
	return b
}

// Workspace is memory for computing fingerprints, for callers that compute
// many. Its zero value is ready. It must not be used by two goroutines at once.
type Workspace struct {
	hashes     []uint32
	counts     []Count
	invariants []uint32
	next       []uint32
	dead       []bool
	cover      []uint64 // a bit set of bonds per atom
	nextCover  []uint64
	seen       []uint64 // the bit sets counted so far
	nbrs       []uint64
	round      []int32 // atoms alive in this round
}

// Morgan is the function of that name; its result is valid until the next call.
func (w *Workspace) Morgan(m *chem.Mol, radius int) []Count {
	hashes := w.environments(m, radius)
	slices.Sort(hashes)
	w.counts = w.counts[:0]
	for i, h := range hashes {
		if i > 0 && h == hashes[i-1] {
			w.counts[len(w.counts)-1].Count++
			continue
		}
		w.counts = append(w.counts, Count{h, 1})
	}
	return w.counts
}

// environments lists the hashes of all environments, repeated as often as they
// occur. A hash of radius k covers the bonds within k steps of its atom; an
// atom whose environment covers what another one covered before is dead: it is
// neither counted nor grown any more.
func (w *Workspace) environments(m *chem.Mol, radius int) []uint32 {
	n, words := len(m.Atoms), (len(m.Bonds)+63)/64
	w.invariants = resize(w.invariants, n)
	for i := range m.Atoms {
		w.invariants[i] = invariant(m, i)
	}
	w.hashes = append(w.hashes[:0], w.invariants...)
	w.next = resize(w.next, n)
	w.dead = resize(w.dead, n)
	w.cover = resize(w.cover, n*words)
	w.nextCover = resize(w.nextCover, n*words)
	clear(w.dead)
	clear(w.cover)
	w.seen = w.seen[:0]
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
			w.grow(m, i, layer, words)
			w.round = append(w.round, int32(i))
		}
		// Of atoms with the same cover the one with the lowest hash counts.
		slices.SortFunc(w.round, func(a, b int32) int {
			return cmp.Or(cmp.Compare(w.next[a], w.next[b]), cmp.Compare(a, b))
		})
		for _, i := range w.round {
			c := w.nextCover[int(i)*words:][:words]
			if w.known(c) {
				w.dead[i] = true
				continue
			}
			w.seen = append(w.seen, c...)
			w.hashes = append(w.hashes, w.next[i])
		}
		w.invariants, w.next = w.next, w.invariants
		w.cover, w.nextCover = w.nextCover, w.cover
	}
	return w.hashes
}

// grow computes atom i's hash and cover for a layer.
func (w *Workspace) grow(m *chem.Mol, i, layer, words int) {
	w.nbrs = w.nbrs[:0]
	cover := w.nextCover[i*words:][:words]
	for _, nb := range m.Neighbors(i) {
		cover[nb.Bond>>6] |= 1 << (nb.Bond & 63)
		for k, x := range w.cover[int(nb.Atom)*words:][:words] {
			cover[k] |= x
		}
		w.nbrs = append(w.nbrs, uint64(bondCode(m.Bonds[nb.Bond].Order))<<32|uint64(w.invariants[nb.Atom]))
	}
	slices.Sort(w.nbrs)
	h := combine(uint32(layer), w.invariants[i])
	for _, x := range w.nbrs {
		h = combine(h, pair(uint32(x>>32), uint32(x)))
	}
	w.next[i] = h
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

// invariant is an atom's hash of radius 0: atomic number, neighbours with
// hydrogens, hydrogens, charge, mass difference, and 1 if it is in a ring.
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

// bondCode is the number that stands for a bond order in the hashes. A bond
// without an order (~) counts as RDKit's unspecified one, which is what it reads
// there.
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
