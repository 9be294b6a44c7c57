package sample

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Options steer a sampler. The zero value is usable; fields marked (*) do not
// change any result, only its speed.
type Options struct {
	Method Method
	Seed   uint64

	// Twist steers SMC, PIMH and Guided; zero is the path posterior.
	Twist Twist

	// Region restricts the composition to some molecules of a space of fragments,
	// which must be the sampler's; nil is all of them. Rejection walks everywhere
	// and drops what lies outside, the others walk inside; ancestral sampling, whose
	// weights are constant, has none.
	Region *Region

	// Particles is the size of a population; 0 means 64.
	Particles int

	// First is the index of the first population of the stream, and
	// Populations their number; 0 means that it does not end. Lanes run ahead
	// of the reader, so name the number where it is known.
	First, Populations int

	// ResampleBelow is the fraction of Particles below which the effective
	// sample size makes a population resample: 0 means 1/2, negative never.
	// Importance never does.
	ResampleBelow float64

	// Lanes (*) is the number of groups of populations that are walked side by
	// side, each a goroutine with its own calls to the policies; 0 means 2.
	// Policies must then be safe for concurrent use.
	Lanes int

	// InFlight (*) is the number of populations of a lane whose states share a
	// policy call; 0 means as many as make 256 particles.
	InFlight int
}

// Version names what the draws of a sampler depend on besides its input. It
// changes with every change of the populations that a seed gives.
const Version = "sampler/3"

// ErrNoSupport says that every particle of every population came to a point
// where the composition is impossible.
var ErrNoSupport = errors.New("sample: the composition has no support that its models reach: every path is impossible under it")

// Sampler draws populations of trajectories of one composition. It is safe for
// concurrent use if its policies are.
type Sampler struct {
	space  space.Space
	bases  []space.Policy
	target *compose.Composition
	bound  compose.Bound // of the target, where there is one
	steer  steering
	opts   Options
	memory memory

	trace func(logBase []float64, logB float64) float64 // of unfinished paths, kept in place.logPsi
	watch func(*walk)                                   // sees every finished walk, from any lane
}

// New makes a sampler of a composition over a space. The policies are those of
// its models, in the order of target.Models(), normalised over the legal actions
// of the space.
func New(sp space.Space, bases []space.Policy, target *compose.Composition, opts Options) (*Sampler, error) {
	if len(bases) != len(target.Models()) {
		return nil, fmt.Errorf("sample: make sampler: %d policies for the %d models of %s", len(bases), len(target.Models()), target.Expression())
	}
	if opts.Particles < 0 || opts.First < 0 || opts.Populations < 0 || opts.Lanes < 0 || opts.InFlight < 0 {
		return nil, errors.New("sample: make sampler: counts must not be negative")
	}
	if opts.Particles == 0 {
		opts.Particles = 64
	}
	if opts.ResampleBelow == 0 {
		opts.ResampleBelow = .5
	}
	if opts.Lanes == 0 {
		opts.Lanes = 2
	}
	if opts.InFlight == 0 {
		opts.InFlight = max(1, 256/opts.Particles)
	}
	if opts.Twist.Candidates == 0 {
		opts.Twist.Candidates = 8
	}
	s := &Sampler{space: sp, bases: bases, target: target, opts: opts}
	_, mixture := target.Mixture()
	var bounded bool
	s.bound, bounded = target.Bound()
	if opts.Method == Rejection {
		s.bound, bounded = target.Envelope()
	}
	switch opts.Method {
	case Auto:
		s.opts.Method = SMC
		if mixture && !opts.Twist.guided() && opts.Region == nil {
			s.opts.Method = Ancestral
		}
	case Ancestral:
		if !mixture {
			return nil, fmt.Errorf("sample: make sampler: %s is no mixture of models, which ancestral sampling needs; use smc", target.Expression())
		}
		if opts.Region != nil {
			return nil, errors.New("sample: make sampler: ancestral sampling takes every path as it comes, allowed or not; use smc or rejection")
		}
	case Rejection:
		if !bounded {
			return nil, fmt.Errorf("sample: make sampler: no bound is known for %s, which rejection needs; use smc", target.Expression())
		}
	case Annealed, Importance:
		if opts.Method == Importance {
			s.opts.ResampleBelow = -1
		}
		if len(opts.Twist.Ladder) == 0 {
			return nil, errors.New("sample: make sampler: annealing needs a ladder; choose or fit one")
		}
	case SMC, Uncorrected, Guided, PIMH:
	default:
		return nil, fmt.Errorf("sample: make sampler: %v is not a method", opts.Method)
	}
	if err := opts.Twist.check(s.opts.Method, target); err != nil {
		return nil, fmt.Errorf("sample: make sampler: %w", err)
	}
	s.steer = steer(s.opts.Method, target, &s.opts.Twist, s.bound)
	return s, nil
}

// Method is the method in use, never Auto.
func (s *Sampler) Method() Method { return s.opts.Method }

// Particles is the size of a population.
func (s *Sampler) Particles() int { return s.opts.Particles }

// Acceptance is the share of draws that plain rejection from the mixture of the
// composition's envelope would keep, from an estimate of the evidence: how hard the
// composition is. It is false where no bound is known.
func (s *Sampler) Acceptance(evidence Estimate) (Estimate, bool) {
	b, ok := s.target.Envelope()
	m := math.Exp(b.LogM)
	return Estimate{evidence.Value / m, evidence.SE / m}, ok
}

// Trajectory is one finished path.
type Trajectory struct {
	Population int // index of its population
	Particle   int // place in its population
	Ancestor   int // the particle of the start that it descends from: those with one ancestor share a beginning

	States      []space.State // from the initial state, or the scaffold, to the one it stopped at
	LogBase     []float64     // log-likelihood of the path under each model, Stop included; of a scaffold at its start see [Region.LogVisits]
	LogBackward float64       // log P_B of the states given the last
	LogWeight   float64       // see the package comment
}

// Final is the state where the path stopped.
func (t *Trajectory) Final() space.State { return t.States[len(t.States)-1] }

// Steps is the number of actions, Stop included.
func (t *Trajectory) Steps() int { return len(t.States) }

// Population is a finished population.
type Population struct {
	Index        int
	Trajectories []Trajectory // those of positive weight, by particle
	Drawn        int          // particles walked, those of weight zero included
	LogEvidence  float64      // log of the sum of the weights; minus infinity where every particle died, NaN where the method is not exact
	MinESS       float64      // smallest effective sample size on the way, in particles, before any resampling
	Resamplings  int
	Evaluations  int     // states where its particles took a step, each with an answer of every model
	Questions    int     // values that its particles asked the guide for
	Violations   int     // guide's values found above the upper bound
	LogStart     float64 // log-weight of all particles together before the first step
	Residuals    []Residual
}

// Residual is the log-weight of one step, over the particles that took it: the
// martingale residual of the twist, 0 everywhere where it is exact. Steps of
// weight zero are left out.
type Residual struct {
	Count    int
	Mean, SD float64 // SD is 0 for one
}

// Populations streams finished populations in order of their index, from
// Options.First on. After an error, which is the context's or a policy's, the
// stream ends. It never yields the same population twice, and a stream that
// starts at a later First gives what this one gives from there on.
func (s *Sampler) Populations(ctx context.Context) iter.Seq2[*Population, error] {
	return func(yield func(*Population, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		from, err := s.begin(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		f := s.launch(ctx, from)
		defer f.wait()
		defer cancel()
		waiting := map[int]*Population{}
		for next := s.opts.First; s.opts.Populations == 0 || next < s.opts.First+s.opts.Populations; next++ {
			for waiting[next] == nil {
				r := <-f.done
				if r.err != nil {
					yield(nil, r.err)
					return
				}
				waiting[r.population.Index] = r.population
			}
			p := waiting[next]
			delete(waiting, next)
			f.release()
			if !yield(p, nil) {
				return
			}
		}
	}
}

// logImpossible is the logarithm of zero.
var logImpossible = math.Inf(-1)
