package kern

import "unsafe"

// blockK is how many terms of a product are summed before the partial sums go
// through memory: a panel of that height stays in the first-level cache.
const blockK = 256

// Packed is the right factor of a matrix product, K x N, laid out in panels.
// It must be packed anew when the matrix changes.
type Packed struct {
	K, N int
	data []float32
}

// Pack lays out b, K rows of N with ldb floats between rows; with transposed,
// b is N rows of K. N is a multiple of 16. Up to threads goroutines work.
func (p *Packed) Pack(threads int, b []float32, ldb, k, n int, transposed bool) {
	if n%Lane != 0 {
		panic("kern: width of a packed matrix is not a multiple of 16")
	}
	nr := active.nr
	panels := (n + nr - 1) / nr
	p.K, p.N = k, n
	need := panels*nr*k + Lane
	if cap(p.data) < need {
		p.data = align(make([]float32, need+Lane))
	}
	p.data = p.data[:cap(p.data)]
	if k == 0 || n == 0 {
		return
	}
	if k*n < 1<<15 {
		threads = 1
	}
	Par(threads, panels, func(j int) {
		c0 := j * nr
		width := min(nr, n-c0)
		for k0 := 0; k0 < k; k0 += blockK {
			kc := min(blockK, k-k0)
			dst := p.data[k0*panels*nr+j*kc*nr:][:kc*nr]
			if transposed {
				packTransposed(dst, nr, b[c0*ldb+k0:], ldb, kc, width)
			} else {
				packRows(dst, nr, b[k0*ldb+c0:], ldb, kc, width)
			}
		}
	})
}

func packRows(dst []float32, nr int, b []float32, ldb, k, n int) {
	for r := range k {
		d := dst[r*nr : r*nr+nr]
		clear(d[copy(d, b[r*ldb:r*ldb+n]):])
	}
}

func packTransposed(dst []float32, nr int, b []float32, ldb, k, n int) {
	for j := 0; j < nr; j += 4 {
		if j >= n {
			for r := range k {
				clear(dst[r*nr+j : r*nr+j+4])
			}
			continue
		}
		s0, s1, s2, s3 := b[j*ldb:][:k], b[(j+1)*ldb:][:k], b[(j+2)*ldb:][:k], b[(j+3)*ldb:][:k]
		o := j
		for r := range k {
			d := dst[o : o+4 : o+4]
			d[0], d[1], d[2], d[3] = s0[r], s1[r], s2[r], s3[r]
			o += nr
		}
	}
}

func align(s []float32) []float32 {
	off := int(-uintptr(unsafe.Pointer(&s[0]))&63) / 4
	return s[off : len(s)-Lane+off : len(s)-Lane+off]
}

// Gemm computes C = A*B or, with accumulate, C += A*B, for the m rows of A;
// element (i, k) of A is a[i*rs+k*cs], so that the transpose is a matter of
// strides. Rows of C are ldc apart and p.N long. bias, if not nil, is added to
// every row.
func Gemm(m int, a []float32, rs, cs int, p *Packed, c []float32, ldc int, accumulate bool, bias []float32) {
	if m == 0 || p.N == 0 {
		return
	}
	if p.K == 0 {
		panic("kern: product over nothing")
	}
	_, _ = a[(m-1)*rs+(p.K-1)*cs], c[(m-1)*ldc+p.N-1]
	if bias != nil {
		_ = bias[p.N-1]
	}
	mr, nr := active.mr, active.nr
	panels := (p.N + nr - 1) / nr
	const rowsAtOnce = 96
	for i0 := 0; i0 < m; i0 += rowsAtOnce {
		i1 := min(m, i0+rowsAtOnce)
		for k0 := 0; k0 < p.K; k0 += blockK {
			kc := min(blockK, p.K-k0)
			accum := 0
			if accumulate || k0 > 0 {
				accum = 1
			}
			for j := range panels {
				wide := 0
				if (j+1)*nr <= p.N {
					wide = 1
				}
				b := &p.data[k0*panels*nr+j*kc*nr]
				var add *float32
				if bias != nil && k0 == 0 {
					add = &bias[j*nr]
				}
				for i := i0; i < i1; i += mr {
					rows := min(mr, i1-i)
					active.gemm[rows](kc, &a[i*rs+k0*cs], 4*rs, 4*cs, b, &c[i*ldc+j*nr], 4*ldc, wide, accum, add)
				}
			}
		}
	}
}
