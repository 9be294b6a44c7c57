package platform

import (
	"context"
	"math"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/evaluate"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/store"
)

// Canonicalizer is the version of the canonical SMILES that candidates are
// known by. It changes with every change of their text.
const Canonicalizer = "molsculpt-canonical/1"

// Names of further numbers that are stored with a population.
const (
	drawnNumber     = "drawn"     // particles, of which those of weight zero are not stored
	ancestorsNumber = "ancestors" // beginnings that its trajectories descend from
	klNumber        = "kl"        // divergence of the proposal from the target, nats
	proposedNumber  = "proposed"  // of a chain: the population that proposed where it is
)

// evaluator turns sampled populations into records of the store.
type evaluator struct {
	of *evaluate.Evaluator
	// acceptance is that of rejection from an estimate of the evidence, false
	// where the composition has no bound; nil for none.
	acceptance func(sample.Estimate) (sample.Estimate, bool)
	chain      *chain // of which a population leaves one draw; nil where all of it counts
}

func newEvaluator(p *Plan, c *store.Campaign) (*evaluator, error) {
	profile, err := rewards.NewProfile(p.Objectives...)
	if err != nil {
		return nil, err
	}
	e, err := evaluate.New(evaluate.Options{
		Profile: profile,
		Known:   c.Known,
		Assemble: func(state []byte) (*chem.Mol, error) {
			return p.Space.Trees().Assemble(fragment.Tree(state))
		},
	})
	if err != nil {
		return nil, err
	}
	return &evaluator{of: e}, nil
}

func (e *evaluator) population(ctx context.Context, pop *sample.Population) (store.Population, error) {
	logs := make([]float64, len(pop.Trajectories))
	for i := range pop.Trajectories {
		logs[i] = pop.Trajectories[i].LogWeight
	}
	walk := diagnose.WalkOf(pop)
	if e.chain != nil {
		pop.Trajectories = e.chain.next(pop)
	}
	finished := make([]evaluate.Finished, len(pop.Trajectories))
	for i := range pop.Trajectories {
		t := &pop.Trajectories[i]
		states := make([][]byte, len(t.States))
		for k, s := range t.States {
			states[k] = []byte(s)
		}
		finished[i] = evaluate.Finished{
			Particle: uint32(t.Particle), LogWeight: t.LogWeight,
			Trajectory: store.Trajectory{States: states, LogP: t.LogBase, LogPB: t.LogBackward},
		}
	}
	acceptance := math.NaN()
	if e.acceptance != nil {
		if a, ok := e.acceptance(sample.Estimate{Value: math.Exp(pop.LogEvidence), SE: math.NaN()}); ok {
			acceptance = a.Value
		}
	}
	d := store.Diagnostics{
		LogEvidence: store.Number(pop.LogEvidence), ESS: store.Number(math.Exp(sample.LogESS(logs))),
		MinESS: store.Number(pop.MinESS), Resamplings: pop.Resamplings, Acceptance: store.Number(acceptance),
	}
	d.Extra = []store.NamedNumber{
		{Name: drawnNumber, Value: store.Number(walk.Drawn)},
		{Name: ancestorsNumber, Value: store.Number(walk.Ancestors)},
		{Name: klNumber, Value: store.Number(walk.KL)},
	}
	if e.chain != nil && len(pop.Trajectories) > 0 {
		d.Extra = append(d.Extra, store.NamedNumber{Name: proposedNumber, Value: store.Number(e.chain.proposed)})
	}
	for _, s := range walk.Steps {
		d.Steps = append(d.Steps, store.StepWeights{Count: s.Count, Mean: store.Number(s.Mean), SD: store.Number(s.SD)})
	}
	record, _, err := e.of.Population(ctx, uint32(pop.Index), d, finished)
	return record, err
}

// walkOf reads back what population stored of a walk.
func walkOf(p store.PopulationSummary) diagnose.Walk {
	d := p.Diagnostics
	w := diagnose.Walk{Drawn: p.Particles, MinESS: float64(d.MinESS), Resamplings: d.Resamplings, LogEvidence: float64(d.LogEvidence)}
	for _, e := range d.Extra {
		switch e.Name {
		case drawnNumber:
			w.Drawn = int(e.Value)
		case ancestorsNumber:
			w.Ancestors = int(e.Value)
		case klNumber:
			w.KL = float64(e.Value)
		}
	}
	for _, s := range d.Steps {
		w.Steps = append(w.Steps, diagnose.Step{Count: s.Count, Mean: float64(s.Mean), SD: float64(s.SD)})
	}
	return w
}
