package diagnose

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
	"gonum.org/v1/gonum/floats"
)

// GuideCheck is how well a guide foretells the observations of a composition.
type GuideCheck struct {
	// Steps are the means of Q(y|s) over paths of the mixture, by the steps
	// walked; a path that has ended keeps the value of its end. They are one
	// number, the evidence, for the exact Q, which is a martingale.
	Steps []GuideStep `json:"steps"`

	// Evidence is the mean likelihood of the observations at the ends of the same
	// paths: what every step would have, were the guide exact.
	Evidence GuideStep `json:"evidence"`

	// Calibration holds Q(y|s) of each path, after a number of steps drawn at
	// random, against whether the observations came true at its end.
	Calibration Reliability `json:"calibration"`
}

// GuideStep is the mean of Q after so many steps.
type GuideStep struct {
	Mean float64 `json:"mean"`
	SE   float64 `json:"se"`
}

// Sentence says in words whether the guide foretells too much or too little, and
// where on the way it is furthest off.
func (g *GuideCheck) Sentence() string {
	worst, most := 0, 0.
	for i, s := range g.Steps {
		if off := math.Abs(s.Mean-g.Evidence.Mean) / math.Max(math.Hypot(s.SE, g.Evidence.SE), 1e-300); off > most {
			worst, most = i, off
		}
	}
	text := fmt.Sprintf("the observations of the composition come true with probability %.3g ±%.1g; ", g.Evidence.Mean, g.Evidence.SE)
	if most <= sigmas {
		return text + "the guide says the same at every step of the models' paths, within errors"
	}
	s := g.Steps[worst]
	word := "too high"
	if s.Mean < g.Evidence.Mean {
		word = "too low"
	}
	return text + fmt.Sprintf("the guide says %.3g at the start and is furthest off after %d steps with %.3g ±%.1g on average, %s", g.Steps[0].Mean, worst, s.Mean, s.SE, word)
}

// sigmas is how many standard errors the guide's mean may differ from the evidence
// at the worst of many steps.
const sigmas = 4

// CheckGuide holds a guide of a composition against paths of its models. The
// composition must be a list of observations with a bound, whose mixture is the
// one that the guide's Q is about. Whether observations came true is drawn from
// the seed.
func CheckGuide(ctx context.Context, guide sample.Guide, target *compose.Composition, ref *Rollouts, seed uint64) (*GuideCheck, error) {
	observed, ok := target.Observations()
	if !ok {
		return nil, errors.New("diagnose: check guide: the composition is no list of observations")
	}
	mixture := compose.Mixture(target.Models(), observed.Weights)
	rng := rand.New(rand.NewPCG(seed, 1))
	most := math.Log(floats.Max(observed.Weights))
	// The models take part alike; paths are kept as often as the
	// mixture's weights ask.
	kept := Weighted{Populations: ref.Populations}
	var paths []*sample.Trajectory
	var happened []bool
	var likelihoods []float64
	for i := range ref.Paths {
		t := &ref.Paths[i]
		m := mixture.LogDensity(t.LogBase, 0)
		u, v := rng.Float64(), rng.Float64()
		if math.Log(u) >= m-most-floats.LogSumExp(t.LogBase) {
			continue
		}
		paths = append(paths, t)
		kept.Population = append(kept.Population, ref.Population[i])
		kept.LogWeight = append(kept.LogWeight, 0)
		likelihood := target.LogDensity(t.LogBase, t.LogBackward) - observed.LogFactor - m
		likelihoods = append(likelihoods, math.Exp(likelihood))
		happened = append(happened, math.Log(v) < likelihood)
	}
	going, ends, err := askGuide(ctx, guide, paths)
	if err != nil {
		return nil, err
	}
	z := kept.Mean(likelihoods)
	out := &GuideCheck{Evidence: GuideStep{z.Value, z.SE}}
	longest := 0
	for _, t := range paths {
		longest = max(longest, len(t.States))
	}
	after := func(t *sample.Trajectory, step int) float64 {
		if step < len(t.States) {
			return going[t.States[step]]
		}
		return ends[t.Final()]
	}
	q := make([]float64, len(paths))
	for step := range longest + 1 {
		for i, t := range paths {
			q[i] = after(t, step)
		}
		e := kept.Mean(q)
		out.Steps = append(out.Steps, GuideStep{e.Value, e.SE})
	}
	// The step must not depend on how long the path becomes, which tells of its
	// end.
	p := make([]float64, len(paths))
	for i, t := range paths {
		p[i] = after(t, rng.IntN(longest+1))
	}
	out.Calibration = Calibrate(p, happened)
	return out, nil
}

// guideBatch is how many states a guide is asked about at once.
const guideBatch = 256

// askGuide asks for Q at every state of the paths, and at their ends.
func askGuide(ctx context.Context, guide sample.Guide, paths []*sample.Trajectory) (going, ends map[space.State]float64, err error) {
	going, ends = map[space.State]float64{}, map[space.State]float64{}
	var open, closed []space.State
	for _, t := range paths {
		for _, s := range t.States {
			if _, ok := going[s]; !ok {
				going[s], open = 0, append(open, s)
			}
		}
		if _, ok := ends[t.Final()]; !ok {
			ends[t.Final()], closed = 0, append(closed, t.Final())
		}
	}
	ask := func(states []space.State, finished bool, into map[space.State]float64) error {
		for len(states) > 0 {
			batch := states[:min(guideBatch, len(states))]
			logs := make([]float64, len(batch))
			if err := guide.LogQ(ctx, batch, finished, logs); err != nil {
				return fmt.Errorf("diagnose: check guide: %w", err)
			}
			for i, s := range batch {
				into[s] = math.Min(1, math.Exp(logs[i]))
			}
			states = states[len(batch):]
		}
		return nil
	}
	if err := ask(open, false, going); err != nil {
		return nil, nil, err
	}
	return going, ends, ask(closed, true, ends)
}
