package sample_test

import (
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// golden is the space of trees of up to three of 24 fragments, with exact models
// of two rewards: of the number of heavy atoms, and of nitrogens and oxygens.
type golden struct {
	sp    *space.Fragments
	graph *oracle.Graph
	laws  map[string]*oracle.Law
}

func goldenSpace(t *testing.T) golden {
	t.Helper()
	size := 3 // 52,324 trees
	if testing.Short() {
		size = 2
	}
	d := golden{sp: fragmentSpace(t, size, string(chemtest.Vocabulary24(t))), laws: map[string]*oracle.Law{}}
	var err error
	if d.graph, err = oracle.Enumerate(t.Context(), d.sp, 0, 0); err != nil {
		t.Fatal(err)
	}
	var logs [2][]float64
	for _, s := range d.graph.States {
		heavy, polar := 0., 0.
		for _, n := range d.sp.Nodes(s, nil) {
			for _, a := range d.sp.Vocabulary().Fragment(n.Fragment).Mol.Atoms {
				if a.Element > 1 {
					heavy++
				}
				if a.Element == 7 || a.Element == 8 {
					polar++
				}
			}
		}
		logs[0] = append(logs[0], -(heavy-16)*(heavy-16)/16)
		logs[1] = append(logs[1], -(polar-3)*(polar-3)/2.25)
	}
	for i, name := range []string{"size", "polar"} {
		d.laws[name] = oracle.FlowsOf(d.graph, logs[i]).Law()
	}
	return d
}

// models are the laws and policies of a composition's models.
func (d golden) models(c *compose.Composition) (laws []*oracle.Law, bases []space.Policy) {
	for _, name := range c.Models() {
		laws, bases = append(laws, d.laws[name]), append(bases, d.laws[name].Policy())
	}
	return laws, bases
}

// inside is the composition's law given that it is allowed, and its share there
// times the evidence.
func (d golden) inside(t *testing.T, c *compose.Composition, a sample.Allow) (law []float64, evidence float64) {
	t.Helper()
	laws, _ := d.models(c)
	law, logZ, err := oracle.Composite(c, laws)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range d.graph.States {
		if i == 0 || !allows(d.sp, a, x) {
			law[i] = math.Inf(-1)
		}
	}
	return law, math.Exp(logZ + oracle.Normalise(law))
}

// fragment24 is the number of a fragment in the vocabulary.
func (d golden) fragment24(t *testing.T, text string) int {
	t.Helper()
	nodes := d.sp.Nodes(tree(t, d.sp, text), nil)
	if len(nodes) != 1 {
		t.Fatalf("%s is %d fragments", text, len(nodes))
	}
	return nodes[0].Fragment
}

// TestRestrictedSamplesLieAtTheSamplingFloor: weighted samples cannot be told from
// the restricted law, of bases, mixtures and composites, by every exact method.
func TestRestrictedSamplesLieAtTheSamplingFloor(t *testing.T) {
	t.Parallel()
	d := goldenSpace(t)
	largest := d.sp.MaxFragments()
	ring := tree(t, d.sp, "c1ccccc1")
	var forbid []int
	for f := 0; f < d.sp.Vocabulary().Len(); f += 2 {
		if f != d.fragment24(t, "c1ccccc1") {
			forbid = append(forbid, f)
		}
	}
	for _, test := range []struct {
		text   string
		method sample.Method
		name   string
		allow  sample.Allow
	}{
		{"size", sample.Auto, "a scaffold", sample.Allow{Scaffold: ring}},
		{"polar", sample.SMC, "half of the fragments", sample.Allow{Forbid: forbid}},
		{"0.3 size | 0.7 polar", sample.SMC, "a scaffold", sample.Allow{Scaffold: ring}},
		{"0.3 size | 0.7 polar", sample.Rejection, "half of the fragments", sample.Allow{Forbid: forbid}},
		{"0.3 size | 0.7 polar", sample.SMC, "small ones", sample.Allow{Max: largest - 1}},
		{"size & polar", sample.SMC, "a scaffold", sample.Allow{Scaffold: ring}},
		{"size & polar", sample.SMC, "a scaffold of few fragments", sample.Allow{Scaffold: ring, Forbid: forbid, Min: 2}},
		{"size & polar", sample.Annealed, "a scaffold", sample.Allow{Scaffold: ring}},
		{"size & polar", sample.Rejection, "a scaffold", sample.Allow{Scaffold: ring}},
		{"size - polar", sample.SMC, "half of the fragments", sample.Allow{Forbid: forbid, Min: 2}},
		{"size - polar", sample.SMC, "a scaffold", sample.Allow{Scaffold: ring}},
		{"polar - size", sample.Annealed, "half of the fragments", sample.Allow{Forbid: forbid}},
	} {
		t.Run(test.text+" by "+test.method.String()+" of "+test.name, func(t *testing.T) {
			t.Parallel()
			c := compile(t, test.text, nil)
			_, bases := d.models(c)
			law, z := d.inside(t, c, test.allow)
			o := sample.Options{Method: test.method, Seed: 5, Particles: 64, Region: region(t, d.sp, test.allow)}
			if test.method == sample.Annealed {
				how, err := sample.Choose(t.Context(), d.sp, bases, c, o)
				if err != nil {
					t.Fatal(err)
				}
				o.Twist.Ladder = how.Ladder
			}
			o.Populations = 300
			populations := collect(t, d.sp, bases, c, o)
			within(t, "evidence", evidence(t, populations), z, 4)
			weights, total, squares := map[space.State]float64{}, 0., 0.
			ess := 64.
			for _, p := range populations {
				if test.method != sample.Rejection {
					ess = min(ess, p.MinESS)
				}
				for i := range p.Trajectories {
					w := math.Exp(p.Trajectories[i].LogWeight)
					weights[p.Trajectories[i].Final()] += w
					total += w
					squares += w * w
				}
			}
			l1, floor, variance := 0., 0., 0.
			for i, s := range d.graph.States {
				p, n := math.Exp(law[i]), total*total/squares
				l1 += math.Abs(p - weights[s]/total)
				floor += expectedL1(p, n)
				variance += p * (1 - p) / n * (1 - 2/math.Pi)
			}
			t.Logf("evidence %.4g, L1 %.4f [floor %.4f], effective %.0f of %d, least %.1f of 64", z, l1, floor, total*total/squares, 300*64, ess)
			if l1 > floor+4*math.Sqrt(variance) {
				t.Errorf("L1 %.4f, floor %.4f", l1, floor)
			}
		})
	}
}

// expectedL1 is the mean distance from p of the frequency of an event of that
// probability in n draws: that of a binomial, by de Moivre's formula
// 2 (k+1) C(n, k+1) p^(k+1) (1-p)^(n-k) / n, k the whole part of n p.
func expectedL1(p, n float64) float64 {
	if p == 0 || p >= 1 {
		return 0
	}
	k := math.Floor(n*p) + 1
	l1, _ := math.Lgamma(n + 1)
	l2, _ := math.Lgamma(k + 1)
	l3, _ := math.Lgamma(n - k + 1)
	return 2 * k / n * math.Exp(l1-l2-l3+k*math.Log(p)+(n-k+1)*math.Log1p(-p))
}

// TestWrongWaysAreFarOff sums two things that look right: starting at the scaffold
// and going on as the models do, without h, and steps that are masked without
// weights. The method unweighted does both.
func TestWrongWaysAreFarOff(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("of trees of three fragments")
	}
	d := goldenSpace(t)
	ring := tree(t, d.sp, "c1ccccc1")
	var forbid []int
	for f := range d.sp.Vocabulary().Len() {
		if d.sp.Vocabulary().Fragment(f).Columns > 1 {
			forbid = append(forbid, f)
		}
	}
	for _, test := range []struct {
		text  string
		allow sample.Allow
		least float64 // L1
	}{
		{"size", sample.Allow{Scaffold: ring}, .3},
		{"size & polar", sample.Allow{Scaffold: ring}, .3},
		{"size & polar", sample.Allow{Forbid: forbid}, .25},
		{"size", sample.Allow{Max: 2}, .5},
	} {
		c := compile(t, test.text, nil)
		_, bases := d.models(c)
		want, _ := d.inside(t, c, test.allow)
		s, err := sample.New(d.sp, bases, c, sample.Options{Method: sample.Uncorrected, Region: region(t, d.sp, test.allow)})
		if err != nil {
			t.Fatal(err)
		}
		law := stepLaw(s, d.graph)
		l1 := 0.
		for i := range law {
			if !math.IsInf(law[i], -1) && math.IsInf(want[i], -1) {
				t.Fatalf("%s: %x is outside of %+v", test.text, d.graph.States[i], test.allow)
			}
			l1 += math.Abs(math.Exp(law[i]) - math.Exp(want[i]))
		}
		t.Logf("%s in %+v: L1 %.3f", test.text, test.allow, l1)
		if l1 < test.least {
			t.Errorf("%s in %+v: L1 %.3f: the test cannot tell right from wrong", test.text, test.allow, l1)
		}
	}
}

// TestMoleculesContainTheirScaffold looks for it in the molecules.
func TestMoleculesContainTheirScaffold(t *testing.T) {
	t.Parallel()
	d := goldenSpace(t)
	c := compile(t, "size & polar", nil)
	_, bases := d.models(c)
	for text, pattern := range map[string]string{
		"c1ccccc1":         "c1ccccc1",
		"c1ccccc1N1CCNCC1": "c1ccccc1N1CCNCC1",
	} {
		query := smarts.MustCompile(pattern)
		allow := sample.Allow{Scaffold: tree(t, d.sp, text)}
		for _, method := range []sample.Method{sample.SMC, sample.Uncorrected} {
			n := 0
			for _, p := range collect(t, d.sp, bases, c, sample.Options{Method: method, Populations: 5, Region: region(t, d.sp, allow)}) {
				for i := range p.Trajectories {
					tr := &p.Trajectories[i]
					m, err := d.sp.Trees().Assemble(fragment.Tree(tr.Final()))
					if err != nil {
						t.Fatal(err)
					}
					if !query.Matches(m) {
						t.Fatalf("%x does not contain %s", tr.Final(), text)
					}
					if tr.States[0] != allow.Scaffold {
						t.Fatalf("a path begins at %x", tr.States[0])
					}
					n++
				}
			}
			if n != 5*64 {
				t.Errorf("%d molecules with %s by %v", n, text, method)
			}
		}
	}
}

// TestRestrictedPopulationsAreThoseOfTheirSeed, whatever walks beside them and
// wherever the stream begins.
func TestRestrictedPopulationsAreThoseOfTheirSeed(t *testing.T) {
	t.Parallel()
	sp := fragmentSpace(t, 4, small)
	c := compile(t, "a - b", nil)
	bases := bagModels(sp, c, 2)
	for name, allow := range regions(t, sp) {
		r := region(t, sp, allow)
		o := sample.Options{Method: sample.SMC, Seed: 9, Particles: 16, Populations: 12, ResampleBelow: .9, Region: r}
		want := collect(t, sp, bases, c, o)
		o.Lanes, o.InFlight = 3, 1
		if d := same(want, collect(t, sp, bases, c, o)); d != "" {
			t.Errorf("%s: by three lanes: %s", name, d)
		}
		o.First, o.Populations = 7, 5
		if d := same(want[7:], collect(t, sp, bases, c, o)); d != "" {
			t.Errorf("%s: begun at the eighth: %s", name, d)
		}
		o.Seed = 10
		if name != "the scaffold alone" && same(want[7:], collect(t, sp, bases, c, o)) == "" {
			t.Errorf("%s: another seed gives the same", name)
		}
	}
}

// TestChoiceOfAMethodLooksAtTheRegion: a mixture that is rarely allowed is not
// drawn by rejection.
func TestChoiceOfAMethodLooksAtTheRegion(t *testing.T) {
	t.Parallel()
	sp := fragmentSpace(t, 4, small)
	c := compile(t, "a | b", nil)
	bases := bagModels(sp, c, .1)
	g, err := oracle.Enumerate(t.Context(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		allow sample.Allow
		want  sample.Method
	}{
		{sample.Allow{Min: 1}, sample.Rejection},
		{sample.Allow{Scaffold: tree(t, sp, "c1ccccc1N1CCNCC1")}, sample.SMC},
	} {
		how, err := sample.Choose(t.Context(), sp, bases, c, sample.Options{Region: region(t, sp, test.allow)})
		if err != nil {
			t.Fatal(err)
		}
		if how.Method != test.want {
			t.Errorf("%+v: %s", test.allow, how.Reason)
		}
		share := 0.
		for _, base := range bases {
			law, err := oracle.LawOf(t.Context(), g, base)
			if err != nil {
				t.Fatal(err)
			}
			for x := range g.States[1:] {
				if allows(sp, test.allow, g.States[x+1]) {
					share += math.Exp(law.Terminal[x+1]) / float64(len(bases))
				}
			}
		}
		within(t, "acceptance", how.Acceptance, share, 4)
	}
}
