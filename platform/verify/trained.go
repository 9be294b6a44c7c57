package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// ModelTraining says which model is wanted, in the words of a training file: one
// of a grid, or of trees of fragments.
type ModelTraining struct {
	Reward    string // one of GridRewards, or of trees "qed" or "sa"
	Dim, Side int    // of the grid; 0 for trees

	Vocabulary   string  // of trees, the content of a vocabulary file
	MaxFragments int     // of a tree
	Beta         float64 // the exponent of the reward
}

// LawTraining says which diffusion of trees is wanted: one that learns from draws
// of a law.
type LawTraining struct {
	Name         string        // of the law
	Vocabulary   string        // the content of a vocabulary file
	MaxFragments int           // of a tree
	Trees        []space.State // that the law gives a probability
	Weights      []float64     // these probabilities: examples are drawn in their proportion
	Options      string        // of the training, as in a training file, in JSON
}

// GuideTraining says which guide is wanted: one of the models of a domain, in
// the words of a training file.
type GuideTraining struct {
	Models    []string
	Dim, Side int    // of the grid
	Head      string // "state" or "action"
	Labels    string // "ema" or "exact"
}

// TrainedGuide is a guide for compositions of its models.
type TrainedGuide interface {
	// States is the guide as a twist by states.
	States(c *compose.Composition) (sample.Posterior, error)
	// Actions is the guide as a twist by actions; an error where it has no head
	// for them.
	Actions(c *compose.Composition) (sample.ActionGuide, error)
}

// guidedModels are the two models that guides are trained for.
var guidedModels = []string{"shubert", "diagonal"}

// authors is how far the policy guided by a trained classifier is from the
// composite of the trained models, in L1, with the code of Garipov et al. 2023
// after the training of its authors: 15,000 steps of 64 paths of each model.
var authors = map[string]float64{
	"shubert &{0.05} diagonal": .087, "shubert & diagonal": .061, "shubert &{0.95} diagonal": .114,
	"shubert -{0.05} diagonal": .136, "shubert - diagonal": .077, "shubert -{0.95} diagonal": .056,
	"diagonal -{0.95} shubert": .057, "diagonal - shubert": .085, "diagonal -{0.05} shubert": .196,
}

// hasGuide covers the targets that guides are trained for.
func hasGuide(t *Target) bool {
	_, ok := authors[t.Text]
	return ok && t.Guide != nil
}

// stressed covers those of them where the weights of plain SMC differ most, beside
// the one where they differ least.
func stressed(t *Target) bool {
	return hasGuide(t) && slices.Contains([]string{"shubert & diagonal", "shubert -{0.05} diagonal", "diagonal -{0.05} shubert"}, t.Text)
}

// guide is the domain's guide with a head and labels.
func (t *Target) guide(ctx context.Context, head, labels string) (TrainedGuide, error) {
	grid, ok := t.Graph.Space.(*space.Grid)
	if !ok {
		return nil, fmt.Errorf("guides are trained on grids, not on %s", t.Name)
	}
	return t.Guide(ctx, GuideTraining{Models: guidedModels, Dim: grid.Dim(), Side: grid.Side(), Head: head, Labels: labels})
}

// classifier is the policy of Garipov et al., guided by a trained classifier: its
// law, found by asking the classifier about every state, is nearer to the
// composite than theirs, and paths drawn by it have this law.
func classifier(labels string) Method {
	return Method{
		Name:   "classifier, " + labels + " labels",
		Covers: hasGuide,
		Full:   true,
		Check: func(ctx context.Context, t *Target, r *Run) ([]Result, error) {
			g, err := t.guide(ctx, "state", labels)
			if err != nil {
				return nil, err
			}
			states, err := g.States(t.Composition)
			if err != nil {
				return nil, err
			}
			answers, err := Ask(ctx, t.Graph, len(t.Laws), states)
			if err != nil {
				return nil, err
			}
			law := answers.GuidedLaw(t)
			off := oracle.L1(t.Law, law.Terminal)
			o := r.options(sample.Guided)
			o.Populations = max(2, o.Populations/4) // it is asked about many states
			o.Twist = sample.Twist{Guide: states, GuideEnds: true, GuideMixture: true}
			d, err := draw(ctx, t, o)
			if err != nil {
				return nil, err
			}
			r.picture(t, "classifier, "+labels+" labels", d, t.Law)
			return append([]Result{{Quantity: "L1 to the closed form", Estimate: off, Error: off, Bound: authors[t.Text]}},
				d.independent(law.Terminal, r.Seed)...), nil
		},
	}
}

var (
	// classifierEMA learns from labels of a running average of itself, as
	// Garipov et al. do, classifierExact from those of the models.
	classifierEMA   = classifier("ema")
	classifierExact = classifier("exact")

	// smcClassifier is SMC with the same classifier, the weights making up for
	// its errors.
	smcClassifier = inFull(smcMethod("smc, classifier", stressed, func(ctx context.Context, t *Target, _ *Run) (sample.Twist, error) {
		g, err := t.guide(ctx, "state", "ema")
		if err != nil {
			return sample.Twist{}, err
		}
		states, err := g.States(t.Composition)
		return sample.Twist{Guide: states}, err
	}))

	// smcActions is SMC with an action head, a residual on the path posterior.
	smcActions = inFull(smcMethod("smc, action head", stressed, func(ctx context.Context, t *Target, _ *Run) (sample.Twist, error) {
		g, err := t.guide(ctx, "action", "exact")
		if err != nil {
			return sample.Twist{}, err
		}
		actions, err := g.Actions(t.Composition)
		return sample.Twist{Actions: actions}, err
	}))
)

// inFull is a method that is left out of the quick form.
func inFull(m Method) Method {
	m.Full = true
	return m
}
