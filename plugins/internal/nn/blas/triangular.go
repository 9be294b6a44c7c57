package blas

import "gonum.org/v1/gonum/blas"

// direct is the largest order of a triangle that is left to gonum.
const direct = 32

// triangle is a triangular factor: op(A) of order n on one side of an m x n
// matrix B.
type triangle struct {
	left  bool
	uplo  blas.Uplo
	trans blas.Transpose
	diag  blas.Diag
	a     operand
	// forward tells that the unknowns of the first half need no other: op(A) is
	// lower on the left or upper on the right.
	forward bool
}

// newTriangle tells also whether the arguments are valid and the triangle
// large; gonum says what is wrong and computes what is small.
func newTriangle(s blas.Side, ul blas.Uplo, tA blas.Transpose, d blas.Diag, m, n int, a []float32, lda int, x []float32, ldx int) (triangle, bool) {
	t := triangle{s == blas.Left, ul, tA, d, operand{a, lda, tA != blas.NoTrans}, false}
	lower := (ul == blas.Lower) != t.a.transposed
	t.forward = lower == t.left
	size := n
	if t.left {
		size = m
	}
	return t, vectors() && (s == blas.Left || s == blas.Right) && (ul == blas.Upper || ul == blas.Lower) &&
		(d == blas.Unit || d == blas.NonUnit) && (tA == blas.NoTrans || tA == blas.Trans || tA == blas.ConjTrans) &&
		m > 0 && n > 0 && size > direct && lda >= size && ldx >= n && len(a) >= lda*(size-1)+size && len(x) >= ldx*(m-1)+n
}

// halves is the two diagonal blocks of a triangle and the block beside them by
// which the half of B that is computed first is multiplied for the other
// (solving), or the other way round (multiplying).
func (t triangle) halves(h int) (first, last triangle, beside operand) {
	first, last = t, t
	last.a = t.a.from(h, h)
	if (t.uplo == blas.Lower) != t.a.transposed {
		return first, last, t.a.from(h, 0)
	}
	return first, last, t.a.from(0, h)
}

// split halves B of m x n, which lies at x.
func (t triangle) split(m, n int, x []float32, ldx int) (h, m1, n1, m2, n2 int, x2 []float32) {
	if t.left {
		h = half(m)
		return h, h, n, m - h, n, x[h*ldx:]
	}
	h = half(n)
	return h, m, h, m, n - h, x[h:]
}

// add computes Y = alpha*(beside times X) + beta*Y, where Y is m x n and the
// other half of B is X, k rows or columns of it.
func (b Implementation) add(t triangle, m, n, k int, alpha float32, beside operand, x []float32, beta float32, y []float32, ld int) {
	if t.left {
		b.multiply(m, n, k, alpha, beside, operand{x, ld, false}, beta, y, ld)
	} else {
		b.multiply(m, n, k, alpha, operand{x, ld, false}, beside, beta, y, ld)
	}
}

// Strsm solves op(A)*X = alpha*B or, with the triangular matrix A on the right,
// X*op(A) = alpha*B, and writes X over the m x n matrix B. Blocks beside the
// diagonal are matrix products.
func (b Implementation) Strsm(s blas.Side, ul blas.Uplo, tA blas.Transpose, d blas.Diag, m, n int, alpha float32, a []float32, lda int, x []float32, ldx int) {
	t, ok := newTriangle(s, ul, tA, d, m, n, a, lda, x, ldx)
	if !ok || alpha == 0 {
		b.Implementation.Strsm(s, ul, tA, d, m, n, alpha, a, lda, x, ldx)
		return
	}
	b.solve(t, m, n, alpha, x, ldx)
}

func (b Implementation) solve(t triangle, m, n int, alpha float32, x []float32, ldx int) {
	if t.small(m, n) {
		side, o := t.side(), t.a
		b.Implementation.Strsm(side, t.uplo, t.trans, t.diag, m, n, alpha, o.data, o.ld, x, ldx)
		return
	}
	h, m1, n1, m2, n2, x2 := t.split(m, n, x, ldx)
	first, last, beside := t.halves(h)
	if t.forward {
		b.solve(first, m1, n1, alpha, x, ldx)
		b.add(t, m2, n2, h, -1, beside, x, alpha, x2, ldx)
		b.solve(last, m2, n2, 1, x2, ldx)
		return
	}
	b.solve(last, m2, n2, alpha, x2, ldx)
	b.add(t, m1, n1, t.size(m2, n2), -1, beside, x2, alpha, x, ldx)
	b.solve(first, m1, n1, 1, x, ldx)
}

// Strmm computes B = alpha*op(A)*B or, with the triangular matrix A on the
// right, B = alpha*B*op(A), where B is m x n.
func (b Implementation) Strmm(s blas.Side, ul blas.Uplo, tA blas.Transpose, d blas.Diag, m, n int, alpha float32, a []float32, lda int, x []float32, ldx int) {
	t, ok := newTriangle(s, ul, tA, d, m, n, a, lda, x, ldx)
	if !ok || alpha == 0 {
		b.Implementation.Strmm(s, ul, tA, d, m, n, alpha, a, lda, x, ldx)
		return
	}
	b.product(t, m, n, alpha, x, ldx)
}

func (b Implementation) product(t triangle, m, n int, alpha float32, x []float32, ldx int) {
	if t.small(m, n) {
		side, o := t.side(), t.a
		b.Implementation.Strmm(side, t.uplo, t.trans, t.diag, m, n, alpha, o.data, o.ld, x, ldx)
		return
	}
	h, m1, n1, m2, n2, x2 := t.split(m, n, x, ldx)
	first, last, beside := t.halves(h)
	if t.forward { // the last half needs the first one as it was
		b.product(last, m2, n2, alpha, x2, ldx)
		b.add(t, m2, n2, h, alpha, beside, x, 1, x2, ldx)
		b.product(first, m1, n1, alpha, x, ldx)
		return
	}
	b.product(first, m1, n1, alpha, x, ldx)
	b.add(t, m1, n1, t.size(m2, n2), alpha, beside, x2, 1, x, ldx)
	b.product(last, m2, n2, alpha, x2, ldx)
}

// size is the order of the triangle beside an m x n matrix.
func (t triangle) size(m, n int) int {
	if t.left {
		return m
	}
	return n
}

func (t triangle) small(m, n int) bool { return t.size(m, n) <= direct }

func (t triangle) side() blas.Side {
	if t.left {
		return blas.Left
	}
	return blas.Right
}
