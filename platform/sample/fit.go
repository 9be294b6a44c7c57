package sample

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// FitLadder finds the rungs of a ladder from pilot populations, which are no part
// of any other stream of the same seed. At each step the weights of the rungs are
// the mixture proportions that make the target of unfinished paths nearest to the
// law of the composition's paths in the sense of Kullback and Leibler, found by
// expectation and maximisation (Dempster, Laird and Rubin 1977), as controlled
// SMC learns its twists from pilots (Heng et al. 2020, Annals of Statistics 48).
//
// Options give the seed, the size of a population and by Populations the number
// of pilots, 0 for 32: of these many the models are walked three times.
func FitLadder(ctx context.Context, sp space.Space, bases []space.Policy, target *compose.Composition, opts Options) (Ladder, error) {
	own := Options{Seed: scramble(opts.Seed ^ ladderSeed), Particles: opts.Particles, Populations: opts.Populations, Lanes: opts.Lanes, InFlight: opts.InFlight, Region: opts.Region}
	if own.Populations == 0 {
		own.Populations = 32
	}
	mixture := mixtureOf(target)
	psi := func(l []float64, logB float64) float64 {
		return target.LogDensity(l, logB) - mixture.LogDensity(l, logB)
	}
	if own.Method = Ancestral; own.Region != nil {
		own.Method = SMC
	}
	rollouts, err := pilot(ctx, sp, bases, mixture, psi, own)
	if err != nil {
		return nil, fmt.Errorf("sample: fit ladder: %w", err)
	}
	own.Method = SMC
	var ladder Ladder
	for range 2 {
		own.Seed = scramble(own.Seed)
		own.Twist = Twist{Ladder: ladder}
		paths, err := pilot(ctx, sp, bases, target, psi, own)
		if err != nil {
			return nil, fmt.Errorf("sample: fit ladder: %w", err)
		}
		if own.Region != nil {
			scale(paths, rollouts)
		}
		if ladder, err = fitRungs(rollouts, paths, ladder); err != nil {
			return nil, fmt.Errorf("sample: fit ladder: %w", err)
		}
	}
	return ladder, nil
}

// ladderSeed sets the pilots apart from the populations of their seed.
const ladderSeed = 0x6c6164646572

// traced is a finished path of a pilot: the log path posterior of its unfinished
// parts, by their steps, and its weight.
type traced struct {
	logPsi []float64
	weight float64 // over the number of populations; their sum is the evidence
}

func pilot(ctx context.Context, sp space.Space, bases []space.Policy, target *compose.Composition, psi func([]float64, float64) float64, opts Options) ([]traced, error) {
	s, err := New(sp, bases, target, opts)
	if err != nil {
		return nil, err
	}
	byPopulation := make([][]traced, opts.Populations)
	s.trace = psi
	s.watch = func(w *walk) {
		for j := range w.particles {
			p := &w.particles[j]
			if math.IsInf(p.logWeight, -1) {
				continue
			}
			t := traced{make([]float64, p.path.steps), math.Exp(p.logWeight) / float64(opts.Populations)}
			for at := p.path; at != nil; at = at.from {
				t.logPsi[at.steps-1] = at.logPsi
			}
			byPopulation[w.index] = append(byPopulation[w.index], t)
		}
	}
	for _, err := range s.Populations(ctx) {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(byPopulation...), nil
}

// scale makes the weights of paths relative to the mixture's evidence in a region,
// the rollouts' weights together: rollouts count as draws of the mixture there.
func scale(paths, rollouts []traced) {
	var evidence float64
	for _, r := range rollouts {
		evidence += r.weight
	}
	for i := range paths {
		paths[i].weight /= evidence
	}
}

// fewest is how many paths of the pilots must go on for a step to be fitted.
const fewest = 100

// fitRungs fits the rungs of every step to rollouts of the mixture and weighted
// paths of the composition, that the ladder before was steering.
func fitRungs(rollouts, paths []traced, before Ladder) (Ladder, error) {
	var evidence, squares float64
	for _, p := range paths {
		evidence += p.weight
	}
	if evidence == 0 {
		return nil, ErrNoSupport
	}
	for _, p := range paths {
		squares += p.weight / evidence * (p.weight / evidence)
	}
	f := fitter{evidence: evidence, rollouts: float64(len(rollouts)), paths: 1 / squares}
	out := Ladder{{evidence, 0, 0}}
	for steps := 1; ; steps++ {
		f.points = f.points[:0]
		going := 0
		for _, p := range rollouts {
			if steps < len(p.logPsi) {
				f.points = append(f.points, point{rungsOf(p.logPsi[steps]), 1, 0})
			}
		}
		for _, p := range paths {
			if steps < len(p.logPsi) {
				share := p.weight / evidence
				f.points = append(f.points, point{rungsOf(p.logPsi[steps]), f.paths * share, share})
				going++
			}
		}
		if going < fewest {
			return out, nil
		}
		start := Rungs{0, 0, 1}
		if steps < len(before) {
			start = before[steps]
		}
		out = append(out, f.fit(start))
	}
}

// fitter fits one step's rungs.
type fitter struct {
	evidence        float64
	rollouts, paths float64 // number of rollouts, and what the weighted paths are worth
	points          []point
}

// point is an unfinished path.
type point struct {
	rungs Rungs   // psi^0, psi^(1/2), psi^1
	count float64 // what it is worth as a draw
	share float64 // of the composition's law, 0 for a rollout
}

func rungsOf(logPsi float64) Rungs {
	return Rungs{1, math.Exp(logPsi / 2), math.Exp(logPsi)}
}

// fit improves the rungs c. The integrals of the rungs over the mixture's paths
// come from rollouts and composition's paths together, by the balance heuristic
// (Veach and Guibas 1995) with the current rungs for the density of the latter:
// where the models part, rollouts do not come to where the composition is.
func (f *fitter) fit(c Rungs) Rungs {
	var going float64
	for _, p := range f.points {
		going += p.share
	}
	w := Rungs{1. / 3, 1. / 3, 1. / 3}
	for range 50 {
		var integral, claimed Rungs
		for _, p := range f.points {
			q := (c[0]*p.rungs[0] + c[1]*p.rungs[1] + c[2]*p.rungs[2]) / f.evidence
			each := p.count / (f.rollouts + f.paths*q)
			for r := range integral {
				integral[r] += each * p.rungs[r]
			}
		}
		for _, p := range f.points {
			if p.share == 0 {
				continue
			}
			var sum float64
			for r := range w {
				sum += w[r] * p.rungs[r] / integral[r]
			}
			for r := range w {
				claimed[r] += p.share * w[r] * p.rungs[r] / integral[r] / sum
			}
		}
		for r := range w {
			// One path's worth is kept for every rung.
			w[r] = (claimed[r]/going*f.paths + 1) / (f.paths + float64(len(w)))
			c[r] = f.evidence * going * w[r] / integral[r]
		}
	}
	return c
}
