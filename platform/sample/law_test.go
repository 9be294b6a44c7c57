package sample_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// hashed is a guide of states and actions whose values are random, and fixed:
// a bad one, that must not matter to what is exact.
type hashed struct {
	space    space.Space
	seed     uint64
	residual bool
}

func (h hashed) value(s space.State, salt uint64) float64 {
	x := h.seed
	for _, c := range []byte(s) {
		x = (x ^ uint64(c)) * 1099511628211
	}
	return -3 * rand.New(rand.NewPCG(x, salt)).Float64()
}

func (h hashed) LogQ(_ context.Context, states []space.State, finished bool, dst []float64) error {
	salt := uint64(1)
	if finished {
		salt = 2
	}
	for i, s := range states {
		dst[i] = h.value(s, salt)
	}
	return nil
}

func (h hashed) Residual() bool { return h.residual }

func (h hashed) LogActions(_ context.Context, states []space.State, dst []sample.ActionValues) error {
	for i, s := range states {
		dst[i].Stop = h.value(s, 3)
		dst[i].Cells = dst[i].Cells[:0]
		for c := range h.space.Rows(s) * h.space.Columns() {
			dst[i].Cells = append(dst[i].Cells, h.value(s, 4+uint64(c)))
		}
	}
	return nil
}

// eachPath visits every finished path of a sampler.
func eachPath(f *sample.Fork, steps func(*sample.Fork) []*sample.Fork, visit func(*sample.Fork)) {
	for _, next := range steps(f) {
		if next.Finished {
			visit(next)
		} else {
			eachPath(next, steps, visit)
		}
	}
}

// twists are all that steers SMC, with random guides and any ladder.
func twists(sp space.Space) map[string]sample.Twist {
	h := hashed{space: sp, seed: 7}
	residual := h
	residual.residual = true
	return map[string]sample.Twist{
		"path posterior":          {},
		"ladder":                  {Ladder: sample.Ladder{{1, 0, 0}, {.3, .2, .1}, {0, .5, .5}}},
		"guide":                   {Guide: h},
		"candidates":              {Guide: h, Children: sample.Candidates, Candidates: 2},
		"action guide":            {Actions: h},
		"residual":                {Actions: residual},
		"guide to the end":        {Guide: h, GuideEnds: true},
		"action guide to the end": {Actions: h, GuideEnds: true},
		"candidates to the end":   {Guide: h, Children: sample.Candidates, Candidates: 2, GuideEnds: true},
	}
}

// TestLawTimesWeightIsTheTargetOfEveryPath sums over everything that a sampler may
// do: for every path of a small space, the probability that it is walked times
// its weight is its density under the composition, whatever steers the steps.
func TestLawTimesWeightIsTheTargetOfEveryPath(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	for _, text := range []string{"a & b", "a - b", "obs(a, a, b; over a, b, c)", "a &{0.2} b", "obs(a^2, b{0.3}; over 0.2 a, 0.8 b)", "product(a, b)"} {
		c := compile(t, text, nil)
		bases := bagModels(sp, c, 1.5)
		exact, mixtures := map[string]float64{}, map[string]float64{}
		weights := make([]float64, len(bases))
		bound, ok := c.Bound()
		if ok {
			weights = bound.Weights
		}
		for _, p := range allPaths(sp, bases) {
			key := pathKey(p.states)
			exact[key] = math.Exp(c.LogDensity(p.logs, p.logB))
			for i, l := range p.logs {
				mixtures[key] += weights[i] * math.Exp(l)
			}
		}
		for name, twist := range twists(sp) {
			if !ok && (twist.Guide != nil || twist.Actions != nil) {
				continue // a guide is about observations
			}
			s, err := sample.New(sp, bases, c, sample.Options{Method: sample.SMC, Twist: twist})
			if err != nil {
				t.Fatal(err)
			}
			steps := (*sample.Fork).Steps
			if twist.Children == sample.Candidates {
				steps = (*sample.Fork).CandidateSteps
			}
			law, paths, total := 0., 0, 0.
			eachPath(sample.Start(s), steps, func(f *sample.Fork) {
				paths++
				law += math.Exp(f.LogProb)
				got, want := math.Exp(f.LogProb+f.Weight), exact[f.Key]
				if twist.GuideEnds {
					h := hashed{space: sp, seed: 7}
					want = mixtures[f.Key] * math.Exp(h.value(f.State, 2))
					if twist.Actions != nil {
						want = mixtures[f.Key] * math.Exp(h.value(f.State, 3))
					}
				}
				total += math.Abs(got - want)
			})
			if paths != len(exact) || total > 1e-12 {
				t.Errorf("%s by %s: %d of %d paths, L1 %g", text, name, paths, len(exact), total)
			}
			if twist.Children != sample.Candidates && math.Abs(law-1) > 1e-12 {
				t.Errorf("%s by %s: probabilities sum to %g", text, name, law)
			}
		}
	}
}

// TestEvidenceHasNoBiasWhateverTheTwist lets bad guides steer small populations
// that resample all the time.
func TestEvidenceHasNoBiasWhateverTheTwist(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	c := compile(t, "obs(a, a, b; over a, b, c)", nil)
	bases := bagModels(sp, c, 1.5)
	exact := 0.
	for _, p := range allPaths(sp, bases) {
		exact += math.Exp(c.LogDensity(p.logs, p.logB))
	}
	for name, twist := range twists(sp) {
		if twist.GuideEnds {
			continue // its evidence is the guide's
		}
		populations := collect(t, sp, bases, c, sample.Options{
			Method: sample.SMC, Seed: 6, Particles: 6, Populations: 3000, ResampleBelow: .95, Twist: twist,
		})
		resamplings := 0
		for _, p := range populations {
			resamplings += p.Resamplings
		}
		z := evidence(t, populations)
		within(t, "evidence by "+name, z, exact, 4)
		if resamplings < len(populations) || z.SE > .03*exact {
			t.Errorf("by %s: %d resamplings, evidence known to %g of %g", name, resamplings, z.SE, exact)
		}
	}
}

func pathKey(states []space.State) string {
	var b strings.Builder
	for _, s := range states[1:] {
		b.WriteString("/" + string(s))
	}
	return b.String() + "."
}

// exactGuide knows Q by dynamic programming.
type exactGuide struct {
	graph          *oracle.Graph
	going, ends    []float64
	space          space.Space
	residual       []*oracle.Law                                 // where its actions correct the path posterior of these laws
	psi            func(reach []float64, step []float64) float64 // log path posterior of a step
	perturb, above float64                                       // noise on the values; how far an upper bound lies above
}

func (e exactGuide) LogQ(_ context.Context, states []space.State, finished bool, dst []float64) error {
	values := e.going
	if finished {
		values = e.ends
	}
	for i, s := range states {
		k, _ := e.graph.Index(s)
		dst[i] = values[k] - e.noise(k, finished)
	}
	return nil
}

// noise lowers a value, by a number of its own.
func (e exactGuide) noise(k int, finished bool) float64 {
	if e.perturb == 0 || finished {
		return 0
	}
	return e.perturb * rand.New(rand.NewPCG(uint64(k), 5)).Float64()
}

func (e exactGuide) Residual() bool { return e.residual != nil }

func (e exactGuide) LogActions(_ context.Context, states []space.State, dst []sample.ActionValues) error {
	for i, s := range states {
		k, _ := e.graph.Index(s)
		n := e.space.Rows(s) * e.space.Columns()
		dst[i].Cells = make([]float64, n)
		for c := range dst[i].Cells {
			dst[i].Cells[c] = math.Inf(-1)
		}
		dst[i].Stop = e.ends[k] + e.above
		for j, edge := range e.graph.Children[k] {
			q := e.going[edge.Child] - e.noise(edge.Child, false) + e.above
			if e.residual != nil {
				var l, step []float64
				for _, law := range e.residual {
					l, step = append(l, law.Reach[k]), append(step, law.Step[k][j])
				}
				q -= e.psi(l, step)
			}
			for _, c := range edge.Cells {
				dst[i].Cells[c] = q
			}
		}
	}
	return nil
}

// TestExactGuidesGiveConstantWeights holds that a twist that is right leaves
// nothing to correct: all weights are the evidence.
func TestExactGuidesGiveConstantWeights(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 8)
	for _, text := range []string{"shubert & diagonal", "shubert -{0.05} diagonal", "c1 & c2 & c3", "obs(c1, c1, c1; over c1, c2, c3)"} {
		c := compile(t, text, nil)
		laws, bases := d.models(c)
		bound, _ := c.Bound()
		mixture := oracle.MixturePolicy(bound.Weights, laws)
		going, ends := oracle.Potential(c, mixture, laws)
		guide := exactGuide{graph: laws[0].Graph, going: going, ends: ends, space: d.grid}
		residual := guide
		residual.residual = laws
		residual.psi = func(reach, step []float64) float64 {
			l, m := make([]float64, len(reach)), 0.
			for i := range l {
				l[i] = reach[i] + step[i]
				m += bound.Weights[i] * math.Exp(l[i])
			}
			return c.LogDensity(l, 0) - math.Log(m)
		}
		for name, twist := range map[string]sample.Twist{
			"guide": {Guide: guide}, "action guide": {Actions: guide}, "residual": {Actions: residual},
			"to the end": {Guide: guide, GuideEnds: true},
		} {
			for _, p := range collect(t, d.grid, bases, c, sample.Options{Method: sample.SMC, Seed: 1, Populations: 3, Twist: twist}) {
				for i := range p.Trajectories {
					if w := p.Trajectories[i].LogWeight + math.Log(64); math.Abs(w-going[0]) > 1e-9 {
						t.Fatalf("%s by %s: log-weight %.12f, log evidence %.12f", text, name, w, going[0])
					}
				}
				for step, r := range p.Residuals[1:] {
					if math.Abs(r.Mean) > 1e-9 || r.SD > 1e-9 {
						t.Fatalf("%s by %s: residual %g ± %g of step %d", text, name, r.Mean, r.SD, step+1)
					}
				}
				if p.Questions == 0 || p.Resamplings > 0 {
					t.Fatalf("%s by %s: %d questions, %d resamplings", text, name, p.Questions, p.Resamplings)
				}
			}
		}
	}
}
