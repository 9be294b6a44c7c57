package compose_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
)

func TestDensitiesOfATableAreTheDensitiesOfItsActions(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 9))
	for _, text := range []string{
		"a", "a | b", "0.2 a | 0.8 b", "a & b", "a &{0.3} b", "b & a", "a - b", "b -{0.9} a", "obs(b, b, a)", "obs(a^2, b)",
		"obs(a{0.3}, b)", "harmonic(a, b)", "product(a, b)", "a^2", "a & b & c", "obs(a, a; over a, b, c)", "obs(c, b; over c, b)", "c - b",
	} {
		e, err := compose.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, models := range [][]string{nil, {"a", "b", "c"}, {"b", "a", "c"}} {
			c, err := compose.Compile(e, models, nil)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			m, n := len(c.Models()), 50
			p, scale, got := make([]float64, n*m), make([]float64, m), make([]float64, n)
			for i := range p {
				if r.IntN(5) > 0 { // the rest is impossible
					p[i] = math.Exp(5 * r.NormFloat64())
				}
			}
			for i := range scale {
				scale[i] = math.Exp(-3 * r.Float64())
			}
			b := r.Float64() + 0.1
			sum := c.Densities(got, p, scale, b)
			var want float64
			for a := range got {
				x := make([]float64, m)
				for i := range x {
					x[i] = scale[i] * p[a*m+i]
				}
				d := c.Density(x, b)
				want += d
				if math.Abs(got[a]-d) > 1e-14*d {
					t.Fatalf("%s over %v: action %d: %v, want %v", text, c.Models(), a, got[a], d)
				}
			}
			if math.Abs(sum-want) > 1e-13*want {
				t.Errorf("%s: the sum is %v, want %v", text, sum, want)
			}
		}
	}
}
