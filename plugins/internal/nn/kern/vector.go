package kern

// chunk bounds one call into assembly, which cannot be preempted.
const chunk = 1 << 15

func check(n int, lengths ...int) {
	if n%Lane != 0 {
		panic("kern: length is not a multiple of 16")
	}
	for _, l := range lengths {
		if l < n {
			panic("kern: a slice is too short")
		}
	}
}

// Exp sets y = e^x; below -87.3 it is 0, above 88.3 it stays at e^88.3.
func Exp(x, y []float32) { unary(active.exp, x, y) }

// Gelu sets y to the tanh form of GELU (Hendrycks and Gimpel 2016).
func Gelu(x, y []float32) { unary(active.gelu, x, y) }

// GeluGrad sets dx = dy * gelu'(x).
func GeluGrad(x, dy, dx []float32) { binary(active.geluGrad, x, dy, dx) }

// Add sets y = a + b; y may be a or b.
func Add(a, b, y []float32) { binary(active.add, a, b, y) }

// Scale sets y = f*x; y may be x.
func Scale(f float32, x, y []float32) { scaled(active.scale, f, x, y) }

// AddScaled sets y += f*x.
func AddScaled(f float32, x, y []float32) { scaled(active.axpy, f, x, y) }

func unary(f func(int, *float32, *float32), x, y []float32) {
	check(len(x), len(y))
	for i := 0; i < len(x); i += chunk {
		f(min(chunk, len(x)-i), &x[i], &y[i])
	}
}

func binary(f func(int, *float32, *float32, *float32), a, b, y []float32) {
	check(len(a), len(b), len(y))
	for i := 0; i < len(a); i += chunk {
		f(min(chunk, len(a)-i), &a[i], &b[i], &y[i])
	}
}

func scaled(k func(int, float32, *float32, *float32), f float32, x, y []float32) {
	check(len(x), len(y))
	for i := 0; i < len(x); i += chunk {
		k(min(chunk, len(x)-i), f, &x[i], &y[i])
	}
}

// MaxAdd is the largest x[i]+b[i].
func MaxAdd(x, b []float32) float32 {
	check(len(x), len(b))
	if len(x) == 0 {
		return -3e38
	}
	return active.maxAdd(len(x), &x[0], &b[0])
}

// ExpAddSum sets y[i] = e^(x[i]+b[i]-m) and returns their sum; y may be x.
func ExpAddSum(x, b []float32, m float32, y []float32) float32 {
	check(len(x), len(b), len(y))
	if len(x) == 0 {
		return 0
	}
	return active.expAddSum(len(x), m, &x[0], &b[0], &y[0])
}

// Dot is the scalar product of x and y.
func Dot(x, y []float32) float32 {
	check(len(x), len(y))
	if len(x) == 0 {
		return 0
	}
	return active.dot(len(x), &x[0], &y[0])
}

// SumSquares adds up x[i]^2 in double precision over chunks of fixed size.
func SumSquares(x []float32) float64 {
	check(len(x))
	const part = 4096
	var s float64
	for i := 0; i < len(x); i += part {
		n := min(part, len(x)-i)
		s += float64(active.dot(n, &x[i], &x[i]))
	}
	return s
}

// AdamStep holds the scalars of an AdamW step; LR and Eps already contain the
// bias corrections, Decay is 1 - lr*weightDecay, Clip multiplies the gradient.
type AdamStep struct{ Beta1, Beta2, LR, Eps, Clip, Decay float32 }

// Adam updates the parameters p and the moments m and v with the gradient g.
func Adam(p, g, m, v []float32, s AdamStep) {
	check(len(p), len(g), len(m), len(v))
	for i := 0; i < len(p); i += chunk {
		active.adam(min(chunk, len(p)-i), &p[i], &g[i], &m[i], &v[i], s.Beta1, s.Beta2, s.LR, s.Eps, s.Clip, s.Decay)
	}
}

// NormEps is added to the variance in layer norm.
const NormEps = 1e-5

// Norm is layer norm over rows of d: y = gamma*xhat + beta, where xhat and
// rstd are kept for the gradient.
func Norm(rows, d int, x, gamma, beta, y, xhat, rstd []float32) {
	check(d, len(gamma), len(beta))
	if rows == 0 {
		return
	}
	check(rows*d, len(x), len(y), len(xhat))
	_ = rstd[rows-1]
	active.norm(rows, d, &x[0], &gamma[0], &beta[0], &y[0], &xhat[0], &rstd[0], 1/float32(d), NormEps)
}

// NormGrad writes dx and adds to dgamma and dbeta.
func NormGrad(rows, d int, dy, xhat, rstd, gamma, dx, dgamma, dbeta []float32) {
	check(d, len(gamma), len(dgamma), len(dbeta))
	if rows == 0 {
		return
	}
	check(rows*d, len(dy), len(xhat), len(dx))
	_ = rstd[rows-1]
	active.normGrad(rows, d, &dy[0], &xhat[0], &rstd[0], &gamma[0], &dx[0], &dgamma[0], &dbeta[0], 1/float32(d))
}
