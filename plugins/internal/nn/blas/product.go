package blas

import (
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"gonum.org/v1/gonum/blas"
)

// Sgemm computes C = alpha*op(A)*op(B) + beta*C, where op(A) is m x k, op(B) is
// k x n and C is m x n. As in the reference BLAS, and other than in gonum, A and
// B are not read where alpha is 0, and a zero in A does not hide an infinity or
// a NaN in B.
func (b Implementation) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, x []float32, ldx int, beta float32, c []float32, ldc int) {
	if !vectors() {
		b.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, x, ldx, beta, c, ldc)
		return
	}
	// With these factors gonum checks the arguments and does nothing else.
	b.Implementation.Sgemm(tA, tB, m, n, k, 0, a, lda, x, ldx, 1, c, ldc)
	b.multiply(m, n, k, alpha, operand{a, lda, tA != blas.NoTrans}, operand{x, ldx, tB != blas.NoTrans}, beta, c, ldc)
}

// operand is a factor of a product: a matrix by rows, or its transpose.
type operand struct {
	data       []float32
	ld         int
	transposed bool
}

// from is the part of the operand from row i and column j on.
func (o operand) from(i, j int) operand {
	if o.transposed {
		i, j = j, i
	}
	o.data = o.data[i*o.ld+j:]
	return o
}

func (o operand) transpose() operand {
	o.transposed = !o.transposed
	return o
}

// multiply computes C = alpha*A*B + beta*C; see [kern.Product].
func (b Implementation) multiply(m, n, k int, alpha float32, a, x operand, beta float32, c []float32, ldc int) {
	rs, cs := a.ld, 1
	if a.transposed {
		rs, cs = 1, a.ld
	}
	kern.Product(b.threads(), m, n, k, alpha, a.data, rs, cs, x.data, x.ld, x.transposed, beta, c, ldc)
}

// half is where to halve a matrix of order n that is larger than a block: at a
// multiple of 32.
func half(n int) int { return (n/2 + 31) &^ 31 }
