package gflownet

import (
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// Fit is how well log p(x) follows beta log R(x) on some finished trees: log p
// estimated by backward trajectories, the reward clipped as in training.
type Fit struct {
	Trees       int     `json:"trees"`
	Correlation float64 `json:"correlation"`
	Slope       float64 `json:"slope"` // of log p over beta log R
	RMS         float64 `json:"rms"`   // of what the straight line leaves, nats
}

// NewFit compares log-probabilities with clipped log rewards.
func NewFit(logP, logR []float64) Fit {
	var n, sx, sy, sxx, syy, sxy float64
	for i := range logP {
		x, y := logR[i], logP[i]
		n, sx, sy, sxx, syy, sxy = n+1, sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	f := Fit{Trees: len(logP)}
	if n == 0 {
		return f
	}
	cxx, cyy, cxy := sxx-sx*sx/n, syy-sy*sy/n, sxy-sx*sy/n
	if cxx <= 0 || cyy <= 0 {
		return f
	}
	f.Correlation = cxy / math.Sqrt(cxx*cyy)
	f.Slope = cxy / cxx
	f.RMS = math.Sqrt(max(cyy-cxy*cxy/cxx, 0) / n)
	return f
}

// AtBeta is what own samples at one beta are like.
type AtBeta struct {
	Beta     float64 `json:"beta"`
	Reward   float64 `json:"mean_reward"`
	Size     float64 `json:"mean_fragments"`
	Residual float64 `json:"residual_sd"` // of the trajectory-balance residual, nats
	Clipped  float64 `json:"clipped"`     // share of clipped rewards
	LogZ     float64 `json:"log_z"`       // as the own samples have it: mean of log R + log P_B - log P_F
}

// Report is how good a model is.
type Report struct {
	Beta   float64  `json:"beta"` // of the fits
	Own    Fit      `json:"own"`  // own samples
	Walk   Fit      `json:"walk"` // ends of random walks
	Both   Fit      `json:"both"` // as many of either
	ByBeta []AtBeta `json:"by_beta"`
}

// NewReport measures a model with n own samples per beta, n random walks and k
// backward trajectories per tree. reward gives log rewards at beta 1; floor is
// where beta*log r was clipped in training.
func NewReport(m *Model, n, k int, floor float64, reward func([]space.State) ([]float64, error), r *rand.Rand) (Report, error) {
	rep := Report{Beta: m.Beta()}
	logR := func(states []space.State, beta float64) (clipped, raw []float64, err error) {
		if raw, err = reward(states); err != nil {
			return nil, nil, err
		}
		clipped = make([]float64, len(raw))
		for i, l := range raw {
			clipped[i] = max(beta*l, floor)
			if beta == 0 {
				clipped[i] = 0
			}
		}
		return clipped, raw, nil
	}
	for _, share := range []float64{0, 0.125, 0.25, 0.5, 0.75, 1} {
		a := AtBeta{Beta: share * m.BetaMax()}
		states, balance, err := m.Imbalance(n, a.Beta, r)
		if err != nil {
			return rep, err
		}
		target, raw, err := logR(states, a.Beta)
		if err != nil {
			return rep, err
		}
		var sum, square float64
		for i := range states {
			d := balance[i] - target[i]
			sum, square = sum+d, square+d*d
			a.Reward += math.Exp(raw[i]) / float64(n)
			a.Size += float64(m.Space().Size(states[i])) / float64(n)
			if a.Beta*raw[i] < floor {
				a.Clipped += 1 / float64(n)
			}
		}
		mean := sum / float64(n)
		a.LogZ, a.Residual = -mean, math.Sqrt(max(square/float64(n)-mean*mean, 0))
		rep.ByBeta = append(rep.ByBeta, a)
	}
	own, err := m.Sample(n, m.Beta(), r)
	if err != nil {
		return rep, err
	}
	walk := make([]space.State, n)
	for i := range walk {
		w := space.Walk(m.Space(), 0.2, r)
		walk[i] = w.Last()
	}
	var logP, target [2][]float64
	for i, set := range [][]space.State{own, walk} {
		if logP[i], err = m.LogP(set, m.Beta(), k, r); err != nil {
			return rep, err
		}
		if target[i], _, err = logR(set, m.Beta()); err != nil {
			return rep, err
		}
	}
	rep.Own, rep.Walk = NewFit(logP[0], target[0]), NewFit(logP[1], target[1])
	rep.Both = NewFit(append(logP[0], logP[1]...), append(target[0], target[1]...))
	return rep, nil
}
