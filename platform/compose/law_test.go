package compose_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
)

// world is a finite set of end points with the log-density of every model there,
// each summing to one; some are impossible.
type world map[string][]float64

func newWorld(rng *rand.Rand, spread float64, names ...string) world {
	const points = 6
	w := world{}
	for _, name := range names {
		l := make([]float64, points)
		for x := range l {
			l[x] = spread * rng.NormFloat64()
			if x > 0 && rng.IntN(8) == 0 {
				l[x] = math.Inf(-1)
			}
		}
		w[name] = normalised(l)
	}
	return w
}

func logSum(l []float64) float64 {
	top := slices.Max(l)
	if math.IsInf(top, -1) {
		return top
	}
	var sum float64
	for _, v := range l {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

func normalised(l []float64) []float64 {
	z := logSum(l)
	out := make([]float64, len(l))
	for i := range l {
		out[i] = l[i] - z
	}
	return out
}

// law evaluates an expression by the definitions of the operations, one by one,
// a nested composite normalised by summing over all points; up to a constant.
func (w world) law(e compose.Expr) []float64 {
	all := func(of []compose.Expr, normal bool) [][]float64 {
		out := make([][]float64, len(of))
		for i, o := range of {
			if out[i] = w.law(o); normal {
				out[i] = normalised(out[i])
			}
		}
		return out
	}
	pointwise := func(f func(x int) float64) []float64 {
		out := make([]float64, len(w["a"]))
		for x := range out {
			if out[x] = f(x); math.IsNaN(out[x]) {
				out[x] = math.Inf(-1) // impossible in one factor, whatever the others
			}
		}
		return out
	}
	// observe is sum_i w_i p_i prod_k (alpha_y p_y / sum_i alpha_i p_i)^kappa.
	observe := func(of [][]float64, weights []float64, labels []int, priors [][]float64, kappa []float64) []float64 {
		return pointwise(func(x int) float64 {
			mean := func(alpha []float64) float64 {
				v := make([]float64, len(of))
				for i := range of {
					v[i] = math.Log(alpha[i]) + of[i][x]
				}
				return logSum(v)
			}
			out := mean(weights)
			for k, y := range labels {
				out += kappa[k] * (math.Log(priors[k][y]) + of[y][x] - mean(priors[k]))
			}
			return out
		})
	}
	switch e := e.(type) {
	case *compose.Model:
		return w[e.Name]
	case *compose.Mix:
		of := all(operandsOf(e), true)
		weight := make([]float64, len(of))
		var sum float64
		for i, t := range e.Terms {
			weight[i] = t.Weight
			sum += t.Weight
		}
		return pointwise(func(x int) float64 {
			v := make([]float64, len(of))
			for i := range of {
				v[i] = of[i][x]
				if sum > 0 {
					v[i] += math.Log(weight[i])
				}
			}
			return logSum(v)
		})
	case *compose.And:
		n := len(e.Operands)
		labels, priors, kappa := make([]int, n), make([][]float64, n), make([]float64, n)
		for k := range labels {
			labels[k], priors[k], kappa[k] = k, equal(n), 1
		}
		if e.Alpha != 0 {
			priors[1] = []float64{e.Alpha, 1 - e.Alpha}
		}
		return observe(all(e.Operands, true), equal(n), labels, priors, kappa)
	case *compose.Contrast:
		alpha := e.Alpha
		if alpha == 0 {
			alpha = .5
		}
		of := all([]compose.Expr{e.Left, e.Right}, true)
		return observe(of, equal(2), []int{0, 0}, [][]float64{equal(2), {alpha, 1 - alpha}}, []float64{1, 1})
	case *compose.Obs:
		var of [][]float64
		var weights []float64
		place := map[string]int{}
		for i, m := range e.Over {
			of = append(of, w[m.Model.Name])
			weights = append(weights, max(m.Weight, 1e-300))
			place[m.Model.Name] = i
		}
		var labels []int
		var priors [][]float64
		var kappa []float64
		for _, l := range e.Labels {
			labels = append(labels, place[l.Model.Name])
			kappa = append(kappa, 1)
			if l.Exponent != 0 {
				kappa[len(kappa)-1] = l.Exponent
			}
			priors = append(priors, weights)
			if l.Alpha != nil {
				priors[len(priors)-1] = l.Alpha
			}
		}
		return observe(of, weights, labels, priors, kappa)
	case *compose.Harmonic:
		of := all(e.Operands, true)
		return pointwise(func(x int) float64 {
			v := make([]float64, len(of))
			for j := range of {
				v[j] = -of[j][x]
				if e.Weights != nil {
					v[j] += math.Log(e.Weights[j])
				}
				if math.IsInf(v[j], 1) {
					return math.Inf(-1)
				}
			}
			return -logSum(v)
		})
	case *compose.Product:
		of := all(e.Operands, false)
		return pointwise(func(x int) float64 {
			var sum float64
			for j := range of {
				sum += of[j][x]
			}
			return sum
		})
	case *compose.Power:
		of := w.law(e.Base)
		return pointwise(func(x int) float64 { return e.Exponent * of[x] })
	}
	panic("no such expression")
}

func operandsOf(e *compose.Mix) []compose.Expr {
	var out []compose.Expr
	for _, t := range e.Terms {
		out = append(out, t.Of)
	}
	return out
}

func equal(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1 / float64(n)
	}
	return out
}

// compileIn compiles an expression with normalisers summed over the world, and
// is false where something nested has no support there.
func (w world) compileIn(t testing.TB, e *compose.Expression, models []string) (*compose.Composition, compose.Normalisers, bool) {
	t.Helper()
	known := compose.Normalisers{}
	for _, inner := range compose.Nested(e) {
		c, err := compose.Compile(inner, models, known)
		if err != nil {
			t.Fatalf("%s in %s: %v", inner, e, err)
		}
		z := logSum(w.densities(c))
		if math.IsInf(z, -1) {
			return nil, nil, false
		}
		known[inner.String()] = z
	}
	c, err := compose.Compile(e, models, known)
	if err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	return c, known, true
}

func (w world) at(models []string, x int) []float64 {
	l := make([]float64, len(models))
	for i, m := range models {
		l[i] = w[m][x]
	}
	return l
}

func (w world) densities(c *compose.Composition) []float64 {
	out := make([]float64, len(w["a"]))
	for x := range out {
		out[x] = c.LogDensity(w.at(c.Models(), x), 0)
	}
	return out
}

// grow draws an expression of moderate numbers, so that sums over points can be
// compared to rounding.
func grow(rng *rand.Rand, depth int) compose.Expr {
	name := func() *compose.Model { return &compose.Model{Name: []string{"a", "b", "c"}[rng.IntN(3)]} }
	if depth == 0 {
		return name()
	}
	several := func() []compose.Expr {
		out := make([]compose.Expr, 2+rng.IntN(2))
		for i := range out {
			out[i] = grow(rng, rng.IntN(depth))
		}
		return out
	}
	weight := func() float64 { return .2 + 3*rng.Float64() }
	alpha := func() float64 { return []float64{0, .5, .05, .9}[rng.IntN(4)] }
	switch rng.IntN(7) {
	case 0:
		e := &compose.Mix{}
		written := rng.IntN(2) == 0
		for i, of := range several() {
			t := compose.Term{Of: of}
			if written && (i == 0 || rng.IntN(4) > 0) {
				t.Weight = weight()
			}
			e.Terms = append(e.Terms, t)
		}
		return e
	case 1:
		e := &compose.And{Operands: several()}
		if len(e.Operands) == 2 {
			e.Alpha = alpha()
		}
		return e
	case 2:
		e := &compose.Contrast{Left: grow(rng, depth-1), Right: grow(rng, depth-1), Alpha: alpha()}
		if rng.IntN(5) == 0 {
			e.Alpha = 1
		}
		return e
	case 3:
		e := &compose.Obs{}
		for _, n := range []string{"a", "b", "c"} {
			e.Over = append(e.Over, compose.Member{Weight: weight(), Model: &compose.Model{Name: n}})
		}
		for range 1 + rng.IntN(3) {
			l := compose.Label{Model: name()}
			if rng.IntN(3) == 0 {
				l.Exponent = weight()
			}
			if rng.IntN(2) == 0 {
				l.Alpha = []float64{weight(), weight(), weight()}
			}
			e.Labels = append(e.Labels, l)
		}
		return e
	case 4:
		e := &compose.Harmonic{Operands: several()}
		if rng.IntN(2) == 0 {
			for range e.Operands {
				e.Weights = append(e.Weights, weight())
			}
		}
		return e
	case 5:
		return &compose.Product{Operands: several()}
	}
	return &compose.Power{Base: grow(rng, depth-1), Exponent: []float64{.5, 1, 2, .25}[rng.IntN(4)]}
}

func sameLaw(a, b []float64, tolerance float64) bool {
	a, b = normalised(a), normalised(b)
	for x := range a {
		if !(a[x] == b[x] || math.Abs(a[x]-b[x]) <= tolerance) {
			return false
		}
	}
	return true
}

// eachExpression runs a check on expressions of every shape, in worlds where all
// that is nested in them has support.
func eachExpression(t *testing.T, seed uint64, n int, check func(e *compose.Expression, w world, c *compose.Composition, known compose.Normalisers)) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	models := []string{"a", "b", "c"}
	tried := 0
	for range n {
		root := grow(rng, 1+rng.IntN(3))
		e, err := compose.Parse(root.String())
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(rng, 2, models...)
		if c, known, ok := w.compileIn(t, e, models); ok {
			tried++
			check(e, w, c, known)
		}
	}
	if tried < n/2 {
		t.Fatalf("only %d of %d expressions could be tried", tried, n)
	}
}

func TestAnyExpressionIsWhatItsOperationsAreDefinedAs(t *testing.T) {
	t.Parallel()
	eachExpression(t, 1, 4000, func(e *compose.Expression, w world, c *compose.Composition, _ compose.Normalisers) {
		want := w.law(e.Root)
		if math.IsInf(logSum(want), -1) {
			return
		}
		if got := w.densities(c); !sameLaw(got, want, 1e-9) {
			t.Fatalf("%s (as %s):\n%v\nby definition\n%v", e, e.Simplify(), normalised(got), normalised(want))
		}
	})
}

func TestTheTargetOnPathsFollowsTheBackwardKernel(t *testing.T) {
	t.Parallel()
	// gamma(path) = B G(P/B); without B where UsesBackward says so.
	rng := rand.New(rand.NewPCG(8, 8))
	eachExpression(t, 3, 2000, func(e *compose.Expression, w world, c *compose.Composition, _ compose.Normalisers) {
		for x := range w["a"] {
			l := w.at(c.Models(), x)
			logB := -20 * rng.Float64()
			path := make([]float64, len(l))
			for i := range l {
				path[i] = l[i] + logB
			}
			want := c.LogDensity(l, 0) + logB
			if got := c.LogDensity(path, logB); got != want && math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
				t.Fatalf("%s: on the path %g, want %g", e, got, want)
			}
			if got := c.LogDensity(path, 5); !c.UsesBackward() && got != want && math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
				t.Fatalf("%s says that the backward kernel drops out, and it does not", e)
			}
		}
	})
	for text, want := range map[string]bool{
		"a & b": false, "a^2": true, "a^1": false, "product(a, b)": true,
		"product(a^0.5, b^0.5)": false, "product(a^0.3, b^0.7)": false, "(a | b)^0.5": true, "product(a^2, b)": true,
	} {
		if got := compile(t, text, "a", "b", "c").UsesBackward(); got != want {
			t.Errorf("%s uses the backward kernel: %v", text, got)
		}
	}
}

func TestRenamingAndReorderingModelsChangesNothing(t *testing.T) {
	t.Parallel()
	rename := map[string]string{"a": "c", "b": "a", "c": "b"}
	var renamed func(e compose.Expr) compose.Expr
	all := func(of []compose.Expr) []compose.Expr {
		out := make([]compose.Expr, len(of))
		for i := range of {
			out[i] = renamed(of[i])
		}
		return out
	}
	model := func(m *compose.Model) *compose.Model { return &compose.Model{Name: rename[m.Name]} }
	renamed = func(e compose.Expr) compose.Expr {
		switch e := e.(type) {
		case *compose.Model:
			return model(e)
		case *compose.Mix:
			out := &compose.Mix{}
			for _, t := range e.Terms {
				out.Terms = append(out.Terms, compose.Term{Weight: t.Weight, Of: renamed(t.Of)})
			}
			return out
		case *compose.And:
			return &compose.And{Operands: all(e.Operands), Alpha: e.Alpha}
		case *compose.Contrast:
			return &compose.Contrast{Left: renamed(e.Left), Right: renamed(e.Right), Alpha: e.Alpha}
		case *compose.Harmonic:
			return &compose.Harmonic{Operands: all(e.Operands), Weights: e.Weights}
		case *compose.Product:
			return &compose.Product{Operands: all(e.Operands)}
		case *compose.Power:
			return &compose.Power{Base: renamed(e.Base), Exponent: e.Exponent}
		case *compose.Obs:
			out := &compose.Obs{}
			for _, m := range e.Over {
				out.Over = append(out.Over, compose.Member{Weight: m.Weight, Model: model(m.Model)})
			}
			for _, l := range e.Labels {
				out.Labels = append(out.Labels, compose.Label{Model: model(l.Model), Exponent: l.Exponent, Alpha: l.Alpha})
			}
			slices.Reverse(out.Labels) // they are exchangeable with their priors
			return out
		}
		panic("no such expression")
	}
	eachExpression(t, 4, 1000, func(e *compose.Expression, w world, c *compose.Composition, _ compose.Normalisers) {
		moved := world{}
		for from, to := range rename {
			moved[to] = w[from]
		}
		f, err := compose.Parse(renamed(e.Root).String())
		if err != nil {
			t.Fatal(err)
		}
		d, _, ok := moved.compileIn(t, f, []string{"b", "c", "a"})
		if !ok {
			t.Fatalf("%s has support and %s has none", e, f)
		}
		one, other := w.densities(c), moved.densities(d)
		for x := range one {
			if one[x] != other[x] && math.Abs(one[x]-other[x]) > 1e-9 {
				t.Fatalf("%s: %g at point %d; renamed to %s: %g", e, one[x], x, f, other[x])
			}
		}
	})
}

func TestObservationFormIsTheComposition(t *testing.T) {
	t.Parallel()
	forms := 0
	eachExpression(t, 7, 3000, func(e *compose.Expression, w world, c *compose.Composition, _ compose.Normalisers) {
		o, ok := c.Observations()
		if !ok {
			return
		}
		forms++
		for x := range w["a"] {
			l := w.at(c.Models(), x)
			mean := func(alpha []float64) float64 {
				v := make([]float64, len(l))
				for i := range l {
					v[i] = math.Log(alpha[i]) + l[i]
				}
				return logSum(v)
			}
			want := o.LogFactor + mean(o.Weights)
			for _, y := range o.List {
				want += y.Kappa * (math.Log(y.Prior[y.Label]) + l[y.Label] - mean(y.Prior))
			}
			if math.IsNaN(want) {
				want = math.Inf(-1)
			}
			if got := c.LogDensity(l, 0); got != want && math.Abs(got-want) > 1e-9 {
				t.Fatalf("%s at %v: %g, as observations %+v %g", e, l, got, o, want)
			}
		}
	})
	if forms < 500 {
		t.Errorf("only %d expressions had an observation form", forms)
	}
}
