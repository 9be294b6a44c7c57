package treemodel

import (
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// LogProbs computes the log-probability of every Trajectory under the policy,
// steps counted by class.
func (s *Sampler) LogProbs(list []Trajectory, version uint64) ([]float64, error) {
	out := make([]float64, len(list))
	errs := make([]error, len(list))
	kern.ParRows(s.threads, len(list), 4, func(from, to int) {
		e := <-s.free
		for i := from; i < to; i++ {
			out[i], errs[i] = s.logProb(e, &list[i], version)
		}
		s.free <- e
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Sampler) logProb(e *evaluator, t *Trajectory, version uint64) (float64, error) {
	e.trees, e.beta = e.trees[:0], e.beta[:0]
	for i := range t.Steps {
		e.trees, e.beta = append(e.trees, t.Steps[i].Tree), append(e.beta, t.Beta)
	}
	if err := e.policy.Load(e.trees, e.beta, version); err != nil {
		return 0, err
	}
	e.bias(s.enc.Masks)
	var sum float64
	for i := range t.Steps {
		sum += s.stepLogProb(e, i, &t.Steps[i])
	}
	return sum, nil
}

// stepLogProb is the log-probability of the step taken at tree i of the last
// Load.
func (s *Sampler) stepLogProb(e *evaluator, i int, step *treenet.Step) float64 {
	x, stop, total := s.stepWeights(e, i, step)
	width := s.enc.space.Columns()
	w := stop
	if step.Cells != nil {
		w = 0
		for _, c := range step.Cells {
			w += float64(x[c/width*s.columns+c%width])
		}
	}
	if w < smallWeight {
		return s.rareLogProb(e, i, step, total)
	}
	return math.Log(w / total)
}

// smallWeight is below what a weight is exact to.
const smallWeight = 1e-30

// rareLogProb is stepLogProb of a step whose weight is too small for its
// precision, and total that of all.
func (s *Sampler) rareLogProb(e *evaluator, i int, step *treenet.Step, total float64) float64 {
	if step.Cells == nil {
		if !step.Stops {
			return math.Inf(-1)
		}
		return float64(e.policy.Stop(i)-e.top) - math.Log(total)
	}
	x := e.room(step.Tree.Rows() * s.columns)
	e.policy.Logits(i, x)
	width := s.enc.space.Columns()
	top, sum := math.Inf(-1), 0.0
	for range 2 { // the largest first
		sum = 0
		for _, c := range step.Cells {
			row, column := c/width, c%width
			l := float64(x[row*s.columns+column]+e.biases[step.Masks[row]][column]) - float64(e.top)
			top = max(top, l)
			sum += math.Exp(l - top)
		}
	}
	return top + math.Log(sum) - math.Log(total)
}

// stepWeights are the weights of the actions at tree i of the last Load.
func (s *Sampler) stepWeights(e *evaluator, i int, step *treenet.Step) (cells []float32, stop, total float64) {
	x := e.room(step.Tree.Rows() * s.columns)
	e.policy.Logits(i, x)
	stop, total = e.weights(step, x, s.columns, e.policy.Stop(i))
	return x, stop, total
}

// Estimate is log p(x) of each finished tree under the policy at beta, by
// importance sampling over k trajectories drawn by the backward kernel:
// log mean of P_F/P_B.
func (s *Sampler) Estimate(states []space.State, beta float64, k int, r *rand.Rand, version uint64) ([]float64, error) {
	seed := r.Uint64()
	list := make([]Trajectory, len(states)*k)
	kern.ParRows(s.threads, len(list), 16, func(from, to int) {
		for i := from; i < to; i++ {
			w := space.Backward(s.enc.space, states[i/k], rand.New(rand.NewPCG(seed, uint64(i))))
			list[i] = s.enc.Complete(w)
			list[i].Beta = beta
		}
	})
	probs, err := s.LogProbs(list, version)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(states))
	for i := range out {
		m := math.Inf(-1)
		for j := i * k; j < (i+1)*k; j++ {
			probs[j] -= list[j].LogPB[len(list[j].LogPB)-1]
			m = max(m, probs[j])
		}
		var sum float64
		for j := i * k; j < (i+1)*k; j++ {
			sum += math.Exp(probs[j] - m)
		}
		out[i] = m + math.Log(sum/float64(k))
	}
	return out, nil
}
