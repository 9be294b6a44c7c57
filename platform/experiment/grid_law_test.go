package experiment

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/verify"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// site is a small grid with two trained models and a classifier of them.
func site(t *testing.T) (*gridSite, *verify.Target) {
	t.Helper()
	if testing.Short() {
		t.Skip("trains some seconds")
	}
	e := bench(t)
	x := gridTwo()
	if err := e.writeFiles(x.Small); err != nil {
		t.Fatal(err)
	}
	s := &gridSite{env: e}
	t.Cleanup(func() {
		for _, c := range s.close {
			c()
		}
	})
	g := grid{models: []string{"shubert.yaml", "diagonal.yaml"}, classifiers: []string{"classifier.yaml"}, actions: []string{"actions.yaml"}}
	if err := s.train(t.Context(), g, &gridFindings{}); err != nil {
		t.Fatal(err)
	}
	target, err := verify.NewTarget(s.domain, "shubert -{0.3} diagonal")
	if err != nil {
		t.Fatal(err)
	}
	return s, target
}

// The law of the guided policy by dynamic programming is the one that is found by
// walking over every path, asking the classifier anew at each of its states.
func TestTheGuidedLawIsThatOfAllItsPaths(t *testing.T) {
	t.Parallel()
	s, target := site(t)
	law, err := guidedBy(t.Context(), target, s.classifiers)
	if err != nil {
		t.Fatal(err)
	}
	states, err := s.classifiers[0].States(target.Composition)
	if err != nil {
		t.Fatal(err)
	}
	g := target.Graph
	ask := func(state int, finished bool) float64 {
		var q [1]float64
		if err := states.LogQ(t.Context(), []space.State{g.States[state]}, finished, q[:]); err != nil {
			t.Fatal(err)
		}
		return math.Exp(q[0])
	}
	type answer struct {
		stop float64
		step []float64
	}
	known := map[int]answer{}
	policy := func(at int) answer {
		if a, ok := known[at]; ok {
			return a
		}
		post := [][]float64{make([]float64, 2)}
		if err := states.LogPosterior(t.Context(), []space.State{g.States[at]}, post); err != nil {
			t.Fatal(err)
		}
		var a answer
		sum := 0.
		for i, l := range target.Laws {
			a.stop += math.Exp(post[0][i] + l.Stop[at])
		}
		a.stop *= ask(at, true)
		sum += a.stop
		for k, edge := range g.Children[at] {
			var p float64
			for i, l := range target.Laws {
				p += math.Exp(post[0][i] + l.Step[at][k])
			}
			p *= ask(edge.Child, false)
			a.step = append(a.step, p)
			sum += p
		}
		a.stop /= sum
		for k := range a.step {
			a.step[k] /= sum
		}
		known[at] = a
		return a
	}
	ends := make([]float64, len(g.States))
	var walk func(at int, p float64)
	walk = func(at int, p float64) {
		a := policy(at)
		ends[at] += p * a.stop
		for k, edge := range g.Children[at] {
			walk(edge.Child, p*a.step[k])
		}
	}
	walk(0, 1)
	var off, l1 float64
	for i, p := range ends {
		off += math.Abs(p - law.P[i])
		l1 += math.Abs(p - math.Exp(target.Law[i]))
	}
	if off > 1e-12 || math.Abs(l1-law.L1) > 1e-12 {
		t.Errorf("the law is %g off, its distance to the closed form %g, want %g", off, law.L1, l1)
	}
	if law.L1 < 1e-3 {
		t.Errorf("a classifier of %d states of training is exact: %g", 150, law.L1)
	}
}

// With the exact posterior and potential in place of a classifier, the guided law
// is the closed form.
func TestTheLawGuidedByTheTruthIsTheClosedForm(t *testing.T) {
	t.Parallel()
	d, err := verify.Grid(t.Context(), 2, 7, verify.GridRewards())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"shubert & diagonal", "shubert -{0.1} diagonal", "circle1 & circle2 & circle3", "shubert | diagonal"} {
		target, err := verify.NewTarget(d, text)
		if err != nil {
			t.Fatal(err)
		}
		guide, err := verify.Ask(t.Context(), target.Graph, len(target.Models), newTruth(target))
		if err != nil {
			t.Fatal(err)
		}
		law := guide.GuidedLaw(target)
		if off := oracle.L1(law.Terminal, target.Law); off > 1e-12 {
			t.Errorf("%s: off by %g", text, off)
		}
	}
}

// truth is a guide that knows a target exactly.
type truth struct {
	target         *verify.Target
	mixture        *oracle.Law
	atState, atEnd []float64
}

var _ sample.Posterior = (*truth)(nil)

func newTruth(t *verify.Target) *truth {
	weights := make([]float64, len(t.Laws))
	for i := range weights {
		weights[i] = 1 / float64(len(weights))
	}
	g := &truth{target: t, mixture: oracle.MixturePolicy(weights, t.Laws)}
	g.atState, g.atEnd = oracle.Potential(t.Composition, g.mixture, t.Laws)
	return g
}

func (g *truth) LogQ(_ context.Context, states []space.State, finished bool, dst []float64) error {
	for i, s := range states {
		at, _ := g.target.Graph.Index(s)
		if dst[i] = g.atState[at]; finished {
			dst[i] = g.atEnd[at]
		}
	}
	return nil
}

func (g *truth) LogPosterior(_ context.Context, states []space.State, dst [][]float64) error {
	for i, s := range states {
		at, _ := g.target.Graph.Index(s)
		for j, l := range g.target.Laws {
			dst[i][j] = l.Reach[at] - g.mixture.Reach[at] - math.Log(float64(len(g.target.Laws)))
		}
	}
	return nil
}

// Independent draws are worth themselves; each twice, half as many.
func TestDrawsAreWorthWhatTheirErrorsAre(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	const populations, size, states = 4000, 25, 12
	once, twice := newShares(states), newShares(states)
	for range populations {
		for i := range size {
			at := int(float64(states) * rng.Float64() * rng.Float64())
			once.add(at, 1)
			if i%2 == 0 && i < size-1 {
				twice.add(at, .7)
				twice.add(at, .7)
			}
		}
		once.end()
		twice.end()
	}
	if w := once.worth() / (populations * size); math.Abs(w-1) > .05 {
		t.Errorf("independent draws are worth %g of themselves", w)
	}
	if w := twice.worth() / (populations * (size - 1)); math.Abs(w-.5) > .03 {
		t.Errorf("draws that come twice are worth %g of themselves", w)
	}
	var sum float64
	for _, p := range probabilities(once.law()) {
		sum += p
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("shares sum to %g", sum)
	}
}
