package diffuse

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// cloud is some populations that walk the chain together. Every particle has a
// row in each of its tables.
type cloud struct {
	*Sampler
	d, m, n int // numbers of a point, models, particles of all populations

	x      []float64 // n x d
	logs   []float64 // n x m, L_i of the path
	back   []float64 // n, log B of the path
	weight []float64 // n, log-weight since the last resampling
	origin []int     // n, the particle of the start
	walks  []walk

	scores  [][]float32 // per model, n x d
	in      []float32
	times   []float64
	logQ    []float64 // n, of the guide at the point
	slope   []float64 // n x d, its gradient
	pull    []float64 // the c_i of a particle
	mean    []float64 // of a particle's step, with those of the models behind it
	stepLog []float64
}

// walk is one population.
type walk struct {
	index       int
	rng         *rand.Rand
	logZ        float64 // of what was resampled away
	minESS      float64
	resamplings int
}

func newCloud(s *Sampler, first, populations int) *cloud {
	c := &cloud{Sampler: s, d: s.space.Dim(), m: len(s.fields), n: populations * s.opts.Particles}
	c.x, c.logs, c.back = make([]float64, c.n*c.d), make([]float64, c.n*c.m), make([]float64, c.n)
	c.weight, c.origin = make([]float64, c.n), make([]int, c.n)
	c.in, c.times = make([]float32, c.n*c.d), make([]float64, c.n)
	for range c.m {
		c.scores = append(c.scores, make([]float32, c.n*c.d))
	}
	if s.twist != nil {
		c.logQ, c.slope = make([]float64, c.n), make([]float64, c.n*c.d)
	}
	c.pull, c.mean, c.stepLog = make([]float64, c.m), make([]float64, c.d), make([]float64, c.m)
	sd := math.Sqrt(s.start)
	for w := range populations {
		c.walks = append(c.walks, walk{
			index: first + w, rng: rand.New(rand.NewPCG(s.opts.Seed, uint64(first+w))), minESS: float64(s.opts.Particles),
		})
		r := c.walks[w].rng
		for p := range s.opts.Particles {
			i := w*s.opts.Particles + p
			c.origin[i] = p
			var squared float64
			for j := i * c.d; j < (i+1)*c.d; j++ {
				c.x[j] = sd * r.NormFloat64()
				squared += c.x[j] * c.x[j]
			}
			l := logNormal(squared, s.start, c.d)
			fill(c.logs[i*c.m:(i+1)*c.m], l)
			if s.opts.Method == SMC && s.twist == nil {
				c.weight[i] = c.gamma(i) - l
			}
		}
	}
	return c
}

// gamma is the logarithm of the composition of a particle's path.
func (c *cloud) gamma(i int) float64 {
	return c.target.LogDensity(c.logs[i*c.m:(i+1)*c.m], c.back[i])
}

// run walks the chain to its end.
func (c *cloud) run(ctx context.Context) error {
	for _, m := range c.moves {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.twist != nil {
			if err := c.askGuide(ctx, m.from); err != nil {
				return err
			}
		}
		if c.opts.Method == SMC {
			c.resample()
		}
		narrow(c.in, c.x)
		fill(c.times, m.from)
		for f, field := range c.fields {
			if err := ask(ctx, field, c.d, c.in, c.times, c.scores[f]); err != nil {
				return fmt.Errorf("ask model %s: %w", c.target.Models()[f], err)
			}
		}
		for w := range c.walks {
			for p := range c.opts.Particles {
				c.step(w*c.opts.Particles+p, &m, c.walks[w].rng)
			}
		}
	}
	if c.opts.Method != SMC {
		return nil
	}
	for i := range c.n {
		if c.twist != nil { // the mixture so far, the composition from here
			c.weight[i] += c.gamma(i) - c.twist.logMixture(c.logs[i*c.m:(i+1)*c.m])
		}
	}
	for w := range c.walks {
		c.walks[w].minESS = min(c.walks[w].minESS, math.Exp(sample.LogESS(c.of(w))))
	}
	return nil
}

// of is the weights of a population.
func (c *cloud) of(w int) []float64 {
	n := c.opts.Particles
	return c.weight[w*n : (w+1)*n]
}

// step moves a particle.
func (c *cloud) step(i int, m *move, r *rand.Rand) {
	x, logs := c.x[i*c.d:(i+1)*c.d], c.logs[i*c.m:(i+1)*c.m]
	before := 0.0
	if c.twist != nil {
		before = c.twist.logMixture(logs)
		c.twist.posterior(logs, c.pull)
	} else {
		before = c.gamma(i)
		c.gradient(i, before)
	}
	for j := range x {
		s := 0.0
		for f, k := range c.pull {
			s += k * float64(c.scores[f][i*c.d+j])
		}
		if c.twist != nil {
			s += c.opts.Scale * c.slope[i*c.d+j]
		}
		c.mean[j] = m.keep*x[j] + m.gain*s
	}
	sd := math.Sqrt(m.variance)
	var own, back float64 // squared distances
	fill(c.stepLog, 0)
	for j := range x {
		e := r.NormFloat64()
		next := c.mean[j] + sd*e
		own += sd * e * sd * e
		for f := range c.stepLog {
			d := next - m.keep*x[j] - m.gain*float64(c.scores[f][i*c.d+j])
			c.stepLog[f] += d * d
		}
		d := x[j] - m.alpha*next
		back += d * d
		x[j] = next
	}
	for f, squared := range c.stepLog {
		logs[f] += logNormal(squared, m.variance, c.d)
	}
	c.back[i] += logNormal(back, m.noise, c.d)
	if c.opts.Method != SMC {
		return
	}
	c.weight[i] -= logNormal(own, m.variance, c.d) + before
	if c.twist != nil {
		c.weight[i] += c.twist.logMixture(logs) - c.logQ[i]
		return
	}
	if c.weight[i] += c.gamma(i); math.IsNaN(c.weight[i]) {
		c.weight[i] = logImpossible // nothing minus nothing: it was impossible before
	}
}

// nudge is the step of the differences of log gamma.
const nudge = 1e-3

// gradient writes the c_i of a particle, by central differences.
func (c *cloud) gradient(i int, at float64) {
	if math.IsInf(at, -1) {
		fill(c.pull, 1/float64(c.m))
		return
	}
	logs := c.logs[i*c.m : (i+1)*c.m]
	for f := range logs {
		keep := logs[f]
		logs[f] = keep + nudge
		up := c.gamma(i)
		logs[f] = keep - nudge
		down := c.gamma(i)
		logs[f] = keep
		if c.pull[f] = (up - down) / (2 * nudge); c.pull[f]-c.pull[f] != 0 {
			c.pull[f] = 0
		}
	}
}

// askGuide asks for log Q and its gradient at a time, and adds the first to the
// weights.
func (c *cloud) askGuide(ctx context.Context, t float64) error {
	narrow(c.in, c.x)
	fill(c.times, t)
	k := len(c.twist.share)
	size := max(numbersAtOnce/(c.d*k), 1)
	for from := 0; from < c.n; from += size {
		to := min(from+size, c.n)
		reply, err := c.opts.Guide.LogQ(ctx, sdk.GuideRequest{Points: c.in[from*c.d : to*c.d], Times: c.times[from:to], Gradient: true})
		if err != nil {
			return fmt.Errorf("ask the guide: %w", err)
		}
		for i := from; i < to; i++ {
			row := i - from
			c.logQ[i] = c.twist.value(reply.LogQ[row*k:(row+1)*k], reply.Gradient[row*k*c.d:(row+1)*k*c.d], c.slope[i*c.d:(i+1)*c.d])
			if c.opts.Method == SMC {
				c.weight[i] += c.logQ[i]
			}
		}
	}
	return nil
}

// resample resamples the populations whose weights have become too unequal.
func (c *cloud) resample() {
	n := c.opts.Particles
	for w := range c.walks {
		k := &c.walks[w]
		weights := c.of(w)
		ess := math.Exp(sample.LogESS(weights))
		k.minESS = min(k.minESS, ess)
		if c.opts.ResampleBelow < 0 || ess == 0 || ess >= c.opts.ResampleBelow*float64(n) {
			continue
		}
		k.logZ += logSum(weights) - math.Log(float64(n))
		k.resamplings++
		from := sample.Unweighted(weights, n, k.rng)
		base := w * n
		pick(c.x, base, c.d, from)
		pick(c.logs, base, c.m, from)
		pick(c.back, base, 1, from)
		pick(c.origin, base, 1, from)
		if c.twist != nil {
			pick(c.logQ, base, 1, from)
			pick(c.slope, base, c.d, from)
		}
		fill(weights, 0)
	}
}

// pick puts the rows from[k] of a table, counted from base, in the places k. The
// rows of systematic resampling are in order.
func pick[T any](table []T, base, width int, from []int) {
	old := append([]T(nil), table[base*width:(base+len(from))*width]...)
	for k, f := range from {
		copy(table[(base+k)*width:(base+k+1)*width], old[f*width:(f+1)*width])
	}
}

// logSum is the logarithm of a sum of exponentials.
func logSum(x []float64) float64 {
	top := logImpossible
	for _, v := range x {
		top = max(top, v)
	}
	if math.IsInf(top, -1) {
		return top
	}
	var sum float64
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// populations hands the finished populations out.
func (c *cloud) populations(out []*sample.Population) {
	n := c.opts.Particles
	point := make([]float32, c.d)
	for w := range out {
		k := &c.walks[w]
		p := &sample.Population{
			Index: k.index, Drawn: n, MinESS: k.minESS, Resamplings: k.resamplings, Evaluations: n * len(c.moves), LogEvidence: math.NaN(),
		}
		if c.twist != nil {
			p.Questions = n * len(c.moves)
		}
		if c.opts.Method == SMC {
			p.LogEvidence = k.logZ + logSum(c.of(w)) - math.Log(float64(n))
		}
		for i := w * n; i < (w+1)*n; i++ {
			logWeight := k.logZ + c.weight[i] - math.Log(float64(n))
			if math.IsInf(logWeight, -1) {
				continue
			}
			narrow(point, c.x[i*c.d:(i+1)*c.d])
			p.Trajectories = append(p.Trajectories, sample.Trajectory{
				Population: k.index, Particle: i - w*n, Ancestor: c.origin[i],
				States: []space.State{c.space.At(point)}, LogBase: append([]float64(nil), c.logs[i*c.m:(i+1)*c.m]...),
				LogBackward: c.back[i], LogWeight: logWeight,
			})
		}
		out[w] = p
	}
}
