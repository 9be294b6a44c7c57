package guide

import (
	"context"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/sdk"
)

// Report measures a guide on fresh paths of the base models, with alpha one half
// where it reads alpha.
type Report struct {
	Paths int `json:"paths"` // of all models

	// Of the terminal head, which says which model made a finished object: the
	// mean of -log q of the model that did, nats, and the same of the path's own
	// likelihoods; the Brier score; and the expected calibration error over ten
	// bins of the probability of each model (Guo et al. 2017).
	EndLoss     float64 `json:"end_loss"`
	EndPathLoss float64 `json:"end_path_loss"`
	Brier       float64 `json:"brier"`
	Calibration float64 `json:"calibration"`

	// Of the states on the way: the mean of -log of what the guide gives to the
	// model that made the path as the first observation, and of what the path so
	// far gives to it, which no guide that reads the state alone can beat where
	// models are balanced.
	StateLoss     float64 `json:"state_loss"`
	StatePathLoss float64 `json:"state_path_loss"`

	// BaseRates is the largest deviation, over outcomes and over the steps 0, 1, 2,
	// 4, 8 and so on, of the guide's mean probability of an outcome after so many
	// steps, or at the end of paths that are shorter, from that at the ends: zero
	// for an exact guide, up to noise, for the probability of what will be observed
	// is a martingale.
	BaseRates float64 `json:"base_rates"`
}

// reporter collects a Report.
type reporter struct {
	paths, states                         int
	end, endPath, brier, state, statePath float64
	ends                                  []float64             // sums over paths of probabilities of outcomes
	way                                   [len(steps)][]float64 // the same after steps
	bins                                  [10]bin
}

// steps are those after which base rates are compared.
var steps = [...]int{0, 1, 2, 4, 8, 16, 32, 64, 128}

// bin is the predictions of about one probability.
type bin struct{ n, said, was float64 }

// add measures on some paths.
func (r *reporter) add(ctx context.Context, m *Model, paths []sdk.Path) error {
	o, models := m.net.outcomes, m.net.Models
	k := len(o.lists)
	if r.ends == nil {
		r.ends = make([]float64, k)
		for j := range r.way {
			r.way[j] = make([]float64, k)
		}
	}
	var req sdk.GuideRequest
	for _, p := range paths {
		for range p.States {
			req.Finished = append(req.Finished, false)
		}
		req.States = append(append(req.States, p.States...), p.States[len(p.States)-1])
		req.Finished = append(req.Finished, true)
	}
	reply, err := m.LogQ(ctx, &req)
	if err != nil {
		return err
	}
	q, path := make([]float64, models), make([]float64, models)
	next := func() []float32 {
		v := reply.LogQ[:k]
		reply.LogQ = reply.LogQ[k:]
		return v
	}
	for i := range paths {
		p := &paths[i]
		for t := range p.States {
			v := next()
			o.firstObservation(q, v)
			r.state -= math.Log(q[p.Label])
			// What the path said before the action at the state.
			if t > 0 {
				logSoftmax(path, p.LogBase[(t-1)*models:t*models])
				r.statePath -= path[p.Label]
			} else {
				r.statePath += math.Log(float64(models))
			}
			if j := slices.Index(steps[:], t); j >= 0 {
				addExp(r.way[j], v)
			}
			r.states++
		}
		v := next()
		o.firstObservation(q, v)
		logSoftmax(path, p.LogBase[len(p.LogBase)-models:])
		r.end -= math.Log(q[p.Label])
		r.endPath -= path[p.Label]
		for j, x := range q {
			hit := 0.0
			if j == p.Label {
				hit = 1
			}
			r.brier += (x - hit) * (x - hit)
			b := &r.bins[min(int(10*x), 9)]
			b.n, b.said, b.was = b.n+1, b.said+x, b.was+hit
		}
		addExp(r.ends, v)
		for j, t := range steps {
			if t >= len(p.States) {
				addExp(r.way[j], v)
			}
		}
		r.paths++
	}
	return nil
}

// addExp adds the exponentials of logs to sums.
func addExp(sums []float64, logs []float32) {
	for c, l := range logs {
		sums[c] += math.Exp(float64(l))
	}
}

// firstObservation writes the probability that each model is observed first.
func (o *outcomes) firstObservation(q []float64, logQ []float32) {
	clear(q)
	for c, list := range o.lists {
		p := o.share[c] * math.Exp(float64(logQ[c]))
		if o.alpha {
			q[list[0]] += p
			continue
		}
		// Every model of a multiset comes first as often as it is in it.
		for j, n := range o.counts[c] {
			q[j] += p * float64(n) / float64(o.n)
		}
	}
}

func (r *reporter) report() Report {
	n, s := float64(r.paths), float64(r.states)
	out := Report{
		Paths: r.paths, EndLoss: r.end / n, EndPathLoss: r.endPath / n, Brier: r.brier / n,
		StateLoss: r.state / s, StatePathLoss: r.statePath / s,
	}
	all := 0.0
	for _, b := range r.bins {
		out.Calibration += math.Abs(b.said - b.was)
		all += b.n
	}
	out.Calibration /= all
	for _, way := range r.way {
		for c := range way {
			out.BaseRates = max(out.BaseRates, math.Abs(r.ends[c]-way[c])/n)
		}
	}
	return out
}
