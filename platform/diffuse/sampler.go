package diffuse

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Method says how a composition is sampled.
type Method int

const (
	// SMC is sequential Monte Carlo: exact weights, resampling, evidence.
	SMC Method = iota
	// Uncorrected is the proposal of SMC without weights. Its points are not those
	// of the composition.
	Uncorrected
	// Guided follows the mixture score plus Scale times grad log Q of a guide,
	// without weights (Garipov et al. 2023). With an exact guide, small steps and a
	// scale of 1 its points are those of the composition; at other scales they are
	// those of no composition.
	Guided
)

// String is the method's name.
func (m Method) String() string {
	switch m {
	case SMC:
		return "smc"
	case Uncorrected:
		return "unweighted"
	case Guided:
		return "guided"
	}
	return "no method"
}

// Options steer a sampler. The zero value is usable; fields marked (*) do not
// change any result, only its speed.
type Options struct {
	Method Method
	Seed   uint64

	Kernel Kernel  // of the chain
	Steps  int     // of the chain; 0 is 500
	End    float64 // time where it ends, see [End]; 0 is 0.001, or where the models begin to know

	// Guide steers the proposal; it must tell apart what the composition observes.
	// nil is the composition's own gradient.
	Guide Guide
	// Scale of the guide's gradient, for Guided alone; 0 is 1.
	Scale float64

	Particles          int     // of a population; 0 is 64
	First, Populations int     // index of the first, and how many; 0 does not end
	ResampleBelow      float64 // share of Particles; 0 is 1/2, negative never

	Lanes    int // (*) groups of populations walked side by side; 0 is 2
	InFlight int // (*) populations of a group; 0 is as many as make 512 particles
}

// Version names what the draws of a sampler depend on besides its input.
const Version = "diffuse/1"

// Sampler draws populations of one composition of continuous models. It is safe
// for concurrent use.
type Sampler struct {
	space  *space.Points
	fields []Field
	target *compose.Composition
	opts   Options
	moves  []move
	start  float64 // variance of the prior
	twist  *twist  // nil without a guide
}

// New makes a sampler of a composition. The fields are those of its models, in the
// order of target.Models(), all of the process and dimension of the space.
func New(sp *space.Points, fields []Field, target *compose.Composition, o Options) (*Sampler, error) {
	fail := func(form string, args ...any) (*Sampler, error) {
		return nil, fmt.Errorf("diffuse: make sampler: "+form, args...)
	}
	switch {
	case sp.Process().Name() == "":
		return fail("the space has no process")
	case len(fields) != len(target.Models()):
		return fail("%d fields for the %d models of %s", len(fields), len(target.Models()), target.Expression())
	case o.Particles < 0 || o.First < 0 || o.Populations < 0 || o.Lanes < 0 || o.InFlight < 0:
		return fail("counts must not be negative")
	case o.Method.String() == "no method":
		return fail("%d is no method", o.Method)
	case o.Method == Guided && o.Guide == nil:
		return fail("the method guided needs a guide")
	case o.Method != Guided && o.Scale != 0 && o.Scale != 1:
		return fail("a scale of %g is for the method guided alone, whose points are then those of no composition; an exponent in the expression, obs(a^%g, b^%g), is one that weights can make exact", o.Scale, o.Scale, o.Scale)
	case o.Method == Guided && target.UsesBackward():
		return fail("%s has no observations, which the method guided needs", target.Expression())
	}
	for p, v := range map[*int]int{&o.Steps: DefaultSteps, &o.Particles: 64, &o.Lanes: 2} {
		if *p == 0 {
			*p = v
		}
	}
	if o.InFlight == 0 {
		o.InFlight = max(1, min(512, numbersAtOnce/sp.Dim())/o.Particles)
	}
	for p, v := range map[*float64]float64{&o.ResampleBelow: 0.5, &o.Scale: 1} {
		if *p == 0 {
			*p = v
		}
	}
	var err error
	if o.End, err = End(o.End, fields, o.Guide); err != nil {
		return nil, err
	}
	if err := checkChain(o.Steps, o.End); err != nil {
		return nil, err
	}
	s := &Sampler{
		space: sp, fields: fields, target: target, opts: o,
		moves: moves(sp.Process(), o.Kernel, Times(o.Steps, o.End)), start: prior(sp.Process()),
	}
	if o.Guide != nil {
		if err := Match(o.Guide, target.Models(), fields); err != nil {
			return fail("%w", err)
		}
		if s.twist, err = newTwist(target, o.Guide.Info(), sp.Dim()); err != nil {
			return fail("%w", err)
		}
	}
	return s, nil
}

// Exact tells whether the weights make the points those of the composition.
func (s *Sampler) Exact() bool { return s.opts.Method == SMC }

// Particles is the size of a population.
func (s *Sampler) Particles() int { return s.opts.Particles }

// Populations streams finished populations in order of their index, from
// Options.First on, as [sample.Sampler] does: their trajectories have the end point
// alone, a state of the space. It ends after an error.
func (s *Sampler) Populations(ctx context.Context) iter.Seq2[*sample.Population, error] {
	return stream(ctx, &s.opts, func(ctx context.Context, first int, out []*sample.Population) error {
		c := newCloud(s, first, len(out))
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

// logImpossible is the logarithm of zero.
var logImpossible = math.Inf(-1)
