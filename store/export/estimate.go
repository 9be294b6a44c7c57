package export

import (
	"context"
	"math"

	"github.com/molsculpt/molsculpt/store"
)

// Quantity is a function of a candidate whose weighted mean is wanted; a share
// is the mean of 0 and 1.
type Quantity struct {
	Name string
	Of   func(store.Candidate) (value float64, known bool)
}

// Estimate is a weighted mean over the trajectories of a campaign.
type Estimate struct {
	Name    string       `json:"name"`
	Mean    store.Number `json:"mean"`    // NaN where nothing is known
	StdErr  store.Number `json:"stderr"`  // NaN for fewer than two populations
	Known   int          `json:"known"`   // occurrences with a value
	Missing int          `json:"missing"` // occurrences left out for want of one
}

// Estimates computes weighted means of quantities over all occurrences of all
// candidates. The mean is the ratio of sums R = sum S_p / sum W_p over
// populations p, with W_p the summed weights and S_p the summed weighted
// values; its standard error is that of a ratio of independent populations,
// se^2 = n/(n-1) sum (S_p - R W_p)^2 / (sum W_p)^2 (Cochran, Sampling
// Techniques, 1977, section 6.4). Occurrences without a value are left out of
// both sums and counted; trajectories without a molecule have none.
func Estimates(ctx context.Context, c *store.Campaign, quantities []Quantity) ([]Estimate, error) {
	type sums struct{ s, w []float64 }
	byPopulation := map[uint32]*sums{}
	var order []uint32 // in a fixed order, so that sums do not depend on the map
	out := make([]Estimate, len(quantities))
	top := math.Inf(-1) // the weights are scaled by its exponential
	for candidate, err := range c.Candidates(ctx) {
		if err != nil {
			return nil, err
		}
		values, known := make([]float64, len(quantities)), make([]bool, len(quantities))
		for k, q := range quantities {
			values[k], known[k] = q.Of(candidate)
		}
		for _, o := range candidate.Occurrences {
			if o.LogWeight > top {
				scale := math.Exp(top - o.LogWeight)
				top = o.LogWeight
				for _, p := range byPopulation {
					for k := range p.s {
						p.s[k] *= scale
						p.w[k] *= scale
					}
				}
			}
			p := byPopulation[o.Population]
			if p == nil {
				p = &sums{make([]float64, len(quantities)), make([]float64, len(quantities))}
				byPopulation[o.Population] = p
				order = append(order, o.Population)
			}
			w := 0.0
			if !math.IsInf(o.LogWeight, -1) {
				w = math.Exp(o.LogWeight - top)
			}
			for k := range quantities {
				if !known[k] {
					out[k].Missing++
					continue
				}
				out[k].Known++
				p.s[k] += w * values[k]
				p.w[k] += w
			}
		}
	}
	for k, q := range quantities {
		e := &out[k]
		e.Name = q.Name
		var s, w float64
		for _, i := range order {
			s += byPopulation[i].s[k]
			w += byPopulation[i].w[k]
		}
		mean, square := s/w, 0.0
		for _, i := range order {
			d := byPopulation[i].s[k] - mean*byPopulation[i].w[k]
			square += d * d
		}
		e.Mean, e.StdErr = store.Number(mean), store.Number(math.NaN())
		if n := float64(len(order)); n > 1 {
			e.StdErr = store.Number(math.Sqrt(square*n/(n-1)) / w)
		}
	}
	return out, nil
}
