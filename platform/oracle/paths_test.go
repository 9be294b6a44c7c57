package oracle_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
	"gonum.org/v1/gonum/floats"
)

// graphOf is the grid of some dimension and side, written out.
func graphOf(t testing.TB, dim, side int) *oracle.Graph {
	t.Helper()
	sp, err := space.NewGrid(dim, side)
	if err != nil {
		t.Fatal(err)
	}
	g, err := oracle.Enumerate(context.Background(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// eachPath calls f with every finished path of the graph: its end, its
// log-likelihood under each law and under the backward kernel.
func eachPath(laws []*oracle.Law, f func(end int, l []float64, logB float64)) {
	g := laws[0].Graph
	var walk func(s int, l []float64, logB float64)
	walk = func(s int, l []float64, logB float64) {
		next := make([]float64, len(l))
		for i, law := range laws {
			next[i] = l[i] + law.Stop[s]
		}
		f(s, next, logB)
		for k, e := range g.Children[s] {
			next := make([]float64, len(l))
			for i, law := range laws {
				next[i] = l[i] + law.Step[s][k]
			}
			walk(e.Child, next, logB-math.Log(float64(g.Parents[e.Child])))
		}
	}
	walk(0, make([]float64, len(laws)), 0)
}

// perturbed are imperfect models of a composition's rewards.
func perturbed(c *compose.Composition, flows map[string]*oracle.Flows, sd float64, rng *rand.Rand) []*oracle.Law {
	laws := lawsOf(c, flows)
	for i := range laws {
		laws[i] = laws[i].Perturbed(sd, rng)
	}
	return laws
}

func TestPathSpaceIsTheSumOverAllPaths(t *testing.T) {
	t.Parallel()
	flows := grid(t, 6)
	for seed, text := range []string{"shubert & diagonal", "c1 - c2", "c1 & c2 & c3", "0.3 c1 | 0.7 c2", "obs(c1, c1, c2; over c1, c2, c3)", "product(c1, c2)", "c1^1.5"} {
		c := compile(t, text)
		laws := perturbed(c, flows, .5, rand.New(rand.NewPCG(uint64(seed), 1)))
		want := make([]float64, len(laws[0].Terminal))
		var sum float64
		eachPath(laws, func(end int, l []float64, logB float64) {
			v := math.Exp(c.LogDensity(l, logB))
			want[end] += v
			sum += v
		})
		for s := range want {
			want[s] = math.Log(want[s] / sum)
		}
		got, err := oracle.PathSpaceOf(c, laws, oracle.PathSpaceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if d := oracle.L1(got.Terminal, want); d > 1e-12 {
			t.Errorf("%s: the law differs by %g", text, d)
		}
		if d := math.Abs(got.LogEvidence - math.Log(sum)); d > 1e-12 {
			t.Errorf("%s: the evidence differs by %g", text, d)
		}
		// Bundles lose a second order: a quarter for half the spacing.
		var off [2]float64
		for i, spacing := range []float64{.2, .1} {
			near, err := oracle.PathSpaceOf(c, laws, oracle.PathSpaceOptions{Spacing: spacing})
			if err != nil {
				t.Fatal(err)
			}
			if near.Atoms >= got.Atoms && len(laws) < 3 && !c.UsesBackward() {
				t.Errorf("%s: %d bundles of %d paths at spacing %g", text, near.Atoms, got.Atoms, spacing)
			}
			off[i] = oracle.L1(near.Terminal, want)
		}
		if off[0] > 2e-3 || off[1] > .5*off[0]+1e-5 {
			t.Errorf("%s: bundles of 0.2 nats are off by %g, of 0.1 by %g", text, off[0], off[1])
		}
	}
}

func TestPathSpaceOfBalancedModelsIsTheComposite(t *testing.T) {
	t.Parallel()
	flows := grid(t, 32)
	for _, test := range goldenComposites {
		c := compile(t, test.text)
		laws := lawsOf(c, flows)
		want, logZ, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		got, err := oracle.PathSpaceOf(c, laws, oracle.PathSpaceOptions{Spacing: .5})
		if err != nil {
			t.Fatal(err)
		}
		if d := oracle.L1(got.Terminal, want); d > 1e-11 {
			t.Errorf("%s: the law differs by %g", test.text, d)
		}
		if d := math.Abs(got.LogEvidence - logZ); d > 1e-11 {
			t.Errorf("%s: the evidence differs by %g", test.text, d)
		}
	}
}

func TestPathSpaceStaysCloserToTheCompositeThanImperfectModelsToTheirs(t *testing.T) {
	t.Parallel()
	flows := grid(t, 7)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, text := range []string{"shubert & diagonal", "c1 - c2", "c1 & c2 & c3"} {
		c := compile(t, text)
		exact := lawsOf(c, flows)
		last := 0.
		for _, sd := range []float64{.05, .1, .2} {
			var gap, base float64
			for range 10 {
				laws := perturbed(c, flows, sd, rng)
				for i, l := range laws {
					base += oracle.L1(l.Terminal, exact[i].Terminal) / float64(len(laws))
				}
				p, err := oracle.PathSpaceOf(c, laws, oracle.PathSpaceOptions{})
				if err != nil {
					t.Fatal(err)
				}
				s, _, err := oracle.Composite(c, laws)
				if err != nil {
					t.Fatal(err)
				}
				gap += oracle.L1(p.Terminal, s)
			}
			if gap > .2*base || gap < 2*last {
				t.Errorf("%s at noise %g: gap %.4f, models off by %.4f, gap at half the noise %.4f", text, sd, gap/10, base/10, last/10)
			}
			last = gap
		}
	}
}

func TestPathSpaceHoldsItsLimits(t *testing.T) {
	t.Parallel()
	flows := grid(t, 8)
	c := compile(t, "c1 & c2")
	laws := perturbed(c, flows, .5, rand.New(rand.NewPCG(3, 3)))
	if _, err := oracle.PathSpaceOf(c, laws, oracle.PathSpaceOptions{Limit: 100}); err == nil {
		t.Error("more bundles than allowed are no error")
	}
	g := graphOf(t, 1, 4)
	inf := math.Inf(-1)
	a := oracle.FlowsOf(g, []float64{0, 0, inf, inf}).Law()
	b := oracle.FlowsOf(g, []float64{inf, inf, 0, 0}).Law()
	if _, err := oracle.PathSpaceOf(compile(t, "a & b"), []*oracle.Law{a, b}, oracle.PathSpaceOptions{}); !errors.Is(err, oracle.ErrNoSupport) {
		t.Errorf("error %v", err)
	}
}

func TestLawTimesWeightsIsTheComposite(t *testing.T) {
	t.Parallel()
	flows := grid(t, 32)
	for _, test := range goldenComposites {
		c := compile(t, test.text)
		laws := lawsOf(c, flows)
		want, logZ, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		bound, ok := c.Bound()
		if !ok {
			t.Fatalf("%s has no mixture", test.text)
		}
		mixture := oracle.MixturePolicy(bound.Weights, laws)
		atState, atEnd := oracle.Potential(c, mixture, laws)
		for name, proposal := range map[string]*oracle.Law{
			"path posterior": oracle.PathPosterior(c, laws),
			"mixture":        mixture,
			"exact guidance": oracle.Guided(mixture, atState, atEnd),
		} {
			w := oracle.Weigh(c, laws, proposal)
			if d := math.Abs(w.LogEvidence - logZ); d > 1e-11 {
				t.Errorf("%s by %s: the mean weight differs by %g", test.text, name, d)
			}
			oracle.Normalise(w.Terminal)
			if d := oracle.L1(w.Terminal, want); d > 1e-12 {
				t.Errorf("%s by %s: the weighted law differs by %g", test.text, name, d)
			}
			if last := w.ESS[len(w.ESS)-1]; name == "exact guidance" && math.Abs(last-1) > 1e-11 {
				t.Errorf("%s: final weights of exact guidance are not constant: ESS/N %g", test.text, last)
			}
		}
	}
	// As found beforehand by runs of 4,000 particles that were never resampled.
	for text, want := range map[string]string{"shubert & diagonal": ".985"} {
		c := compile(t, text)
		laws := lawsOf(c, flows)
		printed(t, text+": least ESS", oracle.Weigh(c, laws, oracle.PathPosterior(c, laws)).MinESS(), want)
	}
}

func TestWeightsMissWhatTheProposalDoesNotReach(t *testing.T) {
	t.Parallel()
	flows := grid(t, 8)
	c := compile(t, "c1 & c2")
	laws := lawsOf(c, flows)
	_, logZ, err := oracle.Composite(c, laws)
	if err != nil {
		t.Fatal(err)
	}
	proposal := oracle.PathPosterior(c, laws)
	proposal.Step[0][1] = math.Inf(-1) // half of the paths
	if w := oracle.Weigh(c, laws, proposal); w.LogEvidence > logZ-.1 {
		t.Errorf("log evidence %g of %g without half of the paths", w.LogEvidence, logZ)
	}
}

// TestEffectiveSampleSizeIsThatOfAllPaths sums the weights of every path at every
// step by hand.
func TestEffectiveSampleSizeIsThatOfAllPaths(t *testing.T) {
	t.Parallel()
	flows := grid(t, 5)
	c := compile(t, "c1 - c2")
	laws := lawsOf(c, flows)
	proposal := oracle.PathPosterior(c, laws)
	g := proposal.Graph
	w := oracle.Weigh(c, laws, proposal)
	steps := len(w.ESS)
	sum, squares := make([]float64, steps), make([]float64, steps)
	var walk func(s, t int, l []float64, r float64)
	add := func(t int, l []float64, r float64) {
		gamma := math.Exp(c.LogDensity(l, 0))
		sum[t] += gamma
		squares[t] += gamma * gamma / math.Exp(r)
	}
	walk = func(s, t int, l []float64, r float64) {
		add(t, l, r)
		next := make([]float64, len(l))
		for i, law := range laws {
			next[i] = l[i] + law.Stop[s]
		}
		for later := t + 1; later < steps; later++ {
			add(later, next, r+proposal.Stop[s])
		}
		for k, e := range g.Children[s] {
			next := make([]float64, len(l))
			for i, law := range laws {
				next[i] = l[i] + law.Step[s][k]
			}
			walk(e.Child, t+1, next, r+proposal.Step[s][k])
		}
	}
	walk(0, 0, make([]float64, 2), 0)
	for k := range steps {
		if want := sum[k] * sum[k] / squares[k]; math.Abs(w.ESS[k]-want) > 1e-10 {
			t.Errorf("after %d steps ESS/N is %.12f, over all paths %.12f", k, w.ESS[k], want)
		}
	}
}

func TestSamplingFloorIsThatOfBinomialCounts(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	p := make([]float64, 40)
	for i := range p {
		p[i] = 2 * rng.NormFloat64()
	}
	p[7] = math.Inf(-1)
	oracle.Normalise(p)
	for _, n := range []int{1, 30, 2000} {
		// The mean deviation of a binomial count (de Moivre 1730): 2 v C(n,v)
		// p^v q^(n-v+1), v the whole part of np, plus one.
		var want float64
		for _, l := range p {
			q := math.Exp(l)
			if q == 0 {
				continue
			}
			v := math.Floor(float64(n)*q) + 1
			lc, _ := math.Lgamma(float64(n) + 1)
			lv, _ := math.Lgamma(v + 1)
			lw, _ := math.Lgamma(float64(n) - v + 1)
			want += 2 * v * math.Exp(lc-lv-lw+v*l+(float64(n)-v+1)*math.Log1p(-q)) / float64(n)
		}
		const repetitions = 4000
		mean, sd := oracle.SamplingFloor(p, n, repetitions, rng)
		if d := math.Abs(mean - want); d > 4*sd/math.Sqrt(repetitions)+1e-12 {
			t.Errorf("floor of %d draws is %.5f (sd %.5f), exactly %.5f", n, mean, sd, want)
		}
	}
}

func TestPerturbedModelsKeepTheirSupport(t *testing.T) {
	t.Parallel()
	law := grid(t, 8)["c1"].Law()
	rng := rand.New(rand.NewPCG(9, 9))
	if d := oracle.L1(law.Perturbed(0, rng).Terminal, law.Terminal); d > 1e-12 {
		t.Errorf("without noise the law differs by %g", d)
	}
	bad := law.Perturbed(.3, rng)
	for s := range bad.Stop {
		if sum := floats.LogSumExp(append([]float64{bad.Stop[s]}, bad.Step[s]...)); math.Abs(sum) > 1e-12 {
			t.Fatalf("actions at state %d sum to exp(%g)", s, sum)
		}
		for k, l := range law.Step[s] {
			if math.IsInf(l, -1) != math.IsInf(bad.Step[s][k], -1) {
				t.Fatalf("support differs at state %d", s)
			}
		}
	}
	if d := oracle.L1(bad.Terminal, law.Terminal); d < .05 {
		t.Errorf("noise of 0.3 nats moves the law by %g only", d)
	}
}

func TestGridsOfAnyDimensionAndSide(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dim, side int }{{1, 9}, {2, 5}, {3, 6}, {4, 4}, {6, 2}} {
		g := graphOf(t, test.dim, test.side)
		if want := int(math.Pow(float64(test.side), float64(test.dim))); len(g.States) != want {
			t.Fatalf("%d states, want %d", len(g.States), want)
		}
		of, n, err := oracle.Blocks(g, 2)
		if err != nil {
			t.Fatal(err)
		}
		if want := int(math.Pow(math.Ceil(float64(test.side)/2), float64(test.dim))); n != want {
			t.Errorf("%d blocks, want %d", n, want)
		}
		flows := map[string]*oracle.Flows{}
		for name, reward := range map[string]oracle.GridReward{
			"shubert": oracle.Shubert, "c1": oracle.Circle(1), "corners": oracle.Corners(1e-3), "bump": oracle.Bump(.5, .3, -.2),
		} {
			logR, err := reward.On(g)
			if err != nil {
				t.Fatal(err)
			}
			flows[name] = oracle.FlowsOf(g, logR)
			oracle.Normalise(logR)
			law := flows[name].Law()
			if d := oracle.L1(law.Terminal, logR); d > 1e-12 {
				t.Errorf("%s on %d^%d: the law differs from R/Z by %g", name, test.side, test.dim, d)
			}
			if sum := floats.LogSumExp(oracle.Coarse(law.Terminal, of, n)); math.Abs(sum) > 1e-12 {
				t.Errorf("%s on %d^%d: blocks sum to exp(%g)", name, test.side, test.dim, sum)
			}
		}
		for _, text := range []string{"shubert & corners", "c1 - bump", "obs(c1, bump, bump; over c1, bump, corners)", "0.2 c1 | 0.8 bump"} {
			c := compile(t, text)
			laws := lawsOf(c, flows)
			want, _, err := oracle.Composite(c, laws)
			if err != nil {
				t.Fatal(err)
			}
			bound, _ := c.Bound()
			mixture := oracle.MixturePolicy(bound.Weights, laws)
			atState, atEnd := oracle.Potential(c, mixture, laws)
			if d := oracle.L1(oracle.Guided(mixture, atState, atEnd).Terminal, want); d > 1e-12 {
				t.Errorf("%s on %d^%d: the guided policy's law differs by %g", text, test.side, test.dim, d)
			}
		}
	}
	reward := oracle.Corners(1e-3)
	for z, want := range map[[3]int]float64{{0, 0, 0}: .501, {1, 1, 1}: 2.501, {1, 6, 1}: 2.501, {1, 0, 1}: .501, {4, 0, 0}: .001} {
		if got := math.Exp(reward(z[:], 8)); math.Abs(got-want) > 1e-12 {
			t.Errorf("corner reward at %v is %g, want %g", z, got, want)
		}
	}
	if got, want := oracle.Bump(.5, .25)([]int{8, 4}, 9), -(.75*.75)/(2*.25); math.Abs(got-want) > 1e-12 {
		t.Errorf("bump: %g, want %g", got, want)
	}
	if _, _, err := oracle.Blocks(&oracle.Graph{Space: &space.Fragments{}}, 4); err == nil {
		t.Error("blocks of fragment trees are no error")
	}
}
