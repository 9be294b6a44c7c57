package verify

import (
	"context"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Diffusions of trees, which learn from draws of a law, beside GFlowNets, which
// learn from a reward, in one composition.

// withDiffusion is the name of the domain of both.
const withDiffusion = "24 fragments, diffusion and GFlowNets"

// drawnLaw is the law that the diffusion learns; the others are learned by
// GFlowNets.
const drawnLaw = "size"

// most24 is how far a trained model of 24 fragments may lie from its law, in L1:
// twice the total variation.
const most24 = .1

// learnSteps times learnBatch are the draws that a diffusion learns from, each a
// fresh one: 5.12 million.
const (
	learnSteps = 20_000
	learnBatch = 256
)

// gflownet24 is the GFlowNet of a reward on 24 fragments.
func gflownet24(reward string) ModelTraining {
	return ModelTraining{Reward: reward, Vocabulary: vocabulary24, MaxFragments: mostFragments, Beta: beta24}
}

// diffusionAndGFlowNets is the domain of up to three of 24 fragments with a trained
// diffusion of the Gaussian of heavy atoms, and trained GFlowNets of QED and SA. They
// answer every draw, as they do in a campaign.
func diffusionAndGFlowNets(ctx context.Context, o Options) (*Domain, error) {
	d, err := Fragments24(ctx)
	if err != nil {
		return nil, err
	}
	delete(d.Models, "hetero")
	d, err = d.Served(ctx, withDiffusion, func(ctx context.Context, model string) (space.Policy, error) {
		if model == drawnLaw {
			return o.Learn(ctx, d.lawTraining(model))
		}
		return o.Train(ctx, gflownet24(model))
	})
	if err != nil {
		return nil, err
	}
	d.mostBase, d.diffusion = most24, true
	return d, nil
}

// lawTraining is the training of a diffusion on the law of a model.
func (d *Domain) lawTraining(model string) LawTraining {
	t := LawTraining{
		Name: model, Vocabulary: vocabulary24, MaxFragments: mostFragments,
		Options: fmt.Sprintf(`{"width": 32, "layers": 2, "steps": %d, "batch": %d, "rate": 0.004}`, learnSteps, learnBatch),
	}
	for s, l := range d.Models[model].Law.Terminal {
		if p := math.Exp(l); p > 0 {
			t.Trees, t.Weights = append(t.Trees, d.Graph.States[s]), append(t.Weights, p)
		}
	}
	return t
}

// mostBound is how far the evidence bound may lie above -log p, as a share of it.
const mostBound = .02

// bounding: a model's bound of -log p(x), over trees of the law that it learned, is
// near the entropy, below which no model's mean can be, and near -log p(x) of the
// law at single trees.
var bounding = Method{
	Name:   "evidence bound",
	Covers: func(t *Target) bool { return t.diffusion && t.Single() },
	Full:   true,
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		law := t.Models[0].rewardLaw()
		var mean, off float64
		for s, b := range oracle.EvidenceBound(t.Laws[0]) {
			if p := math.Exp(law[s]); p > 0 {
				mean += p * b
				off += p * math.Abs(b/-law[s]-1)
			}
		}
		entropy := oracle.Entropy(law)
		return []Result{
			{Quantity: "nats per molecule", Exact: entropy, Estimate: mean, Error: mean/entropy - 1, Bound: mostBound},
			{Quantity: "share of -log p off, mean", Estimate: off, Error: off, Bound: mostBound},
		}, nil
	},
}
