package compose_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molsculpt/molsculpt/platform/compose"
	"pgregory.net/rapid"
)

func TestFormulas(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a & b":                  "a * b / (a + b)",
		"a &{0.3} b":             "a * b / (0.3 a + 0.7 b)",
		"a & b & c":              "a * b * c / (a + b + c)^2",
		"a - b":                  "a^2 / (a + b)",
		"a & (b - c)":            "a * [b^2 / (b + c)] / (a + [b^2 / (b + c)])",
		"0.7 a | 0.3 b":          "0.7 a + 0.3 b",
		"harmonic(a, b, c)":      "1 / (1/a + 1/b + 1/c)",
		"harmonic(2 a, 1 b & c)": "1 / (2/a + 1/[b * c / (b + c)])",
		"product(a^2, b)":        "a^2 * b",
		"product(a & b, c)":      "(a * b / (a + b)) * c",
		"(a & b)^2":              "(a * b / (a + b))^2",
		"(a | b)^0.5":            "(0.5 a + 0.5 b)^0.5",
		"obs(a, b^2{0.3})":       "(0.5 a + 0.5 b) * (0.5 a / (0.5 a + 0.5 b)) * (0.7 b / (0.3 a + 0.7 b))^2",
		"obs(a; over 1 a, 3 b)":  "(0.25 a + 0.75 b) * (0.25 a / (0.25 a + 0.75 b))",
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

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a":                      "are typical of a",
		"a | b | c":              "are typical of a, b or c, in equal parts",
		"0.7 a | 0.3 b":          "are typical of a or b (70 %, 30 %)",
		"a & b":                  "are likely under a and b at the same time",
		"a &{0.2} b":             "are likely under a and b at the same time, leaning to a (alpha 0.2; 0 is a alone, 1 is b alone)",
		"a & (b - c)":            "are likely under a and (b but not c) at the same time",
		"a - (b | c)":            "are likely under a and not under (b or c)",
		"a -{0.9} b":             "are likely under a and not under b, which counts less than usual (alpha 0.9; 1 is a alone)",
		"obs(a, a^2; over a, b)": "would, if one asked 2 times which of a and b made them, be taken for a, then a (counted 2 times)",
		"harmonic(a, b & c & d)": "are likely under each of a and (all of b, c and d): the one that likes them least decides",
		"(a & a)^2":              "are typical of a, sharpened to the power 2",
	} {
		e, err := compose.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Words(); got != "molecules that "+want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestEveryExpressionCanBeExplainedWithoutModels(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, err := compose.Parse(tree(t, 3).String())
		if err != nil {
			t.Fatal(err)
		}
		lines := e.Explain()
		for _, l := range lines {
			if l.Key == "" || l.Text == "" || strings.Contains(l.Text, "NaN") {
				t.Fatalf("%s: line %q", e, l)
			}
		}
		if lines[0].Key != "composition" || lines[1].Key != "in words" {
			t.Fatalf("%s: begins with %v", e, lines[:2])
		}
	})
}

func ExampleExpression_Explain() {
	e, _ := compose.Parse("a & (b - c)")
	for _, line := range e.Explain() {
		fmt.Printf("%-15s %s\n", line.Key, line.Text)
	}
	// Output:
	// composition     a & (b - c)
	// in words        molecules that are likely under a and (b but not c) at the same time
	// formula         a * [b^2 / (b + c)] / (a + [b^2 / (b + c)]), where [ ] is a composition by itself, divided by its evidence
	// observations    it is no list of observations of single models, so no one classifier guides it; the models' own likelihoods do
	// backward kernel drops out: the models' likelihoods of the path are all that counts
	// needed first    the evidence of b - c, estimated once, with its error, before the run
	// bound           one holds, by a mixture of a, b, c; its height follows from the evidence that is needed first
	// method          rejection, exact and without weights, where it keeps a good share of its draws, which some hundred draws of the models tell; otherwise sequential Monte Carlo (smc): each step follows the composition of the models' likelihoods of the path so far, weights correct what that gets wrong
	// cost            each step asks each of the 3 models once about a state, whatever the number of children; no training, no classifier; rejection asks M / evidence times as often for each molecule that it keeps
}

func ExampleComposition_Explain() {
	e, _ := compose.Parse("qed &{0.3} sa")
	c, _ := compose.Compile(e, nil, nil)
	for _, line := range c.Explain() {
		fmt.Printf("%-15s %s\n", line.Key, line.Text)
	}
	// Output:
	// composition     qed &{0.3} sa
	// in words        molecules that are likely under qed and sa at the same time, leaning to qed (alpha 0.3; 0 is qed alone, 1 is sa alone)
	// formula         qed * sa / (0.3 qed + 0.7 sa)
	// observations    (qed, sa{0.3, 0.7}) over 0.5 qed, 0.5 sa: what a classifier of "which model made this" would be asked
	// backward kernel drops out: the models' likelihoods of the path are all that counts
	// bound           it is nowhere more than M = 0.3652 times 0.5 qed + 0.5 sa; rejection from that mixture keeps evidence / M of its draws: 40 % of them at an evidence of 0.1461, 0.1 % at 0.0003652
	// method          rejection, exact and without weights, where it keeps a good share of its draws, which some hundred draws of the models tell; otherwise sequential Monte Carlo (smc): each step follows the composition of the models' likelihoods of the path so far, weights correct what that gets wrong
	// cost            each step asks each of the 2 models once about a state, whatever the number of children; no training, no classifier; rejection asks M / evidence times as often for each molecule that it keeps
}
