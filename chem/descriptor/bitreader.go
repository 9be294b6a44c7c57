package descriptor

import (
	"encoding/binary"
	"math/bits"
)

// bitReader reads bits from the lowest of the first byte on; past the end it
// reads ones.
type bitReader struct {
	in   []byte
	hold uint64
	have uint
}

func (r *bitReader) fill() {
	if len(r.in) >= 8 {
		r.hold |= binary.LittleEndian.Uint64(r.in) << r.have
		n := (63 - r.have) >> 3
		r.in = r.in[n:]
		r.have += n << 3
		return
	}
	for r.have <= 56 {
		x := uint64(0xff)
		if len(r.in) > 0 {
			x, r.in = uint64(r.in[0]), r.in[1:]
		}
		r.hold |= x << r.have
		r.have += 8
	}
}

// bits reads a number of n <= 32 bits.
func (r *bitReader) bits(n uint) uint32 {
	if r.have < n {
		r.fill()
	}
	x := uint32(r.hold & (1<<n - 1))
	r.hold >>= n
	r.have -= n
	return x
}

// unary reads the number of zeros before a one; numbers stay below 48.
func (r *bitReader) unary() int {
	if r.have < 48 {
		r.fill()
	}
	n := uint(bits.TrailingZeros64(r.hold))
	r.hold >>= n + 1
	r.have -= n + 1
	return int(n)
}
