package fingerprint

import "math/bits"

// Overlap is all that the similarity of two fingerprints a and b depends on:
// the set bits, or the sum of counts, of each and of what they share.
type Overlap struct{ A, B, Both int }

// OverlapBits compares two bit vectors, which must be of one length.
func OverlapBits(a, b Bits) Overlap {
	if a.n != b.n {
		panic("fingerprint: vectors of different length are compared")
	}
	var o Overlap
	for i, w := range a.words {
		o.A += bits.OnesCount64(w)
		o.B += bits.OnesCount64(b.words[i])
		o.Both += bits.OnesCount64(w & b.words[i])
	}
	return o
}

// OverlapCounts compares two lists of counts that are sorted by hash. They
// share the lower count of each hash.
func OverlapCounts(a, b []Count) Overlap {
	var o Overlap
	for _, x := range a {
		o.A += x.Count
	}
	k := 0
	for _, y := range b {
		o.B += y.Count
		for k < len(a) && a[k].Hash < y.Hash {
			k++
		}
		if k < len(a) && a[k].Hash == y.Hash {
			o.Both += min(a[k].Count, y.Count)
		}
	}
	return o
}

// Tanimoto is what is shared over what is in either, from 0 to 1 (Jaccard's
// coefficient). As in RDKit it is 1 for two empty bit vectors.
func (o Overlap) Tanimoto() float64 { return o.Tversky(1, 1) }

// Dice is what is shared over the mean of both, from 0 to 1. As in RDKit it is 0
// for two empty vectors.
func (o Overlap) Dice() float64 {
	if o.A+o.B == 0 {
		return 0
	}
	return float64(2*o.Both) / float64(o.A+o.B)
}

// Tversky is Both / (Both + alpha*(A-Both) + beta*(B-Both)) (Tversky, Psychol.
// Rev. 1977, 84, 327), 1 for two empty vectors. Weights 1, 1 make it Tanimoto's
// coefficient, 1/2, 1/2 Dice's, and 1, 0 the share of a that is in b.
func (o Overlap) Tversky(alpha, beta float64) float64 {
	either := alpha*float64(o.A) + beta*float64(o.B) + (1-alpha-beta)*float64(o.Both)
	if either == 0 {
		return 1
	}
	return float64(o.Both) / either
}

// Tanimoto is the Tanimoto similarity of two bit vectors of one length.
func Tanimoto(a, b Bits) float64 { return OverlapBits(a, b).Tanimoto() }
