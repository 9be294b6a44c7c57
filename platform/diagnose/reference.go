package diagnose

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
	"gonum.org/v1/gonum/floats"
)

// Reference is a sample of a composition that owes nothing to how a run sampled
// it.
type Reference struct {
	Weighted
	Paths []sample.Trajectory
}

// Rollouts are paths of the models themselves, as many of each, with the
// importance weights that turn their mixture into the composition. They are exact
// for any composition, and thin where the models hardly overlap.
type Rollouts struct {
	Reference
	Model []int // that made the path
	Each  int   // paths of each model
}

// rolloutPopulation is the number of paths of one model in a population.
const rolloutPopulation = 64

// NewRollouts draws paths of every model in populations of 64, the number of
// which is populations, at least 2. The policies are those of the composition's
// models, in their order.
func NewRollouts(ctx context.Context, sp space.Space, bases []space.Policy, target *compose.Composition, populations int, seed uint64) (*Rollouts, error) {
	if populations < 2 {
		return nil, fmt.Errorf("diagnose: make reference: %d populations have no error to tell", populations)
	}
	m := len(bases)
	r := &Rollouts{Reference: Reference{Weighted: Weighted{Populations: populations}}, Each: populations * rolloutPopulation}
	total := math.Log(float64(m * r.Each))
	for i := range bases {
		only := make([]float64, m)
		only[i] = 1
		s, err := sample.New(sp, bases, compose.Mixture(target.Models(), only), sample.Options{
			Method: sample.Ancestral, Particles: rolloutPopulation, Populations: populations,
			Seed: rand.New(rand.NewPCG(seed, uint64(i))).Uint64(),
		})
		if err != nil {
			return nil, fmt.Errorf("diagnose: make reference: %w", err)
		}
		for p, err := range s.Populations(ctx) {
			if err != nil {
				return nil, fmt.Errorf("diagnose: make reference: %w", err)
			}
			for _, t := range p.Trajectories {
				mixture := floats.LogSumExp(t.LogBase) - math.Log(float64(m))
				r.Paths = append(r.Paths, t)
				r.Model = append(r.Model, i)
				r.Population = append(r.Population, p.Index)
				r.LogWeight = append(r.LogWeight, target.LogDensity(t.LogBase, t.LogBackward)-mixture-total)
			}
		}
	}
	return r, ctx.Err()
}

// NewIndependent draws the composition's own paths, each by itself: by the steps
// of a ladder that it fits, to three times as many pilots, without resampling,
// each with its own weight. It is exact as well, and counts for more where models
// hardly overlap. Of the options it takes the seed, the region, the particles, the
// lanes and the number of populations, 2 or more.
func NewIndependent(ctx context.Context, sp space.Space, bases []space.Policy, target *compose.Composition, o sample.Options) (*Reference, error) {
	if o.Populations < 2 {
		return nil, fmt.Errorf("diagnose: make reference: %d populations have no error to tell", o.Populations)
	}
	o = sample.Options{Method: sample.Importance, Seed: o.Seed, Region: o.Region, Particles: o.Particles, Populations: o.Populations, Lanes: o.Lanes, InFlight: o.InFlight}
	var err error
	if o.Twist.Ladder, err = sample.FitLadder(ctx, sp, bases, target, o); err != nil {
		return nil, fmt.Errorf("diagnose: make reference: %w", err)
	}
	s, err := sample.New(sp, bases, target, o)
	if err != nil {
		return nil, fmt.Errorf("diagnose: make reference: %w", err)
	}
	r := &Reference{Weighted: Weighted{Populations: o.Populations}}
	for p, err := range s.Populations(ctx) {
		if err != nil {
			return nil, fmt.Errorf("diagnose: make reference: %w", err)
		}
		for _, t := range p.Trajectories {
			r.Paths = append(r.Paths, t)
			r.Population = append(r.Population, p.Index)
			r.LogWeight = append(r.LogWeight, t.LogWeight-math.Log(float64(o.Populations)))
		}
	}
	return r, ctx.Err()
}

// LogEvidence is the reference's own estimate of the evidence.
func (r *Reference) LogEvidence() sample.Estimate {
	logs := PopulationSums(r.Population, r.LogWeight, r.Populations)
	for p := range logs {
		logs[p] += math.Log(float64(r.Populations))
	}
	return sample.LogMean(logs)
}

// Against compares a run with the reference by its evidence and by figures of
// its elements; nil where the reference is too thin.
func (r *Reference) Against(run *Weighted, evidence sample.Estimate, values []Values) *Agrees {
	own := r.LogEvidence()
	if r.ESS() < MinReference || math.IsNaN(own.SE) {
		return nil
	}
	a := &Agrees{LogEvidence: own.Value, LogEvidenceSE: own.SE, EvidenceP: 1}
	if !math.IsNaN(evidence.SE) {
		a.EvidenceP = welch(evidence, own, run.Populations, r.Populations)
	}
	a.Differences, a.P = Compare(run, &r.Weighted, values)
	return a
}

// Calibration is the reliability of the posterior of which model made a path,
// with equal priors.
func (r *Rollouts) Calibration() Reliability {
	var p []float64
	var happened []bool
	for k, t := range r.Paths {
		all := floats.LogSumExp(t.LogBase)
		for i, l := range t.LogBase {
			p = append(p, math.Exp(l-all))
			happened = append(happened, i == r.Model[k])
		}
	}
	return Calibrate(p, happened)
}

// PopulationSums is the logarithm of the weight of each of n populations, from the
// log-weights of draws and the numbers of their populations.
func PopulationSums(population []int, logWeight []float64, n int) []float64 {
	logs := make([]float64, n)
	for p := range logs {
		logs[p] = math.Inf(-1)
	}
	for i, w := range logWeight {
		p := population[i]
		logs[p] = floats.LogSumExp([]float64{logs[p], w})
	}
	return logs
}
