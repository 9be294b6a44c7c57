package verify

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// tableGuide is a guide that knows the potential of every state: the exact one,
// or one with known errors.
type tableGuide struct {
	Asked
	mixture *oracle.Law
}

// guideOf is a guide for the observations of a target with independent normal
// errors of the given standard deviation, in nats, at every state, unfinished or
// finished; 0 for the exact one. As any sound guide it stays below the greatest
// likelihood that the observations can have.
func guideOf(t *Target, noise float64, seed uint64) *tableGuide {
	mixture, atState, atEnd, ok := t.mixture()
	if !ok {
		panic("verify: a guide for a composition without a bound")
	}
	bound, _ := t.Composition.Bound()
	rng := rand.New(rand.NewPCG(seed, 1))
	for s := range atState {
		if noise > 0 {
			atState[s] = min(bound.LogM, atState[s]+noise*rng.NormFloat64())
			atEnd[s] = min(bound.LogM, atEnd[s]+noise*rng.NormFloat64())
		}
	}
	posterior := make([][]float64, len(atState))
	for s := range posterior {
		for j, l := range t.Laws {
			posterior[s] = append(posterior[s], math.Log(bound.Weights[j])+l.Reach[s]-mixture.Reach[s])
		}
	}
	return &tableGuide{Asked{t.Graph, atState, atEnd, posterior}, mixture}
}

// law is that of the guided policy, by dynamic programming.
func (g *tableGuide) law() *oracle.Law { return oracle.Guided(g.mixture, g.atState, g.atEnd) }

// badly is the error of a guide that is as wrong as a poorly trained one, in
// nats.
const badly = .5

// guidedMethod is the guided policy with a guide, drawn path by path. What comes
// out is held against the exact law of that policy, whatever the guide: for the
// exact one, the closed form of the composite on states.
func guidedMethod(name string, noise float64, children sample.Children) Method {
	return Method{
		Name:   name,
		Covers: guidance.Covers,
		Full:   noise > 0 && children == sample.AllChildren,
		Check: func(ctx context.Context, t *Target, r *Run) ([]Result, error) {
			g := guideOf(t, noise, r.Seed)
			law := t.Law
			if noise > 0 {
				law = g.law().Terminal
			}
			o := r.options(sample.Guided)
			o.Twist = sample.Twist{Guide: g, GuideEnds: true, GuideMixture: true, Children: children}
			d, err := draw(ctx, t, o)
			if err != nil {
				return nil, err
			}
			r.picture(t, name, d, law)
			return d.independent(law, r.Seed), nil
		},
	}
}

var (
	guided      = guidedMethod("guided", 0, sample.AllChildren)
	guidedBadly = guidedMethod("guided by a bad guide", badly, sample.AllChildren)
	gumbelMax   = guidedMethod("guided by gumbel-max", badly, sample.GumbelMax)
	thinning    = guidedMethod("guided by thinning", badly, sample.Thinning)
)

// smcGuided is SMC with the exact guide of balanced models: every weight is the
// evidence itself.
var smcGuided = Method{
	Name:   "smc, exact guide",
	Covers: func(t *Target) bool { return guidance.Covers(t) && t.Balanced() },
	Check: func(ctx context.Context, t *Target, r *Run) ([]Result, error) {
		o := r.options(sample.SMC)
		o.Twist.Guide = guideOf(t, 0, r.Seed)
		d, err := draw(ctx, t, o)
		if err != nil {
			return nil, err
		}
		z, err := d.Evidence.Value()
		if err != nil {
			return nil, err
		}
		return append([]Result{
			same("evidence", math.Exp(t.LogEvidence), z.Value),
			same("ESS over draws", 1, d.Evidence.ESS()/d.N),
		}, d.independent(t.Law, r.Seed)...), nil
	},
}

// smcMethod is SMC with some twist: weighted draws of the composite on paths,
// whatever the twist.
func smcMethod(name string, covers func(*Target) bool, twist func(context.Context, *Target, *Run) (sample.Twist, error)) Method {
	return Method{
		Name:   name,
		Covers: covers,
		Check: func(ctx context.Context, t *Target, r *Run) ([]Result, error) {
			p, err := t.Paths()
			if err != nil {
				return nil, err
			}
			o := r.options(sample.SMC)
			if o.Twist, err = twist(ctx, t, r); err != nil {
				return nil, err
			}
			d, err := draw(ctx, t, o)
			if err != nil {
				return nil, err
			}
			z, err := d.evidence(p.LogEvidence)
			if err != nil {
				return nil, err
			}
			r.picture(t, name, d, p.Terminal)
			return []Result{z, d.closeness(p.Terminal, r.Seed)}, nil
		},
	}
}

var (
	// smc has the path posterior as twist.
	smc = smcMethod("smc", func(t *Target) bool { return composite(t) && limitESS(t) >= fewESS }, func(context.Context, *Target, *Run) (sample.Twist, error) {
		return sample.Twist{}, nil
	})

	// annealed has the path posterior on a ladder that pilots have fitted.
	annealed = smcMethod("smc, annealed", composite, ladderOf)

	// smcGuidedBadly has a guide with errors, which the weights make up for.
	smcGuidedBadly = smcMethod("smc, bad guide", guidance.Covers, func(_ context.Context, t *Target, r *Run) (sample.Twist, error) {
		return sample.Twist{Guide: guideOf(t, badly, r.Seed)}, nil
	})

	// candidates asks the same guide about a few children of each state.
	candidates = smcMethod("smc, candidates", guidance.Covers, func(_ context.Context, t *Target, r *Run) (sample.Twist, error) {
		return sample.Twist{Guide: guideOf(t, badly, r.Seed), Children: sample.Candidates, Candidates: 4}, nil
	})
)

// fewESS is the effective sample size, as a share of the particles, from which on
// plain SMC is held against the truth. Below it few draws hold most of the
// weight, and populations seldom have one of them: the standard errors between
// them do not tell.
const fewESS = .05

// limitESS is the least effective sample size on the way of the path posterior in
// the limit of many particles that are never resampled, as a share of them; for
// models that are not balanced as if they were. It is 1 where it is not known.
func limitESS(t *Target) float64 {
	if t.Composition.UsesBackward() {
		return 1
	}
	return oracle.Weigh(t.Composition, t.Laws, oracle.PathPosterior(t.Composition, t.Laws)).MinESS()
}

// smcHeavy says where plain SMC is no method: it is without bias there, too, but
// the weights have tails too heavy for it. Annealing, rejection and what is chosen
// automatically are for these targets.
var smcHeavy = Method{
	Name:   "smc, heavy tails",
	Covers: func(t *Target) bool { return composite(t) && limitESS(t) < fewESS },
	Full:   true,
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		ess := limitESS(t)
		return []Result{wrong(Result{Quantity: "limit of ESS over draws", Exact: 1, Estimate: ess, Error: 1 - ess, Bound: 1 - fewESS})}, nil
	},
}

// ladderOf is a ladder that pilots have fitted to a target.
func ladderOf(ctx context.Context, t *Target, r *Run) (sample.Twist, error) {
	l, err := sample.FitLadder(ctx, t.Graph.Space, t.policies(), t.Composition, sample.Options{Seed: r.Seed, Particles: particles})
	return sample.Twist{Ladder: l}, err
}
