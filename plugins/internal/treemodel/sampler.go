package treemodel

import (
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Sampler draws trajectories from a network. Its evaluators share the
// parameters, which must not change while it works.
type Sampler struct {
	enc     *Encoder
	threads int
	params  *nn.Params
	columns int // padded
	free    chan *evaluator
}

type evaluator struct {
	policy  *treenet.Policy
	logits  []float32
	trees   []*treenet.Tree
	beta    []float64
	biases  [][]float32
	rowSums []float64
	top     float32 // the largest logit of the last weights
}

// NewSampler makes a sampler of a network with these parameters; up to threads
// goroutines work on a call.
func NewSampler(enc *Encoder, c treenet.Config, f *treenet.Features, params *nn.Params, stop float32, threads int) (*Sampler, error) {
	s := &Sampler{enc: enc, threads: threads, params: params, columns: (enc.space.Columns() + kern.Lane - 1) / kern.Lane * kern.Lane, free: make(chan *evaluator, threads)}
	for range threads {
		p, err := treenet.NewPolicy(c, f, params, stop, 1)
		if err != nil {
			return nil, err
		}
		s.free <- &evaluator{policy: p}
	}
	return s, nil
}

// walker is a Trajectory in the making.
type walker struct {
	states []space.State
	steps  []treenet.Step
	rand   *rand.Rand
	beta   float64
	done   bool
	err    error
}

// statesAtOnce is how many states one evaluation takes: enough for the matrix
// products, few enough to keep the logits in the cache.
const statesAtOnce = 8

// Draw draws one Trajectory for each beta, with its own random source; version
// is that of the parameters. With probability epsilon a step is uniform over
// the legal actions.
func (s *Sampler) Draw(beta []float64, random func(i int) *rand.Rand, epsilon float64, version uint64) ([]Trajectory, error) {
	walkers, err := s.walk(beta, random, epsilon, version)
	if err != nil {
		return nil, err
	}
	out := make([]Trajectory, len(walkers))
	kern.ParRows(s.threads, len(walkers), 8, func(from, to int) {
		for i := from; i < to; i++ {
			w := &walkers[i]
			t, _ := space.Retrace(s.enc.space, w.states)
			out[i] = s.enc.join(t, w.steps)
			out[i].Beta = w.beta
		}
	})
	return out, nil
}

// Ends draws as Draw does, and gives the finished trees alone.
func (s *Sampler) Ends(beta []float64, random func(i int) *rand.Rand, epsilon float64, version uint64) ([]space.State, error) {
	walkers, err := s.walk(beta, random, epsilon, version)
	if err != nil {
		return nil, err
	}
	out := make([]space.State, len(walkers))
	for i := range walkers {
		out[i] = walkers[i].states[len(walkers[i].states)-1]
	}
	return out, nil
}

// walk makes the walks of Draw.
func (s *Sampler) walk(beta []float64, random func(i int) *rand.Rand, epsilon float64, version uint64) ([]walker, error) {
	walkers := make([]walker, len(beta))
	active := make([]*walker, len(beta))
	for i := range walkers {
		w := &walkers[i]
		w.beta, w.rand = beta[i], random(i)
		w.states, w.steps = append(w.states, ""), append(w.steps, s.enc.Step(""))
		active[i] = w
	}
	for len(active) > 0 {
		kern.ParRows(s.threads, len(active), statesAtOnce, func(from, to int) {
			e := <-s.free
			s.advance(e, active[from:to], epsilon, version)
			s.free <- e
		})
		next := active[:0]
		for _, w := range active {
			if w.err != nil {
				return nil, w.err
			}
			if !w.done {
				next = append(next, w)
			}
		}
		active = next
	}
	return walkers, nil
}

// advance takes one step of each walker.
func (s *Sampler) advance(e *evaluator, ws []*walker, epsilon float64, version uint64) {
	e.load(ws, version, s.enc.Masks)
	for i, w := range ws {
		if w.err != nil {
			continue
		}
		step := &w.steps[len(w.steps)-1]
		x := e.room(step.Tree.Rows() * s.columns)
		e.policy.Logits(i, x)
		cell := e.choose(step, x, s.columns, s.enc, e.policy.Stop(i), epsilon, w.rand)
		if cell < 0 {
			w.done = true
			continue
		}
		child := s.enc.space.Child(w.states[len(w.states)-1], cell)
		w.states, w.steps = append(w.states, child), append(w.steps, s.enc.Step(child))
	}
}

func (e *evaluator) load(ws []*walker, version uint64, masks *treenet.Masks) {
	e.trees, e.beta = e.trees[:0], e.beta[:0]
	for _, w := range ws {
		e.trees = append(e.trees, w.steps[len(w.steps)-1].Tree)
		e.beta = append(e.beta, w.beta)
	}
	if err := e.policy.Load(e.trees, e.beta, version); err != nil {
		for _, w := range ws {
			w.err = err
		}
		return
	}
	e.bias(masks)
}

// bias adds the masks to the biases of the columns of the last Load.
func (e *evaluator) bias(masks *treenet.Masks) {
	e.biases = op.Biases(e.biases, e.policy.Bias(), masks.List())
}

// room is memory for n logits.
func (e *evaluator) room(n int) []float32 {
	if cap(e.logits) < n {
		e.logits = make([]float32, 2*n)
	}
	return e.logits[:n]
}

// weights turns the logits of a state into weights e^(logit-max), in place, and
// returns that of Stop and the sum of all. e.rowSums holds the sum of each row,
// e.top the largest logit.
func (e *evaluator) weights(step *treenet.Step, x []float32, columns int, stop float32) (stopWeight, total float64) {
	if !step.Stops {
		stop = op.Illegal
	}
	m := stop
	for r, k := range step.Masks {
		m = max(m, kern.MaxAdd(x[r*columns:(r+1)*columns], e.biases[k]))
	}
	e.rowSums, e.top = e.rowSums[:0], m
	stopWeight = math.Exp(float64(stop - m))
	total = stopWeight
	for r, k := range step.Masks {
		row := x[r*columns : (r+1)*columns]
		sum := float64(kern.ExpAddSum(row, e.biases[k], m, row))
		e.rowSums = append(e.rowSums, sum)
		total += sum
	}
	return stopWeight, total
}

// choose draws an action: a cell, or -1 for Stop.
func (e *evaluator) choose(step *treenet.Step, x []float32, columns int, enc *Encoder, stop float32, epsilon float64, r *rand.Rand) int {
	width := enc.space.Columns()
	if epsilon > 0 && r.Float64() < epsilon {
		return e.uniform(step, enc.Masks, width, r)
	}
	stopWeight, total := e.weights(step, x, columns, stop)
	u := r.Float64() * total
	last := -1 // the last action with weight, should rounding leave none
	if stopWeight > 0 {
		if u < stopWeight {
			return -1
		}
		u -= stopWeight
	}
	for row, sum := range e.rowSums {
		if u >= sum && row < len(e.rowSums)-1 {
			u -= sum
			continue
		}
		for c, v := range x[row*columns : row*columns+width] {
			if v <= 0 {
				continue
			}
			last = row*width + c
			u -= float64(v)
			if u < 0 {
				return last
			}
		}
	}
	return last
}

// uniform draws an action with equal probability for all that are legal.
func (e *evaluator) uniform(step *treenet.Step, masks *treenet.Masks, width int, r *rand.Rand) int {
	n := 0
	if step.Stops {
		n = 1
	}
	for _, k := range step.Masks {
		n += masks.Legal(k)
	}
	u := r.IntN(n)
	if step.Stops {
		if u == 0 {
			return -1
		}
		u--
	}
	list := masks.List()
	for row, k := range step.Masks {
		if l := masks.Legal(k); u >= l {
			u -= l
			continue
		}
		for c, v := range list[k][:width] {
			if v == 0 {
				if u == 0 {
					return row*width + c
				}
				u--
			}
		}
	}
	panic("treemodel: the counts of legal actions do not add up")
}

// Forget makes the evaluators read the parameters anew.
func (s *Sampler) Forget() {
	for range s.threads {
		e := <-s.free
		e.policy.Forget()
		defer func() { s.free <- e }()
	}
}
