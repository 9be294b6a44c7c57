package host

import "math"

// exponentials sets dst[i] = e^(x[i]-most), where most is the largest x, and
// returns the sum, added in order. It is the table-driven method of Tang (1989)
// with 64 entries and a polynomial of degree 5, in error by at most two units
// in the last place; math.Exp takes twice as long.
func exponentials(dst []float64, x []float32, most float64) float64 {
	const (
		steps  = 64
		inv    = steps / math.Ln2
		ln2Hi  = 6.93147180369123816490e-01 / steps // its low 32 bits are zero
		ln2Lo  = 1.90821492927058770002e-10 / steps
		rounds = 3 << 51 // added and taken off, it rounds to an integer
	)
	var sum float64
	dst = dst[:len(x)]
	for i, v := range x {
		d := float64(v) - most
		if d < -746 { // it is zero in float64, as of all that is not legal
			dst[i] = 0
			continue
		}
		if d < -700 { // far from underflow on the other side
			e := math.Exp(d)
			dst[i] = e
			sum += e
			continue
		}
		t := d*inv + rounds
		bits := math.Float64bits(t)
		k := t - rounds
		r := (d - k*ln2Hi) - k*ln2Lo
		// 2^(k/64) is an entry of the table with a larger exponent.
		scale := math.Float64frombits(powers[bits%steps] + (bits-bits%steps)<<(52-6))
		p := r + r*r*(1./2+r*(1./6+r*(1./24+r*(1./120))))
		e := scale + scale*p
		dst[i] = e
		sum += e
	}
	return sum
}

// powers are the bits of 2^(j/64).
var powers = func() (t [64]uint64) {
	for j := range t {
		t[j] = math.Float64bits(math.Exp2(float64(j) / 64))
	}
	return t
}()
