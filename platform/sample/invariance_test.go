package sample_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// models compiles a text and finds the policies of its models by their names.
func models(t *testing.T, text string, policies map[string]space.Policy) (*compose.Composition, []space.Policy) {
	t.Helper()
	c := compile(t, text, nil)
	var bases []space.Policy
	for _, name := range c.Models() {
		bases = append(bases, policies[name])
	}
	return c, bases
}

// near holds two runs to the same paths and the same weights, but for rounding.
func near(t *testing.T, what string, a, b []*sample.Population) {
	t.Helper()
	for i := range a {
		if len(a[i].Trajectories) != len(b[i].Trajectories) {
			t.Fatalf("%s: %d and %d trajectories", what, len(a[i].Trajectories), len(b[i].Trajectories))
		}
		for j := range a[i].Trajectories {
			x, y := &a[i].Trajectories[j], &b[i].Trajectories[j]
			if fmt.Sprint(x.States) != fmt.Sprint(y.States) || math.Abs(x.LogWeight-y.LogWeight) > 1e-9 {
				t.Fatalf("%s: %v of weight %g, and %v of weight %g", what, x.States, x.LogWeight, y.States, y.LogWeight)
			}
		}
	}
}

// TestSamplesDoNotDependOnHowAnExpressionIsWritten walks the same populations for
// expressions that mean the same.
func TestSamplesDoNotDependOnHowAnExpressionIsWritten(t *testing.T) {
	t.Parallel()
	sp := bag{4}
	policies := map[string]space.Policy{"a": table{sp, 'a', 2}, "b": table{sp, 'b', 2}, "c": table{sp, 'c', 2}}
	for name, of := range map[string]string{"x": "a", "y": "b", "z": "c"} {
		policies[name] = policies[of]
	}
	h := hashed{space: sp, seed: 3}
	for _, pair := range [][2]string{
		{"a & b", "x & y"},
		{"a & b", "b & a"},
		{"a - b", "x - y"},
		{"a & b & c", "c & a & b"},
		{"obs(a, a, b; over a, b, c)", "obs(b, a, a; over a, b, c)"},
		{"obs(a, a, b; over a, b, c)", "obs(y, x, x; over z, y, x)"},
		{"harmonic(a, b, c)", "harmonic(c, b, a)"},
		{"product(a, b)", "product(b, a)"},
		{"a &{0.3} b", "obs(a, b{0.3})"},
		{"a -{0.3} b", "obs(a, a{0.3, 0.7}; over a, b)"},
		{"0.3 a | 0.7 b", "7 b | 3 a"},
	} {
		c, bases := models(t, pair[0], policies)
		same, again := models(t, pair[1], policies)
		for name, twist := range twists(sp) {
			if _, ok := c.Bound(); !ok && (twist.Guide != nil || twist.Actions != nil) {
				continue
			}
			o := sample.Options{Method: sample.SMC, Seed: 2, Particles: 24, Populations: 4, Twist: twist}
			near(t, pair[0]+" and "+pair[1]+" by "+name, collect(t, sp, bases, c, o), collect(t, sp, again, same, o))
		}
		if _, mixture := c.Mixture(); !mixture {
			o := sample.Options{Method: sample.Uncorrected, Seed: 2, Populations: 3}
			near(t, pair[0]+" and "+pair[1]+" unweighted", collect(t, sp, bases, c, o), collect(t, sp, again, same, o))
			if _, ok := c.Bound(); ok {
				o = sample.Options{Method: sample.Guided, Seed: 2, Populations: 3, Twist: sample.Twist{Guide: h}}
				near(t, pair[0]+" and "+pair[1]+" guided", collect(t, sp, bases, c, o), collect(t, sp, again, same, o))
			}
		}
	}
}

// TestEqualOperandsChangeNothing holds a & a and its like against a itself: two
// models that are the same, under different names.
func TestEqualOperandsChangeNothing(t *testing.T) {
	t.Parallel()
	sp := bag{4}
	one := table{sp, 'a', 2}
	a, alone := models(t, "a", map[string]space.Policy{"a": one})
	o := sample.Options{Method: sample.SMC, Seed: 2, Populations: 3}
	want := collect(t, sp, alone, a, o)
	for text, logZ := range map[string]float64{
		"a & b": math.Log(.25), "a - b": math.Log(.25), "a &{0.1} b": math.Log(.5 * .9), "obs(a, b, c; over a, b, c)": 3 * math.Log(1./3),
		"harmonic(a, b)": math.Log(.5), "a | b": 0, "obs(a; over a, b)": math.Log(.5),
	} {
		c, bases := models(t, text, map[string]space.Policy{"a": one, "b": one, "c": one})
		got := collect(t, sp, bases, c, o)
		for _, p := range got {
			for i := range p.Trajectories {
				p.Trajectories[i].LogWeight -= logZ
			}
		}
		near(t, text, want, got)
	}
}

func TestModelsOfWeightZeroDoNotCount(t *testing.T) {
	t.Parallel()
	sp := bag{4}
	policies := map[string]space.Policy{"a": table{sp, 'a', 2}, "b": only{sp, 'b', 3}}
	// b, certain and elsewhere, has no say.
	a, alone := models(t, "a", policies)
	want := collect(t, sp, alone, a, sample.Options{Method: sample.SMC, Seed: 2, Populations: 3})
	c, bases := models(t, "0.999999999999 a | 0.000000000001 b", policies)
	near(t, "a mixture of almost one", want, collect(t, sp, bases, c, sample.Options{Method: sample.SMC, Seed: 2, Populations: 3}))
}

// TestCertainModelsUnderEveryTwist walks models that take one action each, and
// states that only Stop is left to.
func TestCertainModelsUnderEveryTwist(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	b2, b3, c2 := only{sp, 'b', 2}, only{sp, 'b', 3}, only{sp, 'c', 2}
	for _, test := range []struct {
		text     string
		bases    []space.Policy
		final    space.State // "" where there is no support
		evidence float64
	}{
		{"x & y", []space.Policy{b2, c2}, "", 0},
		{"x & y", []space.Policy{b2, b3}, "", 0},
		{"x - y", []space.Policy{b2, c2}, "bb", .5},
		{"x - y", []space.Policy{b3, b2}, "bbb", .5},
		{"x & y", []space.Policy{b2, b2}, "bb", .25},
	} {
		c := compile(t, test.text, nil)
		for name, twist := range twists(sp) {
			if twist.GuideEnds {
				continue // the guide's own end points
			}
			var e sample.Evidence
			for _, p := range collect(t, sp, test.bases, c, sample.Options{Method: sample.SMC, Particles: 40, Populations: 40, Twist: twist}) {
				e.Add(p)
				for _, tr := range p.Trajectories {
					if tr.Final() != test.final {
						t.Errorf("%s by %s ends at %q, not at %q", test.text, name, tr.Final(), test.final)
					}
				}
			}
			z, err := e.Value()
			if errors.Is(err, sample.ErrNoSupport) != (test.final == "") {
				t.Errorf("%s by %s: error %v", test.text, name, err)
			}
			if test.final != "" {
				within(t, test.text+" by "+name, z, test.evidence, 4)
			}
		}
	}
}

// TestTwistsOfDensitiesFarApart lets steps differ by factors of 10^300.
func TestTwistsOfDensitiesFarApart(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	for _, text := range []string{"a & b", "a - b"} {
		c := compile(t, text, nil)
		bases := bagModels(sp, c, 300)
		var logs []float64
		for _, p := range allPaths(sp, bases) {
			logs = append(logs, c.LogDensity(p.logs, p.logB))
		}
		exact := logSum(logs)
		for name, twist := range twists(sp) {
			if twist.GuideEnds {
				continue
			}
			var e sample.Evidence
			for _, p := range collect(t, sp, bases, c, sample.Options{Method: sample.SMC, Seed: 2, Populations: 50, Twist: twist}) {
				e.Add(p)
				for _, tr := range p.Trajectories {
					if math.IsNaN(tr.LogWeight) {
						t.Fatalf("%s by %s: weight is not a number", text, name)
					}
				}
			}
			got, err := e.Log()
			if err != nil && !errors.Is(err, sample.ErrNoSupport) || err == nil && got.Value > exact+5*got.SE+1e-6 {
				t.Errorf("%s by %s: log evidence %g ± %g, exact %g (%v)", text, name, got.Value, got.SE, exact, err)
			}
		}
	}
}
