package kern

import (
	"math"
	"math/rand/v2"
	"testing"
)

// general is a random product: sizes about those of the blocks, any strides.
type general struct {
	m, n, k     int
	a, b, c     []float32
	rs, cs      int
	ldb, ldc    int
	transposed  bool
	alpha, beta float32
}

func randomProduct(r *rand.Rand) general {
	size := func() int {
		switch r.IntN(8) {
		case 0:
			return 1 + r.IntN(600)
		case 1:
			return 1 + r.IntN(2)
		}
		return 1 + r.IntN(70)
	}
	g := general{m: size(), n: size(), k: size(), transposed: r.IntN(2) == 0}
	g.rs, g.cs = g.k+r.IntN(3), 1
	if r.IntN(2) == 0 {
		g.rs, g.cs = 1, g.m+r.IntN(3)
	}
	if r.IntN(6) == 0 { // a distance that crowds the caches
		if g.rs == 1 {
			g.cs = (g.cs + 1023) &^ 1023
		} else {
			g.rs = (g.rs + 1023) &^ 1023
		}
	}
	cols, rows := g.n, g.k
	if g.transposed {
		cols, rows = g.k, g.n
	}
	g.ldb, g.ldc = cols+r.IntN(3), g.n+r.IntN(3)
	factors := []float32{1, 0, -1, 0.5}
	g.alpha, g.beta = factors[r.IntN(4)], factors[r.IntN(4)]
	// Not a float longer than needed, so that reading on is found out.
	g.a = normal(r, (g.m-1)*g.rs+(g.k-1)*g.cs+1, 1)
	g.b = normal(r, (rows-1)*g.ldb+cols, 1)
	g.c = normal(r, (g.m-1)*g.ldc+g.n, 1)
	return g
}

func (g general) run(threads int) []float32 {
	c := append([]float32(nil), g.c...)
	Product(threads, g.m, g.n, g.k, g.alpha, g.a, g.rs, g.cs, g.b, g.ldb, g.transposed, g.beta, c, g.ldc)
	return c
}

func TestProductEqualsTheDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for range 120 {
			g := randomProduct(r)
			got := g.run(2)
			for i := range g.m {
				for j := range g.ldc {
					at := i*g.ldc + j
					if j >= g.n {
						if at < len(g.c) && got[at] != g.c[at] {
							t.Fatalf("%d x %d x %d: wrote column %d of %d", g.m, g.n, g.k, j, g.n)
						}
						continue
					}
					var sum, size float64
					for l := range g.k {
						bt := l*g.ldb + j
						if g.transposed {
							bt = j*g.ldb + l
						}
						v := float64(g.a[i*g.rs+l*g.cs]) * float64(g.b[bt])
						sum, size = sum+v, size+math.Abs(v)
					}
					old := float64(g.beta) * float64(g.c[at])
					want := float64(g.alpha)*sum + old
					bound := float64(g.k+4) * 0x1p-24 * (math.Abs(float64(g.alpha))*size + math.Abs(old))
					if math.Abs(float64(got[at])-want) > bound {
						t.Fatalf("%d x %d x %d, transposed %v, alpha %v, beta %v: C[%d, %d] = %v, want %v",
							g.m, g.n, g.k, g.transposed, g.alpha, g.beta, i, j, got[at], want)
					}
				}
			}
		}
	})
}

func TestProductDoesNotDependOnThreadsOrThePlaceInTheMatrix(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		for range 20 {
			g := randomProduct(r)
			g.m, g.n, g.alpha = 200+r.IntN(200), 100+r.IntN(300), 1
			g.k = 100 + r.IntN(300)
			g.rs, g.cs, g.ldb, g.ldc, g.transposed = g.k, 1, g.n, g.n, false
			g.a, g.b, g.c = normal(r, g.m*g.k, 1), normal(r, g.k*g.n, 1), normal(r, g.m*g.n, 1)
			want := g.run(1)
			for _, threads := range []int{2, 3, 8} {
				for i, v := range g.run(threads) {
					if v != want[i] {
						t.Fatalf("%d x %d x %d: element %d is %v with %d threads, %v with one", g.m, g.n, g.k, i, v, threads, want[i])
					}
				}
			}
			// A part of C from the same part of A and B.
			i0, j0 := r.IntN(g.m), r.IntN(g.n)
			part := g
			part.m, part.n = 1+r.IntN(g.m-i0), 1+r.IntN(g.n-j0)
			part.a, part.b, part.c = g.a[i0*g.k:], g.b[j0:], g.c[i0*g.n+j0:]
			got := part.run(1)
			for i := range part.m {
				for j := range part.n {
					if v, w := got[i*g.n+j], want[(i0+i)*g.n+j0+j]; v != w {
						t.Fatalf("part at %d, %d of %d x %d: %v, in the whole %v", i0, j0, part.m, part.n, v, w)
					}
				}
			}
		}
	})
}

func TestProductAllocatesNothingOnceWarm(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const n = 300
	a, b, c := normal(r, n*n, 1), normal(r, n*n, 1), make([]float32, n*n)
	run := func() { Product(2, n, n, n, 1, a, n, 1, b, n, true, 0, c, n) }
	run()
	// A collection between two runs may empty the pools.
	if got := testing.AllocsPerRun(50, run); got >= 1 && !raceDetector {
		t.Errorf("%v allocations per product", got)
	}
}

func TestMultiplyAddCountsItsOperations(t *testing.T) {
	each(t, func(t *testing.T) {
		one, many := MultiplyAdd(1), MultiplyAdd(100_000)
		if many != 100_000*one {
			t.Errorf("100000 rounds are %v operations, one is %v", many, one)
		}
		if (one == 0) != (Active() == "generic") {
			t.Errorf("%s: %v operations a round", Active(), one)
		}
		if MultiplyAdd(0) != 0 || MultiplyAdd(-1) != 0 {
			t.Error("no rounds are operations")
		}
	})
}
