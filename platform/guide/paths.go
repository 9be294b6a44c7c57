package guide

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"sync"

	"gonum.org/v1/gonum/floats"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Paths makes paths of base models by ancestral sampling, each with its
// log-likelihood under all of them. Path k of model i is a function of the seed,
// i and k: it does not depend on what else is asked for. It is safe for
// concurrent use.
//
// The models are frozen, so what they answer is remembered, up to a bound: on a
// grid each state is asked for once.
type Paths struct {
	space space.Space
	bases []space.Policy
	seed  uint64

	mu    sync.Mutex
	known map[space.State]*station
	held  int // numbers in known
}

// NewPaths makes a source of paths of the policies, which walk the space.
func NewPaths(sp space.Space, policies []space.Policy, seed uint64) *Paths {
	return &Paths{space: sp, bases: policies, seed: seed, known: map[space.State]*station{}}
}

// station is a state with what all models answer there.
type station struct {
	steps []space.Steps
	sums  [][]float64           // per model: running sums of the probabilities of Stop and the cells; nil until needed
	next  map[int]*continuation // by cell
}

// continuation is a step to a child: its log-probability under each model, over
// all cells that lead there.
type continuation struct {
	child space.State
	logP  []float64
}

// walker is a path on its way.
type walker struct {
	sdk.Path
	rng  *rand.Rand
	logs []float64 // of the path so far
	at   *station
	done bool
}

const (
	// batch is how many states one call asks about.
	batch = 256
	// maxHeld bounds the numbers that are remembered: about 100 MB.
	maxHeld = 1 << 22
)

// Paths makes the paths number first to first+n-1 of each model, model after
// model.
func (p *Paths) Paths(ctx context.Context, first uint64, n int) ([]sdk.Path, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := len(p.bases)
	walkers := make([]walker, m*n)
	active := make([]*walker, m*n)
	for i := range walkers {
		w := &walkers[i]
		label := i / n
		w.Path = sdk.Path{Label: label, States: []space.State{""}}
		w.rng = rand.New(rand.NewPCG(scramble(p.seed)+scramble(uint64(label)), scramble(first+uint64(i%n))))
		w.logs = make([]float64, m)
		active[i] = w
	}
	for len(active) > 0 {
		if p.held > maxHeld {
			p.known, p.held = map[space.State]*station{}, 0
		}
		if err := p.arrive(ctx, active); err != nil {
			return nil, err
		}
		going := active[:0]
		for _, w := range active {
			if err := p.step(w); err != nil {
				return nil, err
			}
			if !w.done {
				going = append(going, w)
			}
		}
		active = going
	}
	out := make([]sdk.Path, len(walkers))
	for i := range walkers {
		out[i] = walkers[i].Path
	}
	return out, nil
}

// arrive finds the stations of walkers, and asks the models about those that are
// new.
func (p *Paths) arrive(ctx context.Context, walkers []*walker) error {
	var states []space.State
	for _, w := range walkers {
		s := w.States[len(w.States)-1]
		at, ok := p.known[s]
		if !ok {
			at = &station{steps: make([]space.Steps, len(p.bases)), sums: make([][]float64, len(p.bases)), next: map[int]*continuation{}}
			p.known[s] = at
			states = append(states, s)
		}
		w.at = at
	}
	for from := 0; from < len(states); from += batch {
		if err := p.ask(ctx, states[from:min(from+batch, len(states))]); err != nil {
			for _, s := range states { // not answered
				delete(p.known, s)
			}
			return err
		}
	}
	return nil
}

// ask asks all models about states, at the same time.
func (p *Paths) ask(ctx context.Context, states []space.State) error {
	errs := make([]error, len(p.bases))
	var calls sync.WaitGroup
	for i, base := range p.bases {
		calls.Go(func() {
			answers := make([]space.Steps, len(states))
			errs[i] = base.Steps(ctx, states, answers)
			for k, s := range states {
				p.known[s].steps[i] = answers[k]
			}
		})
	}
	calls.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("guide: make paths: ask model %d: %w", i, err)
		}
	}
	for _, s := range states {
		for i := range p.bases {
			p.held += 2 * len(p.known[s].steps[i].Cells)
		}
	}
	return nil
}

// step takes a walker one action on.
func (p *Paths) step(w *walker) error {
	state := w.States[len(w.States)-1]
	sums := w.at.sums[w.Label]
	if sums == nil {
		sums = running(&w.at.steps[w.Label])
		w.at.sums[w.Label] = sums
		p.held += len(sums)
	}
	x := w.rng.Float64() * sums[len(sums)-1]
	action := sort.Search(len(sums), func(a int) bool { return sums[a] > x }) - 1 // -1 is Stop
	if action == len(sums)-1 {
		return fmt.Errorf("guide: make paths: model %d gives no action a probability at state %x", w.Label, string(state))
	}
	if action < 0 {
		for i := range w.logs {
			w.logs[i] += w.at.steps[i].Stop
		}
		w.LogBase = append(w.LogBase, w.logs...)
		w.done = true
		return nil
	}
	to := w.at.next[action]
	if to == nil {
		var err error
		if to, err = p.follow(w.at, state, action); err != nil {
			return err
		}
	}
	for i := range w.logs {
		w.logs[i] += to.logP[i]
	}
	w.LogBase = append(w.LogBase, w.logs...)
	w.States, w.Cells = append(w.States, to.child), append(w.Cells, action)
	return nil
}

// running is the running sums of the probabilities of Stop and the cells.
func running(s *space.Steps) []float64 {
	out := make([]float64, 1+len(s.Cells))
	sum := math.Exp(s.Stop)
	out[0] = sum
	for c, l := range s.Cells {
		if len(s.Prob) == len(s.Cells) {
			sum += s.Prob[c]
		} else {
			sum += math.Exp(l)
		}
		out[1+c] = sum
	}
	return out
}

// follow finds the child behind a cell and all cells that lead to it.
func (p *Paths) follow(at *station, state space.State, cell int) (*continuation, error) {
	to := &continuation{child: p.space.Child(state, cell), logP: make([]float64, len(p.bases))}
	for _, parent := range p.space.Parents(to.child) {
		if parent.State != state {
			continue
		}
		logs := make([]float64, len(parent.Cells))
		for i := range p.bases {
			for k, c := range parent.Cells {
				logs[k] = at.steps[i].Cells[c]
			}
			to.logP[i] = floats.LogSumExp(logs)
		}
		for _, c := range parent.Cells {
			at.next[c] = to
		}
		return to, nil
	}
	return nil, fmt.Errorf("guide: make paths: cell %d of state %x leads to %x, which does not list it as a parent", cell, string(state), string(to.child))
}

// scramble spreads neighbouring numbers over all 64 bits (splitmix64, Steele, Lea
// and Flood 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
