package blas

import (
	"sync"

	"gonum.org/v1/gonum/blas"
)

// order is the largest order of a symmetric block that is computed in full.
const order = 64

var squares = sync.Pool{New: func() any { return new([order * order]float32) }}

// update is A1*B1^T or A1*B1^T + A2*B2^T, both n x k.
type update struct {
	left, right [2]operand
	terms       int
}

func (u update) from(i int) update {
	for t := range u.terms {
		u.left[t], u.right[t] = u.left[t].from(i, 0), u.right[t].from(i, 0)
	}
	return u
}

// Ssyrk computes a triangle of C = alpha*op(A)*op(A)^T + beta*C, where op(A) is
// n x k. Blocks beside the diagonal are matrix products.
func (b Implementation) Ssyrk(ul blas.Uplo, tA blas.Transpose, n, k int, alpha float32, a []float32, lda int, beta float32, c []float32, ldc int) {
	if !vectors() || alpha == 0 || n < 1 || k < 1 || !valid(ul, tA, n, k, len(a), lda) || ldc < n || len(c) < ldc*(n-1)+n {
		b.Implementation.Ssyrk(ul, tA, n, k, alpha, a, lda, beta, c, ldc)
		return
	}
	o := operand{a, lda, tA != blas.NoTrans}
	b.rank(ul == blas.Upper, n, k, alpha, update{left: [2]operand{o}, right: [2]operand{o}, terms: 1}, beta, c, ldc)
}

// Ssyr2k computes a triangle of C = alpha*op(A)*op(B)^T + alpha*op(B)*op(A)^T +
// beta*C, where op(A) and op(B) are n x k.
func (b Implementation) Ssyr2k(ul blas.Uplo, tA blas.Transpose, n, k int, alpha float32, a []float32, lda int, x []float32, ldx int, beta float32, c []float32, ldc int) {
	if !vectors() || alpha == 0 || n < 1 || k < 1 || !valid(ul, tA, n, k, len(a), lda) || !valid(ul, tA, n, k, len(x), ldx) || ldc < n || len(c) < ldc*(n-1)+n {
		b.Implementation.Ssyr2k(ul, tA, n, k, alpha, a, lda, x, ldx, beta, c, ldc)
		return
	}
	o, p := operand{a, lda, tA != blas.NoTrans}, operand{x, ldx, tA != blas.NoTrans}
	b.rank(ul == blas.Upper, n, k, alpha, update{left: [2]operand{o, p}, right: [2]operand{p, o}, terms: 2}, beta, c, ldc)
}

// valid tells whether the arguments about an n x k factor are; gonum says what
// is wrong with those that are not.
func valid(ul blas.Uplo, tA blas.Transpose, n, k, length, ld int) bool {
	rows, cols := n, k
	switch tA {
	case blas.NoTrans:
	case blas.Trans, blas.ConjTrans:
		rows, cols = k, n
	default:
		return false
	}
	return (ul == blas.Upper || ul == blas.Lower) && ld >= cols && length >= ld*(rows-1)+cols
}

func (b Implementation) rank(upper bool, n, k int, alpha float32, u update, beta float32, c []float32, ldc int) {
	if n <= order {
		square := squares.Get().(*[order * order]float32)
		b.accumulate(n, n, k, alpha, u, u, 0, square[:], order)
		for i := range n {
			j0, j1 := 0, i+1
			if upper {
				j0, j1 = i, n
			}
			for j := j0; j < j1; j++ {
				s := square[i*order+j]
				if beta != 0 {
					s += beta * c[i*ldc+j]
				}
				c[i*ldc+j] = s
			}
		}
		squares.Put(square)
		return
	}
	h := half(n)
	b.rank(upper, h, k, alpha, u, beta, c, ldc)
	b.rank(upper, n-h, k, alpha, u.from(h), beta, c[h*ldc+h:], ldc)
	if upper {
		b.accumulate(h, n-h, k, alpha, u, u.from(h), beta, c[h:], ldc)
	} else {
		b.accumulate(n-h, h, k, alpha, u.from(h), u, beta, c[h*ldc:], ldc)
	}
}

// accumulate computes C = alpha*(A1*B1^T + A2*B2^T) + beta*C with the left
// factors of u and the right ones of v.
func (b Implementation) accumulate(m, n, k int, alpha float32, u, v update, beta float32, c []float32, ldc int) {
	for t := range u.terms {
		b.multiply(m, n, k, alpha, u.left[t], v.right[t].transpose(), beta, c, ldc)
		beta = 1
	}
}

// Ssymm computes C = alpha*A*B + beta*C or, with the symmetric matrix A on the
// right, C = alpha*B*A + beta*C, where B and C are m x n.
func (b Implementation) Ssymm(s blas.Side, ul blas.Uplo, m, n int, alpha float32, a []float32, lda int, x []float32, ldx int, beta float32, c []float32, ldc int) {
	// With these factors gonum checks the arguments and does nothing else.
	b.Implementation.Ssymm(s, ul, m, n, 0, a, lda, x, ldx, 1, c, ldc)
	if !vectors() || alpha == 0 || m == 0 || n == 0 {
		b.Implementation.Ssymm(s, ul, m, n, alpha, a, lda, x, ldx, beta, c, ldc)
		return
	}
	b.symm(s == blas.Left, ul == blas.Upper, m, n, alpha, a, lda, operand{x, ldx, false}, beta, c, ldc)
}

func (b Implementation) symm(left, upper bool, m, n int, alpha float32, a []float32, lda int, x operand, beta float32, c []float32, ldc int) {
	size := n
	if left {
		size = m
	}
	if size <= order {
		square := squares.Get().(*[order * order]float32)
		full := operand{square[:], order, false}
		for i := range size {
			for j := range i + 1 {
				v := a[i*lda+j]
				if upper {
					v = a[j*lda+i]
				}
				square[i*order+j], square[j*order+i] = v, v
			}
		}
		if left {
			b.multiply(m, n, m, alpha, full, x, beta, c, ldc)
		} else {
			b.multiply(m, n, n, alpha, x, full, beta, c, ldc)
		}
		squares.Put(square)
		return
	}
	h := half(size)
	below := operand{a, lda, false}.from(h, 0) // the block below the diagonal
	if upper {
		below = operand{a, lda, false}.from(0, h).transpose()
	}
	last := a[h*lda+h:]
	if left {
		b.symm(left, upper, h, n, alpha, a, lda, x, beta, c, ldc)
		b.multiply(h, n, m-h, alpha, below.transpose(), x.from(h, 0), 1, c, ldc)
		b.symm(left, upper, m-h, n, alpha, last, lda, x.from(h, 0), beta, c[h*ldc:], ldc)
		b.multiply(m-h, n, h, alpha, below, x, 1, c[h*ldc:], ldc)
		return
	}
	b.symm(left, upper, m, h, alpha, a, lda, x, beta, c, ldc)
	b.multiply(m, h, n-h, alpha, x.from(0, h), below, 1, c, ldc)
	b.symm(left, upper, m, n-h, alpha, last, lda, x.from(0, h), beta, c[h:], ldc)
	b.multiply(m, n-h, h, alpha, x, below.transpose(), 1, c[h:], ldc)
}
