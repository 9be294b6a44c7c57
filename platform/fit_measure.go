package platform

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func (f *fitting) note(m *fitModel, stage string, total int) func(int) {
	return func(done int) {
		if f.o.Progress != nil {
			f.o.Progress(FitProgress{m.name, stage, done, total})
		}
	}
}

func (f *fitting) measure(ctx context.Context, m *fitModel) (*FitReport, error) {
	d := m.plugin.Describe()
	r := &FitReport{
		Model: m.ref, Name: m.name, Card: m.cardPath, Plugin: d.Name + "@" + d.Version,
		Reward: fmt.Sprintf("%s, %s, %s", m.objective.Function.Name, m.objective.Goal, m.objective.Curve),
		Fit: Fit{
			WeightsSHA256: m.weights.SHA256, Seed: f.o.Seed, Molecules: f.o.Molecules, Paths: f.o.Paths,
			WalkStop: FitWalkStop, Floor: m.card.Reward.Floor, Others: []FitOther{}, Device: m.device,
		},
	}
	if !math.IsInf(m.clip, -1) {
		r.Fit.Clip = &m.clip
	}
	others := f.otherThan(m, f.models...)
	for _, x := range others {
		r.Fit.Others = append(r.Fit.Others, FitOther{x.name, x.weights.SHA256})
	}
	for _, beta := range f.o.Betas {
		at, err := f.at(ctx, m, others, beta)
		if err != nil {
			return nil, err
		}
		r.Fit.At = append(r.Fit.At, *at)
	}
	for _, beta := range m.grid(f.o.Betas) {
		b, err := f.ownAt(ctx, m, beta)
		if err != nil {
			return nil, err
		}
		r.Fit.ByBeta = append(r.Fit.ByBeta, *b)
	}
	return r, nil
}

// grid are the betas of the table of own samples: 8, multiples of 16 up to the
// largest of the model, that one, and those of the fit.
func (m *fitModel) grid(betas []float64) []float64 {
	grid := slices.Clone(betas)
	if m.beta != nil {
		grid = append(grid, 8, m.beta.Max)
		for b := 16.0; b < m.beta.Max && b <= 512; b += 16 {
			grid = append(grid, b)
		}
		grid = slices.DeleteFunc(grid, func(b float64) bool { return m.nearest(b) != b })
	}
	slices.Sort(grid)
	return slices.Compact(grid)
}

// at measures the fit at one beta.
func (f *fitting) at(ctx context.Context, m *fitModel, others []*fitModel, beta float64) (*FitAt, error) {
	o := f.o
	own, err := m.own(ctx, beta, o.Molecules, o.Seed, f.note(m, fmt.Sprintf("own samples at beta %g", beta), o.Molecules))
	if err != nil {
		return nil, err
	}
	// The trees, group after group.
	var groups [3][]space.State
	seen := map[space.State]bool{}
	for _, d := range own {
		if len(groups[0]) < o.Molecules/2 {
			groups[0] = pickNew(groups[0], d.state, seen)
		}
	}
	quarter := o.Molecules / 4
	for i, x := range others {
		upTo := quarter * (i + 1) / len(others)
		// Twice as many as are needed, for those that are known already.
		b := x.nearest(beta)
		draws, err := x.own(ctx, b, 2*(quarter/len(others)+1), o.Seed, f.note(x, fmt.Sprintf("samples at beta %g, for %s", b, m.name), 2*(quarter/len(others)+1)))
		if err != nil {
			return nil, err
		}
		for _, d := range draws {
			if len(groups[1]) < upTo {
				groups[1] = pickNew(groups[1], d.state, seen)
			}
		}
	}
	walks := o.Molecules - o.Molecules/2
	if len(others) > 0 {
		walks -= quarter
	}
	groups[2] = drawWalks(m.space, walks, fitSeed(o.Seed, "walk"), seen)

	finished := slices.Concat(groups[:]...)
	paths, err := drawBackward(ctx, m.space, finished, o.Paths, fitSeed(o.Seed, "paths"))
	if err != nil {
		return nil, err
	}
	policy, err := m.at(beta)
	if err != nil {
		return nil, err
	}
	logP, se, err := paths.logP(ctx, policy, f.note(m, fmt.Sprintf("log p at beta %g", beta), len(paths.states)))
	if err != nil {
		return nil, fmt.Errorf("ask model %s: %w", m.ref, err)
	}
	logR, err := m.targets(ctx, finished, beta)
	if err != nil {
		return nil, err
	}
	at := &FitAt{Beta: beta, All: newFitGroup(logP, logR), TBN: len(own)}
	from := 0
	for i, g := range []*FitGroup{&at.Own, &at.Other, &at.Walk} {
		to := from + len(groups[i])
		*g = newFitGroup(logP[from:to], logR[from:to])
		from = to
	}
	for _, e := range se {
		at.LogPSE += e * e / float64(len(se))
	}
	at.LogPSE = math.Sqrt(at.LogPSE)
	if at.TB, err = m.residual(ctx, own, beta); err != nil {
		return nil, err
	}
	at.round()
	at.Missed = at.missed()
	return at, nil
}

// targets are beta log R of finished trees, clipped.
func (m *fitModel) targets(ctx context.Context, states []space.State, beta float64) ([]float64, error) {
	rs, err := m.rewarded(ctx, states)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(rs))
	for i, r := range rs {
		out[i], _ = m.target(r, beta)
	}
	return out, nil
}

// residual is the standard deviation of the trajectory-balance residual of own
// samples, sum log P_F - sum log P_B - beta log R, from which log Z drops out.
func (m *fitModel) residual(ctx context.Context, own []ownDraw, beta float64) (float64, error) {
	logR, err := m.targets(ctx, statesOf(own), beta)
	if err != nil {
		return 0, err
	}
	for i, d := range own {
		logR[i] = d.balance - logR[i]
	}
	_, _, sd := meanOf(logR)
	return sd, nil
}

func statesOf(draws []ownDraw) []space.State {
	out := make([]space.State, len(draws))
	for i, d := range draws {
		out[i] = d.state
	}
	return out
}

// ownAt is what own samples at a beta are like.
func (f *fitting) ownAt(ctx context.Context, m *fitModel, beta float64) (*FitBeta, error) {
	own, err := m.own(ctx, beta, f.o.Molecules, f.o.Seed, f.note(m, fmt.Sprintf("own samples at beta %g", beta), f.o.Molecules))
	if err != nil {
		return nil, err
	}
	rs, err := m.rewarded(ctx, statesOf(own))
	if err != nil {
		return nil, err
	}
	b := &FitBeta{Beta: beta, N: len(own)}
	var reward, value []float64
	for i, r := range rs {
		reward = append(reward, math.Exp(r.Log))
		if r.Status == sdk.OK {
			value = append(value, r.Raw)
		} else {
			b.Failed++
		}
		if _, clipped := m.target(r, beta); clipped {
			b.Clipped += 1 / float64(len(own))
		}
		b.Fragments += float64(m.space.Size(own[i].state)) / float64(len(own))
	}
	b.Reward, b.RewardSE, _ = meanOf(reward)
	b.Value, b.ValueSE, _ = meanOf(value)
	if b.TB, err = m.residual(ctx, own, beta); err != nil {
		return nil, err
	}
	for _, x := range []*float64{&b.Reward, &b.RewardSE, &b.Value, &b.ValueSE, &b.Fragments, &b.Clipped, &b.TB} {
		digits(x)
	}
	return b, nil
}
