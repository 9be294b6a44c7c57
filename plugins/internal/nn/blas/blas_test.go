package blas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// each runs f once for every set of kernels that this machine has.
func each(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	old := kern.Active()
	t.Cleanup(func() { _ = kern.Use(old) })
	for _, name := range kern.Available() {
		if err := kern.Use(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, f)
	}
}

func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func magnitudes(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Abs(v)
	}
	return y
}

// random draws arguments of BLAS routines.
type random struct{ *rand.Rand }

func (r random) size(most int) int {
	switch r.IntN(10) {
	case 0:
		return 0
	case 1:
		return 1 + r.IntN(3)
	}
	return 1 + r.IntN(most)
}

func (r random) factor() float32 {
	return []float32{0, 1, -1, 0.5, float32(r.NormFloat64())}[r.IntN(5)]
}

func (r random) transpose() blas.Transpose {
	return []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}[r.IntN(3)]
}

func (r random) uplo() blas.Uplo { return []blas.Uplo{blas.Upper, blas.Lower}[r.IntN(2)] }
func (r random) side() blas.Side { return []blas.Side{blas.Left, blas.Right}[r.IntN(2)] }
func (r random) diag() blas.Diag { return []blas.Diag{blas.Unit, blas.NonUnit}[r.IntN(2)] }

// matrix is rows x cols with some floats between rows, and none too many at the
// end, so that reading on is found out.
func (r random) matrix(rows, cols int) ([]float32, int) {
	ld := max(1, cols) + r.IntN(3)
	if r.IntN(10) == 0 {
		ld = (ld + 255) &^ 255
	}
	if rows == 0 {
		return nil, ld
	}
	return normal(r.Rand, (rows-1)*ld+cols), ld
}

// near fails where got is farther from want than so many roundings of size,
// the sum of the magnitudes that were added (Higham, Accuracy and stability of
// numerical algorithms, 2002, section 3.1).
func near(t *testing.T, what string, got []float32, want, size []float64, roundings int) {
	t.Helper()
	for i, v := range got {
		if d := math.Abs(float64(v) - want[i]); !(d <= float64(roundings)*0x1p-24*size[i]) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, v, want[i])
		}
	}
}

var double gonum.Implementation

func TestSgemmEqualsGonum(t *testing.T) {
	each(t, func(t *testing.T) {
		r := random{rand.New(rand.NewPCG(1, 2))}
		for range 1500 {
			m, n, k, tA, tB := r.size(80), r.size(80), r.size(80), r.transpose(), r.transpose()
			if r.IntN(50) == 0 {
				k += 400
			}
			a, lda := r.matrix(m, k)
			if tA != blas.NoTrans {
				a, lda = r.matrix(k, m)
			}
			b, ldb := r.matrix(k, n)
			if tB != blas.NoTrans {
				b, ldb = r.matrix(n, k)
			}
			c, ldc := r.matrix(m, n)
			alpha, beta := r.factor(), r.factor()
			want, size := widen(c), magnitudes(widen(c))
			double.Dgemm(tA, tB, m, n, k, float64(alpha), widen(a), lda, widen(b), ldb, float64(beta), want, ldc)
			double.Dgemm(tA, tB, m, n, k, math.Abs(float64(alpha)), magnitudes(widen(a)), lda, magnitudes(widen(b)), ldb,
				math.Abs(float64(beta)), size, ldc)
			Implementation{Threads: 1 + r.IntN(3)}.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
			near(t, fmt.Sprintf("%c%c %d x %d x %d, alpha %v, beta %v", tA, tB, m, n, k, alpha, beta), c, want, size, k+4)
		}
	})
}

func TestSgemmWritesOverNaNWhereBetaIsZero(t *testing.T) {
	each(t, func(t *testing.T) {
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		for _, alpha := range []float32{0, 1} {
			for _, n := range []int{1, 15, 33, 100} {
				a, b, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
				for i := range n * n {
					a[i], b[i], c[i] = 1, 1, []float32{nan, inf}[i%2]
				}
				Implementation{}.Sgemm(blas.NoTrans, blas.Trans, n, n, n, alpha, a, n, b, n, 0, c, n)
				for i, v := range c {
					if v != alpha*float32(n) {
						t.Fatalf("n = %d, alpha = %v: element %d is %v", n, alpha, i, v)
					}
				}
			}
		}
	})
}

func TestSgemmSpreadsNaNAsAdditionAndMultiplicationDo(t *testing.T) {
	each(t, func(t *testing.T) {
		const n = 40
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		for _, bad := range []float32{nan, inf} {
			a, b, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
			for i := range n * n {
				a[i], b[i] = 1, 1
			}
			a[7*n+3] = bad
			Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 2, a, n, b, n, 0, c, n)
			for i, v := range c {
				switch {
				case i/n != 7 && v != 2*n:
					t.Fatalf("element %d, which has no part in it, is %v", i, v)
				case i/n == 7 && (v != bad && bad == bad || v == v && bad != bad):
					t.Fatalf("element %d is %v after a %v", i, v, bad)
				}
			}
		}
		// alpha = 0 does not read A.
		if kern.Active() != "generic" {
			c := []float32{3}
			Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, 1, 1, 1, 0, []float32{nan}, 1, []float32{1}, 1, 2, c, 1)
			if c[0] != 6 {
				t.Errorf("alpha = 0 gave %v, want 6", c[0])
			}
		}
	})
}

// call is a routine by way of its arguments, for checks of the panics.
type call func(b blas.Float32)

// said is what f panicked with.
func said(f call, b blas.Float32) (v any) {
	defer func() { v = recover() }()
	f(b)
	return nil
}

// TestBadArgumentsPanicAsInGonum shifts every number of valid calls.
func TestBadArgumentsPanicAsInGonum(t *testing.T) {
	each(t, func(t *testing.T) {
		const n = 70 // larger than any block that is left to gonum
		r := rand.New(rand.NewPCG(9, 9))
		buffer := func(cut int) []float32 { return normal(r, n*n)[:n*n-cut] }
		panics := 0
		// Every case is a value by which one number differs from what is valid.
		for which := range 12 {
			for _, by := range []int{0, -1, 1, -n, -2 * n, -n - 1} {
				v := func(i, value int) int {
					if i == which {
						return value + by
					}
					return value
				}
				cut := func(i int) int {
					if i == which && by < 0 {
						return -by
					}
					return 0
				}
				tA, tB := blas.Transpose(v(0, int(blas.NoTrans))), blas.Transpose(v(1, int(blas.Trans)))
				side, ul, diag := blas.Side(v(0, int(blas.Left))), blas.Uplo(v(1, int(blas.Upper))), blas.Diag(v(8, int(blas.NonUnit)))
				m, w, k := v(2, n), v(3, n), v(4, n)
				lda, ldb, ldc := v(5, n), v(6, n), v(7, n)
				one, other := v(6, 1), v(7, 1)
				for name, f := range map[string]call{
					"Sgemm": func(b blas.Float32) {
						b.Sgemm(tA, tB, m, w, k, 1, buffer(cut(9)), lda, buffer(cut(10)), ldb, 0, buffer(cut(11)), ldc)
					},
					"Ssyrk": func(b blas.Float32) { b.Ssyrk(ul, tA, m, k, 1, buffer(cut(9)), lda, 0, buffer(cut(11)), ldc) },
					"Ssyr2k": func(b blas.Float32) {
						b.Ssyr2k(ul, tA, m, k, 1, buffer(cut(9)), lda, buffer(cut(10)), ldb, 0, buffer(cut(11)), ldc)
					},
					"Ssymm": func(b blas.Float32) {
						b.Ssymm(side, ul, m, w, 1, buffer(cut(9)), lda, buffer(cut(10)), ldb, 0, buffer(cut(11)), ldc)
					},
					"Strsm": func(b blas.Float32) {
						b.Strsm(side, ul, blas.NoTrans, diag, m, w, 1, buffer(cut(9)), lda, buffer(cut(10)), ldb)
					},
					"Strmm": func(b blas.Float32) {
						b.Strmm(side, ul, blas.Trans, diag, m, w, 1, buffer(cut(9)), lda, buffer(cut(10)), ldb)
					},
					"Sgemv": func(b blas.Float32) {
						b.Sgemv(tA, m, w, 1, buffer(cut(9)), lda, buffer(n*n-n+cut(10)), one, 0, buffer(n*n-n+cut(11)), other)
					},
					"Sger": func(b blas.Float32) {
						b.Sger(m, w, 1, buffer(n*n-n+cut(10)), one, buffer(n*n-n+cut(11)), other, buffer(cut(9)), lda)
					},
					"Sdot": func(b blas.Float32) {
						b.Sdot(m, buffer(n*n-n+cut(10)), one, buffer(n*n-n+cut(11)), other)
					},
					"Saxpy": func(b blas.Float32) {
						b.Saxpy(m, 1, buffer(n*n-n+cut(10)), one, buffer(n*n-n+cut(11)), other)
					},
					"Sscal": func(b blas.Float32) { b.Sscal(m, 2, buffer(n*n-n+cut(10)), one) },
					"Snrm2": func(b blas.Float32) { b.Snrm2(m, buffer(n*n-n+cut(10)), one) },
				} {
					got, want := said(f, Implementation{}), said(f, gonum.Implementation{})
					if fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("%s with number %d changed by %d: panic %v, gonum's %v", name, which, by, got, want)
					}
					if want != nil {
						panics++
					}
				}
			}
		}
		if panics < 200 {
			t.Errorf("only %d of the calls were bad", panics)
		}
	})
}

// counting counts products.
type counting struct {
	Implementation
	calls *int
}

func (c counting) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, x []float32, ldx int) {
	*c.calls++
	c.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, x, ldx)
}

func TestGonumAndGorgoniaUseWhatIsRegistered(t *testing.T) {
	t.Cleanup(func() {
		blas32.Use(gonum.Implementation{})
		tensor.Use(gonum.Implementation{})
	})
	var calls int
	Register(counting{calls: &calls})
	a, b := []float32{1, 2, 3, 4, 5, 6}, []float32{1, 0, 2, 1, 0, 3}
	want := []float32{5, 11, 14, 23} // [1 2 3; 4 5 6] * [1 0; 2 1; 0 3]
	check := func(who string, got []float32, n int) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", who, got, want)
		}
		if calls != n {
			t.Errorf("%s: %d products reached the registered implementation, want %d", who, calls, n)
		}
	}

	c := blas32.General{Rows: 2, Cols: 2, Stride: 2, Data: make([]float32, 4)}
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, blas32.General{Rows: 2, Cols: 3, Stride: 3, Data: a},
		blas32.General{Rows: 3, Cols: 2, Stride: 2, Data: b}, 0, c)
	check("gonum", c.Data, 1)

	x, y := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking(a)), tensor.New(tensor.WithShape(3, 2), tensor.WithBacking(b))
	z, err := x.MatMul(y)
	if err != nil {
		t.Fatal(err)
	}
	check("tensor", z.Data().([]float32), 2)

	g := gorgonia.NewGraph()
	p := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName("p"), gorgonia.WithShape(2, 3), gorgonia.WithValue(x))
	q := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName("q"), gorgonia.WithShape(3, 2), gorgonia.WithValue(y))
	product := gorgonia.Must(gorgonia.Mul(p, q))
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	check("gorgonia", product.Value().Data().([]float32), 3)
}
