package fingerprint

import "math/bits"

// commonPlain sets dst[i] to the number of bits that are set in both the query
// and row i of rows, each of them as long as the query, a multiple of
// blockWords.
func commonPlain(dst []int32, query, rows []uint64) {
	for i := range dst {
		row := rows[i*len(query):][:len(query)]
		n := 0
		for k := 0; k < len(query); k += blockWords {
			x, y := (*[blockWords]uint64)(query[k:]), (*[blockWords]uint64)(row[k:])
			n += bits.OnesCount64(x[0]&y[0]) + bits.OnesCount64(x[1]&y[1]) +
				bits.OnesCount64(x[2]&y[2]) + bits.OnesCount64(x[3]&y[3]) +
				bits.OnesCount64(x[4]&y[4]) + bits.OnesCount64(x[5]&y[5]) +
				bits.OnesCount64(x[6]&y[6]) + bits.OnesCount64(x[7]&y[7])
		}
		dst[i] = int32(n)
	}
}
