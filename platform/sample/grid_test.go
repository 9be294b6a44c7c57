package sample_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// domain is the grid of Garipov et al. 2023 with exact policies.
type domain struct {
	grid *space.Grid
	laws map[string]*oracle.Law
}

func gridDomain(t testing.TB, side int) *domain {
	t.Helper()
	sp, err := space.NewGrid(2, side)
	if err != nil {
		t.Fatal(err)
	}
	g, err := oracle.Enumerate(context.Background(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := &domain{sp, map[string]*oracle.Law{}}
	for name, reward := range map[string]oracle.GridReward{
		"shubert": oracle.Shubert, "diagonal": oracle.Diagonal,
		"c1": oracle.Circle(1), "c2": oracle.Circle(2), "c3": oracle.Circle(3),
	} {
		logR := make([]float64, len(g.States))
		for i, s := range g.States {
			logR[i] = reward(sp.Coordinates(s, nil), side)
		}
		d.laws[name] = oracle.FlowsOf(g, logR).Law()
	}
	return d
}

func (d *domain) models(c *compose.Composition) (laws []*oracle.Law, bases []space.Policy) {
	for _, name := range c.Models() {
		laws = append(laws, d.laws[name])
		bases = append(bases, d.laws[name].Policy())
	}
	return laws, bases
}

// blocks sums probabilities of states over blocks of 4 by 4 points.
func (d *domain) blocks(p func(i int, s space.State) float64) []float64 {
	n := (d.grid.Side() + 3) / 4
	out := make([]float64, n*n)
	for i, s := range d.laws["c1"].Graph.States {
		z := d.grid.Coordinates(s, nil)
		out[z[0]/4*n+z[1]/4] += p(i, s)
	}
	return out
}

// TestSamplesOnTheGridAreTheComposite holds whole runs of 4,000 particles against
// the closed form: evidence within 4 standard errors, block L1 at the sampling
// floor, and effective sample sizes as they were found before.
func TestSamplesOnTheGridAreTheComposite(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 32)
	for _, test := range []struct {
		text   string
		minESS float64 // 0 where none is known
		floors float64 // how many noise floors the L1 may be
	}{
		{"shubert & diagonal", .985, 1.4},
		{"shubert - diagonal", .910, 1.4},
		{"shubert &{0.05} diagonal", 0, 1.4},
		{"shubert -{0.05} diagonal", 0, 2.5}, // near a^2/b, heavy tails
		{"obs(c1, c2; over c1, c2, c3)", .822, 1.4},
		{"c1 & c2 & c3", .879, 1.4},
		{"c1 & c2", .885, 1.4},
		{"c1 - c2", .541, 1.8},
		{"obs(c1, c1, c1; over c1, c2, c3)", .495 * .7, 3}, // one run differs much from the next
	} {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			c := compile(t, test.text, nil)
			laws, bases := d.models(c)
			law, logZ, err := oracle.Composite(c, laws)
			if err != nil {
				t.Fatal(err)
			}
			populations := collect(t, d.grid, bases, c, sample.Options{Seed: 1, Particles: 4000, Populations: 5})
			var e sample.Evidence
			weights := map[space.State]float64{}
			total, minESS := 0., 0.
			for _, p := range populations {
				e.Add(p)
				minESS += p.MinESS / 4000 / 5
				for i := range p.Trajectories {
					w := math.Exp(p.Trajectories[i].LogWeight)
					weights[p.Trajectories[i].Final()] += w
					total += w
				}
			}
			z, err := e.Value()
			if err != nil {
				t.Fatal(err)
			}
			z.SE = max(z.SE, 1e-3*math.Exp(logZ)) // five populations say little about their own error
			within(t, "evidence", z, math.Exp(logZ), 4)
			if minESS < .9*test.minESS {
				t.Errorf("mean of the least effective sample sizes %.3f, want %.3f", minESS, test.minESS)
			}
			want := d.blocks(func(i int, _ space.State) float64 { return math.Exp(law[i]) })
			got := d.blocks(func(_ int, s space.State) float64 { return weights[s] / total })
			l1, floor := 0., 0.
			for b := range want {
				l1 += math.Abs(want[b] - got[b])
				floor += math.Sqrt(2 / math.Pi * want[b] * (1 - want[b]) / e.ESS())
			}
			t.Logf("evidence %.6f ± %.6f (exact %.6f), L1 %.4f [floor %.4f], min ESS/N %.3f", z.Value, z.SE, math.Exp(logZ), l1, floor, minESS)
			if l1 > test.floors*floor {
				t.Errorf("block L1 %.4f, floor %.4f", l1, floor)
			}
		})
	}
}

// chi is the chi-square statistic of counts against a law, cells of little
// expectation pooled, and its degrees of freedom.
func chi(counts map[space.State]int, n int, g *oracle.Graph, law []float64) (statistic float64, freedom int) {
	var restSeen, restExpected float64
	add := func(seen, expected float64) {
		statistic += (seen - expected) * (seen - expected) / expected
		freedom++
	}
	for i, s := range g.States {
		expected := float64(n) * math.Exp(law[i])
		if expected < 5 {
			restSeen += float64(counts[s])
			restExpected += expected
			continue
		}
		add(float64(counts[s]), expected)
	}
	if restExpected > 0 {
		add(restSeen, restExpected)
	}
	return statistic, freedom - 1
}

func TestExactMethodsPassChiSquare(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 8)
	for _, test := range []struct {
		text   string
		method sample.Method
	}{
		{"c1", sample.Ancestral},
		{"0.5 c1 | 0.2 c2 | 0.3 shubert", sample.Ancestral},
		{"shubert & diagonal", sample.Rejection},
		{"c1 & c2 & c3", sample.Rejection},
		{"c1 - c2", sample.Rejection},
		{"harmonic(c1, c2, c3)", sample.Rejection},
	} {
		c := compile(t, test.text, nil)
		laws, bases := d.models(c)
		law, _, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		counts, n := map[space.State]int{}, 0
		for _, p := range collect(t, d.grid, bases, c, sample.Options{Method: test.method, Seed: 1, Particles: 500, Populations: 60}) {
			for i := range p.Trajectories {
				counts[p.Trajectories[i].Final()]++
				n++
			}
		}
		passes(t, fmt.Sprintf("%s by %v", test.text, test.method), counts, n, laws[0].Graph, law)
	}
}

// passes holds counts against a law by chi-square, at four standard deviations.
func passes(t *testing.T, what string, counts map[space.State]int, n int, g *oracle.Graph, law []float64) {
	t.Helper()
	x, k := chi(counts, n, g, law)
	// Wilson and Hilferty: the cube root of x/k is nearly normal.
	sigma := math.Sqrt(2 / (9 * float64(k)))
	if z := (math.Cbrt(x/float64(k)) - (1 - sigma*sigma)) / sigma; math.Abs(z) > 4 {
		t.Errorf("%s: chi-square %.1f at %d degrees of freedom from %d draws (z = %.1f)", what, x, k, n, z)
	}
}

func TestAcceptanceOfRejectionIsEvidenceOverBound(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 32)
	c := compile(t, "shubert & diagonal", nil)
	_, bases := d.models(c)
	s, err := sample.New(d.grid, bases, c, sample.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a, ok := s.Acceptance(sample.Estimate{Value: .178984, SE: .001}); !ok || math.Abs(a.Value-.715936) > 1e-9 || math.Abs(a.SE-.004) > 1e-9 {
		t.Errorf("acceptance %v %v", a, ok)
	}
	var e sample.Evidence
	for _, p := range collect(t, d.grid, bases, c, sample.Options{Method: sample.Rejection, Seed: 1, Particles: 200, Populations: 50}) {
		e.Add(p)
	}
	if got, want := float64(e.Kept())/float64(e.Drawn()), .178984/.25; math.Abs(got-want) > .02 {
		t.Errorf("acceptance %.3f, want %.3f", got, want)
	}
	z, err := e.Value()
	if err != nil {
		t.Fatal(err)
	}
	within(t, "evidence", z, .178984, 4)
}

func TestResamplingGivesAnUnweightedListOfTheSameLaw(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	logs := []float64{0, math.Log(2), math.Inf(-1), math.Log(.5), math.Log(4)}
	n := 7500
	counts := make([]int, len(logs))
	for _, j := range sample.Unweighted(logs, n, rng) {
		counts[j]++
	}
	for j, want := range []int{1000, 2000, 0, 500, 4000} {
		if d := counts[j] - want; d < -1 || d > 1 {
			t.Errorf("index %d: %d times, want %d", j, counts[j], want)
		}
	}
	if got := sample.Unweighted([]float64{math.Inf(-1)}, 5, rng); len(got) != 0 {
		t.Errorf("weights of zero give %v", got)
	}
}

func TestStandardErrorsCoverTheTruth(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 8)
	c := compile(t, "c1 - c2", nil)
	laws, bases := d.models(c)
	law, logZ, err := oracle.Composite(c, laws)
	if err != nil {
		t.Fatal(err)
	}
	height := func(s space.State) float64 { return float64(d.grid.Coordinates(s, nil)[0]) }
	exact := 0.
	for i, s := range laws[0].Graph.States {
		exact += math.Exp(law[i]) * height(s)
	}
	// 200 runs of 20 populations: about 95 % of the intervals of two standard
	// errors hold the truth.
	const runs = 200
	populations := collect(t, d.grid, bases, c, sample.Options{Seed: 8, Particles: 32, Populations: 20 * runs})
	meanHits, evidenceHits := 0, 0
	for r := range runs {
		own := populations[20*r : 20*(r+1)]
		m := sample.MeanOf(own, func(tr *sample.Trajectory) float64 { return height(tr.Final()) })
		if math.Abs(m.Value-exact) < 2*m.SE {
			meanHits++
		}
		if z := evidence(t, own); math.Abs(z.Value-math.Exp(logZ)) < 2*z.SE {
			evidenceHits++
		}
	}
	for what, hits := range map[string]int{"mean": meanHits, "evidence": evidenceHits} {
		if share := float64(hits) / runs; share < .87 || share > .99 {
			t.Errorf("%s: the truth lies within two standard errors in %.2f of the runs", what, share)
		}
	}
}

func TestMeanIsIndependentOfTheScaleOfTheWeights(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 3))
	var a, b, whole sample.Mean
	type value struct {
		population int
		log, value float64
	}
	var all []value
	for i := range 150 {
		v := value{i / 5, 5 * rng.NormFloat64(), rng.Float64()}
		a.Add(v.population, v.log, v.value)
		b.Add(v.population, v.log-2000, v.value)
		all = append(all, v)
	}
	for _, v := range slices.Backward(all) {
		whole.Add(v.population, v.log, v.value)
	}
	for _, other := range []sample.Mean{b, whole} {
		x, y := a.Estimate(30), other.Estimate(30)
		if math.Abs(x.Value-y.Value) > 1e-12 || math.Abs(x.SE-y.SE) > 1e-10 {
			t.Errorf("%v and %v", x, y)
		}
	}
	if e := (&sample.Mean{}).Estimate(3); !math.IsNaN(e.Value) {
		t.Errorf("the mean of nothing is %v", e)
	}
}

func TestMeanIsARatioOverPopulations(t *testing.T) {
	t.Parallel()
	// Two populations of three: sums of weights 4 and 6, of weighted values 2
	// and 6, so R = 8/10 and the residuals are 2-3.2 and 6-4.8.
	var m sample.Mean
	for _, v := range []struct {
		population    int
		weight, value float64
	}{{7, 1, 0}, {3, 3, 2}, {7, 2, 1}, {3, 1, 0}, {7, 1, 0}, {3, 2, 0}, {5, 0, 100}} {
		m.Add(v.population, math.Log(v.weight), v.value)
	}
	for _, test := range []struct {
		populations int
		se          float64
	}{{2, math.Sqrt(2*(1.44+1.44)) / 10}, {3, math.Sqrt(1.5*(1.44+1.44)) / 10}} {
		if e := m.Estimate(test.populations); math.Abs(e.Value-.8) > 1e-12 || math.Abs(e.SE-test.se) > 1e-12 {
			t.Errorf("over %d populations: %v, want a standard error of %g", test.populations, e, test.se)
		}
	}
}
