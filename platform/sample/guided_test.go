package sample_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// branchy is a fragment space of many children, with two exact models, a guide
// that errs, and the exact law of the policy that it guides.
type branchy struct {
	space  *space.Fragments
	c      *compose.Composition
	laws   []*oracle.Law
	bases  []space.Policy
	guide  exactGuide
	guided *oracle.Law // with the composition's own value of end points
}

func newBranchy(t testing.TB, size int, text string, perturb float64) *branchy {
	t.Helper()
	b := &branchy{space: fragmentSpace(t, size, `[
		{"smiles": "c1ccccc1", "attach": [0, 1, 2, 3, 4, 5]},
		{"smiles": "C1CNCCN1", "attach": [2, 5]},
		{"smiles": "CNC=O", "attach": [0, 2]},
		{"smiles": "CCOC(N)C", "attach": [0, 1, 4, 5]}
	]`), c: compile(t, text, nil)}
	g, err := oracle.Enumerate(context.Background(), b.space, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 1))
	for range b.c.Models() {
		logR := make([]float64, len(g.States))
		for i := range logR {
			logR[i] = 1.5 * rng.NormFloat64()
		}
		law := oracle.FlowsOf(g, logR).Law()
		b.laws, b.bases = append(b.laws, law), append(b.bases, law.Policy())
	}
	bound, _ := b.c.Bound()
	mixture := oracle.MixturePolicy(bound.Weights, b.laws)
	going, ends := oracle.Potential(b.c, mixture, b.laws)
	b.guide = exactGuide{graph: g, going: going, ends: ends, space: b.space, perturb: perturb}
	wrong := make([]float64, len(going))
	for k := range wrong {
		wrong[k] = going[k] - b.guide.noise(k, false)
	}
	b.guided = oracle.Guided(mixture, wrong, ends)
	return b
}

// informed is a guide that knows the posterior of the models.
type informed struct {
	exactGuide
	laws    []*oracle.Law
	weights []float64
}

func (g informed) LogPosterior(_ context.Context, states []space.State, dst [][]float64) error {
	for i, s := range states {
		k, _ := g.graph.Index(s)
		for j, law := range g.laws {
			dst[i][j] = law.Reach[k] + math.Log(g.weights[j])
		}
		oracle.Normalise(dst[i])
	}
	return nil
}

func draws(t testing.TB, sp space.Space, bases []space.Policy, c *compose.Composition, o sample.Options) (counts map[space.State]int, n, questions, violations int) {
	t.Helper()
	counts = map[space.State]int{}
	for _, p := range collect(t, sp, bases, c, o) {
		if !math.IsNaN(p.LogEvidence) {
			t.Fatalf("a method that is not exact gives the log evidence %g", p.LogEvidence)
		}
		questions += p.Questions
		violations += p.Violations
		for i := range p.Trajectories {
			counts[p.Trajectories[i].Final()]++
			n++
		}
	}
	return counts, n, questions, violations
}

// TestGuidedPolicyHasItsExactLaw holds draws of a guided policy, whose guide errs,
// against the policy's own law, whichever children the guide was asked about.
func TestGuidedPolicyHasItsExactLaw(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a - b", "a & b & c"} {
		b := newBranchy(t, 2, text, 3)
		upper := b.guide
		upper.above = 3.2 // the noise spans 3: never below
		low := b.guide
		low.above = -1 // often below
		bound, _ := b.c.Bound()
		knowing := informed{b.guide, b.laws, bound.Weights}
		asked := map[string]int{}
		for _, test := range []struct {
			name  string
			twist sample.Twist
		}{
			{"all children", sample.Twist{Guide: b.guide}},
			{"an action guide", sample.Twist{Actions: b.guide}},
			{"gumbel-max", sample.Twist{Guide: b.guide, Children: sample.GumbelMax}},
			{"gumbel-max below a head", sample.Twist{Guide: b.guide, Children: sample.GumbelMax, Upper: upper}},
			{"thinning", sample.Twist{Guide: b.guide, Children: sample.Thinning}},
			{"thinning below a head", sample.Twist{Guide: b.guide, Children: sample.Thinning, Upper: upper}},
			{"all, by the guide's mixture", sample.Twist{Guide: knowing, GuideMixture: true, GuideEnds: true}},
			{"gumbel-max, by the guide's mixture", sample.Twist{Guide: knowing, GuideMixture: true, GuideEnds: true, Children: sample.GumbelMax}},
			{"thinning to the end", sample.Twist{Guide: b.guide, GuideEnds: true, Children: sample.Thinning}},
		} {
			counts, n, questions, violations := draws(t, b.space, b.bases, b.c, sample.Options{
				Method: sample.Guided, Seed: 5, Particles: 500, Populations: 12, Twist: test.twist,
			})
			asked[test.name] = questions
			passes(t, text+" by "+test.name, counts, n, b.guide.graph, b.guided.Terminal)
			if violations > 0 || n != 6000 {
				t.Errorf("%s by %s: %d violations, %d draws", text, test.name, violations, n)
			}
		}
		t.Logf("%s: questions %v", text, asked)
		if all := asked["all children"]; asked["gumbel-max"] > all/2 || asked["thinning"] > all/2 {
			t.Errorf("%s: the lazy forms ask too much: %v", text, asked)
		}
		for _, how := range []sample.Children{sample.GumbelMax, sample.Thinning} {
			_, _, _, violations := draws(t, b.space, b.bases, b.c, sample.Options{
				Method: sample.Guided, Seed: 5, Particles: 500, Populations: 2, Twist: sample.Twist{Guide: b.guide, Children: how, Upper: low},
			})
			if violations == 0 {
				t.Errorf("%s: nobody notices that the bound lies below the guide", text)
			}
		}
	}
}

// TestATightBoundAsksAboutOneChild holds the lazy forms to their cost: with a bound
// that is never above the value by more than a factor e^0.1, a step asks about
// e^0.1 children at most, on the mean, of some twenty.
func TestATightBoundAsksAboutOneChild(t *testing.T) {
	t.Parallel()
	b := newBranchy(t, 3, "a & b", 0)
	upper := b.guide
	upper.above = .1
	for _, how := range []sample.Children{sample.GumbelMax, sample.Thinning} {
		steps, questions := 0, 0
		for _, p := range collect(t, b.space, b.bases, b.c, sample.Options{
			Method: sample.Guided, Seed: 1, Particles: 500, Populations: 4, Twist: sample.Twist{Guide: b.guide, Children: how, Upper: upper},
		}) {
			steps += p.Evaluations
			questions += p.Questions
		}
		if mean := float64(questions) / float64(steps); mean > math.Exp(.1)+.02 {
			t.Errorf("children %d: %.3f questions a step", how, mean)
		}
	}
}

// never is a guide that takes everything for impossible.
type never struct{ exactGuide }

func (n never) LogQ(_ context.Context, states []space.State, _ bool, dst []float64) error {
	for i := range states {
		dst[i] = math.Inf(-1)
	}
	return nil
}

func TestLazyFormsEndWhereNothingIsPossible(t *testing.T) {
	t.Parallel()
	b := newBranchy(t, 3, "a & b", 0)
	for _, how := range []sample.Children{sample.AllChildren, sample.GumbelMax, sample.Thinning, sample.Candidates} {
		method := sample.Guided
		if how == sample.Candidates {
			method = sample.SMC
		}
		for _, p := range collect(t, b.space, b.bases, b.c, sample.Options{
			Method: method, Particles: 20, Populations: 2, Twist: sample.Twist{Guide: never{b.guide}, Children: how, GuideEnds: true},
		}) {
			if len(p.Trajectories) > 0 {
				t.Errorf("children %d: %d paths of an impossible guide", how, len(p.Trajectories))
			}
		}
	}
}

func TestCandidatesAreProperlyWeighted(t *testing.T) {
	t.Parallel()
	b := newBranchy(t, 3, "a - b", 0) // an exact guide: asking it more is better
	_, logZ, err := oracle.Composite(b.c, b.laws)
	if err != nil {
		t.Fatal(err)
	}
	ess := map[int]float64{}
	for _, k := range []int{1, 4, 16} {
		populations := collect(t, b.space, b.bases, b.c, sample.Options{
			Method: sample.SMC, Seed: 2, Populations: 200, Twist: sample.Twist{Guide: b.guide, Children: sample.Candidates, Candidates: k},
		})
		within(t, "evidence", evidence(t, populations), math.Exp(logZ), 4)
		var e sample.Evidence
		steps, questions := 0, 0
		for _, p := range populations {
			e.Add(p)
			steps += p.Evaluations
			questions += p.Questions
		}
		if ess[k] = e.ESS(); questions > k*steps {
			t.Errorf("%d candidates: %d questions in %d steps", k, questions, steps)
		}
	}
	if !(ess[16] > ess[4] && ess[4] > ess[1]) {
		t.Errorf("more candidates make worse samples: %v", ess)
	}
}

func TestGuidesDoNotDependOnHowTheyAreBatched(t *testing.T) {
	t.Parallel()
	b := newBranchy(t, 3, "a & b", 1)
	upper := b.guide
	upper.above = 1.2
	for _, test := range []struct {
		method sample.Method
		twist  sample.Twist
	}{
		{sample.Uncorrected, sample.Twist{}},
		{sample.SMC, sample.Twist{Guide: b.guide}},
		{sample.SMC, sample.Twist{Actions: b.guide}},
		{sample.SMC, sample.Twist{Guide: b.guide, Children: sample.Candidates}},
		{sample.SMC, sample.Twist{Ladder: sample.Ladder{{1, 0, 0}, {.2, .2, .2}}}},
		{sample.Guided, sample.Twist{Guide: b.guide, Children: sample.GumbelMax}},
		{sample.Guided, sample.Twist{Guide: b.guide, Children: sample.Thinning, Upper: upper}},
	} {
		o := sample.Options{Method: test.method, Seed: 9, Particles: 40, Populations: 12, Lanes: 1, InFlight: 1, ResampleBelow: .9, Twist: test.twist}
		want := collect(t, b.space, b.bases, b.c, o)
		for _, split := range [][2]int{{1, 12}, {3, 2}} {
			o.Lanes, o.InFlight = split[0], split[1]
			if diff := same(want, collect(t, b.space, b.bases, b.c, o)); diff != "" {
				t.Errorf("%v with %d lanes of %d: %s", test.method, split[0], split[1], diff)
			}
		}
	}
}

func TestTwistsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	b := newBranchy(t, 3, "a & b", 0)
	g := b.guide
	for _, test := range []struct {
		text   string
		method sample.Method
		twist  sample.Twist
		want   string
	}{
		{"a & b", sample.SMC, sample.Twist{Guide: g, Actions: g}, "a guide or an action guide, not both"},
		{"a & b", sample.Guided, sample.Twist{}, "needs a guide"},
		{"a & b", sample.Rejection, sample.Twist{Guide: g}, "takes no guide"},
		{"a & b", sample.Uncorrected, sample.Twist{Ladder: sample.Ladder{{0, 0, 1}}}, "takes no ladder"},
		{"a & b", sample.SMC, sample.Twist{Guide: g, Ladder: sample.Ladder{{0, 0, 1}}}, "not a guide"},
		{"a & b", sample.SMC, sample.Twist{Ladder: sample.Ladder{{0, 0, 0}}}, "positive sum"},
		{"a & b", sample.SMC, sample.Twist{Ladder: sample.Ladder{{0, -1, 2}}}, "must not be negative"},
		{"product(a, b)", sample.SMC, sample.Twist{Guide: g}, "no list of observations"},
		{"a & b", sample.SMC, sample.Twist{Children: sample.Candidates}, "only a guide of states"},
		{"a & b", sample.Guided, sample.Twist{Guide: g, Children: sample.Candidates}, "candidates need the weights of smc"},
		{"a & b", sample.SMC, sample.Twist{Guide: g, Children: sample.GumbelMax}, "give no weights"},
		{"a & b", sample.Guided, sample.Twist{Guide: g, Upper: g}, "upper bound serves"},
		{"a & b", sample.SMC, sample.Twist{GuideEnds: true}, "no guide is there"},
		{"a & b", sample.Guided, sample.Twist{Guide: g, GuideEnds: true, GuideMixture: true}, "knows the posterior"},
		{"a & b", sample.SMC, sample.Twist{Guide: g, Children: 9}, "a twist asks about"},
	} {
		_, err := sample.New(b.space, b.bases, compile(t, test.text, nil), sample.Options{Method: test.method, Twist: test.twist})
		if err == nil || !strings.HasPrefix(err.Error(), "sample: make sampler: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s by %v: %v, want %q", test.text, test.method, err, test.want)
		}
	}
}

// broken is a guide whose answers are no logarithms, or an error.
type broken struct {
	exactGuide
	value float64
	short bool
	err   error
}

func (b broken) LogQ(_ context.Context, states []space.State, _ bool, dst []float64) error {
	for i := range states {
		dst[i] = b.value
	}
	return b.err
}

func (b broken) LogActions(ctx context.Context, states []space.State, dst []sample.ActionValues) error {
	if err := b.exactGuide.LogActions(ctx, states, dst); err != nil {
		return err
	}
	dst[0].Stop = b.value
	if b.short {
		dst[0].Cells = dst[0].Cells[1:]
	}
	return b.err
}

func TestStreamEndsWithTheErrorOfAGuide(t *testing.T) {
	t.Parallel()
	b := newBranchy(t, 3, "a & b", 0)
	gone := errors.New("the guide is gone")
	for _, test := range []struct {
		twist sample.Twist
		want  string
	}{
		{sample.Twist{Guide: broken{b.guide, 0, false, gone}}, "sample: ask guide: the guide is gone"},
		{sample.Twist{Guide: broken{b.guide, math.NaN(), false, nil}}, "sample: ask guide: the value NaN of state  is no logarithm"},
		{sample.Twist{Actions: broken{b.guide, 0, false, gone}}, "sample: ask guide: the guide is gone"},
		{sample.Twist{Actions: broken{b.guide, math.Inf(1), false, nil}}, "is no logarithm"},
		{sample.Twist{Actions: broken{b.guide, 0, true, nil}}, "values for the"},
	} {
		s, err := sample.New(b.space, b.bases, b.c, sample.Options{Method: sample.SMC, Twist: test.twist, Populations: 3})
		if err != nil {
			t.Fatal(err)
		}
		for _, err = range s.Populations(context.Background()) {
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}
