package sample

import (
	"context"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Choice is a method and why it was chosen.
type Choice struct {
	Method     Method   // never Auto
	Ladder     Ladder   // of Annealed and Importance
	Acceptance Estimate // of rejection; NaN where there is no bound or nobody looked
	Reason     string   // one sentence in plain words
}

const (
	// chooseRollouts is how many paths of the mixture [Choose] looks at.
	chooseRollouts = 256

	// enoughAccepted is the acceptance from which rejection is chosen: an exact,
	// independent draw then costs four rollouts at most.
	enoughAccepted = .25

	// chooseSeed sets the rollouts apart from the populations of their seed.
	chooseSeed = 0x63686f6f7365
)

// Choose says what Auto is for a composition and its models: ancestral for a
// mixture; rejection where a bound is known and the acceptance, estimated from 256
// rollouts of its envelope's mixture, is at least a quarter by two standard errors;
// SMC for all else. For Annealed and Importance it fits the ladder, where there
// is none. It depends on the seed, on the options for the pilots and on what the
// models answer, on nothing else. Any other method, and a twist, are left as they are.
func Choose(ctx context.Context, sp space.Space, bases []space.Policy, target *compose.Composition, opts Options) (Choice, error) {
	if opts.Method.NeedsLadder() && len(opts.Twist.Ladder) == 0 {
		ladder, err := FitLadder(ctx, sp, bases, target, opts)
		if err != nil {
			return Choice{}, err
		}
		opts.Twist.Ladder = ladder
	}
	s, err := New(sp, bases, target, opts)
	if err != nil {
		return Choice{}, err
	}
	c := Choice{Method: s.Method(), Ladder: opts.Twist.Ladder, Acceptance: Estimate{math.NaN(), math.NaN()}}
	bound, bounded := target.Envelope()
	switch {
	case opts.Method != Auto:
		c.Reason = fmt.Sprintf("%v: as asked for", c.Method)
	case c.Method == Ancestral:
		c.Reason = "ancestral: a mixture is sampled path by path, exactly and without weights"
	case opts.Twist.guided() || len(opts.Twist.Ladder) > 0:
		c.Reason = "smc: steps that a twist steers need its weights"
	case !bounded:
		c.Reason = "smc: no bound is known that rejection could use"
	}
	if c.Reason != "" {
		return c, nil
	}
	mixture := compose.Mixture(target.Models(), bound.Weights)
	rollouts, err := New(sp, bases, mixture, Options{
		Method: Ancestral, Seed: scramble(opts.Seed ^ chooseSeed), Particles: chooseRollouts, Populations: 1,
		Lanes: opts.Lanes, InFlight: opts.InFlight, // everywhere: what is not allowed is not accepted
	})
	if err != nil {
		return Choice{}, err
	}
	var accept moments
	for p, err := range rollouts.Populations(ctx) {
		if err != nil {
			return Choice{}, fmt.Errorf("sample: choose method: %w", err)
		}
		for i := range p.Trajectories {
			t := &p.Trajectories[i]
			if opts.Region != nil && !opts.Region.Allows(t.Final()) {
				accept.add(0)
				continue
			}
			accept.add(math.Exp(target.LogDensity(t.LogBase, t.LogBackward) - bound.LogM - mixture.LogDensity(t.LogBase, t.LogBackward)))
		}
	}
	c.Acceptance = Estimate{accept.mean, math.Sqrt(accept.m / float64(accept.n-1) / float64(accept.n))}
	why := fmt.Sprintf("of %d rollouts of the mixture it would keep %s", accept.n, percent(accept.mean))
	if c.Acceptance.Value-2*c.Acceptance.SE >= enoughAccepted {
		c.Method, c.Reason = Rejection, "rejection: "+why+", each exact and without weights"
	} else {
		c.Reason = "smc: rejection would waste draws, " + why
	}
	return c, nil
}

func percent(x float64) string {
	if x < 1e-3 {
		return "less than 0.1 %"
	}
	return fmt.Sprintf("%.3g %%", 100*x)
}
