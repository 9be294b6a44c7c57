package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// each runs f once for every implementation that this machine has.
func each(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	old := Active()
	t.Cleanup(func() { _ = Use(old) })
	for _, name := range Available() {
		if err := Use(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, f)
	}
}

func normal(r *rand.Rand, n int, sd float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * sd)
	}
	return x
}

func near(t *testing.T, what string, got float32, want, tol float64) {
	t.Helper()
	if d := math.Abs(float64(got) - want); !(d <= tol*(1+math.Abs(want))) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func TestGemmEqualsTheDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 150 {
			m, n, k := 1+r.IntN(40), 16*(1+r.IntN(6)), 1+r.IntN(70)
			if r.IntN(5) == 0 {
				k += 300
			}
			tA, tB, acc, biased := r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0
			a, b := normal(r, m*k, 1), normal(r, k*n, 1)
			ldc := n + r.IntN(3)
			c := normal(r, m*ldc, 1)
			old := append([]float32(nil), c...)
			var bias []float32
			if biased {
				bias = normal(r, n, 1)
			}
			rs, cs := k, 1
			if tA {
				rs, cs = 1, m
			}
			ldb := n
			if tB {
				ldb = k
			}
			var p Packed
			p.Pack(2, b, ldb, k, n, tB)
			Gemm(m, a, rs, cs, &p, c, ldc, acc, bias)
			for i := range m {
				for j := range ldc {
					want := float64(old[i*ldc+j])
					if j < n {
						if !acc {
							want = 0
						}
						if biased {
							want += float64(bias[j])
						}
						for q := range k {
							bv := b[q*n+j%n]
							if tB {
								bv = b[j*k+q]
							}
							want += float64(a[i*rs+q*cs]) * float64(bv)
						}
					}
					near(t, fmt.Sprintf("m=%d n=%d k=%d tA=%v tB=%v acc=%v bias=%v at %d,%d", m, n, k, tA, tB, acc, biased, i, j), c[i*ldc+j], want, 3e-5)
				}
			}
		}
	})
}

func TestGemmRowDoesNotDependOnItsPlace(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		const k, n, m = 333, 80, 53
		a, b := normal(r, m*k, 1), normal(r, k*n, 1)
		var p Packed
		p.Pack(1, b, n, k, n, false)
		whole := make([]float32, m*n)
		Gemm(m, a, k, 1, &p, whole, n, false, b[:n])
		for i := range m {
			one := make([]float32, n)
			Gemm(1, a[i*k:], k, 1, &p, one, n, false, b[:n])
			for j := range one {
				if one[j] != whole[i*n+j] {
					t.Fatalf("row %d column %d: %v alone, %v in the batch", i, j, one[j], whole[i*n+j])
				}
			}
		}
	})
}

func TestVectorKernelsEqualTheirDefinitions(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		for _, n := range []int{16, 32, 48, 1600} {
			x, b, y := normal(r, n, 4), normal(r, n, 4), make([]float32, n)
			Exp(x, y)
			for i := range x {
				want := math.Exp(float64(x[i]))
				if math.Abs(float64(y[i])-want) > 4e-7*want {
					t.Fatalf("exp(%v) = %v, want %v", x[i], y[i], want)
				}
			}
			gate := func(v float64) float64 { return 1 / (1 + math.Exp(-geluC*v*(1+0.044715*v*v))) }
			Gelu(x, y)
			for i := range x {
				near(t, "gelu", y[i], float64(x[i])*gate(float64(x[i])), 1e-6)
			}
			GeluGrad(x, b, y)
			for i := range x {
				v, h := float64(x[i]), 1e-5
				near(t, "gelu'", y[i], float64(b[i])*((v+h)*gate(v+h)-(v-h)*gate(v-h))/(2*h), 3e-6)
			}
			Add(x, b, y)
			near(t, "add", y[n-1], float64(x[n-1])+float64(b[n-1]), 1e-6)
			AddScaled(0.5, x, y)
			near(t, "axpy", y[3], 1.5*float64(x[3])+float64(b[3]), 1e-6)
			Scale(-2, x, y)
			near(t, "scale", y[n-1], -2*float64(x[n-1]), 1e-6)
			m, dot, sq := math.Inf(-1), 0.0, 0.0
			for i := range x {
				m = max(m, float64(x[i]+b[i]))
				dot += float64(x[i]) * float64(b[i])
				sq += float64(x[i]) * float64(x[i])
			}
			near(t, "maxAdd", MaxAdd(x, b), m, 0)
			near(t, "dot", Dot(x, b), dot, 1e-5)
			near(t, "sum of squares", float32(SumSquares(x)), sq, 1e-5)
			b[n-1] = -1e30
			sum := 0.0
			for i := range x {
				sum += math.Exp(float64(x[i]) + float64(b[i]) - m)
			}
			near(t, "expAddSum", ExpAddSum(x, b, float32(m), y), sum, 1e-5)
			if y[n-1] != 0 {
				t.Fatalf("a masked entry has weight %v", y[n-1])
			}
		}
	})
}

func TestAdamFollowsTheFormula(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		const n = 64
		p, g, m, v := normal(r, n, 1), normal(r, n, 1), normal(r, n, 1), normal(r, n, 1)
		for i := range v {
			v[i] *= v[i]
		}
		p0, m0, v0 := append([]float32(nil), p...), append([]float32(nil), m...), append([]float32(nil), v...)
		s := AdamStep{Beta1: 0.9, Beta2: 0.99, LR: 0.01, Eps: 1e-6, Clip: 0.5, Decay: 0.999}
		Adam(p, g, m, v, s)
		for i := range p {
			gr := 0.5 * float64(g[i])
			wm := 0.9*float64(m0[i]) + 0.1*gr
			wv := 0.99*float64(v0[i]) + 0.01*gr*gr
			near(t, "m", m[i], wm, 1e-5)
			near(t, "v", v[i], wv, 1e-5)
			near(t, "p", p[i], float64(p0[i])*0.999-0.01*wm/(math.Sqrt(wv)+1e-6), 1e-5)
		}
	})
}

// reference computes attention and, by central differences, nothing: it is the
// definition in double precision.
func reference(n, ld int, q, k, v []float64, rel []int32, table []float64, scale float64) (out []float64) {
	out = make([]float64, n*16)
	for i := range n {
		p := make([]float64, n)
		var sum float64
		for j := range n {
			var s float64
			for c := range 16 {
				s += q[i*ld+c] * k[j*ld+c]
			}
			p[j] = math.Exp(s*scale + table[rel[i*16+j]])
			sum += p[j]
		}
		for j := range n {
			for c := range 16 {
				out[i*16+c] += p[j] / sum * v[j*ld+c]
			}
		}
	}
	return out
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func TestAttentionAndItsGradientEqualTheDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 10))
		for n := 1; n <= 16; n++ {
			const ld = 48
			scale := float32(0.25)
			qkv := [3][]float32{normal(r, n*ld, 1), normal(r, n*ld, 1), normal(r, n*ld, 1)}
			table := normal(r, 16, 1)
			table[15] = -1e30
			rel := make([]int32, n*16)
			for i := range rel {
				rel[i] = 15
				if i%16 < n {
					rel[i] = int32(r.IntN(15))
				}
			}
			probs, out := make([]float32, n*16), make([]float32, n*16)
			Attend(n, qkv[0], qkv[1], qkv[2], ld, rel, table, scale, probs, out, 16)
			eval := func(q, k, v []float64, tab []float64) []float64 {
				return reference(n, ld, q, k, v, rel, tab, float64(scale))
			}
			w := [4][]float64{widen(qkv[0]), widen(qkv[1]), widen(qkv[2]), widen(table)}
			want := eval(w[0], w[1], w[2], w[3])
			for i := range want {
				near(t, fmt.Sprintf("n=%d out[%d]", n, i), out[i], want[i], 1e-5)
			}
			dout := normal(r, n*16, 1)
			ds := make([]float32, n*16)
			grads := [3][]float32{make([]float32, n*ld), make([]float32, n*ld), make([]float32, n*ld)}
			AttendGrad(n, qkv[0], qkv[1], qkv[2], ld, scale, probs, dout, 16, ds, grads[0], grads[1], grads[2])
			loss := func() (s float64) {
				for i, v := range eval(w[0], w[1], w[2], w[3]) {
					s += v * float64(dout[i])
				}
				return s
			}
			numeric := func(x []float64, i int) float64 {
				const h = 1e-5
				old := x[i]
				x[i] = old + h
				up := loss()
				x[i] = old - h
				down := loss()
				x[i] = old
				return (up - down) / (2 * h)
			}
			for part := range 3 {
				for row := range n {
					i := row*ld + r.IntN(16)
					near(t, fmt.Sprintf("n=%d gradient of part %d at %d", n, part, i), grads[part][i], numeric(w[part], i), 3e-5)
				}
			}
			var dtable [16]float64
			for i, d := range ds {
				if i%16 < n {
					dtable[rel[i]] += float64(d)
				} else if d != 0 {
					t.Fatalf("n=%d: padding has gradient %v", n, d)
				}
			}
			for b := range 15 {
				near(t, "gradient of the bias table", float32(dtable[b]), numeric(w[3], b), 3e-5)
			}
		}
	})
}

func TestNormAndItsGradientEqualTheDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(11, 12))
		const rows, d = 7, 48
		x, ga, be, dy := normal(r, rows*d, 2), normal(r, d, 1), normal(r, d, 1), normal(r, rows*d, 1)
		y, xh, rs := make([]float32, rows*d), make([]float32, rows*d), make([]float32, rows)
		Norm(rows, d, x, ga, be, y, xh, rs)
		eval := func(x, ga, be []float64) []float64 {
			out := make([]float64, len(x))
			for i := range rows {
				var mean, vr float64
				for j := range d {
					mean += x[i*d+j] / d
				}
				for j := range d {
					vr += (x[i*d+j] - mean) * (x[i*d+j] - mean) / d
				}
				for j := range d {
					out[i*d+j] = (x[i*d+j]-mean)/math.Sqrt(vr+NormEps)*ga[j] + be[j]
				}
			}
			return out
		}
		w := [3][]float64{widen(x), widen(ga), widen(be)}
		for i, v := range eval(w[0], w[1], w[2]) {
			near(t, "norm", y[i], v, 1e-5)
		}
		dx, dg, db := make([]float32, rows*d), make([]float32, d), make([]float32, d)
		NormGrad(rows, d, dy, xh, rs, ga, dx, dg, db)
		for part, got := range [][]float32{dx, dg, db} {
			for range 30 {
				i := r.IntN(len(got))
				old := w[part][i]
				var s [2]float64
				for side, h := range []float64{1e-5, -1e-5} {
					w[part][i] = old + h
					for j, v := range eval(w[0], w[1], w[2]) {
						s[side] += v * float64(dy[j])
					}
				}
				w[part][i] = old
				near(t, fmt.Sprintf("gradient of part %d", part), got[i], (s[0]-s[1])/2e-5, 1e-4)
			}
		}
	})
}

func BenchmarkGemm(b *testing.B) {
	for _, s := range [][3]int{{2048, 64, 192}, {2048, 64, 256}, {2048, 256, 64}, {512, 512, 512}, {64, 1600, 192}} {
		m, k, n := s[0], s[1], s[2]
		r := rand.New(rand.NewPCG(1, 1))
		a, w, c := normal(r, m*k, 1), normal(r, k*n, 1), make([]float32, m*n)
		b.Run(fmt.Sprintf("%dx%dx%d", m, k, n), func(b *testing.B) {
			var p Packed
			for b.Loop() {
				p.Pack(1, w, n, k, n, false)
				Gemm(m, a, k, 1, &p, c, n, false, nil)
			}
			b.ReportMetric(2*float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func BenchmarkAttend(b *testing.B) {
	for _, n := range []int{4, 8} {
		r := rand.New(rand.NewPCG(1, 1))
		q, rel, table := normal(r, 16*192, 1), make([]int32, 256), make([]float32, 16)
		probs, out, ds, dq := make([]float32, 256), make([]float32, 16*64), make([]float32, 256), make([]float32, 16*192)
		b.Run(fmt.Sprint("forward", n), func(b *testing.B) {
			for b.Loop() {
				Attend(n, q, q[64:], q[128:], 192, rel, table, 0.25, probs, out, 64)
			}
		})
		b.Run(fmt.Sprint("backward", n), func(b *testing.B) {
			for b.Loop() {
				AttendGrad(n, q, q[64:], q[128:], 192, 0.25, probs, out, 64, ds, dq, dq[64:], dq[128:])
			}
		})
	}
}
