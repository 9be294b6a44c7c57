package diffuse

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
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
	var err error
	if o.End, err = End(o.End, fields, guide); err != nil {
		return nil, err
	}
	if err := Match(guide, target.Models(), fields); err != nil {
		return fail("%w", err)
	}
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
	if s.models, err = modelShares(&info, target.Models()); err != nil {
		return fail("%w", err)
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
	derivatives(logs, func() float64 { return s.target.LogDensity(logs, 0) }, func(i int, by float64) {
		if by-by == 0 {
			for j, v := range parts[i*d : (i+1)*d] {
				slope[j] += by * v
			}
		}
	})
	return value
}

// judged is a crowd that is weighed by what the guide says of its points.
type judged struct {
	*Classified
	crowd
	log   []float64 // n, log psi at the point
	q     []float64 // n x models
	slope []float64 // n x d
	work  []float64
}

func (s *Classified) newJudged(first, populations int) *judged {
	c := &judged{Classified: s, crowd: newCrowd(&s.opts, s.space.Dim(), len(s.fields), first, populations, s.start)}
	c.log, c.slope = make([]float64, c.n), make([]float64, c.n*c.d)
	c.q, c.work = make([]float64, c.n*c.m), make([]float64, c.m+c.m*c.d)
	return c
}

// judge asks the guide at a time: the potential of the points takes the place of
// the one before in the weights.
func (c *judged) judge(ctx context.Context, t float64) error {
	d, m := c.d, c.m
	return c.askGuide(ctx, c.guide, len(c.models[0]), t, func(i int, logQ, gradient []float32) {
		before := c.log[i]
		c.log[i] = c.potential(logQ, gradient, c.q[i*m:(i+1)*m], c.slope[i*d:(i+1)*d], c.work)
		if c.weight[i] += c.log[i] - before; math.IsNaN(c.weight[i]) {
			c.weight[i] = logImpossible
		}
	})
}

// run walks the chain to its end.
func (c *judged) run(ctx context.Context) error {
	for k := range c.moves {
		if err := ctx.Err(); err != nil {
			return err
		}
		m := &c.moves[k]
		if err := c.judge(ctx, m.from); err != nil {
			return err
		}
		if c.opts.Method == SMC {
			c.resample(func(base int, from []int) {
				pick(c.log, base, 1, from)
				pick(c.q, base, c.m, from)
				pick(c.slope, base, c.d, from)
			})
		}
		if err := c.askFields(ctx, c.fields, c.target.Models(), m.from); err != nil {
			return err
		}
		for i := range c.n {
			c.step(i, m, c.walks[i/c.opts.Particles].rng)
		}
	}
	if err := c.judge(ctx, c.moves[len(c.moves)-1].to); err != nil {
		return err
	}
	for w := range c.walks {
		c.measure(w)
	}
	return nil
}

// step moves a particle, and weighs what the mixture score alone would have made
// of the step.
func (c *judged) step(i int, m *move, r *rand.Rand) {
	d, models := c.d, c.m
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

// populations hands the finished populations out.
func (c *judged) populations(out []*sample.Population) {
	n, d, m := c.opts.Particles, c.d, c.m
	point := make([]float32, d)
	for w := range out {
		k, p := &c.walks[w], c.population(w, len(c.moves))
		p.Questions = n * (len(c.moves) + 1)
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
