package verify

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/molsculpt/molsculpt/platform/oracle"
)

// Two mistakes of published code for guided policies, with everything else
// exact: what they cost, and that we would notice.

// about covers the targets named, with balanced models: those where a mistake
// shows.
func about(texts ...string) func(*Target) bool {
	return func(t *Target) bool { return t.Balanced() && slices.Contains(texts, t.Text) }
}

// unmasked normalises the logits of the models before illegal actions are
// masked. At the border of a grid a model then counts for less the more of its
// probability is lost on steps that lead out, whatever its logits say there.
var unmasked = Method{
	Name:   "actions masked too late",
	Covers: about("shubert & diagonal", "shubert - diagonal"), // the circles do not differ at the border
	Check: func(_ context.Context, t *Target, r *Run) ([]Result, error) {
		bound, _ := t.Composition.Bound()
		_, atState, atEnd, _ := t.mixture()
		law := oracle.Guided(lateMask(bound.Weights, t.Laws, rand.New(rand.NewPCG(r.Seed, 0))), atState, atEnd)
		return []Result{wrong(sameLaw("L1 to the closed form", t.Law, law.Terminal))}, nil
	},
}

// lateMask is the mixture policy from models whose logits of the steps that are
// missing at a state are standard normal, next to exact ones that sum to 1.
func lateMask(weights []float64, laws []*oracle.Law, rng *rand.Rand) *oracle.Law {
	g := laws[0].Graph
	most := 0
	for _, children := range g.Children {
		most = max(most, len(children))
	}
	biased := make([]*oracle.Law, len(laws))
	for i, law := range laws {
		b := *law
		b.Reach = append([]float64(nil), law.Reach...)
		for s, children := range g.Children {
			sum := 1.
			for range most - len(children) {
				sum += math.Exp(rng.NormFloat64())
			}
			// The steps that are legal share what is left: as if the model
			// came here less often.
			b.Reach[s] -= math.Log(sum)
		}
		biased[i] = &b
	}
	return oracle.MixturePolicy(weights, biased)
}

// unfinished trains Q(y|s) without the last state before Stop. It learns what
// holds if the path goes on, and at states where it cannot, nothing.
var unfinished = Method{
	Name: "last state left out",
	Covers: about("shubert & diagonal", "shubert - diagonal",
		"obs(circle1, circle2; over circle1, circle2, circle3)", "circle1 & circle2 & circle3"),
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		mixture, atState, atEnd, _ := t.mixture()
		law := oracle.Guided(mixture, goesOn(mixture, atState, atEnd), atEnd)
		return []Result{wrong(sameLaw("L1 to the closed form", t.Law, law.Terminal))}, nil
	},
}

// goesOn is log Q(y|s, the path does not stop at s); that of its end where it
// must stop.
func goesOn(mixture *oracle.Law, atState, atEnd []float64) []float64 {
	out := make([]float64, len(atState))
	for s, children := range mixture.Graph.Children {
		var going, seen float64
		for k, e := range children {
			p := math.Exp(mixture.Step[s][k])
			going += p
			seen += p * math.Exp(atState[e.Child])
		}
		out[s] = math.Log(seen / going)
		if going == 0 {
			out[s] = atEnd[s]
		}
	}
	return out
}
