package blas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
)

func TestRankUpdatesEqualGonum(t *testing.T) {
	each(t, func(t *testing.T) {
		r := random{rand.New(rand.NewPCG(3, 4))}
		for range 250 {
			n, k, ul, tA := r.size(200), r.size(60), r.uplo(), r.transpose()
			a, lda := r.matrix(n, k)
			b, ldb := r.matrix(n, k)
			if tA != blas.NoTrans {
				a, lda = r.matrix(k, n)
				b, ldb = r.matrix(k, n)
			}
			c, ldc := r.matrix(n, n)
			alpha, beta := r.factor(), r.factor()
			f, g := float64(alpha), float64(beta)
			size := magnitudes(widen(c))
			two := r.IntN(2) == 0
			name := fmt.Sprintf("%c%c two %v, n = %d, k = %d, alpha %v, beta %v", ul, tA, two, n, k, alpha, beta)
			want := widen(c)
			impl := Implementation{Threads: 1 + r.IntN(2)}
			if two {
				double.Dsyr2k(ul, tA, n, k, f, widen(a), lda, widen(b), ldb, g, want, ldc)
				double.Dsyr2k(ul, tA, n, k, math.Abs(f), magnitudes(widen(a)), lda, magnitudes(widen(b)), ldb, math.Abs(g), size, ldc)
				impl.Ssyr2k(ul, tA, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
			} else {
				double.Dsyrk(ul, tA, n, k, f, widen(a), lda, g, want, ldc)
				double.Dsyrk(ul, tA, n, k, math.Abs(f), magnitudes(widen(a)), lda, math.Abs(g), size, ldc)
				impl.Ssyrk(ul, tA, n, k, alpha, a, lda, beta, c, ldc)
			}
			near(t, name, c, want, size, 2*k+6)
		}
	})
}

func TestSsymmEqualsGonum(t *testing.T) {
	each(t, func(t *testing.T) {
		r := random{rand.New(rand.NewPCG(5, 6))}
		for range 200 {
			s, ul, m, n := r.side(), r.uplo(), r.size(200), r.size(200)
			k := n
			if s == blas.Left {
				k = m
			}
			a, lda := r.matrix(k, k)
			b, ldb := r.matrix(m, n)
			c, ldc := r.matrix(m, n)
			alpha, beta := r.factor(), r.factor()
			want, size := widen(c), magnitudes(widen(c))
			double.Dsymm(s, ul, m, n, float64(alpha), widen(a), lda, widen(b), ldb, float64(beta), want, ldc)
			double.Dsymm(s, ul, m, n, math.Abs(float64(alpha)), magnitudes(widen(a)), lda, magnitudes(widen(b)), ldb, math.Abs(float64(beta)), size, ldc)
			Implementation{Threads: 1 + r.IntN(2)}.Ssymm(s, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc)
			near(t, fmt.Sprintf("%c%c %d x %d, alpha %v, beta %v", s, ul, m, n, alpha, beta), c, want, size, k+6)
		}
	})
}

func TestTriangularProductsAndSolutionsEqualGonum(t *testing.T) {
	each(t, func(t *testing.T) {
		r := random{rand.New(rand.NewPCG(7, 8))}
		for range 300 {
			s, ul, tA, d, m, n := r.side(), r.uplo(), r.transpose(), r.diag(), r.size(150), r.size(150)
			k := n
			if s == blas.Left {
				k = m
			}
			a, lda := r.matrix(k, k)
			// Well conditioned: the triangle's rows sum to less than its diagonal.
			for i := range a {
				a[i] /= float32(4 * k)
			}
			for i := range k {
				a[i*lda+i] = 1 + float32(r.Float64())
			}
			b, ldb := r.matrix(m, n)
			alpha := r.factor()
			want := widen(b)
			// The solution is at most twice as large as the right side, and so is
			// the product.
			most := 0.0
			for _, v := range magnitudes(want) {
				most = max(most, v)
			}
			size := make([]float64, len(want))
			for i := range size {
				size[i] = 4 * most * max(1, math.Abs(float64(alpha)))
			}
			name := fmt.Sprintf("%c%c%c%c %d x %d, alpha %v", s, ul, tA, d, m, n, alpha)
			impl := Implementation{Threads: 1 + r.IntN(2)}
			if r.IntN(2) == 0 {
				double.Dtrsm(s, ul, tA, d, m, n, float64(alpha), widen(a), lda, want, ldb)
				impl.Strsm(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
				near(t, "solving "+name, b, want, size, k+6)
			} else {
				double.Dtrmm(s, ul, tA, d, m, n, float64(alpha), widen(a), lda, want, ldb)
				impl.Strmm(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
				near(t, "multiplying "+name, b, want, size, k+6)
			}
		}
	})
}
