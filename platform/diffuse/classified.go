package diffuse

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Classified samples a composition as a guide sees it, by sequential Monte Carlo:
// where a [Sampler] takes the likelihoods of paths for what a point owes to each
// model, a Classified takes what the guide says of it. For points of many numbers,
// as images, likelihoods of paths tell trained models apart also where their data
// are the same; a classifier does not.
//
// The chain is that of the mixture score sum_i q_i s_i, with the probabilities
// q_i(x, t) of the models that the guide gives. Its law is tilted by the potential
// psi(x) of the end point:
//
//   - where the guide tells apart what the composition observes, its Q of that;
//   - otherwise G(m q_1, ..., m q_m), the composition of m models in units of their
//     mixture, which needs the probabilities of the models alone. So a guide of one
//     observation serves every composition, nested ones too.
//
// A step adds the gradient of log psi at its time to the mixture score, and the
// weights are exact for the potential at the end, whatever it is on the way.
type Classified struct {
	space  *space.Points
	fields []Field
	guide  Guide
	target *compose.Composition
	opts   Options
	moves  []move
	start  float64
	twist  *twist      // nil for the composition of probabilities
	models [][]float64 // shares of each model's being observed
}

// NewClassified makes a sampler of a composition by the guide of the options. The
// fields are those of its models, in the order of target.Models(). Of the methods
// there are SMC and Guided; the latter is the same without weights.
func NewClassified(sp *space.Points, fields []Field, target *compose.Composition, o Options) (*Classified, error) {
	fail := func(form string, args ...any) (*Classified, error) {
		return nil, fmt.Errorf("diffuse: make classified sampler: "+form, args...)
	}
	guide := o.Guide
	switch {
	case guide == nil:
		return fail("there is no guide")
	case o.Method == Uncorrected:
		return fail("the methods are smc and guided")
	case o.Scale != 0 && o.Scale != 1:
		return fail("a scale of %g is not of a potential", o.Scale)
	case target.UsesBackward():
		return fail("%s is no composition in units of the mixture of its models", target.Expression())
	}
	// What is common to both samplers is checked and completed there.
	method := o.Method
	o.Guide, o.Method, o.Scale = nil, SMC, 0
	base, err := New(sp, fields, target, o)
	if err != nil {
		return nil, err
	}
	s := &Classified{space: sp, fields: fields, guide: guide, target: target, opts: base.opts, moves: base.moves, start: base.start}
	s.opts.Guide, s.opts.Method = guide, method
	info := guide.Info()
	if info.Dimension != sp.Dim() {
		return fail("the guide is for points of %d numbers, the models for %d", info.Dimension, sp.Dim())
	}
	place, err := places(target.Models(), info.Models)
	if err != nil {
		return fail("%w", err)
	}
	for _, label := range place {
		one, err := shares(&info, []int{label})
		if err != nil {
			return fail("%w", err)
		}
		s.models = append(s.models, one)
	}
	if t, err := newTwist(target, info, sp.Dim()); err == nil {
		s.twist = t
	}
	return s, nil
}

// potential writes the probabilities of the models at a point and the gradient of
// log psi, and returns log psi, from a guide's answer.
func (s *Classified) potential(logQ, gradient []float32, q, slope, work []float64) float64 {
	d, m := s.space.Dim(), len(s.models)
	logs, parts := work[:m], work[m:]
	for i, share := range s.models {
		logs[i] = blend(share, 1, logQ, gradient, parts[i*d:(i+1)*d])
		q[i] = math.Exp(logs[i])
	}
	if s.twist != nil {
		return s.twist.value(logQ, gradient, slope)
	}
	for i := range logs {
		logs[i] += math.Log(float64(m))
	}
	value := s.target.LogDensity(logs, 0)
	fill(slope, 0)
	if math.IsInf(value, -1) {
		return value
	}
	for i := range logs {
		keep := logs[i]
		logs[i] = keep + nudge
		up := s.target.LogDensity(logs, 0)
		logs[i] = keep - nudge
		down := s.target.LogDensity(logs, 0)
		logs[i] = keep
		if c := (up - down) / (2 * nudge); c-c == 0 {
			for j, v := range parts[i*d : (i+1)*d] {
				slope[j] += c * v
			}
		}
	}
	return value
}

// judged is some populations on their way.
type judged struct {
	*Classified
	n      int
	x      []float64   // n x d
	weight []float64   // n, log-weight since the last resampling
	log    []float64   // n, log psi at the point
	q      []float64   // n x models
	slope  []float64   // n x d
	scores [][]float32 // per model, n x d
	origin []int
	in     []float32
	times  []float64
	work   []float64
	walks  []walk
}

func (s *Classified) newJudged(first, populations int) *judged {
	d, m := s.space.Dim(), len(s.fields)
	c := &judged{Classified: s, n: populations * s.opts.Particles}
	c.x, c.slope, c.in = make([]float64, c.n*d), make([]float64, c.n*d), make([]float32, c.n*d)
	c.weight, c.log, c.times = make([]float64, c.n), make([]float64, c.n), make([]float64, c.n)
	c.q, c.origin, c.work = make([]float64, c.n*m), make([]int, c.n), make([]float64, m+m*d)
	for range s.fields {
		c.scores = append(c.scores, make([]float32, c.n*d))
	}
	sd := math.Sqrt(s.start)
	for w := range populations {
		r := rand.New(rand.NewPCG(s.opts.Seed, uint64(first+w)))
		c.walks = append(c.walks, walk{index: first + w, rng: r, minESS: float64(s.opts.Particles)})
		for p := range s.opts.Particles {
			i := w*s.opts.Particles + p
			c.origin[i] = p
			for j := i * d; j < (i+1)*d; j++ {
				c.x[j] = sd * r.NormFloat64()
			}
		}
	}
	return c
}

// of is the weights of a population.
func (c *judged) of(w int) []float64 {
	n := c.opts.Particles
	return c.weight[w*n : (w+1)*n]
}

// ask asks the guide at a time: the potential of the points takes the place of the
// one before in the weights.
func (c *judged) ask(ctx context.Context, t float64) error {
	narrow(c.in, c.x)
	fill(c.times, t)
	d, m, k := c.space.Dim(), len(c.models), len(c.models[0])
	size := max(numbersAtOnce/(d*k), 1)
	for from := 0; from < c.n; from += size {
		to := min(from+size, c.n)
		reply, err := c.guide.LogQ(ctx, sdk.GuideRequest{Points: c.in[from*d : to*d], Times: c.times[from:to], Gradient: true})
		if err != nil {
			return fmt.Errorf("ask the guide: %w", err)
		}
		for i := from; i < to; i++ {
			row := i - from
			before := c.log[i]
			c.log[i] = c.potential(reply.LogQ[row*k:(row+1)*k], reply.Gradient[row*k*d:(row+1)*k*d], c.q[i*m:(i+1)*m], c.slope[i*d:(i+1)*d], c.work)
			if c.weight[i] += c.log[i] - before; math.IsNaN(c.weight[i]) {
				c.weight[i] = logImpossible
			}
		}
	}
	return nil
}

// run walks the chain to its end.
func (c *judged) run(ctx context.Context) error {
	d := c.space.Dim()
	for k := range c.moves {
		if err := ctx.Err(); err != nil {
			return err
		}
		m := &c.moves[k]
		if err := c.ask(ctx, m.from); err != nil {
			return err
		}
		if c.opts.Method == SMC {
			c.resample()
		}
		narrow(c.in, c.x)
		fill(c.times, m.from)
		for f, field := range c.fields {
			if err := ask(ctx, field, d, c.in, c.times, c.scores[f]); err != nil {
				return fmt.Errorf("ask model %s: %w", c.target.Models()[f], err)
			}
		}
		for i := range c.n {
			c.step(i, m, c.walks[i/c.opts.Particles].rng)
		}
	}
	if err := c.ask(ctx, c.moves[len(c.moves)-1].to); err != nil {
		return err
	}
	for w := range c.walks {
		c.walks[w].minESS = min(c.walks[w].minESS, math.Exp(sample.LogESS(c.of(w))))
	}
	return nil
}

// step moves a particle, and weighs what the mixture score alone would have made
// of the step.
func (c *judged) step(i int, m *move, r *rand.Rand) {
	d, models := c.space.Dim(), len(c.models)
	x, pull := c.x[i*d:(i+1)*d], c.slope[i*d:(i+1)*d]
	sd := math.Sqrt(m.variance)
	var own, plain float64 // squared distances from the two means
	for j := range x {
		s := 0.0
		for f, q := range c.q[i*models : (i+1)*models] {
			s += q * float64(c.scores[f][i*d+j])
		}
		e, shift := sd*r.NormFloat64(), m.gain*pull[j]
		x[j] = m.keep*x[j] + m.gain*s + shift + e
		own += e * e
		plain += (e + shift) * (e + shift)
	}
	c.weight[i] += (own - plain) / (2 * m.variance)
}

// resample resamples the populations whose weights have become too unequal.
func (c *judged) resample() {
	n, d, m := c.opts.Particles, c.space.Dim(), len(c.models)
	for w := range c.walks {
		k, weights := &c.walks[w], c.of(w)
		ess := math.Exp(sample.LogESS(weights))
		k.minESS = min(k.minESS, ess)
		if c.opts.ResampleBelow < 0 || ess == 0 || ess >= c.opts.ResampleBelow*float64(n) {
			continue
		}
		k.logZ += logSum(weights) - math.Log(float64(n))
		k.resamplings++
		from := sample.Unweighted(weights, n, k.rng)
		pick(c.x, w*n, d, from)
		pick(c.log, w*n, 1, from)
		pick(c.q, w*n, m, from)
		pick(c.slope, w*n, d, from)
		pick(c.origin, w*n, 1, from)
		fill(weights, 0)
	}
}

// populations hands the finished populations out.
func (c *judged) populations(out []*sample.Population) {
	n, d, m := c.opts.Particles, c.space.Dim(), len(c.models)
	point := make([]float32, d)
	for w := range out {
		k := &c.walks[w]
		p := &sample.Population{
			Index: k.index, Drawn: n, MinESS: k.minESS, Resamplings: k.resamplings, LogEvidence: math.NaN(),
			Evaluations: n * len(c.moves), Questions: n * (len(c.moves) + 1),
		}
		if c.opts.Method == SMC {
			p.LogEvidence = k.logZ + logSum(c.of(w)) - math.Log(float64(n))
		}
		for i := w * n; i < (w+1)*n; i++ {
			t := sample.Trajectory{Population: k.index, Particle: i - w*n, Ancestor: c.origin[i], LogWeight: -math.Log(float64(n))}
			if c.opts.Method == SMC {
				t.LogWeight += k.logZ + c.weight[i]
			}
			if math.IsInf(t.LogWeight, -1) {
				continue
			}
			narrow(point, c.x[i*d:(i+1)*d])
			t.States = []space.State{c.space.At(point)}
			for _, q := range c.q[i*m : (i+1)*m] {
				t.LogBase = append(t.LogBase, math.Log(q))
			}
			p.Trajectories = append(p.Trajectories, t)
		}
		out[w] = p
	}
}

// Populations streams finished populations in order of their index, from
// Options.First on, as those of a [Sampler]; LogBase is the logarithm of the
// models' probabilities at the end point.
func (s *Classified) Populations(ctx context.Context) iter.Seq2[*sample.Population, error] {
	return stream(ctx, &s.opts, func(ctx context.Context, first int, out []*sample.Population) error {
		c := s.newJudged(first, len(out))
		if err := c.run(ctx); err != nil {
			return err
		}
		c.populations(out)
		return nil
	})
}

// stream makes populations side by side and yields them in order; it ends after an
// error.
func stream(ctx context.Context, o *Options, walk func(ctx context.Context, first int, out []*sample.Population) error) iter.Seq2[*sample.Population, error] {
	return func(yield func(*sample.Population, error) bool) {
		round := o.Lanes * o.InFlight
		for first := o.First; ; first += round {
			n := round
			if o.Populations > 0 {
				n = min(n, o.First+o.Populations-first)
			}
			if n <= 0 {
				return
			}
			out := make([]*sample.Population, n)
			err := inLanes(ctx, o.Lanes, (n+o.InFlight-1)/o.InFlight, func(ctx context.Context, part int) error {
				from, to := part*o.InFlight, min((part+1)*o.InFlight, n)
				return walk(ctx, first+from, out[from:to])
			})
			if err != nil {
				yield(nil, fmt.Errorf("diffuse: sample: %w", err))
				return
			}
			for _, p := range out {
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}
