package platform

import (
	"context"

	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// chainSeed sets a chain's random numbers apart from those of its populations.
const chainSeed = 0x636861696e

// chain makes the unweighted draws of the method pimh, one for each population.
type chain struct {
	of       *sample.Metropolis
	proposed int // index of the population that proposed where the chain is
}

// newChain begins the chain of a seed; nil where the method makes none.
func newChain(m sample.Method, seed uint64) *chain {
	if m != sample.PIMH {
		return nil
	}
	return &chain{of: sample.NewMetropolis(seed ^ chainSeed)}
}

// openChain begins the chain of a campaign, or takes it up behind the populations
// that are there.
func openChain(ctx context.Context, m sample.Method, c *store.Campaign) (*chain, error) {
	out := newChain(m, c.Plan().Seed)
	if out == nil {
		return nil, nil
	}
	logZ := map[uint32]float64{}
	var last store.PopulationSummary
	for p, err := range c.Populations(ctx) {
		if err != nil {
			return nil, err
		}
		logZ[p.Index], last = float64(p.Diagnostics.LogEvidence), p
	}
	at, ok := proposedIn(last)
	if !ok {
		return out, nil // no population has had any weight
	}
	kept, err := c.Trajectory(last.Index, 0)
	if err != nil {
		return nil, err
	}
	t := &sample.Trajectory{Population: int(at), LogBase: kept.LogP, LogBackward: kept.LogPB}
	for _, s := range kept.States {
		t.States = append(t.States, space.State(s))
	}
	out.proposed = int(at)
	out.of.Continue(t, logZ[at])
	return out, nil
}

// next is the draw after a population, as its only trajectory; none before the
// first population of any weight.
func (c *chain) next(pop *sample.Population) []sample.Trajectory {
	at := c.of.Next(pop)
	if at == nil {
		return nil
	}
	if at.Population == pop.Index {
		c.proposed = pop.Index
	}
	draw := *at
	draw.Particle, draw.LogWeight = 0, 0
	return []sample.Trajectory{draw}
}

// proposedIn is the population that proposed the draw of a population of a
// chain; false where there is no chain, or no draw.
func proposedIn(p store.PopulationSummary) (uint32, bool) {
	for _, e := range p.Diagnostics.Extra {
		if e.Name == proposedNumber {
			return uint32(e.Value), true
		}
	}
	return 0, false
}

// chainRuns says of a chain which draws are repeats: for each population the one
// that proposed its draw. It is empty where no chain was made.
type chainRuns map[uint32]uint32

// of is the population whose sample an occurrence is. The draws of a chain that
// repeat one are one sample with the weight of them all: what it comes to is known
// no better than that.
func (r chainRuns) of(o store.Occurrence) int {
	if first, ok := r[o.Population]; ok {
		return int(first)
	}
	return int(o.Population)
}

// acceptance is the share of a chain's populations that moved it.
func (r chainRuns) acceptance() float64 {
	moved := 0
	for p, first := range r {
		if p == first {
			moved++
		}
	}
	return float64(moved) / float64(len(r))
}
