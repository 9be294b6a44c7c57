package diffuse

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// standard is the score of standard normal data, noisy.
func standard(p noise.Process) Field {
	return Single(func(x []float64, t float64, dst []float64) {
		for j, v := range x {
			dst[j] = -v / unit(p, t)
		}
	})
}

func cloudOf(t *testing.T, process, text string, dim int, fields ...func(noise.Process) Field) *Sampler {
	t.Helper()
	p, err := noise.New(process, nil)
	if err != nil {
		t.Fatal(err)
	}
	sp, err := space.NewPoints(dim, p)
	if err != nil {
		t.Fatal(err)
	}
	e, err := compose.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := compose.Compile(e, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []Field
	for _, f := range fields {
		all = append(all, f(p))
	}
	s, err := New(sp, all, c, Options{Seed: 7, Steps: 4, Particles: 30, Populations: 2})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// On standard normal data a chain walked back is the noising walked forward, however
// few steps it has: the likelihoods of both differ by the density of the end alone.
func TestTheChainOfStandardNormalDataIsReversible(t *testing.T) {
	t.Parallel()
	for _, process := range []string{noise.VP, noise.VE} {
		s := cloudOf(t, process, "a", 3, standard)
		p := s.space.Process()
		for pop, err := range s.Populations(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			for _, tr := range pop.Trajectories {
				var squared, start float64
				for _, v := range s.space.Point(tr.Final(), nil) {
					squared += float64(v) * float64(v)
				}
				want := logNormal(squared, unit(p, s.opts.End), 3)
				// The prior of VE leaves out the data: their share of the variance at time 1.
				if process == noise.VE {
					start = 0.1
				}
				if got := tr.LogBase[0] - tr.LogBackward; math.Abs(got-want) > 1e-3+start {
					t.Errorf("%s: the likelihoods differ by %v, the density of the end is %v", process, got, want)
				}
			}
		}
	}
}

func TestThePullIsTheSlopeOfTheComposition(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	for text, want := range map[string]func(a, b float64) (float64, float64){
		"a & b":              func(a, b float64) (float64, float64) { return b / (a + b), a / (a + b) },
		"a - b":              func(a, b float64) (float64, float64) { return 2 - a/(a+b), -b / (a + b) },
		"0.3 a | 0.7 b":      func(a, b float64) (float64, float64) { return .3 * a / (.3*a + .7*b), .7 * b / (.3*a + .7*b) },
		"product(a^2, b)":    func(float64, float64) (float64, float64) { return 2, 1 },
		"harmonic(1 a, 3 b)": func(a, b float64) (float64, float64) { return b / (b + 3*a), 3 * a / (b + 3*a) },
	} {
		s := cloudOf(t, noise.VP, text, 1, standard, standard)
		c := newCloud(s, 0, 1)
		for i := range c.n {
			c.logs[2*i], c.logs[2*i+1], c.back[i] = 3*r.NormFloat64()-900, 3*r.NormFloat64()-900, -905
			c.gradient(i, c.gamma(i))
			at := max(c.logs[2*i], c.logs[2*i+1])
			a, b := want(math.Exp(c.logs[2*i]-at), math.Exp(c.logs[2*i+1]-at))
			if math.Abs(c.pull[0]-a) > 1e-5 || math.Abs(c.pull[1]-b) > 1e-5 {
				t.Errorf("%s: pulls %v, want %v and %v", text, c.pull, a, b)
			}
		}
	}
}
