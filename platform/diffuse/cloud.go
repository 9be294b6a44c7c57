package diffuse

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// cloud is a crowd that is weighed by the likelihoods of its paths.
type cloud struct {
	*Sampler
	crowd

	logs []float64 // n x m, L_i of the path
	back []float64 // n, log B of the path

	logQ    []float64 // n, of the guide at the point
	slope   []float64 // n x d, its gradient
	pull    []float64 // the c_i of a particle
	mean    []float64 // of a particle's step, with those of the models behind it
	stepLog []float64
}

func newCloud(s *Sampler, first, populations int) *cloud {
	c := &cloud{Sampler: s, crowd: newCrowd(&s.opts, s.space.Dim(), len(s.fields), first, populations, s.start)}
	c.logs, c.back = make([]float64, c.n*c.m), make([]float64, c.n)
	if s.twist != nil {
		c.logQ, c.slope = make([]float64, c.n), make([]float64, c.n*c.d)
	}
	c.pull, c.mean, c.stepLog = make([]float64, c.m), make([]float64, c.d), make([]float64, c.m)
	for i := range c.n {
		var squared float64
		for _, x := range c.x[i*c.d : (i+1)*c.d] {
			squared += x * x
		}
		l := logNormal(squared, s.start, c.d)
		fill(c.logs[i*c.m:(i+1)*c.m], l)
		if s.opts.Method == SMC && s.twist == nil {
			c.weight[i] = c.gamma(i) - l
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
			if err := c.steer(ctx, m.from); err != nil {
				return err
			}
		}
		if c.opts.Method == SMC {
			c.resample(func(base int, from []int) {
				pick(c.logs, base, c.m, from)
				pick(c.back, base, 1, from)
				if c.twist != nil {
					pick(c.logQ, base, 1, from)
					pick(c.slope, base, c.d, from)
				}
			})
		}
		if err := c.askFields(ctx, c.fields, c.target.Models(), m.from); err != nil {
			return err
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
			c.reweigh(i, c.gamma(i)-c.twist.logMixture(c.logs[i*c.m:(i+1)*c.m]))
		}
	}
	for w := range c.walks {
		c.measure(w)
	}
	return nil
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
		c.reweigh(i, c.twist.logMixture(logs)-c.logQ[i])
		return
	}
	c.reweigh(i, c.gamma(i))
}

// reweigh adds to the log-weight of a particle. Nothing minus nothing is nothing:
// what was impossible before stays so.
func (c *cloud) reweigh(i int, by float64) {
	if c.weight[i] += by; math.IsNaN(c.weight[i]) {
		c.weight[i] = logImpossible
	}
}

// gradient writes the c_i of a particle, by central differences.
func (c *cloud) gradient(i int, at float64) {
	if math.IsInf(at, -1) {
		fill(c.pull, 1/float64(c.m))
		return
	}
	derivatives(c.logs[i*c.m:(i+1)*c.m], func() float64 { return c.gamma(i) }, func(f int, by float64) {
		if by-by != 0 {
			by = 0
		}
		c.pull[f] = by
	})
}

// steer asks the guide for log Q and its gradient at a time, and adds the first to
// the weights.
func (c *cloud) steer(ctx context.Context, t float64) error {
	return c.askGuide(ctx, c.opts.Guide, len(c.twist.share), t, func(i int, logQ, gradient []float32) {
		c.logQ[i] = c.twist.value(logQ, gradient, c.slope[i*c.d:(i+1)*c.d])
		if c.opts.Method == SMC {
			c.weight[i] += c.logQ[i]
		}
	})
}

// populations hands the finished populations out.
func (c *cloud) populations(out []*sample.Population) {
	n := c.opts.Particles
	point := make([]float32, c.d)
	for w := range out {
		k, p := &c.walks[w], c.population(w, len(c.moves))
		if c.twist != nil {
			p.Questions = n * len(c.moves)
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
