package blas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// increment is mostly 1, for which the kernels are.
func (r random) increment() int { return []int{1, 1, 1, 2, -1, -3}[r.IntN(6)] }

func (r random) vector(n, inc int) []float32 {
	if n == 0 {
		return nil
	}
	return normal(r.Rand, (n-1)*max(inc, -inc)+1)
}

func TestVectorRoutinesEqualGonum(t *testing.T) {
	each(t, func(t *testing.T) {
		r := random{rand.New(rand.NewPCG(1, 3))}
		var impl Implementation
		for range 600 {
			n, incX, incY, alpha := r.size(400), r.increment(), r.increment(), r.factor()
			x, y := r.vector(n, incX), r.vector(n, incY)
			name := fmt.Sprintf("n = %d, increments %d and %d, alpha %v", n, incX, incY, alpha)
			xd, yd := widen(x), widen(y)
			size := []float64{double.Ddot(n, magnitudes(xd), incX, magnitudes(yd), incY)}
			near(t, "Sdot, "+name, []float32{impl.Sdot(n, x, incX, y, incY)}, []float64{double.Ddot(n, xd, incX, yd, incY)}, size, n+2)
			norm := []float64{double.Dnrm2(n, xd, incX)}
			near(t, "Snrm2, "+name, []float32{impl.Snrm2(n, x, incX)}, norm, norm, n+8)

			want, sum := widen(y), magnitudes(yd)
			double.Daxpy(n, float64(alpha), xd, incX, want, incY)
			double.Daxpy(n, math.Abs(float64(alpha)), magnitudes(xd), incX, sum, incY)
			got := append([]float32(nil), y...)
			impl.Saxpy(n, alpha, x, incX, got, incY)
			near(t, "Saxpy, "+name, got, want, sum, 3)

			double.Dscal(n, float64(alpha), xd, incX)
			impl.Sscal(n, alpha, x, incX)
			near(t, "Sscal, "+name, x, xd, magnitudes(xd), 1)
		}
	})
}

func TestSnrm2KeepsToTheRangeOfGonum(t *testing.T) {
	each(t, func(t *testing.T) {
		for _, v := range []float32{1e-30, 1e-12, 1, 1e12, 1e30, float32(math.Inf(1)), float32(math.NaN())} {
			x := make([]float32, 100)
			for i := range x {
				x[i] = v
			}
			got, want := float64(Implementation{}.Snrm2(100, x, 1)), float64(gonum.Implementation{}.Snrm2(100, x, 1))
			if got != want && !(math.Abs(got-want) <= 1e-6*want) && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("norm of 100 times %v is %v, gonum's %v", v, got, want)
			}
		}
	})
}

func TestMatrixVectorRoutinesEqualGonum(t *testing.T) {
	each(t, func(t *testing.T) {
		r := random{rand.New(rand.NewPCG(4, 3))}
		for range 400 {
			m, n, tA, incX, incY := r.size(90), r.size(400), r.transpose(), r.increment(), r.increment()
			alpha, beta := r.factor(), r.factor()
			a, lda := r.matrix(m, n)
			lenX, lenY := n, m
			if tA != blas.NoTrans {
				lenX, lenY = m, n
			}
			x, y := r.vector(lenX, incX), r.vector(lenY, incY)
			name := fmt.Sprintf("%c %d x %d, increments %d and %d, alpha %v, beta %v", tA, m, n, incX, incY, alpha, beta)
			f, g := float64(alpha), float64(beta)
			want, size := widen(y), magnitudes(widen(y))
			double.Dgemv(tA, m, n, f, widen(a), lda, widen(x), incX, g, want, incY)
			double.Dgemv(tA, m, n, math.Abs(f), magnitudes(widen(a)), lda, magnitudes(widen(x)), incX, math.Abs(g), size, incY)
			Implementation{}.Sgemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
			near(t, "Sgemv, "+name, y, want, size, lenX+6)

			x, y = r.vector(m, incX), r.vector(n, incY)
			want, size = widen(a), magnitudes(widen(a))
			for i := range m { // gonum's Dger takes negative increments wrong
				for j := range n {
					v := f * float64(x[place(i, m, incX)]) * float64(y[place(j, n, incY)])
					want[i*lda+j] += v
					size[i*lda+j] += math.Abs(v)
				}
			}
			Implementation{}.Sger(m, n, alpha, x, incX, y, incY, a, lda)
			near(t, "Sger, "+name, a, want, size, 4)
		}
	})
}

// place is where element i of a vector of n stands.
func place(i, n, inc int) int {
	if inc < 0 {
		return (i - n + 1) * inc
	}
	return i * inc
}

func TestSgemvWritesOverNaNWhereBetaIsZero(t *testing.T) {
	each(t, func(t *testing.T) {
		for _, n := range []int{70, 300} {
			for _, tA := range []blas.Transpose{blas.NoTrans, blas.Trans} {
				a, x, y := make([]float32, n*n), make([]float32, n), make([]float32, n)
				for i := range a {
					a[i] = 1
				}
				for i := range x {
					x[i], y[i] = 1, float32(math.NaN())
				}
				Implementation{}.Sgemv(tA, n, n, 1, a, n, x, 1, 0, y, 1)
				for i, v := range y {
					if v != float32(n) {
						t.Fatalf("%c, n = %d: element %d is %v", tA, n, i, v)
					}
				}
			}
		}
	})
}
