package compose_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molsculpt/molsculpt/platform/compose"
)

func TestFormulas(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a & b":                 "a * b / (a + b)",
		"a &{0.3} b":            "a * b / (0.3 a + 0.7 b)",
		"a & b & c":             "a * b * c / (a + b + c)^2",
		"a - b":                 "a^2 / (a + b)",
		"a & (b - c)":           "a * [b^2 / (b + c)] / (a + [b^2 / (b + c)])",
		"0.7 a | 0.3 b":         "0.7 a + 0.3 b",
		"harmonic(a, b, c)":     "1 / (1/a + 1/b + 1/c)",
		"product(a^2, b)":       "[a^2] * b",
		"(a | b)^0.5":           "(0.5 a + 0.5 b)^0.5",
		"obs(a, b^2{0.3})":      "(0.5 a + 0.5 b) * (0.5 a / (0.5 a + 0.5 b)) * (0.7 b / (0.3 a + 0.7 b))^2",
		"obs(a; over 1 a, 3 b)": "(0.25 a + 0.75 b) * (0.25 a / (0.25 a + 0.75 b))",
	} {
		e, err := compose.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Formula(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestObservationFormHasTheDensityOfTheComposition(t *testing.T) {
	t.Parallel()
	third := []float64{1. / 3, 1. / 3, 1. / 3}
	for _, test := range []struct {
		text string
		want *compose.Observations
	}{
		{"b", &compose.Observations{Weights: []float64{0, 1, 0}}},
		{"0.2 c | 0.8 a", &compose.Observations{Weights: []float64{.8, 0, .2}}},
		{"c -{0.3} a", &compose.Observations{
			Weights: []float64{.5, 0, .5},
			List:    []compose.Observation{{2, []float64{.5, 0, .5}, 1}, {2, []float64{.7, 0, .3}, 1}},
		}},
		{"c & b & a", &compose.Observations{
			Weights: third,
			List:    []compose.Observation{{2, third, 1}, {1, third, 1}, {0, third, 1}},
		}},
		{"harmonic(3 a, 1 b)", &compose.Observations{
			Weights:   []float64{.5, .5, 0},
			List:      []compose.Observation{{0, []float64{.5, .5, 0}, 1}, {1, []float64{.25, .75, 0}, 1}},
			LogFactor: math.Log(2. / 3),
		}},
		{"harmonic(a, b, c)", nil},
		{"a^2", nil},
		{"(a | b) & c", nil},
	} {
		got, ok := compile(t, test.text, "a", "b", "c").Observations()
		if ok != (test.want != nil) {
			t.Errorf("%s: has an observation form: %v", test.text, ok)
			continue
		}
		approximately := cmp.Comparer(func(x, y float64) bool { return near(x, y) || x == y })
		if diff := cmp.Diff(test.want, got, approximately); diff != "" {
			t.Errorf("%s: %s", test.text, diff)
		}
	}
}

func ExampleComposition_Explain() {
	e, _ := compose.Parse("qed &{0.3} sa")
	c, _ := compose.Compile(e, nil, nil)
	for _, line := range c.Explain() {
		fmt.Printf("%-13s %s\n", line.Key, line.Text)
	}
	// Output:
	// composition   qed &{0.3} sa
	// formula       qed * sa / (0.3 qed + 0.7 sa)
	// observations  (qed, sa{0.3, 0.7}) over 0.5 qed, 0.5 sa
	// method        sequential Monte Carlo with the path posterior as twist; one pass of each model a step, weights correct the rest
	// bound         plain rejection from the mixture accepts evidence / 0.3652 of its draws
}
