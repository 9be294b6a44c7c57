package verify

import (
	"context"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"gonum.org/v1/gonum/floats"
)

// Draws are weighted end points from independent populations, summed up.
type Draws struct {
	target   *Target
	Evidence sample.Evidence
	States   []float64 // weight at each state of the graph

	batches [][]float64 // weight of each group in each population, or whatever else is independent
	N       float64     // number of draws
}

func newDraws(t *Target) *Draws {
	return &Draws{target: t, States: make([]float64, len(t.Graph.States))}
}

// batch begins a batch of draws, independent of those before.
func (d *Draws) batch() { d.batches = append(d.batches, make([]float64, d.target.groups)) }

// add puts a draw at a state into the last batch.
func (d *Draws) add(state int, logWeight float64) {
	w := math.Exp(logWeight)
	d.States[state] += w
	d.batches[len(d.batches)-1][d.target.groupOf[state]] += w
	d.N++
}

// draw samples a target.
func draw(ctx context.Context, t *Target, o sample.Options) (*Draws, error) {
	s, err := sample.New(t.Graph.Space, t.policies(), t.Composition, o)
	if err != nil {
		return nil, err
	}
	return collect(ctx, t, s)
}

func collect(ctx context.Context, t *Target, s *sample.Sampler) (*Draws, error) {
	d := newDraws(t)
	for p, err := range s.Populations(ctx) {
		if err != nil {
			return nil, err
		}
		d.Evidence.Add(p)
		d.batch()
		for i := range p.Trajectories {
			at, err := t.index(&p.Trajectories[i])
			if err != nil {
				return nil, err
			}
			d.add(at, p.Trajectories[i].LogWeight)
		}
	}
	return d, nil
}

// index is the state of the graph where a path ended.
func (t *Target) index(path *sample.Trajectory) (int, error) {
	at, ok := t.Graph.Index(path.Final())
	if !ok {
		return 0, fmt.Errorf("verify: %s on %s: a path ends at %x, which is not in the graph", t.Text, t.Name, path.Final())
	}
	return at, nil
}

// Frequencies are the shares of the draws' weight at each state, as logarithms.
func (d *Draws) Frequencies() []float64 {
	sum := floats.Sum(d.States)
	out := make([]float64, len(d.States))
	for i, w := range d.States {
		out[i] = math.Log(w / sum)
	}
	return out
}

// informative is the number of independent draws whose shares of the groups
// would have the standard errors that these have between batches.
func (d *Draws) informative() float64 {
	var spread, squares float64
	for g := range d.target.groups {
		var share sample.Mean
		for b, groups := range d.batches {
			if w := floats.Sum(groups); w > 0 {
				share.Add(b, math.Log(w), groups[g]/w)
			}
		}
		e := share.Estimate(len(d.batches))
		spread += e.Value * (1 - e.Value)
		squares += e.SE * e.SE
	}
	if squares == 0 {
		return d.N // all draws are in one group
	}
	return spread / squares
}

// distance is the L1 distance of the groups' shares to a law of states.
func (d *Draws) distance(law []float64) float64 {
	return oracle.L1(d.target.coarse(law), d.target.coarse(d.Frequencies()))
}

// closeness is the distance of weighted draws to a law on groups, held against
// that of as many independent draws as they are worth.
func (d *Draws) closeness(law []float64, seed uint64) Result {
	return d.onGroups(law, d.informative(), seed)
}

func (d *Draws) onGroups(law []float64, n float64, seed uint64) Result {
	return atFloor("L1 on "+d.target.GroupName, d.target.coarse(law), d.distance(law), n, seed)
}

// independent holds draws that are independent and of equal weight against a
// law, state by state, and molecule by molecule where there are any.
func (d *Draws) independent(law []float64, seed uint64) []Result {
	found := d.Frequencies()
	out := append(d.chiSquare("chi-square of states", law),
		atFloor(fmt.Sprintf("L1 on %d states", len(law)), law, oracle.L1(law, found), d.N, seed))
	if d.target.molecules > 0 {
		law, found = d.target.asMolecules(law), d.target.asMolecules(found)
		out = append(out, atFloor(fmt.Sprintf("L1 on %d molecules", len(law)-1), law, oracle.L1(law, found), d.N, seed))
	}
	return out
}

// chiSquare holds independent draws of equal weight against a law, state by
// state.
func (d *Draws) chiSquare(quantity string, law []float64) []Result {
	total := floats.Sum(d.States)
	counts := make([]float64, len(d.States))
	for i, w := range d.States {
		counts[i] = math.Round(w / total * d.N)
	}
	return chiSquare(quantity, law, counts, d.N)
}

// evidence holds the estimate of the evidence against its exact value.
func (d *Draws) evidence(logExact float64) (Result, error) {
	e, err := d.Evidence.Value()
	if err != nil {
		return Result{}, err
	}
	return estimated("evidence", math.Exp(logExact), e, len(d.batches)), nil
}
