package compose_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"pgregory.net/rapid"
)

func compile(t testing.TB, text string, models ...string) *compose.Composition {
	t.Helper()
	e, err := compose.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	c, err := compose.Compile(e, models, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}

// near reports whether two positive numbers agree to rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-11*(math.Abs(a)+math.Abs(b)) }

// forms are the closed forms of the operations with the constants of the
// observation model, and those of the operations beyond it.
var forms = []struct {
	text string
	form func(a, b, c float64) float64
}{
	{"a", func(a, _, _ float64) float64 { return a }},
	{"a | b", func(a, b, _ float64) float64 { return (a + b) / 2 }},
	{"0.7 a | 0.3 b", func(a, b, _ float64) float64 { return .7*a + .3*b }},
	{"2 a | 3 b | 5 c", func(a, b, c float64) float64 { return .2*a + .3*b + .5*c }},
	{"(a | b) | c", func(a, b, c float64) float64 { return a/4 + b/4 + c/2 }},
	{"a & b", func(a, b, _ float64) float64 { return a * b / (a + b) / 2 }},
	{"a - b", func(a, b, _ float64) float64 { return a * a / (a + b) / 2 }},
	{"b - a", func(a, b, _ float64) float64 { return b * b / (a + b) / 2 }},
	{"a &{0.05} b", func(a, b, _ float64) float64 { return .5 * .95 * a * b / (.05*a + .95*b) }},
	{"a -{0.05} b", func(a, b, _ float64) float64 { return .5 * .05 * a * a / (.05*a + .95*b) }},
	{"b -{0.95} a", func(a, b, _ float64) float64 { return .5 * .95 * b * b / (.05*a + .95*b) }},
	{"a & b & c", func(a, b, c float64) float64 { return a * b * c / (3 * (a + b + c) * (a + b + c)) }},
	{"(a | b) & c", func(a, b, c float64) float64 { m := (a + b) / 2; return m * c / (m + c) / 2 }},
	{"obs(a; over a, b)", func(a, _, _ float64) float64 { return a / 2 }},
	{"obs(a, b)", func(a, b, _ float64) float64 { return a * b / (a + b) / 2 }},
	{"obs(a, a; over a, b)", func(a, b, _ float64) float64 { return a * a / (a + b) / 2 }},
	{"obs(a, a; over a, b, c)", func(a, b, c float64) float64 { return a * a / (a + b + c) / 3 }},
	{"obs(a, a, a; over a, b, c)", func(a, b, c float64) float64 { return a * a * a / (3 * (a + b + c) * (a + b + c)) }},
	{"obs(a, a, b; over a, b, c)", func(a, b, c float64) float64 { return a * a * b / (3 * (a + b + c) * (a + b + c)) }},
	{"obs(a, b{0.05})", func(a, b, _ float64) float64 { return .5 * a * .95 * b / (.05*a + .95*b) }},
	{"obs(a, b{1, 19}; over a, b)", func(a, b, _ float64) float64 { return .5 * a * .95 * b / (.05*a + .95*b) }},
	{"obs(a, b; over 0.2 a, 0.8 b)", func(a, b, _ float64) float64 { return .2 * a * .8 * b / (.2*a + .8*b) }},
	{"obs(a^2, b; over a, b)", func(a, b, _ float64) float64 { return a * a * b / ((a + b) * (a + b)) / 2 }},
	{"obs(a^0.5; over a, b)", func(a, b, _ float64) float64 { return (a + b) / 2 * math.Sqrt(a/(a+b)) }},
	{"harmonic(a, b, c)", func(a, b, c float64) float64 { return a * b * c / (a*b + a*c + b*c) }},
	{"harmonic(a, b)", func(a, b, _ float64) float64 { return a * b / (a + b) }},
	{"product(a, b)", func(a, b, _ float64) float64 { return a * b }},
	{"a^2", func(a, _, _ float64) float64 { return a * a }},
	{"(a | b)^0.5", func(a, b, _ float64) float64 { return math.Sqrt((a + b) / 2) }},
}

func TestEveryOperationIsItsClosedForm(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range forms {
		c := compile(t, f.text, "a", "b", "c")
		for range 200 {
			p := make([]float64, 3)
			l := make([]float64, 3)
			for i := range p {
				l[i] = 6 * rng.NormFloat64()
				p[i] = math.Exp(l[i])
			}
			want := f.form(p[0], p[1], p[2])
			if got := math.Exp(c.LogDensity(l, 0)); !near(got, want) {
				t.Fatalf("%s at %v: LogDensity gives %g, closed form %g", f.text, p, got, want)
			}
			if got := c.Density(p, 1); !near(got, want) {
				t.Fatalf("%s at %v: Density gives %g, closed form %g", f.text, p, got, want)
			}
		}
	}
}

func TestPathTargetIsTheEndPointTargetTimesTheBackwardKernel(t *testing.T) {
	t.Parallel()
	// gamma(path) = B G(P_1/B, ...)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, f := range forms {
		c := compile(t, f.text, "a", "b", "c")
		for range 50 {
			logB := -20 * rng.Float64()
			l, path := make([]float64, 3), make([]float64, 3)
			x := make([]float64, 3)
			for i := range l {
				l[i] = 4 * rng.NormFloat64()
				path[i] = l[i] + logB
				x[i] = math.Exp(path[i])
			}
			want := math.Exp(logB + c.LogDensity(l, 0))
			if got := math.Exp(c.LogDensity(path, logB)); !near(got, want) {
				t.Fatalf("%s: path target %g, want %g", f.text, got, want)
			}
			if got := c.Density(x, math.Exp(logB)); !near(got, want) {
				t.Fatalf("%s: Density on a path %g, want %g", f.text, got, want)
			}
			if !c.UsesBackward() && !near(math.Exp(c.LogDensity(path, 0)), want) {
				t.Fatalf("%s says that it does not use the backward kernel, and does", f.text)
			}
		}
	}
}

func TestScalingAllDensitiesScalesTheComposition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(forms).Draw(t, "form")
		e, err := compose.Parse(f.text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := compose.Compile(e, []string{"a", "b", "c"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		l := rapid.SliceOfN(rapid.Float64Range(-300, 0), 3, 3).Draw(t, "log densities")
		b := rapid.Float64Range(-50, 0).Draw(t, "log backward")
		shift := rapid.Float64Range(-200, 200).Draw(t, "shift")
		moved := []float64{l[0] + shift, l[1] + shift, l[2] + shift}
		want := c.LogDensity(l, b) + shift
		if got := c.LogDensity(moved, b+shift); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%s: %g, want %g", f.text, got, want)
		}
	})
}

func TestAlphaLimits(t *testing.T) {
	t.Parallel()
	l := []float64{math.Log(.3), math.Log(.02)}
	ratio := func(text string, to func(a, b float64) float64) {
		t.Helper()
		c := compile(t, text, "a", "b")
		// Up to a constant: compare against a second point.
		m := []float64{math.Log(.05), math.Log(.4)}
		got := c.LogDensity(l, 0) - c.LogDensity(m, 0)
		want := math.Log(to(.3, .02)) - math.Log(to(.05, .4))
		if math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: log-ratio %g, limit %g", text, got, want)
		}
	}
	ratio("a &{1e-9} b", func(a, _ float64) float64 { return a })
	ratio("a &{0.999999999} b", func(_, b float64) float64 { return b })
	ratio("a -{0.999999999} b", func(a, _ float64) float64 { return a })
	ratio("a -{1e-9} b", func(a, b float64) float64 { return a * a / b })
}

// proportional reports whether two texts mean the same up to a constant.
func proportional(t *testing.T, a, b string) bool {
	t.Helper()
	c, d := compile(t, a, "a", "b", "c"), compile(t, b, "a", "b", "c")
	rng := rand.New(rand.NewPCG(5, 6))
	var constant float64
	for n := range 100 {
		l := []float64{5 * rng.NormFloat64(), 5 * rng.NormFloat64(), 5 * rng.NormFloat64()}
		diff := c.LogDensity(l, 0) - d.LogDensity(l, 0)
		if n == 0 {
			constant = diff
		}
		if math.Abs(diff-constant) > 1e-10 {
			return false
		}
	}
	return true
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	same := [][2]string{
		{"a & a", "a"},
		{"a - a", "a"},
		{"a & b", "b & a"},
		{"a &{0.3} b", "b &{0.7} a"},
		{"a & b", "a &{0.5} b"},
		{"a & b", "harmonic(a, b)"},
		{"a & b", "obs(b, a)"},
		{"a & b & c", "obs(c, a, b)"},
		{"a & b & c", "c & b & a"},
		{"harmonic(a, b, c)", "harmonic(c, a, b)"},
		{"obs(a, b, a; over a, b, c)", "obs(a, a, b; over c, b, a)"},
		{"obs(a, a{0.2, 0.3, 0.5}, b{0.5, 0.2, 0.3}; over a, b, c)", "obs(b{0.5, 0.2, 0.3}, a, a{0.2, 0.3, 0.5}; over a, b, c)"},
		{"a | b", "0.5 a | 0.5 b"},
		{"(a | b) | (a | c)", "0.5 a | 0.25 b | 0.25 c"},
		{"product(a, a)", "a^2"},
		{"a^1", "a"},
	}
	for _, s := range same {
		if !proportional(t, s[0], s[1]) {
			t.Errorf("%s and %s differ", s[0], s[1])
		}
	}
	for _, s := range [][2]string{
		{"a & b & c", "harmonic(a, b, c)"},
		{"a - b", "b - a"},
		{"a & (b | c)", "a & b & c"},
		{"a &{0.3} b", "a &{0.7} b"},
		{"obs(a, b; over a, b, c)", "a & b"},
	} {
		if proportional(t, s[0], s[1]) {
			t.Errorf("%s and %s are the same", s[0], s[1])
		}
	}
}

func TestObservationsOfAllLabelsSumToTheMixture(t *testing.T) {
	t.Parallel()
	l := []float64{-3, -5.5, -4.1}
	names := []string{"a", "b", "c"}
	var sum float64
	for _, x := range names {
		for _, y := range names {
			c := compile(t, "obs("+x+", "+y+"{0.5, 0.2, 0.3}; over 0.2 a, 0.3 b, 0.5 c)", names...)
			sum += math.Exp(c.LogDensity(l, 0))
		}
	}
	want := .2*math.Exp(-3) + .3*math.Exp(-5.5) + .5*math.Exp(-4.1)
	if !near(sum, want) {
		t.Errorf("the probabilities of all labels sum to %g, the mixture is %g", sum, want)
	}
}

func TestNoNaNAtAnyDistanceOfDensities(t *testing.T) {
	t.Parallel()
	values := []float64{0, -1, -700, -750, -1e4, -1e8, math.Inf(-1)}
	for _, f := range forms {
		c := compile(t, f.text, "a", "b", "c")
		for _, a := range values {
			for _, b := range values {
				for _, k := range values {
					l := []float64{a, b, k}
					if got := c.LogDensity(l, -5); math.IsNaN(got) || got > 10 {
						t.Fatalf("%s at %v: log density %g", f.text, l, got)
					}
					x := []float64{math.Exp(a), math.Exp(b), math.Exp(k)}
					if got := c.Density(x, 1); math.IsNaN(got) || got < 0 {
						t.Fatalf("%s at %v: density %g", f.text, x, got)
					}
				}
			}
		}
	}
	// Far apart, the harmonic mean is half the lesser density, and the contrast
	// half the greater one.
	l := []float64{-10, -10 - 300*math.Ln10}
	if got := compile(t, "a & b").LogDensity(l, 0); math.Abs(got-(l[1]-math.Ln2)) > 1e-9 {
		t.Errorf("a & b: %g", got)
	}
	if got := compile(t, "a - b").LogDensity(l, 0); math.Abs(got-(l[0]-math.Ln2)) > 1e-9 {
		t.Errorf("a - b: %g", got)
	}
	if got := compile(t, "a & b").LogDensity([]float64{-1, math.Inf(-1)}, 0); !math.IsInf(got, -1) {
		t.Errorf("a & b where b is impossible: %g", got)
	}
	if got := compile(t, "a - b").LogDensity([]float64{-1, math.Inf(-1)}, 0); math.Abs(got-(-1-math.Ln2)) > 1e-12 {
		t.Errorf("a - b where b is impossible: %g", got)
	}
}

func TestNestedCompositesAreNormalised(t *testing.T) {
	t.Parallel()
	e, err := compose.Parse("(a & b) & c | b")
	if err != nil {
		t.Fatal(err)
	}
	models := []string{"a", "b", "c"}
	_, err = compose.Compile(e, models, nil)
	if missing := (*compose.NormaliserError)(nil); !errors.As(err, &missing) {
		t.Fatalf("compiling without the evidence of a & b: %v", err)
	}
	// On five points: find both evidences by summation, inner first.
	rng := rand.New(rand.NewPCG(7, 8))
	points := make([][]float64, 5)
	sums := make([]float64, 3)
	for x := range points {
		points[x] = []float64{rng.Float64(), rng.Float64(), rng.Float64()}
		for i, p := range points[x] {
			sums[i] += p
		}
	}
	for x := range points {
		for i := range sums {
			points[x][i] = math.Log(points[x][i] / sums[i])
		}
	}
	evidence := func(c *compose.Composition) float64 {
		var sum float64
		for _, l := range points {
			sum += math.Exp(c.LogDensity(l, 0))
		}
		return math.Log(sum)
	}
	known := compose.Normalisers{}
	var order []string
	for _, n := range compose.Nested(e) {
		c, err := compose.Compile(n, models, known)
		if err != nil {
			t.Fatalf("%s: %v", n, err)
		}
		known[n.String()] = evidence(c)
		order = append(order, n.String())
	}
	if len(order) != 2 || order[0] != "a & b" || order[1] != "(a & b) & c" {
		t.Fatalf("nested composites %q", order)
	}
	c, err := compose.Compile(e, models, known)
	if err != nil {
		t.Fatal(err)
	}
	if z := evidence(c); math.Abs(z) > 1e-12 {
		t.Errorf("a mixture of densities sums to exp(%g)", z)
	}
	ab := func(l []float64) float64 {
		a, b := math.Exp(l[0]), math.Exp(l[1])
		return a * b / (a + b) / 2 / math.Exp(known["a & b"])
	}
	for _, l := range points {
		p := math.Exp(l[2])
		want := .5*ab(l)*p/(ab(l)+p)/2/math.Exp(known["(a & b) & c"]) + .5*math.Exp(l[1])
		if got := math.Exp(c.LogDensity(l, 0)); !near(got, want) {
			t.Fatalf("density %g, want %g", got, want)
		}
	}
}

func TestOrderAndNamesOfModelsDoNotMatter(t *testing.T) {
	t.Parallel()
	l := map[string]float64{"a": -3, "b": -4.5, "c": -2.2}
	at := func(text string, models ...string) float64 {
		v := make([]float64, len(models))
		for i, m := range models {
			v[i] = l[m]
		}
		return compile(t, text, models...).LogDensity(v, -1)
	}
	for _, f := range forms {
		want := at(f.text, "a", "b", "c")
		for _, order := range [][]string{{"b", "a", "c"}, {"c", "b", "a"}, {"b", "c", "a"}} {
			if got := at(f.text, order...); math.Abs(got-want) > 1e-12 {
				t.Errorf("%s with models %v: %g, want %g", f.text, order, got, want)
			}
		}
	}
}
