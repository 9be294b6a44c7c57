package gflownet

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// GridReport is how good a model of a grid is.
type GridReport struct {
	Samples  int     `json:"samples"`     // own ones, for the next two
	Residual float64 `json:"residual_sd"` // of the trajectory-balance residual, nats
	LogZ     float64 `json:"log_z"`       // mean of log R + log P_B - log P_F

	// Exact is there for a grid of at most [TablePoints] points.
	Exact *GridExact `json:"exact,omitempty"`
}

// GridExact is a model of a grid against all rewards, without sampling.
type GridExact struct {
	L1   float64 `json:"l1"`    // sum of |p(x) - R(x)/Z|, from 0 to 2
	LogZ float64 `json:"log_z"` // of the rewards
}

// Report measures a model with n own samples, and exactly where the grid is small
// enough. reward gives log rewards.
func (m *GridModel) Report(n int, reward func([]space.State) ([]float64, error), r *rand.Rand) (GridReport, error) {
	ends, balance, err := m.sample(n, r)
	if err != nil {
		return GridReport{}, err
	}
	logR, err := reward(ends)
	if err != nil {
		return GridReport{}, err
	}
	rep := GridReport{Samples: n}
	var sum, square float64
	for i, b := range balance {
		d := logR[i] - b
		sum, square = sum+d, square+d*d
	}
	rep.LogZ = sum / float64(n)
	rep.Residual = math.Sqrt(math.Max(square/float64(n)-rep.LogZ*rep.LogZ, 0))
	law := m.Law()
	if law == nil {
		return rep, nil
	}
	all := make([]space.State, len(law))
	point := make([]int, m.shape.Dim)
	for i := range all {
		gridPoint(i, m.shape.Side, point)
		all[i] = m.grid.At(point)
	}
	if logR, err = reward(all); err != nil {
		return GridReport{}, err
	}
	rep.Exact = &GridExact{}
	rep.Exact.L1, rep.Exact.LogZ = distance(law, logR)
	return rep, nil
}

// sample draws n ends with sum log P_F - sum log P_B of the way there, which for
// a perfect model is log R - log Z.
func (m *GridModel) sample(n int, r *rand.Rand) (ends []space.State, balance []float64, err error) {
	ends, balance = make([]space.State, n), make([]float64, n)
	for from := 0; from < n; from += pointsAtOnce {
		to := min(n, from+pointsAtOnce)
		dst := make([]space.Steps, to-from)
		active := make([]int, 0, to-from)
		for i := from; i < to; i++ {
			active = append(active, i)
		}
		for states := []space.State(nil); len(active) > 0; {
			states = states[:0]
			for _, i := range active {
				states = append(states, ends[i])
			}
			if err := m.Steps(context.Background(), states, dst[:len(states)]); err != nil {
				return nil, nil, err
			}
			next := active[:0]
			for k, i := range active {
				logs := append(dst[k].Cells, dst[k].Stop)
				probs := append(dst[k].Prob, math.Exp(dst[k].Stop))
				a := chooseStep(logs, probs, 0, r)
				balance[i] += logs[a]
				if a == len(logs)-1 {
					continue
				}
				ends[i] = m.grid.Child(ends[i], a)
				balance[i] += math.Log(float64(len(m.grid.Parents(ends[i]))))
				next = append(next, i)
			}
			active = next
		}
	}
	return ends, balance, nil
}
