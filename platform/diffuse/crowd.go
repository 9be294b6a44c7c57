package diffuse

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"

	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk"
)

// crowd is some populations that walk a chain together: what they have in common
// whatever they are weighed by. Every particle has a row in each of its tables.
type crowd struct {
	o       *Options
	d, m, n int // numbers of a point, models, particles of all populations

	x      []float64 // n x d
	weight []float64 // n, log-weight since the last resampling
	origin []int     // n, the particle of the start
	walks  []walk

	scores [][]float32 // per model, n x d
	in     []float32
	times  []float64
}

// walk is one population.
type walk struct {
	index       int
	rng         *rand.Rand
	logZ        float64 // of what was resampled away
	minESS      float64
	resamplings int
}

// newCrowd draws populations, from the first on, from normal points of a variance.
func newCrowd(o *Options, d, m, first, populations int, variance float64) crowd {
	c := crowd{o: o, d: d, m: m, n: populations * o.Particles}
	c.x, c.in = make([]float64, c.n*d), make([]float32, c.n*d)
	c.weight, c.times, c.origin = make([]float64, c.n), make([]float64, c.n), make([]int, c.n)
	for range m {
		c.scores = append(c.scores, make([]float32, c.n*d))
	}
	sd := math.Sqrt(variance)
	for w := range populations {
		r := rand.New(rand.NewPCG(o.Seed, uint64(first+w)))
		c.walks = append(c.walks, walk{index: first + w, rng: r, minESS: float64(o.Particles)})
		for p := range o.Particles {
			i := w*o.Particles + p
			c.origin[i] = p
			for j := i * d; j < (i+1)*d; j++ {
				c.x[j] = sd * r.NormFloat64()
			}
		}
	}
	return c
}

// of is the weights of a population.
func (c *crowd) of(w int) []float64 {
	n := c.o.Particles
	return c.weight[w*n : (w+1)*n]
}

// askFields asks all models for their scores at a time.
func (c *crowd) askFields(ctx context.Context, fields []Field, names []string, t float64) error {
	narrow(c.in, c.x)
	fill(c.times, t)
	for f, field := range fields {
		if err := ask(ctx, field, c.d, c.in, c.times, c.scores[f]); err != nil {
			return fmt.Errorf("ask model %s: %w", names[f], err)
		}
	}
	return nil
}

// askGuide asks a guide of so many outcomes about all particles at a time, and
// hands on what it says of each: log Q of the outcomes, and their gradients.
func (c *crowd) askGuide(ctx context.Context, guide Guide, outcomes int, t float64, answer func(i int, logQ, gradient []float32)) error {
	narrow(c.in, c.x)
	fill(c.times, t)
	k, d := outcomes, c.d
	size := max(numbersAtOnce/(d*k), 1)
	for from := 0; from < c.n; from += size {
		to := min(from+size, c.n)
		reply, err := guide.LogQ(ctx, sdk.GuideRequest{Points: c.in[from*d : to*d], Times: c.times[from:to], Gradient: true})
		if err != nil {
			return fmt.Errorf("ask the guide: %w", err)
		}
		for i := from; i < to; i++ {
			row := i - from
			answer(i, reply.LogQ[row*k:(row+1)*k], reply.Gradient[row*k*d:(row+1)*k*d])
		}
	}
	return nil
}

// resample resamples the populations whose weights have become too unequal. What
// else a particle has is put in its new place by move: the rows from[k], counted
// from base, go to the places k.
func (c *crowd) resample(move func(base int, from []int)) {
	n := c.o.Particles
	for w := range c.walks {
		k, weights := &c.walks[w], c.of(w)
		ess := c.measure(w)
		if c.o.ResampleBelow < 0 || ess == 0 || ess >= c.o.ResampleBelow*float64(n) {
			continue
		}
		k.logZ += floats.LogSumExp(weights) - math.Log(float64(n))
		k.resamplings++
		from := sample.Unweighted(weights, n, k.rng)
		pick(c.x, w*n, c.d, from)
		pick(c.origin, w*n, 1, from)
		move(w*n, from)
		fill(weights, 0)
	}
}

// measure is a population's effective sample size, whose least is kept.
func (c *crowd) measure(w int) float64 {
	ess := math.Exp(sample.LogESS(c.of(w)))
	c.walks[w].minESS = min(c.walks[w].minESS, ess)
	return ess
}

// population is a finished population without its trajectories.
func (c *crowd) population(w, steps int) *sample.Population {
	n, k := c.o.Particles, &c.walks[w]
	p := &sample.Population{
		Index: k.index, Drawn: n, MinESS: k.minESS, Resamplings: k.resamplings, Evaluations: n * steps, LogEvidence: math.NaN(),
	}
	if c.o.Method == SMC {
		p.LogEvidence = k.logZ + floats.LogSumExp(c.of(w)) - math.Log(float64(n))
	}
	return p
}

// pick puts the rows from[k] of a table, counted from base, in the places k. The
// rows of systematic resampling are in order.
func pick[T any](table []T, base, width int, from []int) {
	old := append([]T(nil), table[base*width:(base+len(from))*width]...)
	for k, f := range from {
		copy(table[(base+k)*width:(base+k+1)*width], old[f*width:(f+1)*width])
	}
}

// nudge is the step of differences in log-likelihoods.
const nudge = 1e-3

// derivatives hands on the derivative of a function of logs by each of them, by
// central differences.
func derivatives(logs []float64, value func() float64, each func(f int, c float64)) {
	for f, keep := range logs {
		logs[f] = keep + nudge
		up := value()
		logs[f] = keep - nudge
		down := value()
		logs[f] = keep
		each(f, (up-down)/(2*nudge))
	}
}
