package verify

import (
	"context"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// GridRewards are the rewards of the grid of Garipov et al. 2023, by the names
// that they have in targets.
func GridRewards() map[string]oracle.GridReward {
	return map[string]oracle.GridReward{
		"shubert": oracle.Shubert, "diagonal": oracle.Diagonal,
		"circle1": oracle.Circle(1), "circle2": oracle.Circle(2), "circle3": oracle.Circle(3),
	}
}

// methods is every method, the exact ones first.
var methods = []Method{
	flows, learning, bounding, learned, mixing, guidance, weighing, gap, molecules,
	ancestral, rejection, smc, smcHeavy, largePopulations, annealed, automatic, pimh,
	guided, guidedBadly, gumbelMax, thinning, smcGuided, smcGuidedBadly, candidates,
	visits, pathsForStates, chosenForStates, smcForStates, annealedForStates,
	classifierEMA, classifierExact, smcClassifier, smcActions,
	unweighted, unmasked, unfinished,
}

// onManyTrees are methods for spaces with so many states that others take long.
var onManyTrees = []Method{
	flows, learning, bounding, learned, mixing, guidance, weighing, gap, molecules, ancestral, rejection, smc,
	chosenForStates, smcForStates, annealedForStates,
}

// trainedModels is the name of the domain with trained models of the grid.
const trainedModels = "grid 32x32, trained models"

// rung is a domain and the targets on it.
type rung struct {
	name      string
	full      bool // left out of the quick form
	trained   bool // needs Options.Train
	diffusion bool // needs Options.Learn
	domain    func(context.Context, Options) (*Domain, error)
	targets   []expression
	methods   []Method // nil for all
}

// expression is a target; those that are marked full are left out of the quick
// form.
type expression struct {
	text string
	full bool
}

func quick(texts ...string) (out []expression) {
	for _, t := range texts {
		out = append(out, expression{t, false})
	}
	return out
}

func full(texts ...string) (out []expression) {
	for _, t := range texts {
		out = append(out, expression{t, true})
	}
	return out
}

// models are the base models of the grid, and mixtures of them.
var models = append(
	quick("shubert", "diagonal", "circle1", "circle2", "circle3", "shubert | diagonal"),
	full("circle1 | circle2 | circle3", "0.1 shubert | 0.9 diagonal", "0.6 circle1 | 0.1 circle2 | 0.3 circle3")...,
)

// composites are those that Garipov et al. show on the grid, with some more.
var composites = append(
	quick("shubert & diagonal", "shubert - diagonal", "obs(circle1, circle2; over circle1, circle2, circle3)",
		"circle1 & circle2 & circle3", "circle1 & circle2"),
	full("circle1 - circle2", "obs(circle1, circle1, circle1; over circle1, circle2, circle3)",
		"shubert &{0.05} diagonal", "shubert &{0.95} diagonal",
		"shubert -{0.05} diagonal", "shubert -{0.95} diagonal",
		"diagonal - shubert", "diagonal -{0.05} shubert", "diagonal -{0.95} shubert",
		"obs(circle2, circle3; over circle1, circle2, circle3)", "obs(circle1, circle3; over circle1, circle2, circle3)",
		"obs(circle1, circle1; over circle1, circle2, circle3)", "obs(circle2, circle2; over circle1, circle2, circle3)",
		"obs(circle3, circle3; over circle1, circle2, circle3)", "obs(circle2, circle2, circle2; over circle1, circle2, circle3)",
		"obs(circle3, circle3, circle3; over circle1, circle2, circle3)",
		"harmonic(circle1, circle2, circle3)", "circle1 & (circle2 | circle3)", "(shubert & diagonal) - circle1",
		"product(circle1, circle2)", "obs(circle1^2, circle2{0.3, 0.7}; over circle1, circle2)")...,
)

// ladder is all domains, from what is exact to what is learned.
var ladder = []rung{
	{
		name:    "grid 8x8",
		domain:  func(ctx context.Context, _ Options) (*Domain, error) { return Grid(ctx, 2, 8, GridRewards()) },
		targets: append(models[:len(models):len(models)], composites...),
	},
	{
		name:    "grid 32x32",
		domain:  func(ctx context.Context, _ Options) (*Domain, error) { return Grid(ctx, 2, 32, GridRewards()) },
		targets: append(models[:len(models):len(models)], composites...),
	},
	{
		name: "grid 8x8x8",
		domain: func(ctx context.Context, _ Options) (*Domain, error) {
			return Grid(ctx, 3, 8, map[string]oracle.GridReward{
				"corners": oracle.Corners(1e-2), "bump": oracle.Bump(.5, .3, -.3, .3), "circle1": oracle.Circle(1),
			})
		},
		targets: append(quick("corners", "corners & bump"), full("corners - bump", "corners & bump & circle1", "0.3 corners | 0.7 circle1")...),
	},
	{
		name: "grid 5x5x5x5",
		full: true,
		domain: func(ctx context.Context, _ Options) (*Domain, error) {
			return Grid(ctx, 4, 5, map[string]oracle.GridReward{"corners": oracle.Corners(1e-2), "bump": oracle.Bump(.5, .3, -.3, .3, -.3)})
		},
		targets: full("corners", "corners & bump", "bump - corners"),
	},
	{
		name:   "fragments",
		domain: func(ctx context.Context, _ Options) (*Domain, error) { return Fragments(ctx) },
		targets: append(quick("qed", "sa", "size & hetero", "qed & sa"),
			full("size", "hetero", "0.4 qed | 0.6 sa", "size - hetero", "qed - sa", "sa - qed", "qed & sa & size", "(qed & sa) - hetero")...),
	},
	{
		name:    "24 fragments",
		full:    true,
		domain:  func(ctx context.Context, _ Options) (*Domain, error) { return Fragments24(ctx) },
		targets: full("size", "hetero", "size & hetero", "size - hetero", "hetero - size", "qed & sa"),
		methods: onManyTrees,
	},
	{
		// Two bumps ever farther apart: from one in three draws that the
		// harmonic mean keeps to one in ten thousand.
		name: "grid 32x32, bumps apart",
		full: true,
		domain: func(ctx context.Context, _ Options) (*Domain, error) {
			return Grid(ctx, 2, 32, map[string]oracle.GridReward{
				"a": oracle.Bump(.2, -.2, -.2), "b": oracle.Bump(.2, .1, .1), "c": oracle.Bump(.2, .3, .3), "d": oracle.Bump(.2, .5, .5),
			})
		},
		targets: full("a & b", "a & c", "a & d", "a - b"),
	},
	{
		// Models with errors as large as those of trained ones.
		name: "grid 32x32, noisy models",
		domain: func(ctx context.Context, o Options) (*Domain, error) {
			d, err := Grid(ctx, 2, 32, GridRewards())
			if err != nil {
				return nil, err
			}
			return d.Perturbed("grid 32x32, noisy models", .05, o.Seed)
		},
		targets: append(quick("shubert & diagonal", "circle1 & circle2"), full("shubert - diagonal", "shubert | diagonal", "circle1 & circle2 & circle3")...),
	},
	{
		name:    trainedModels,
		full:    true,
		trained: true,
		domain: func(ctx context.Context, o Options) (*Domain, error) {
			d, err := Grid(ctx, 2, 32, GridRewards())
			if err != nil {
				return nil, err
			}
			d, err = d.Learned(ctx, trainedModels, func(ctx context.Context, model string) (space.Policy, error) {
				return o.Train(ctx, ModelTraining{Reward: model, Dim: 2, Side: 32})
			})
			if err == nil {
				d.Guide, d.mostBase = o.Guide, .04
			}
			return d, err
		},
		targets: append(models[:len(models):len(models)], composites[:14]...),
	},
	{
		name:    "24 fragments, trained models",
		full:    true,
		trained: true,
		domain: func(ctx context.Context, o Options) (*Domain, error) {
			d, err := Fragments24(ctx)
			if err != nil {
				return nil, err
			}
			// Of the others no model is trained.
			delete(d.Models, "size")
			delete(d.Models, "hetero")
			d, err = d.Learned(ctx, "24 fragments, trained models", func(ctx context.Context, model string) (space.Policy, error) {
				return o.Train(ctx, gflownet24(model))
			})
			if err == nil {
				d.mostBase = most24
			}
			return d, err
		},
		targets: full("qed", "sa", "qed | sa", "qed & sa", "qed - sa", "sa - qed"),
		methods: onManyTrees,
	},
	{
		name:      withDiffusion,
		full:      true,
		trained:   true,
		diffusion: true,
		domain:    diffusionAndGFlowNets,
		targets: full("size", "size | qed", "0.3 size | 0.7 sa", "size & qed", "size - qed", "qed - size",
			"size & sa", "size - sa", "sa - size", "size & qed & sa"),
		methods: onManyTrees,
	},
}
