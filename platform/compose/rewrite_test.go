package compose_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
)

func TestSimplifyKeepsTheLawAndIsShortest(t *testing.T) {
	t.Parallel()
	eachExpression(t, 2, 2000, func(e *compose.Expression, w world, c *compose.Composition, _ compose.Normalisers) {
		s := e.Simplify()
		again, err := compose.Parse(s.String())
		if err != nil {
			t.Fatalf("%s simplifies to %s: %v", e, s, err)
		}
		if twice := again.Simplify().String(); twice != s.String() {
			t.Fatalf("%s simplifies to %s, and that to %s", e, s, twice)
		}
		d, _, ok := w.compileIn(t, again, c.Models())
		if !ok || math.IsInf(logSum(w.densities(c)), -1) {
			return
		}
		if !sameLaw(w.densities(c), w.densities(d), 1e-9) {
			t.Fatalf("%s and %s differ", e, s)
		}
	})
	for text, want := range map[string]string{
		"a & a":                     "a",
		"a & a & a":                 "a",
		"a & a & b":                 "a & a & b",
		"a - a":                     "a",
		"a -{1} b":                  "a",
		"a -{0.9} b":                "a -{0.9} b",
		"(a & b) - (a & b)":         "a & b",
		"(a & a) & b":               "a & b",
		"1 a | 0 b":                 "a",
		"0 a | 3 b | 1 c":           "0.75 b | 0.25 c",
		"a | a":                     "a",
		"(a | b) | c":               "0.25 a | 0.25 b | 0.5 c",
		"a | (a | b)":               "0.75 a | 0.25 b",
		"2 a | 6 b":                 "2 a | 6 b",
		"harmonic(a, a)":            "a",
		"harmonic(a, b, a)":         "harmonic(2 a, 1 b)",
		"product(a, a)":             "a^2",
		"product(a^0.5, b, a^0.5)":  "product(a, b)",
		"(a^2)^3":                   "a^6",
		"a^1":                       "a",
		"product(a, product(b, c))": "product(a, b, c)",
		"(a & b) & c":               "(a & b) & c",
		"a & (b | c)":               "a & (b | c)",
		"a - (b - b)":               "a - b",
	} {
		e, err := compose.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Simplify().String(); got != want {
			t.Errorf("%s simplifies to %s, want %s", text, got, want)
		}
	}
}

func ExampleExpression_Simplify() {
	for _, text := range []string{"a & a", "(a | b) | c", "a - (b -{1} c)"} {
		e, _ := compose.Parse(text)
		fmt.Println(text, "is", e.Simplify())
	}
	// Output:
	// a & a is a
	// (a | b) | c is 0.25 a | 0.25 b | 0.5 c
	// a - (b -{1} c) is a - b
}
