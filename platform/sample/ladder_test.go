package sample_test

import (
	"context"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// bumps adds two Gaussian bumps of a width to the domain, that far apart.
func (d *domain) bumps(t testing.TB, width, apart float64) {
	t.Helper()
	g := d.laws["c1"].Graph
	for name, centre := range map[string]float64{"left": -apart / 2, "right": apart / 2} {
		logR := make([]float64, len(g.States))
		for i, s := range g.States {
			z := d.grid.Coordinates(s, nil)
			scale := 2 / float64(d.grid.Side()-1)
			x, y := scale*float64(z[0])-1-centre, scale*float64(z[1])-1
			logR[i] = -(x*x + y*y) / (2 * width * width)
		}
		d.laws[name] = oracle.FlowsOf(g, logR).Law()
	}
}

// TestLaddersTameHardTargets compares a ladder with the plain path posterior
// where the latter is at its worst: samples at the sampling floor, evidence far
// more precise, and hardly a particle wasted.
func TestLaddersTameHardTargets(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 32)
	d.bumps(t, .2, 1.3) // rejection would accept two draws in a thousand
	for _, test := range []struct {
		text  string
		ess   float64 // least ESS of all draws, as a share
		times float64 // and how many times that of the plain path posterior, min ESS
	}{
		{"obs(c1, c1, c1; over c1, c2, c3)", .85, 1.7},
		{"c1 - c2", .95, 1.3},
		{"shubert -{0.05} diagonal", .6, 1.1},
		{"left & right", .35, 1.1},
		{"left - right", .8, 1},
	} {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			c := compile(t, test.text, nil)
			laws, bases := d.models(c)
			law, logZ, err := oracle.Composite(c, laws)
			if err != nil {
				t.Fatal(err)
			}
			ladder, err := sample.FitLadder(context.Background(), d.grid, bases, c, sample.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			o := sample.Options{Method: sample.SMC, Seed: 1, Particles: 1000, Populations: 10}
			minESS := func(populations []*sample.Population) (mean float64) {
				for _, p := range populations {
					mean += p.MinESS / float64(p.Drawn) / float64(len(populations))
				}
				return mean
			}
			plain := minESS(collect(t, d.grid, bases, c, o))
			o.Twist.Ladder = ladder
			populations := collect(t, d.grid, bases, c, o)
			z := evidence(t, populations)
			within(t, "evidence", z, math.Exp(logZ), 4)
			var e sample.Evidence
			weights, total := map[space.State]float64{}, 0.
			for _, p := range populations {
				e.Add(p)
				for i := range p.Trajectories {
					w := math.Exp(p.Trajectories[i].LogWeight)
					weights[p.Trajectories[i].Final()] += w
					total += w
				}
			}
			want := d.blocks(func(i int, _ space.State) float64 { return math.Exp(law[i]) })
			got := d.blocks(func(_ int, s space.State) float64 { return weights[s] / total })
			l1, floor := 0., 0.
			for b := range want {
				l1 += math.Abs(want[b] - got[b])
				floor += math.Sqrt(2 / math.Pi * want[b] * (1 - want[b]) / float64(e.Drawn()))
			}
			share := e.ESS() / float64(e.Drawn())
			t.Logf("evidence %.6f ± %.6f (exact %.6f), L1 %.4f [floor of as many independent draws %.4f], ESS %.3f, min ESS %.3f (plain %.3f)", z.Value, z.SE, math.Exp(logZ), l1, floor, share, minESS(populations), plain)
			if share < test.ess || minESS(populations) < test.times*plain {
				t.Errorf("ESS %.3f, min ESS %.3f, plain %.3f", share, minESS(populations), plain)
			}
			if l1 > 1.5*floor/math.Sqrt(test.ess) {
				t.Errorf("block L1 %.4f, floor %.4f", l1, floor)
			}
		})
	}
}

// TestImportanceDrawsByThemselves holds independent draws against the exact law:
// their evidence, their law within the floor of as many effective draws, and that
// none has seen another.
func TestImportanceDrawsByThemselves(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 16)
	for _, text := range []string{"c1 & c2 & c3", "c1 - c2", "obs(c1, c1, c1; over c1, c2, c3)"} {
		c := compile(t, text, nil)
		laws, bases := d.models(c)
		law, logZ, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		o := sample.Options{Method: sample.Importance, Seed: 2, Particles: 500, Populations: 20}
		how, err := sample.Choose(context.Background(), d.grid, bases, c, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Twist.Ladder = how.Ladder
		populations := collect(t, d.grid, bases, c, o)
		within(t, text+", evidence", evidence(t, populations), math.Exp(logZ), 4)
		weights, total, squares := map[space.State]float64{}, 0., 0.
		for _, p := range populations {
			if p.Resamplings != 0 {
				t.Errorf("%s: a population resampled", text)
			}
			for i := range p.Trajectories {
				if p.Trajectories[i].Ancestor != p.Trajectories[i].Particle {
					t.Errorf("%s: particle %d comes from %d", text, p.Trajectories[i].Particle, p.Trajectories[i].Ancestor)
				}
				w := math.Exp(p.Trajectories[i].LogWeight)
				weights[p.Trajectories[i].Final()] += w
				total += w
				squares += w * w
			}
		}
		l1, floor := 0., 0.
		for i, s := range d.laws["c1"].Graph.States {
			p := math.Exp(law[i])
			l1 += math.Abs(weights[s]/total - p)
			floor += math.Sqrt(2 / math.Pi * p * (1 - p) / (total * total / squares))
		}
		t.Logf("%s: L1 %.4f, floor %.4f, ESS %.3f", text, l1, floor, total*total/squares/10000)
		if l1 > 1.4*floor {
			t.Errorf("%s: L1 %.4f, floor of the effective draws %.4f", text, l1, floor)
		}
	}
	if _, err := sample.New(d.grid, make([]space.Policy, 2), compile(t, "c1 & c2", nil), sample.Options{Method: sample.Importance}); err == nil {
		t.Error("importance does without a ladder")
	}
}

func TestLaddersAreReproducible(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 8)
	c := compile(t, "c1 - c2", nil)
	_, bases := d.models(c)
	fit := func(o sample.Options) sample.Ladder {
		l, err := sample.FitLadder(context.Background(), d.grid, bases, c, o)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	a, b, other := fit(sample.Options{Seed: 4}), fit(sample.Options{Seed: 4, Lanes: 3, InFlight: 1}), fit(sample.Options{Seed: 5})
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("step %d: %v and %v", i, a[i], b[i])
		}
	}
	if len(a) != len(b) || a[1] == other[1] {
		t.Error("the ladder is not a function of the seed")
	}
	e := bag{3}
	impossible := compile(t, "x & y", nil)
	if _, err := sample.FitLadder(context.Background(), e, []space.Policy{only{e, 'b', 2}, only{e, 'c', 2}}, impossible, sample.Options{}); err == nil {
		t.Error("a ladder is fitted to a composition without support")
	}
}
