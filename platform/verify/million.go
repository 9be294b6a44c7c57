package verify

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"gonum.org/v1/gonum/stat/distuv"
)

// What samplers make of trained models, in so many draws that single states can be
// compared with the closed form.

// million is the number of draws.
const million = 1_000_000

// nearFloor is how far draws may lie from a law, as a multiple of the mean
// distance of independent draws of the same number.
const nearFloor = 1.25

// sets is how many sets of independent draws that mean is found from.
const sets = 20

// forMillion are the options of a sampler for a million draws, unless the run
// says how many. Of rejection, which keeps this share of its paths, these are the
// draws that are kept.
func (r *Run) forMillion(m sample.Method, kept float64) sample.Options {
	o := r.options(m)
	if r.Draws == 0 {
		o.Populations = million / particles
	}
	o.Populations = int(math.Ceil(float64(o.Populations) / kept))
	return o
}

// nearlyAtFloor is the distance of draws to a law, state by state, held against
// that of n independent ones; what the law that the draws have differs by is
// allowed besides.
func nearlyAtFloor(law []float64, distance float64, n int, besides float64, seed uint64) Result {
	mean, sd := oracle.SamplingFloor(law, n, sets, rand.New(rand.NewPCG(seed, uint64(n))))
	return Result{
		Quantity: fmt.Sprintf("L1 on %d states, %d draws", len(law), n), Exact: mean, Estimate: distance, Error: distance,
		Bound: nearFloor*mean + besides, FalseAlarm: distuv.UnitNormal.CDF((1 - nearFloor) * mean / sd),
	}
}

// ofTrained covers composites of trained models.
func ofTrained(t *Target) bool { return guidance.Covers(t) && t.Name == trainedModels }

// visits is SMC with the models' exact visit probabilities: the potential that
// follows from them is the twist, and the composite at end points is what paths
// end with. The draws then have the composite on states.
var visits = Method{
	Name:   "smc, visits as twist",
	Covers: ofTrained,
	Full:   true,
	Check: func(ctx context.Context, t *Target, r *Run) ([]Result, error) {
		o := r.forMillion(sample.SMC, 1)
		o.Twist = sample.Twist{Guide: guideOf(t, 0, r.Seed), GuideEnds: true}
		d, err := draw(ctx, t, o)
		if err != nil {
			return nil, err
		}
		z, err := d.evidence(t.LogEvidence)
		if err != nil {
			return nil, err
		}
		r.picture(t, "smc, visits as twist", d, t.Law)
		return []Result{z, nearlyAtFloor(t.Law, oracle.L1(t.Law, d.Frequencies()), int(d.N), 0, r.Seed)}, nil
	},
}

// forStates is a sampler of the composite on paths whose draws are held against
// that on states: they are off by the gap between both at most. A mixture has one
// composite alone.
func forStates(name string, covers func(*Target) bool, options func(context.Context, *Target, *Run) (sample.Options, error)) Method {
	return Method{
		Name:   name,
		Covers: covers,
		Full:   true,
		Check: func(ctx context.Context, t *Target, r *Run) ([]Result, error) {
			o, err := options(ctx, t, r)
			if err != nil {
				return nil, err
			}
			d, err := draw(ctx, t, o)
			if err != nil {
				return nil, err
			}
			var results []Result
			between := 0.
			if composite(t) {
				p, err := t.Paths()
				if err != nil {
					return nil, err
				}
				between = oracle.L1(p.Terminal, t.Law)
				z, err := d.evidence(p.LogEvidence)
				if err != nil {
					return nil, err
				}
				results = append(results, z)
			}
			results = append(results, nearlyAtFloor(t.Law, oracle.L1(t.Law, d.Frequencies()), int(d.N), between, r.Seed))
			for i := range results {
				results[i].Quantity += ", by " + o.Method.String()
			}
			return results, nil
		},
	}
}

// ofDiffusion covers compositions of models one of which is a diffusion.
func ofDiffusion(t *Target) bool { return t.diffusion && !t.Single() }

var (
	// pathsForStates draws by rejection, whatever would be chosen.
	pathsForStates = forStates("rejection by paths", func(t *Target) bool { return ofTrained(t) && bounded(t) },
		func(_ context.Context, t *Target, r *Run) (sample.Options, error) {
			return r.forMillion(sample.Rejection, acceptance(t)), nil
		})

	// chosenForStates draws by the method that is chosen where nobody names one.
	chosenForStates = forStates("auto by paths", ofDiffusion, func(ctx context.Context, t *Target, r *Run) (sample.Options, error) {
		choice, err := sample.Choose(ctx, t.Graph.Space, t.policies(), t.Composition, r.options(sample.Auto))
		kept := 1.
		if choice.Method == sample.Rejection {
			kept = acceptance(t)
		}
		o := r.forMillion(choice.Method, kept)
		o.Twist.Ladder = choice.Ladder
		return o, err
	})

	smcForStates = forStates("smc by paths", func(t *Target) bool { return ofDiffusion(t) && composite(t) },
		func(_ context.Context, _ *Target, r *Run) (sample.Options, error) {
			o := r.forMillion(sample.SMC, 1)
			o.Seed++ // where auto is smc, other draws than its own
			return o, nil
		})

	annealedForStates = forStates("smc by paths, annealed", func(t *Target) bool { return ofDiffusion(t) && composite(t) },
		func(ctx context.Context, t *Target, r *Run) (o sample.Options, err error) {
			o = r.forMillion(sample.SMC, 1)
			o.Twist, err = ladderOf(ctx, t, r)
			return o, err
		})
)
