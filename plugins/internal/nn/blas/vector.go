package blas

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"gonum.org/v1/gonum/blas"
)

// long is the length from which on the vector kernels are faster than gonum's
// own, which need no rounding to multiples of kern.Lane.
const long = 64

// whole is the part of n that kernels take; the rest, less than a lane, is for
// a loop.
func whole(n int) int { return n &^ (kern.Lane - 1) }

// fits tells whether vectors of n have unit increments and are long.
func fits(n, incX, incY, lenX, lenY int) bool {
	return vectors() && n >= long && incX == 1 && incY == 1 && lenX >= n && lenY >= n
}

// Sdot is the scalar product of x and y.
func (b Implementation) Sdot(n int, x []float32, incX int, y []float32, incY int) float32 {
	if !fits(n, incX, incY, len(x), len(y)) {
		return b.Implementation.Sdot(n, x, incX, y, incY)
	}
	return dot(x[:n], y[:n])
}

func dot(x, y []float32) float32 {
	w := whole(len(x))
	s := kern.Dot(x[:w], y[:w])
	for i := w; i < len(x); i++ {
		s += x[i] * y[i]
	}
	return s
}

// Saxpy adds alpha*x to y.
func (b Implementation) Saxpy(n int, alpha float32, x []float32, incX int, y []float32, incY int) {
	if !fits(n, incX, incY, len(x), len(y)) || alpha == 0 {
		b.Implementation.Saxpy(n, alpha, x, incX, y, incY)
		return
	}
	addScaled(alpha, x[:n], y[:n])
}

func addScaled(f float32, x, y []float32) {
	w := whole(len(x))
	kern.AddScaled(f, x[:w], y[:w])
	for i := w; i < len(x); i++ {
		y[i] += f * x[i]
	}
}

// Sscal multiplies x by alpha.
func (b Implementation) Sscal(n int, alpha float32, x []float32, incX int) {
	if !fits(n, incX, 1, len(x), n) || alpha == 0 {
		b.Implementation.Sscal(n, alpha, x, incX)
		return
	}
	w := whole(n)
	kern.Scale(alpha, x[:w], x[:w])
	for i := w; i < n; i++ {
		x[i] *= alpha
	}
}

// Snrm2 is the Euclidean norm of x. Where squares leave the range of float32 it
// is gonum's, which scales.
func (b Implementation) Snrm2(n int, x []float32, incX int) float32 {
	if fits(n, incX, 1, len(x), n) {
		w := whole(n)
		s := kern.SumSquares(x[:w])
		for _, v := range x[w:n] {
			s += float64(v) * float64(v)
		}
		if s > 1e-20 && s < 1e30 {
			return float32(math.Sqrt(s))
		}
	}
	return b.Implementation.Snrm2(n, x, incX)
}

// Sgemv computes y = alpha*op(A)*x + beta*y, where A is m x n. A is not
// read where alpha is 0, and y where beta is.
func (b Implementation) Sgemv(tA blas.Transpose, m, n int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	// With these factors gonum checks the arguments and does nothing else.
	b.Implementation.Sgemv(tA, m, n, 0, a, lda, x, incX, 1, y, incY)
	least := long // columns for which it pays
	if tA == blas.NoTrans {
		least = 2 * long
	}
	if !vectors() || alpha == 0 || m == 0 || n < least || incX != 1 || incY != 1 {
		b.Implementation.Sgemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
		return
	}
	if tA == blas.NoTrans {
		for i := range m {
			s := alpha * dot(a[i*lda:][:n], x[:n])
			if beta != 0 {
				s += beta * y[i]
			}
			y[i] = s
		}
		return
	}
	// Short rows are summed in registers; of long ones each is read in a piece.
	const short = 256
	if n < short {
		kern.Product(1, 1, n, m, alpha, x, 1, 1, a, lda, false, beta, y, n)
		return
	}
	if beta == 0 {
		clear(y[:n])
	} else {
		b.Sscal(n, beta, y, 1)
	}
	for i, v := range x[:m] {
		addScaled(alpha*v, a[i*lda:][:n], y[:n])
	}
}

// Sger adds alpha*x*y^T to the m x n matrix A. Negative increments are not left
// to gonum, whose assembly takes them wrong (its issue 2105).
func (b Implementation) Sger(m, n int, alpha float32, x []float32, incX int, y []float32, incY int, a []float32, lda int) {
	// With this factor gonum checks the arguments and does nothing else.
	b.Implementation.Sger(m, n, 0, x, incX, y, incY, a, lda)
	const wide = 256
	switch {
	case m == 0 || n == 0 || alpha == 0:
	case incX < 0 || incY < 0:
		startX, startY := max(0, (1-m)*incX), max(0, (1-n)*incY)
		for i := range m {
			f := alpha * x[startX+i*incX]
			for j := range n {
				a[i*lda+j] += f * y[startY+j*incY]
			}
		}
	case vectors() && n >= wide && incX == 1 && incY == 1:
		for i, v := range x[:m] {
			addScaled(alpha*v, y[:n], a[i*lda:][:n])
		}
	default:
		b.Implementation.Sger(m, n, alpha, x, incX, y, incY, a, lda)
	}
}
