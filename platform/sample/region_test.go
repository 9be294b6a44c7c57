package sample_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// small is a vocabulary with a symmetric ring, a ring with two sites, a piece with
// a head and a tail, and a piece with one site, at which growth ends.
const small = `[
	{"smiles": "c1ccccc1", "attach": [0, 1, 2, 3, 4, 5]},
	{"smiles": "C1CNCCN1", "attach": [2, 5]},
	{"smiles": "CNC=O", "attach": [0, 2]},
	{"smiles": "CC", "attach": [0]}
]`

// Fragments of the small vocabulary.
const (
	benzene = iota
	piperazine
	amide
	ethane
)

// tree is the tree of a molecule.
func tree(t testing.TB, sp *space.Fragments, text string) space.State {
	t.Helper()
	m, err := smiles.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	x, err := sp.Trees().Cut(m)
	if err != nil {
		t.Fatal(err)
	}
	return space.State(x)
}

func region(t testing.TB, sp *space.Fragments, a sample.Allow) *sample.Region {
	t.Helper()
	r, err := sample.NewRegion(sp, a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// allows is [sample.Region.Allows] by its definition: a scaffold is contained
// where leaves can be taken off until it is left.
func allows(sp *space.Fragments, a sample.Allow, x space.State) bool {
	n := sp.Size(x)
	if n < a.Min || a.Max > 0 && n > a.Max {
		return false
	}
	for _, node := range sp.Nodes(x, nil) {
		if slices.Contains(a.Forbid, node.Fragment) {
			return false
		}
	}
	return throughBy(sp, x, a.Scaffold) > 0
}

// throughBy is the probability that the backward walk from x passes through s,
// summed walk by walk.
func throughBy(sp *space.Fragments, x, s space.State) float64 {
	if x == s || s == "" {
		return 1
	}
	if sp.Size(x) <= sp.Size(s) {
		return 0
	}
	sum := 0.
	parents := sp.Parents(x)
	for _, p := range parents {
		sum += throughBy(sp, p.State, s)
	}
	return sum / float64(len(parents))
}

// balanced are laws of random rewards on a graph, by the models' names.
func balanced(g *oracle.Graph, c *compose.Composition, scale float64) (laws []*oracle.Law, bases []space.Policy) {
	for _, name := range c.Models() {
		rng := rand.New(rand.NewPCG(uint64(name[0]), 11))
		logR := make([]float64, len(g.States))
		for i := range logR {
			logR[i] = scale * rng.NormFloat64()
		}
		law := oracle.FlowsOf(g, logR).Law()
		laws, bases = append(laws, law), append(bases, law.Policy())
	}
	return laws, bases
}

// endsOf sums law times weight over all that a sampler may do, by end.
func endsOf(s *sample.Sampler, steps func(*sample.Fork) []*sample.Fork) map[space.State]float64 {
	out := map[space.State]float64{}
	eachPath(sample.Start(s), steps, func(f *sample.Fork) {
		out[f.State] += math.Exp(f.LogProb + f.Weight)
	})
	return out
}

// farthest is the largest difference of two functions of ends.
func farthest(a, b map[space.State]float64) float64 {
	d := 0.
	for x, v := range a {
		d = max(d, math.Abs(v-b[x]))
	}
	for x, v := range b {
		d = max(d, math.Abs(v-a[x]))
	}
	return d
}

var expressions = []string{"a", "0.7 a | 0.3 b", "a & b", "a - b", "a &{0.2} b", "product(a, b)", "(a | b) & c"}

// regions are allowed parts of the space of the small vocabulary.
func regions(t testing.TB, sp *space.Fragments) map[string]sample.Allow {
	return map[string]sample.Allow{
		"everything":            {},
		"sizes":                 {Min: 2, Max: 3},
		"no benzene":            {Forbid: []int{benzene}},
		"large, with dead ends": {Forbid: []int{benzene, amide}, Min: 4},
		"one fragment":          {Scaffold: tree(t, sp, "C1CNCCN1")},
		"two fragments":         {Scaffold: tree(t, sp, "c1ccccc1N1CCNCC1"), Max: 3},
		"of one kind":           {Scaffold: tree(t, sp, "c1ccccc1c1ccccc1")},
		"all at once":           {Scaffold: tree(t, sp, "c1ccccc1C(=O)NC"), Forbid: []int{piperazine}, Min: 3, Max: 4},
		"the scaffold alone":    {Scaffold: tree(t, sp, "c1ccccc1N1CCNCC1"), Max: 2},
	}
}

// TestWeightedStepsAreTheRestrictedComposition sums over everything that a sampler
// may do: of balanced models, the weights of the paths to an end are the
// composition's density there inside the region, and 0 outside.
func TestWeightedStepsAreTheRestrictedComposition(t *testing.T) {
	t.Parallel()
	sp := fragmentSpace(t, 4, small)
	g, err := oracle.Enumerate(t.Context(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := compose.Normalisers{"a | b": 0}
	for _, text := range expressions {
		c := compile(t, text, known)
		laws, bases := balanced(g, c, 1.5)
		law, logZ, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		for name, allow := range regions(t, sp) {
			if testing.Short() && allow.Scaffold == "" && allow.Forbid == nil {
				continue // those with the most paths
			}
			want := map[space.State]float64{}
			for i, x := range g.States {
				if i > 0 && allows(sp, allow, x) {
					want[x] = math.Exp(law[i] + logZ)
				}
			}
			s, err := sample.New(sp, bases, c, sample.Options{Method: sample.SMC, Region: region(t, sp, allow)})
			if err != nil {
				t.Fatal(err)
			}
			got := endsOf(s, (*sample.Fork).Steps)
			if d := farthest(got, want); d > 1e-12 || len(got) != len(want) || len(want) == 0 {
				t.Errorf("%s in %s: off by %g at %d of %d ends", text, name, d, len(got), len(want))
			}
		}
	}
}

// TestWeightsAreExactForModelsThatAreNotBalanced holds paths inside sizes and
// fragments to their own densities, whatever steers; and of a scaffold the ends to
// the paths that pass through it, over h.
func TestWeightsAreExactForModelsThatAreNotBalanced(t *testing.T) {
	t.Parallel()
	sp := fragmentSpace(t, 3, small)
	c := compile(t, "a - b", nil)
	bases := bagModels(sp, c, 1)
	scaffolded := sample.Allow{Scaffold: tree(t, sp, "C1CNCCN1"), Forbid: []int{ethane}}
	logU := []float64{math.Inf(-1), math.Inf(-1)}
	inside, through := map[space.State]float64{}, map[space.State]float64{}
	masked := sample.Allow{Forbid: []int{amide}, Min: 2}
	u := make([]float64, len(bases))
	for _, p := range allPaths(sp, bases) {
		end := p.states[len(p.states)-1]
		if allows(sp, masked, end) {
			inside[end] += math.Exp(c.LogDensity(p.logs, p.logB))
		}
	}
	// All paths up to the scaffold, for its visits; then those that go on.
	steps := func(s space.State) []space.Steps {
		out := make([]space.Steps, len(bases))
		for i, b := range bases {
			one := make([]space.Steps, 1)
			if err := b.Steps(t.Context(), []space.State{s}, one); err != nil {
				t.Fatal(err)
			}
			out[i] = one[0]
		}
		return out
	}
	at := steps("")
	for _, p := range sp.Parents(scaffolded.Scaffold) {
		for i := range bases {
			for _, cell := range p.Cells {
				u[i] += math.Exp(at[i].Cells[cell])
			}
			logU[i] = math.Log(u[i])
		}
	}
	var extend func(s space.State, logs []float64, logB float64)
	extend = func(s space.State, logs []float64, logB float64) {
		answers := steps(s)
		end := slices.Clone(logs)
		for i := range end {
			end[i] += answers[i].Stop
		}
		if allows(sp, scaffolded, s) {
			through[s] += math.Exp(c.LogDensity(end, logB)) / throughBy(sp, s, scaffolded.Scaffold)
		}
		legal := make([]bool, sp.Rows(s)*sp.Columns())
		sp.Legal(s, legal)
		children := map[space.State]bool{}
		for cell, ok := range legal {
			if ok {
				children[sp.Child(s, cell)] = true
			}
		}
		for child := range children {
			for _, p := range sp.Parents(child) {
				if p.State != s {
					continue
				}
				next := slices.Clone(logs)
				for i := range next {
					sum := 0.
					for _, cell := range p.Cells {
						sum += math.Exp(answers[i].Cells[cell])
					}
					next[i] += math.Log(sum)
				}
				extend(child, next, logB-math.Log(float64(len(sp.Parents(child)))))
			}
		}
	}
	extend(scaffolded.Scaffold, logU, 0)
	for name, twist := range twists(sp) {
		if twist.GuideEnds {
			continue // the guide's own target
		}
		move := (*sample.Fork).Steps
		if twist.Children == sample.Candidates {
			move = (*sample.Fork).CandidateSteps
		}
		for _, test := range []struct {
			allow sample.Allow
			want  map[space.State]float64
		}{{masked, inside}, {scaffolded, through}} {
			s, err := sample.New(sp, bases, c, sample.Options{Method: sample.SMC, Twist: twist, Region: region(t, sp, test.allow)})
			if err != nil {
				t.Fatal(err)
			}
			got := endsOf(s, move)
			if d := farthest(got, test.want); d > 1e-12 || len(test.want) < 10 {
				t.Errorf("by %s in %+v: off by %g at %d of %d ends", name, test.allow, d, len(got), len(test.want))
			}
		}
	}
}

// TestVisitsAreThoseOfTheLaw holds the visits of a scaffold, found from its
// subtrees, to those of whole laws, of imperfect models too.
func TestVisitsAreThoseOfTheLaw(t *testing.T) {
	t.Parallel()
	sp := fragmentSpace(t, 4, small)
	g, err := oracle.Enumerate(t.Context(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	laws, _ := balanced(g, compile(t, "a | b", nil), 2)
	laws[1] = laws[1].Perturbed(1, rand.New(rand.NewPCG(1, 2)))
	policies := []space.Policy{laws[0].Policy(), laws[1].Policy()}
	for i, s := range g.States {
		if i == 0 || i%7 != 0 {
			continue
		}
		got, err := region(t, sp, sample.Allow{Scaffold: s}).LogVisits(t.Context(), policies)
		if err != nil {
			t.Fatal(err)
		}
		for k, law := range laws {
			if math.Abs(got[k]-law.Reach[i]) > 1e-10 {
				t.Fatalf("%x under model %d: log visit %g, by the law %g", s, k, got[k], law.Reach[i])
			}
		}
	}
	if got, err := (*sample.Region)(nil).LogVisits(t.Context(), policies); err != nil || got[0] != 0 || got[1] != 0 {
		t.Errorf("without a region: %v, %v", got, err)
	}
}

// TestAllowedEndsAreThoseOfTheDefinition, for every tree.
func TestAllowedEndsAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	sp := fragmentSpace(t, 4, small)
	g, err := oracle.Enumerate(t.Context(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range regions(t, sp) {
		r, inside := region(t, sp, a), 0
		for _, x := range g.States[1:] {
			want := allows(sp, a, x)
			if got := r.Allows(x); got != want {
				t.Errorf("%s: %x is allowed: %v", name, x, got)
			}
			if want {
				inside++
			}
		}
		if inside == 0 || name != "everything" && inside == len(g.States)-1 {
			t.Errorf("%s: %d of %d trees: nothing is tested", name, inside, len(g.States)-1)
		}
	}
}

// TestNoWalkEndsOutsideOrDies walks random models in regions with dead ends, under
// both rules of joining: every particle ends at an allowed molecule.
func TestNoWalkEndsOutsideOrDies(t *testing.T) {
	t.Parallel()
	entry := func(text string, sites ...int) fragment.Entry {
		m, err := smiles.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return fragment.Entry{SMILES: text, Mol: m, Sites: sites}
	}
	v, err := fragment.New("", "", fragment.RingAcyclic, []fragment.Entry{
		entry("c1ccccc1", 0, 1, 2, 3, 4, 5), entry("CC", 0, 1), entry("F", 0), entry("C1CC1", 0, 1, 2),
	})
	if err != nil {
		t.Fatal(err)
	}
	ringAcyclic, err := space.NewFragments(v, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		sp    *space.Fragments
		allow sample.Allow
	}{
		{fragmentSpace(t, 5, small), sample.Allow{Forbid: []int{benzene, amide}, Min: 4}},
		{fragmentSpace(t, 5, small), sample.Allow{Forbid: []int{benzene}, Min: 5}},
		{fragmentSpace(t, 5, small), sample.Allow{Scaffold: tree(t, fragmentSpace(t, 5, small), "CCN1CCNCC1"), Forbid: []int{benzene}, Min: 4, Max: 4}},
		{ringAcyclic, sample.Allow{Min: 5}},
		{ringAcyclic, sample.Allow{Forbid: []int{1}, Min: 4, Max: 4}},
		{ringAcyclic, sample.Allow{Scaffold: tree(t, ringAcyclic, "FC1CC1"), Forbid: []int{0}, Min: 3, Max: 4}},
	} {
		c := compile(t, "a & b", nil)
		n := 0
		for _, p := range collect(t, test.sp, bagModels(test.sp, c, 2), c, sample.Options{
			Seed: 3, Particles: 32, Populations: 20, ResampleBelow: -1, Region: region(t, test.sp, test.allow),
		}) {
			for i := range p.Trajectories {
				n++
				if x := p.Trajectories[i].Final(); !allows(test.sp, test.allow, x) {
					t.Fatalf("%+v: %x is not allowed", test.allow, x)
				}
			}
		}
		if n != 32*20 {
			t.Errorf("%+v: %d of %d walks came to an end", test.allow, n, 32*20)
		}
	}
}

// TestRegionsThatCannotBe holds that each mistake is an error that names its part.
func TestRegionsThatCannotBe(t *testing.T) {
	t.Parallel()
	sp := fragmentSpace(t, 4, small)
	biphenyl := tree(t, sp, "c1ccccc1c1ccccc1")
	for _, test := range []struct {
		allow sample.Allow
		part  sample.AllowPart
		index int
		text  string
	}{
		{sample.Allow{Min: 3, Max: 2}, sample.AllowSize, 0, "at least 3 and at most 2"},
		{sample.Allow{Max: 5}, sample.AllowSize, 0, "the space ends at 4"},
		{sample.Allow{Min: 5}, sample.AllowSize, 0, "at least 5 and at most 4"},
		{sample.Allow{Min: -1}, sample.AllowSize, 0, "must not be negative"},
		{sample.Allow{Max: 1, Scaffold: biphenyl}, sample.AllowSize, 0, "the scaffold has 2 fragments, and at most 1"},
		{sample.Allow{Forbid: []int{ethane, 4}}, sample.AllowForbid, 1, "fragment 4 is not of"},
		{sample.Allow{Forbid: []int{ethane, benzene}, Scaffold: biphenyl}, sample.AllowForbid, 1, "c1ccccc1 is forbidden, but the scaffold contains it"},
		{sample.Allow{Forbid: []int{0, 1, 2, 3}}, sample.AllowSize, 0, "no molecule of 1 fragments"},
		{sample.Allow{Forbid: []int{0, 1, 2}, Min: 3}, sample.AllowSize, 0, "no molecule of 3 fragments"},
		{sample.Allow{Scaffold: tree(t, sp, "CCCC"), Min: 3}, sample.AllowSize, 0, "no molecule of 3 fragments"},
		{sample.Allow{Scaffold: biphenyl[1:]}, sample.AllowScaffold, 0, "no tree of the space"},
		{sample.Allow{Scaffold: tree(t, fragmentSpace(t, 60, small), "C1CNCCN1")}, sample.AllowSize, 0, "may grow to 17 at most, not to 60"},
	} {
		in := sp
		if strings.Contains(test.text, "60") {
			in = fragmentSpace(t, 60, small)
		}
		_, err := sample.NewRegion(in, test.allow)
		var wrong *sample.AllowError
		if !errors.As(err, &wrong) || wrong.Part != test.part || wrong.Index != test.index || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%+v: %v, want part %d, entry %d: %s", test.allow, err, test.part, test.index, test.text)
		}
	}
	c := compile(t, "a | b", nil)
	_, err := sample.New(sp, bagModels(sp, c, 1), c, sample.Options{Method: sample.Ancestral, Region: region(t, sp, sample.Allow{Min: 2})})
	if err == nil || !strings.Contains(err.Error(), "use smc or rejection") {
		t.Errorf("ancestral sampling in a region: %v", err)
	}
}

// onlyBenzene is a policy that makes one molecule.
type onlyBenzene struct{ sp *space.Fragments }

func (n onlyBenzene) Steps(_ context.Context, states []space.State, dst []space.Steps) error {
	for i, s := range states {
		dst[i].Stop, dst[i].Cells = 0, slices.Repeat([]float64{math.Inf(-1)}, n.sp.Rows(s)*n.sp.Columns())
		if s == "" {
			dst[i].Stop, dst[i].Cells[benzene] = math.Inf(-1), 0
		}
	}
	return nil
}

// TestAScaffoldThatNoModelMakesHasNoSupport, and where one of two makes it, a
// mixture has.
func TestAScaffoldThatNoModelMakesHasNoSupport(t *testing.T) {
	t.Parallel()
	sp := fragmentSpace(t, 3, small)
	r := region(t, sp, sample.Allow{Scaffold: tree(t, sp, "c1ccccc1N1CCNCC1")})
	for text, possible := range map[string]bool{"a & b": false, "a | b": true} {
		c := compile(t, text, nil)
		s, err := sample.New(sp, []space.Policy{onlyBenzene{sp}, table{sp, 5, 1}}, c, sample.Options{Populations: 2, Region: r})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		var failed error
		for p, err := range s.Populations(t.Context()) {
			if failed = err; err == nil {
				n += len(p.Trajectories)
			}
		}
		if possible != (failed == nil && n == 128) || !possible && !errors.Is(failed, sample.ErrNoSupport) {
			t.Errorf("%s: %d molecules, %v", text, n, failed)
		}
	}
}
