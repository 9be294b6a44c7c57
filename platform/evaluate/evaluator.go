package evaluate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/store"
)

// Options are the parts of an [Evaluator].
type Options struct {
	// Profile holds the objectives, in the order of the campaign's plan.
	Profile rewards.Profile

	// Assemble makes the molecule of a final state. It is asked for those
	// Finished that bring none, from several goroutines.
	Assemble func(state []byte) (*chem.Mol, error)

	// Known says which candidates were scored and stored before; these are not
	// scored again. Usually [store.Campaign.Known]; nil knows none.
	Known func(smiles string) (bool, error)

	// Workers is how many goroutines work; 0 means GOMAXPROCS.
	Workers int

	// Timeout is how long one objective may take for a batch of molecules; 0
	// means one minute.
	Timeout time.Duration

	// Batch is how many molecules an objective is asked about at once; 0 means 32.
	Batch int
}

// Evaluator evaluates populations. It may be used from several goroutines.
type Evaluator struct {
	options    Options
	objectives []rewards.Objective
	single     []rewards.Profile // each objective alone
	cache      cache
}

// New makes an evaluator.
func New(o Options) (*Evaluator, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Batch <= 0 {
		o.Batch = 32
	}
	e := &Evaluator{options: o, objectives: o.Profile.Objectives()}
	for _, objective := range e.objectives {
		p, err := rewards.NewProfile(objective)
		if err != nil {
			return nil, fmt.Errorf("evaluate: make evaluator: %w", err)
		}
		e.single = append(e.single, p)
	}
	return e, nil
}

// Finished is one trajectory that reached its end.
type Finished struct {
	Particle   uint32 // within its population, increasing
	LogWeight  float64
	Trajectory store.Trajectory

	// Mol is the finished molecule, or Err why there is none. Where both are
	// nil the evaluator assembles the trajectory's final state.
	Mol *chem.Mol
	Err error
}

// Counts says what became of a population.
type Counts struct {
	Finished int
	Invalid  int // no molecule at the end
	Distinct int // different molecules in the population
	New      int // of these, not known before
	Missing  int // new ones that lack a score
}

// Population evaluates the finished trajectories of a population and makes the
// record to commit. Trajectories without a molecule are part of it, with the
// reason. The error is that of ctx, or of Options.Known; scoring has none.
func (e *Evaluator) Population(ctx context.Context, index uint32, d store.Diagnostics, finished []Finished) (store.Population, Counts, error) {
	p := store.Population{Index: index, Diagnostics: d, Particles: make([]store.Particle, len(finished))}
	err := e.each(ctx, len(finished), func(i int) {
		f := finished[i]
		q := store.Particle{Index: f.Particle, LogWeight: f.LogWeight, Trajectory: f.Trajectory}
		if text, err := e.canonical(f); err != nil {
			q.Invalid = err.Error()
		} else {
			q.SMILES = text
		}
		p.Particles[i] = q
	})
	if err != nil {
		return p, Counts{}, err
	}

	counts := Counts{Finished: len(finished)}
	first := map[string]int{}
	var fresh []string
	var at []int
	for i := range p.Particles {
		q := &p.Particles[i]
		if q.SMILES == "" {
			counts.Invalid++
			continue
		}
		if _, twice := first[q.SMILES]; twice {
			continue // its first particle carries the scores
		}
		first[q.SMILES] = i
		counts.Distinct++
		if e.options.Known != nil {
			known, err := e.options.Known(q.SMILES)
			if err != nil {
				return p, counts, fmt.Errorf("evaluate: look up candidate %s: %w", q.SMILES, err)
			}
			if known {
				continue
			}
		}
		counts.New++
		// Scored, but perhaps not stored yet: the scores go along once more.
		if q.Scores = e.cache.get(q.SMILES); q.Scores == nil {
			fresh, at = append(fresh, q.SMILES), append(at, i)
		}
	}
	scores, err := e.Scores(ctx, fresh)
	if err != nil {
		return p, counts, err
	}
	for k, i := range at {
		p.Particles[i].Scores = scores[k]
		e.cache.put(fresh[k], scores[k])
	}
	for _, i := range first {
		for _, s := range p.Particles[i].Scores {
			if s.Status != store.OK {
				counts.Missing++
				break
			}
		}
	}
	return p, counts, nil
}

// canonical is the canonical SMILES of the molecule of f.
func (e *Evaluator) canonical(f Finished) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			text, err = "", fmt.Errorf("evaluate: assemble molecule: panic: %v", r)
		}
	}()
	m := f.Mol
	switch {
	case f.Err != nil:
		return "", f.Err
	case m == nil && e.options.Assemble == nil:
		return "", errors.New("evaluate: assemble molecule: nothing to assemble it with")
	case m == nil:
		if m, err = e.options.Assemble(f.Trajectory.Final()); err != nil {
			return "", err
		}
	}
	if m == nil || len(m.Atoms) == 0 {
		return "", errors.New("evaluate: assemble molecule: it has no atoms")
	}
	return smiles.Canonical(m), nil
}

// each runs f for 0 to n-1 on the workers and waits for them.
func (e *Evaluator) each(ctx context.Context, n int, f func(i int)) error {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(e.options.Workers, n) {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	group.Wait()
	return ctx.Err()
}
