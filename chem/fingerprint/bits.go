package fingerprint

import "math/bits"

// Bits is a bit vector of fixed length.
type Bits struct {
	words []uint64
	n     int
}

// NewBits is a vector of n bits, all clear.
func NewBits(n int) Bits { return Bits{make([]uint64, (n+63)/64), n} }

// Len is the length of the vector.
func (b Bits) Len() int { return b.n }

// Set sets bit i, 0 <= i < Len.
func (b Bits) Set(i int) { b.words[i>>6] |= 1 << (i & 63) }

// Has says whether bit i is set.
func (b Bits) Has(i int) bool { return b.words[i>>6]>>(i&63)&1 != 0 }

// Count is the number of set bits.
func (b Bits) Count() int {
	n := 0
	for _, w := range b.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// On lists the set bits in increasing order.
func (b Bits) On() []int {
	on := make([]int, 0, b.Count())
	for i, w := range b.words {
		for ; w != 0; w &= w - 1 {
			on = append(on, i*64+bits.TrailingZeros64(w))
		}
	}
	return on
}

// Words are the vector's words, the lowest bits first. They belong to b.
func (b Bits) Words() []uint64 { return b.words }
