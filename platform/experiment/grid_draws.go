package experiment

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/verify"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// drawn draws a target's end points and holds them against the closed form, and
// against the law that they are to have.
func drawn(ctx context.Context, t *verify.Target, o sample.Options, own []float64) (*gridSample, error) {
	policies := make([]space.Policy, len(t.Models))
	for i, l := range t.Laws {
		policies[i] = l.Policy() // what the model answered when its law was found
	}
	s, err := sample.New(t.Graph.Space, policies, t.Composition, o)
	if err != nil {
		return nil, err
	}
	var evidence sample.Evidence
	shares := newShares(len(t.Graph.States))
	begin := time.Now()
	for p, err := range s.Populations(ctx) {
		if err != nil {
			return nil, err
		}
		evidence.Add(p)
		for i := range p.Trajectories {
			path := &p.Trajectories[i]
			at, ok := t.Graph.Index(path.Final())
			if !ok {
				return nil, errors.New("a path ends outside of the grid")
			}
			shares.add(at, math.Exp(path.LogWeight))
		}
		shares.end()
	}
	out := &gridSample{Draws: evidence.Kept(), Worth: shares.worth(), MinESS: evidence.MinESS(), Seconds: time.Since(begin).Seconds()}
	z, err := evidence.Value()
	if err != nil {
		return nil, err
	}
	out.Evidence, out.EvidenceSE = z.Value, z.SE
	law := shares.law()
	out.P, out.L1, out.Own = probabilities(law), oracle.L1(law, t.Law), oracle.L1(law, own)
	out.Floor, _ = oracle.SamplingFloor(own, int(math.Ceil(out.Worth)), floorSets, rand.New(rand.NewPCG(o.Seed, 1)))
	return out, nil
}

// shares are the shares of states in the weight of draws that come in independent
// populations, and how well they are known.
type shares struct {
	sum          []float64 // of the weight at each state
	squares      []float64 // of the populations' weights there
	products     []float64 // of these and the populations' whole weights
	all, square  float64   // the same of whole weights
	populations  float64
	now          []float64 // of the population that is being added
	touched      []int
	nowPopulated float64
}

func newShares(states int) *shares {
	return &shares{sum: make([]float64, states), squares: make([]float64, states), products: make([]float64, states), now: make([]float64, states)}
}

// add adds a draw to the population.
func (s *shares) add(state int, weight float64) {
	if s.now[state] == 0 {
		s.touched = append(s.touched, state)
	}
	s.now[state] += weight
	s.nowPopulated += weight
}

// end ends a population.
func (s *shares) end() {
	whole := s.nowPopulated
	for _, at := range s.touched {
		w := s.now[at]
		s.sum[at] += w
		s.squares[at] += w * w
		s.products[at] += w * whole
		s.now[at] = 0
	}
	s.all += whole
	s.square += whole * whole
	s.populations++
	s.touched, s.nowPopulated = s.touched[:0], 0
}

// law is the logarithm of the shares.
func (s *shares) law() []float64 {
	out := make([]float64, len(s.sum))
	for i, w := range s.sum {
		out[i] = math.Log(w / s.all)
	}
	return out
}

// worth is the number of independent draws of equal weight whose shares have the
// variance that these have between populations, by that of a ratio of sums
// (Cochran 1977, Sampling techniques, section 6.4), over all states together.
func (s *shares) worth() float64 {
	var spread, variance float64
	for i, w := range s.sum {
		r := w / s.all
		spread += r * (1 - r)
		variance += s.squares[i] - 2*r*s.products[i] + r*r*s.square
	}
	variance *= s.populations / (s.populations - 1) / (s.all * s.all)
	if variance == 0 {
		return s.populations // all draws are at one state
	}
	return spread / variance
}
