package sample_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// stepLaw is the exact law of a sampler's steps, weights left aside, on the grid
// with balanced models, where a step depends on the state alone: every state is
// forked once, from the first path that comes there. Of steps from the start of a
// region the law is that of what follows.
func stepLaw(s *sample.Sampler, g *oracle.Graph) (terminal []float64) {
	reach, terminal := make([]float64, len(g.States)), make([]float64, len(g.States))
	at := make([]*sample.Fork, len(g.States))
	start := sample.Start(s)
	first, _ := g.Index(start.State)
	at[first], reach[first] = start, 1
	for k, f := range at {
		if f == nil {
			continue
		}
		for _, next := range f.Steps() {
			child, _ := g.Index(next.State)
			p := reach[k] * math.Exp(next.LogProb-f.LogProb)
			if next.Finished {
				terminal[k] += p
				continue
			}
			reach[child] += p
			if at[child] == nil {
				at[child] = next
			}
		}
	}
	for k := range terminal {
		terminal[k] = math.Log(terminal[k])
	}
	return terminal
}

// TestUncorrectedStepsHaveTheirKnownBias sums the steps of the method unweighted
// over the whole grid: the law is that of oracle.PathPosterior, and its distance
// from the composite is what was found before, to the printed digits.
func TestUncorrectedStepsHaveTheirKnownBias(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 32)
	for _, test := range []struct{ text, l1 string }{
		{"shubert & diagonal", "0.069"},
		{"shubert - diagonal", "0.141"},
		{"obs(c1, c2; over c1, c2, c3)", "0.243"},
		{"c1 & c2 & c3", "0.226"},
		{"obs(c1, c1, c1; over c1, c2, c3)", "0.543"},
		{"c1 & c2", "0.236"},
		{"c1 - c2", "0.275"},
	} {
		c := compile(t, test.text, nil)
		laws, bases := d.models(c)
		s, err := sample.New(d.grid, bases, c, sample.Options{Method: sample.Uncorrected})
		if err != nil {
			t.Fatal(err)
		}
		law := stepLaw(s, laws[0].Graph)
		if l1 := oracle.L1(law, oracle.PathPosterior(c, laws).Terminal); l1 > 1e-11 {
			t.Errorf("%s: the steps are not the path posterior's by %g", test.text, l1)
		}
		exact, _, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		block := func(p []float64) []float64 {
			return d.blocks(func(i int, _ space.State) float64 { return math.Exp(p[i]) })
		}
		got, want, l1 := block(law), block(exact), 0.
		for i := range got {
			l1 += math.Abs(got[i] - want[i])
		}
		if text := fmt.Sprintf("%.3f", l1); text != test.l1 {
			t.Errorf("%s: uncorrected L1 %s, want %s", test.text, text, test.l1)
		}
	}
}

func TestUncorrectedSamplesFollowTheirOwnLaw(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 8)
	c := compile(t, "obs(c1, c1, c1; over c1, c2, c3)", nil)
	laws, bases := d.models(c)
	counts, n, _, _ := draws(t, d.grid, bases, c, sample.Options{Method: sample.Uncorrected, Seed: 1, Particles: 500, Populations: 40})
	passes(t, "unweighted", counts, n, laws[0].Graph, oracle.PathPosterior(c, laws).Terminal)
	if m := sample.Uncorrected; m.Exact() || sample.Guided.Exact() || !sample.SMC.Exact() || m.String() != "unweighted" {
		t.Error("unweighted samples pass for those of the composition")
	}
}

// TestEvidenceOfEveryCompositeOfThePaper holds SMC against the evidences found
// beforehand, and the ladder with it.
func TestEvidenceOfEveryCompositeOfThePaper(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 32)
	obs := func(labels string) string { return "obs(" + labels + "; over c1, c2, c3)" }
	for text, want := range map[string]float64{
		"shubert &{0.05} diagonal": .369927, "shubert & diagonal": .178984, "shubert &{0.95} diagonal": .022566,
		"shubert -{0.05} diagonal": .130073, "shubert - diagonal": .321016, "shubert -{0.95} diagonal": .477434,
		"diagonal -{0.95} shubert": .480530, "diagonal - shubert": .321016, "diagonal -{0.05} shubert": .071237,
		obs("c1, c2"): .064699, obs("c2, c3"): .063378, obs("c1, c3"): .067135, "c1 & c2 & c3": .011555,
		obs("c1, c1"): .201499, obs("c2, c2"): .205256, obs("c3, c3"): .202820,
		obs("c1, c1, c1"): .147745, obs("c2, c2, c2"): .151636, obs("c3, c3, c3"): .149648,
	} {
		t.Run(strings.ReplaceAll(text, " ", ""), func(t *testing.T) {
			t.Parallel()
			c := compile(t, text, nil)
			_, bases := d.models(c)
			populations := collect(t, d.grid, bases, c, sample.Options{Method: sample.SMC, Seed: 3, Particles: 250, Populations: 20})
			z := evidence(t, populations)
			z.SE = math.Hypot(z.SE, 5e-7) // the last digit printed
			within(t, text, z, want, 4)
		})
	}
}
