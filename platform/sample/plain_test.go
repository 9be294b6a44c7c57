package sample_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// plainParticle is a particle of plainSMC.
type plainParticle struct {
	state     int
	done      bool
	log       []float64 // likelihood of the path under each model
	gamma     float64   // log target of the path
	logWeight float64
}

// plainSMC is sequential Monte Carlo with the path posterior written down anew
// over the tables of a graph, one particle after another, after Doucet and Johansen
// 2009: the least effective sample size of a population on its way, and its log
// evidence.
func plainSMC(c *compose.Composition, laws []*oracle.Law, n int, rng *rand.Rand) (minESS, logEvidence float64) {
	g := laws[0].Graph
	particles := make([]plainParticle, n)
	for j := range particles {
		particles[j].log = make([]float64, len(laws))
	}
	for minESS = 1; ; {
		going := false
		for j := range particles {
			p := &particles[j]
			if p.done {
				continue
			}
			going = true
			logs := make([][]float64, 1+len(g.Children[p.state])) // of Stop and of every child
			gammas := make([]float64, len(logs))
			for a := range logs {
				for i, law := range laws {
					step := law.Stop[p.state]
					if a > 0 {
						step = law.Step[p.state][a-1]
					}
					logs[a] = append(logs[a], p.log[i]+step)
				}
				gammas[a] = c.LogDensity(logs[a], 0)
			}
			all := floats.LogSumExp(gammas)
			a, u := 0, rng.Float64()
			for a < len(gammas)-1 {
				if u -= math.Exp(gammas[a] - all); u < 0 {
					break
				}
				a++
			}
			p.logWeight += all - p.gamma
			p.log, p.gamma = logs[a], gammas[a]
			if p.done = a == 0; !p.done {
				p.state = g.Children[p.state][a-1].Child
			}
		}
		logs := make([]float64, n)
		for j := range particles {
			logs[j] = particles[j].logWeight
		}
		mean := floats.LogSumExp(logs) - math.Log(float64(n))
		if !going {
			return minESS, mean
		}
		weights, squares := make([]float64, n), 0.
		for j, l := range logs {
			weights[j] = math.Exp(l - mean)
			squares += weights[j] * weights[j]
		}
		ess := float64(n) / squares
		if minESS = min(minESS, ess); ess >= .5 {
			continue
		}
		next := make([]plainParticle, 0, n)
		u, below := rng.Float64(), 0.
		for j, w := range weights {
			for below += w; u+float64(len(next)) < below && len(next) < n; {
				next = append(next, particles[j])
			}
		}
		for len(next) < n { // rounding
			next = append(next, next[len(next)-1])
		}
		for j := range next {
			next[j].log, next[j].logWeight = slices.Clone(next[j].log), mean
		}
		particles = next
	}
}

// Populations are as precise as those of plain sequential Monte Carlo: the least
// effective sample sizes of both have one law, heavy tails or not.
func TestPopulationsAreThoseOfPlainSequentialMonteCarlo(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 32)
	const runs, n = 60, 500
	for _, text := range []string{"shubert - diagonal", "obs(c1, c2; over c1, c2, c3)", "obs(c1, c1, c1; over c1, c2, c3)", "c1 - c2"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			c := compile(t, text, nil)
			laws, bases := d.models(c)
			rng := rand.New(rand.NewPCG(1, 2))
			var plain, own, resampled []float64
			for range runs {
				ess, _ := plainSMC(c, laws, n, rng)
				plain = append(plain, ess)
			}
			for _, p := range collect(t, d.grid, bases, c, sample.Options{Method: sample.SMC, Seed: 1, Particles: n, Populations: runs}) {
				own = append(own, p.MinESS/n)
				resampled = append(resampled, float64(p.Resamplings))
			}
			slices.Sort(plain)
			slices.Sort(own)
			a, b := stat.Mean(own, nil), stat.Mean(plain, nil)
			distance := stat.KolmogorovSmirnov(own, nil, plain, nil)
			t.Logf("least ESS %.3f, of plain %.3f, Kolmogorov-Smirnov distance %.2f, %.2f resamplings", a, b, distance, stat.Mean(resampled, nil))
			// Exceeded once in 10,000: sqrt(ln(2/p)/2) sqrt(2/runs).
			if most := math.Sqrt(math.Log(2e4) / runs); distance > most {
				t.Errorf("the least ESS of populations differs: mean %.3f, of plain %.3f; distance %.2f, at most %.2f", a, b, distance, most)
			}
		})
	}
}
