package compose_test

import (
	"math"
	"math/rand/v2"
	"testing"
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
