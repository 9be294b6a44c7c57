package verify

import (
	"context"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/platform/oracle"
)

// Method is one way of reaching a target, and how to tell that it got there.
type Method struct {
	Name string

	// Covers says whether the method is for a target; nil for every one.
	Covers func(*Target) bool

	// Check holds the method against the truth. Domain, target and method of
	// the results are filled in by the caller.
	Check func(context.Context, *Target, *Run) ([]Result, error)

	// Full methods are left out of the quick form.
	Full bool
}

// flows: the law of the exact policy of a reward is R/Z.
var flows = Method{
	Name:   "flows",
	Covers: func(t *Target) bool { return t.Single() && t.Balanced() },
	Check: func(ctx context.Context, t *Target, _ *Run) ([]Result, error) {
		m := t.Models[0]
		reward := slices.Clone(m.Reward)
		logZ := oracle.Normalise(reward)
		asked, err := oracle.LawOf(ctx, t.Graph, m.Policy)
		if err != nil {
			return nil, err
		}
		return []Result{
			same("log Z", logZ, m.LogZ),
			sameLaw("L1 to R/Z", reward, m.Law.Terminal),
			sameLaw("L1 to R/Z, policy asked", reward, asked.Terminal),
		}, nil
	},
}

// mixing: the mixture policy ends as the mixture of the models' laws, balanced
// or not.
var mixing = Method{
	Name:   "mixture policy",
	Covers: func(t *Target) bool { return t.Mixture() && !t.Single() },
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		w, _ := t.Composition.Mixture()
		want := make([]float64, len(t.Law))
		for x := range want {
			for i, l := range t.Laws {
				want[x] += w[i] * math.Exp(l.Terminal[x])
			}
			want[x] = math.Log(want[x])
		}
		return []Result{sameLaw("L1 to the mixture", want, oracle.MixturePolicy(w, t.Laws).Terminal)}, nil
	},
}

// guidance: the mixture policy guided by the exact Q(y|s) ends as the closed
// form, balanced or not, and Q at the initial state is the evidence.
var guidance = Method{
	Name:   "exact guidance",
	Covers: func(t *Target) bool { _, ok := t.Composition.Bound(); return ok && !t.Mixture() },
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		mixture, atState, atEnd, _ := t.mixture()
		return []Result{
			same("evidence", math.Exp(t.LogEvidence), math.Exp(atState[0])),
			sameLaw("L1 to the closed form", t.Law, oracle.Guided(mixture, atState, atEnd).Terminal),
		}, nil
	},
}

// weighing: the proposal of the path posterior times its weights, summed over all
// paths, is the closed form.
var weighing = Method{
	Name:   "law times weights",
	Covers: func(t *Target) bool { return t.Balanced() && !t.Mixture() && !t.Composition.UsesBackward() },
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		w := oracle.Weigh(t.Composition, t.Laws, oracle.PathPosterior(t.Composition, t.Laws))
		oracle.Normalise(w.Terminal)
		return []Result{
			same("evidence", math.Exp(t.LogEvidence), math.Exp(w.LogEvidence)),
			sameLaw("L1 to the closed form", t.Law, w.Terminal),
		}, nil
	},
}

// mostGap is how far the composite on paths may lie from that on states, in L1,
// with models as good as trained ones.
const mostGap = .03

// gap: imperfect models have two composites, which must be close.
var gap = Method{
	Name:   "paths and states",
	Covers: func(t *Target) bool { return !t.Balanced() && !t.Mixture() },
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		p, err := t.Paths()
		if err != nil {
			return nil, err
		}
		d := oracle.L1(p.Terminal, t.Law)
		return []Result{{Quantity: "L1 between both", Estimate: d, Error: d, Bound: mostGap}}, nil
	},
}

// learning: a trained model ends near R/Z.
var learning = Method{
	Name:   "trained model",
	Covers: func(t *Target) bool { return t.Single() && !t.Balanced() },
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		d := t.baseErrors()
		return []Result{{Quantity: "L1 to R/Z", Estimate: d, Error: d, Bound: t.mostBase}}, nil
	},
}

// learned: the composite of trained models is as near to that of their rewards as
// they are to these. What the densities are off by is at most doubled by
// normalising, and divided by the evidence; of equal weights of two models no
// derivative of a density exceeds a half.
var learned = Method{
	Name:   "trained models together",
	Covers: func(t *Target) bool { return !t.Single() && !t.Balanced() && t.mostBase > 0 },
	Full:   true,
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		laws := make([]*oracle.Law, len(t.Models))
		for i, m := range t.Models {
			laws[i] = &oracle.Law{Terminal: m.rewardLaw()}
		}
		law, _, err := oracle.Composite(t.Composition, laws)
		if err != nil {
			return nil, err
		}
		d := oracle.L1(law, t.Law)
		return []Result{{Quantity: "L1 to that of R/Z", Estimate: d, Error: d, Bound: t.baseErrors() / math.Exp(t.LogEvidence)}}, nil
	},
}

// rewardLaw is R/Z.
func (m *Model) rewardLaw() []float64 {
	law := slices.Clone(m.Reward)
	oracle.Normalise(law)
	return law
}

// baseErrors is how far the target's models lie from their rewards, in L1, added
// up.
func (t *Target) baseErrors() (sum float64) {
	for _, m := range t.Models {
		sum += oracle.L1(m.rewardLaw(), m.Law.Terminal)
	}
	return sum
}
