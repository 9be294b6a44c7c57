package compose_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
)

func TestBoundClosedForms(t *testing.T) {
	t.Parallel()
	both := func(a float64) float64 { return (1 - a) / math.Pow(math.Sqrt(a)+math.Sqrt(1-a), 2) }
	for _, test := range []struct {
		text string
		m    float64
	}{
		{"a", 1},
		{"0.3 a | 0.7 b", 1},
		{"a & b", 1. / 4},
		{"a & b & c", 1. / 27},
		{"obs(a, a, b; over a, b, c)", 4. / 27},
		{"a - b", 1},
		{"obs(a, a, a; over a, b, c)", 1},
		{"a &{0.05} b", both(.05)},
		{"a &{0.95} b", both(.95)},
		{"harmonic(a, b, c)", 1. / 3},
		{"(a | b) & c", 1. / 4},
		{"harmonic(a | b, c)", 1. / 2},
		{"harmonic(1 a, 3 b)", 1. / 4},
		{"a & a", 1},
		{"product(a^0.3, b^0.7)", 1},
		{"(a | b) & (a | b) & c", 1. / 27},
	} {
		b, ok := compile(t, test.text).Bound()
		if !ok || !near(math.Exp(b.LogM), test.m) {
			t.Errorf("%s: M = %g (%v), want %g", test.text, math.Exp(b.LogM), ok, test.m)
		}
	}
	for _, text := range []string{"a^2", "product(a, b)"} {
		if _, ok := compile(t, text).Bound(); ok {
			t.Errorf("%s has a bound", text)
		}
	}
}

func TestBoundHoldsAndIsTight(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, text := range []string{
		"a & b", "a - b", "a &{0.1} b", "a -{0.3} b", "a & b & c", "harmonic(a, b, c)", "0.2 a | 0.8 b",
		"harmonic(1 a, 3 b, 0.5 c)", "harmonic(a | b, 2 a | 1 c, c)", "product(a^0.3, b^0.7)", "product((a | b)^0.5, c^0.5)",
		"obs(a, b, b; over 0.1 a, 0.6 b, 0.3 c)",
		"obs(a, b{0.2, 0.3, 0.5}, c{0.7, 0.2, 0.1}; over a, b, c)",
		"obs(a^2, b{0.9, 0.1}; over 0.3 a, 0.7 b)",
		"obs(a^0.3, c^1.7{0.9, 0.1, 0.4}; over a, b, c)",
		"obs(a, b{0.5, 0.2, 0.3}; over a, b, c)",
	} {
		c := compile(t, text)
		bound, ok := c.Bound()
		if !ok {
			t.Fatalf("%s has no bound", text)
		}
		n := len(c.Models())
		ratio := func(l []float64) float64 {
			var p float64
			for i, w := range bound.Weights {
				p += w * math.Exp(l[i])
			}
			return c.LogDensity(l, 0) - math.Log(p)
		}
		best := math.Inf(-1)
		at := make([]float64, n)
		for step := range 40000 {
			l := make([]float64, n)
			scale := 8 * math.Pow(.9997, float64(step))
			for i := range l {
				l[i] = at[i] + scale*rng.NormFloat64()
			}
			r := ratio(l)
			if r > bound.LogM+1e-12 {
				t.Fatalf("%s at %v: log ratio %g exceeds log M %g", text, l, r, bound.LogM)
			}
			if r > best {
				best, at = r, l
			}
		}
		if best < bound.LogM-1e-4 {
			t.Errorf("%s: the largest log ratio found is %g, log M %g", text, best, bound.LogM)
		}
	}
}

func TestBoundsOfNestedCompositesHold(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	bounded := 0
	eachExpression(t, 6, 1500, func(e *compose.Expression, _ world, c *compose.Composition, known compose.Normalisers) {
		b, ok := c.Bound()
		if !ok {
			if !c.UsesBackward() && len(e.Models()) == 1 {
				t.Fatalf("%s has no bound", e)
			}
			return
		}
		bounded++
		var total float64
		for _, v := range b.Weights {
			total += v
		}
		if math.Abs(total-1) > 1e-12 {
			t.Fatalf("%s: the weights sum to %g", e, total)
		}
		// It holds for all densities, not only those that made the normalisers.
		for range 300 {
			l := make([]float64, 3)
			mix := make([]float64, 3)
			scale := 10 * rng.Float64()
			for i := range l {
				l[i] = scale * rng.NormFloat64()
				mix[i] = math.Log(b.Weights[i]) + l[i]
			}
			if over := c.LogDensity(l, 0) - logSum(mix) - b.LogM; over > 1e-9 {
				t.Fatalf("%s with %v at %v: the bound is exceeded by %g", e, known, l, over)
			}
		}
	})
	if bounded < 500 {
		t.Errorf("only %d expressions had a bound", bounded)
	}
}

func TestBoundsOfPairsOfNestedCompositesAreTight(t *testing.T) {
	t.Parallel()
	// c = b & d lies between its normalised bound and nothing, and a stands free,
	// so a & c can come as near to its bound as b = d and a allow.
	known := compose.Normalisers{"b & d": math.Log(.01), "harmonic(b, d)": math.Log(.02)}
	for text, want := range map[string]float64{
		"a & (b & d)":                   .5 / (1/25. + 1),
		"harmonic(a, harmonic(b, d))":   1 / (1 + 2*.02),
		"0.5 a | 0.5 (b & d)":           .5 + .5*25,
		"product(a^0.5, b^0.5)":         1,
		"product((a | b)^0.25, d^0.75)": 1,
	} {
		e, err := compose.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := compose.Compile(e, nil, known)
		if err != nil {
			t.Fatal(err)
		}
		b, ok := c.Bound()
		if !ok || !near(math.Exp(b.LogM), want) {
			t.Errorf("%s: M = %g (%v), want %g", text, math.Exp(b.LogM), ok, want)
		}
		// Search for a point where it is reached.
		rng := rand.New(rand.NewPCG(1, 9))
		at, best := make([]float64, len(c.Models())), math.Inf(-1)
		for step := range 60000 {
			l, mix := make([]float64, len(at)), make([]float64, len(at))
			scale := 8 * math.Pow(.9997, float64(step))
			for i := range l {
				l[i] = at[i] + scale*rng.NormFloat64()
				mix[i] = math.Log(b.Weights[i]) + l[i]
			}
			if r := c.LogDensity(l, 0) - logSum(mix); r > best {
				best, at = r, l
			}
		}
		if best > b.LogM+1e-9 || best < b.LogM-1e-3 {
			t.Errorf("%s: the largest log ratio found is %g, log M %g", text, best, b.LogM)
		}
	}
}

func TestEnvelopesHoldAndAreNeverWorseThanBounds(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 6))
	better := 0
	eachExpression(t, 9, 1500, func(e *compose.Expression, _ world, c *compose.Composition, _ compose.Normalisers) {
		bound, bounded := c.Bound()
		b, ok := c.Envelope()
		if bounded && (!ok || b.LogM > bound.LogM) {
			t.Fatalf("%s: M = exp(%g) of the envelope (%v), exp(%g) of the bound", e, b.LogM, ok, bound.LogM)
		}
		if !ok {
			return
		}
		if !bounded || b.LogM < bound.LogM {
			better++
		}
		for range 300 {
			l := make([]float64, 3)
			mix := make([]float64, 3)
			scale := 10 * rng.Float64()
			for i := range l {
				l[i] = scale * rng.NormFloat64()
				mix[i] = math.Log(b.Weights[i]) + l[i]
			}
			if over := c.LogDensity(l, 0) - logSum(mix) - b.LogM; over > 1e-9 {
				t.Fatalf("%s at %v: the envelope is exceeded by %g", e, l, over)
			}
		}
	})
	if better < 100 {
		t.Errorf("only %d envelopes were better than the bound", better)
	}
	for text, want := range map[string]float64{
		"a & b": 1. / 4, "a & b & c": 1. / 27, "a - b": 1. / 2, "a -{0.05} b": 1. / 2,
		"obs(a, a, a; over a, b, c)": 1. / 3, "obs(a, a, b; over a, b, c)": 1. / 12,
		"obs(a^2, b; over 0.2 a, 0.8 b)": .2 / 4, "0.3 a | 0.7 b": 1,
	} {
		b, ok := compile(t, text).Envelope()
		if !ok || !near(math.Exp(b.LogM), want) {
			t.Errorf("%s: M = %g (%v), want %g", text, math.Exp(b.LogM), ok, want)
		}
	}
}
