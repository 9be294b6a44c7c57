package platform

import (
	"context"
	"math"

	"github.com/molsculpt/molsculpt/store"
)

// Summary is what a campaign came to, estimated from its weighted samples.
type Summary struct {
	Campaign   string       `json:"campaign"`
	Expression string       `json:"compose"`
	Status     store.Status `json:"status"`

	Molecules   int `json:"molecules"` // finished trajectories
	Valid       int `json:"valid"`     // that end at a molecule
	Distinct    int `json:"distinct"`  // molecules by canonical SMILES
	Populations int `json:"populations"`

	Objectives []ObjectiveSummary `json:"objectives"`

	// Share is the weighted share of samples that meet all wishes, where any
	// were given; samples without a score do not meet them.
	Share *Estimate `json:"share,omitempty"`

	ESS         float64  `json:"ess"`          // effective size of all samples together
	MinESS      float64  `json:"min_ess"`      // smallest share of a population that was effective on the way, 0 to 1
	LogEvidence Estimate `json:"log_evidence"` // natural logarithm, NaN where the method gives none
	PerSecond   float64  `json:"per_second"`   // molecules per second of wall time
	Restarts    int      `json:"restarts"`     // plugin processes that were started again
}

// ObjectiveSummary is the weighted mean of an objective's raw value.
type ObjectiveSummary struct {
	Name    string   `json:"name"`
	Mean    Estimate `json:"mean"`
	Missing int      `json:"missing"` // samples that have no score
}

// Wish is a bound on an objective's raw value.
type Wish struct {
	Objective string
	Low, High float64 // both allowed; infinite for none
}

// Summarize reads a campaign and estimates what came of it.
func Summarize(ctx context.Context, c *store.Campaign, wishes []Wish) (*Summary, error) {
	state, err := c.State()
	if err != nil {
		return nil, err
	}
	plan := c.Plan()
	s := &Summary{
		Campaign: plan.Name, Expression: plan.Expression, Status: state.Status,
		Molecules: state.Trajectories, Valid: state.Trajectories - state.Invalid,
		Distinct: state.Candidates, Populations: state.Populations, MinESS: 1,
	}
	if state.Clock.Seconds > 0 {
		s.PerSecond = float64(state.Trajectories) / state.Clock.Seconds
	}
	if err := s.readPopulations(ctx, c); err != nil {
		return nil, err
	}
	return s, s.readCandidates(ctx, c, plan, wishes)
}

// readPopulations averages the evidence over populations; its logarithm's
// standard error is that of the mean by the delta method.
func (s *Summary) readPopulations(ctx context.Context, c *store.Campaign) error {
	var logZ []float64
	for p, err := range c.Populations(ctx) {
		if err != nil {
			return err
		}
		d := p.Diagnostics
		logZ = append(logZ, float64(d.LogEvidence))
		s.Restarts += d.Clock.Restarts
		if share := float64(d.MinESS) / float64(max(1, p.Particles)); share < s.MinESS {
			s.MinESS = share
		}
	}
	s.LogEvidence = meanLog(logZ)
	return nil
}

// meanLog is the logarithm of the mean of exp(l), with its standard error.
func meanLog(l []float64) Estimate {
	top := math.Inf(-1)
	for _, v := range l {
		if math.IsNaN(v) {
			return Estimate{Mean: math.NaN(), SE: math.NaN()}
		}
		top = math.Max(top, v)
	}
	n := float64(len(l))
	if n == 0 || math.IsInf(top, -1) {
		return Estimate{Mean: math.NaN(), SE: math.NaN()}
	}
	var sum, squares float64
	for _, v := range l {
		e := math.Exp(v - top)
		sum += e
		squares += e * e
	}
	mean := sum / n
	e := Estimate{Mean: top + math.Log(mean), SE: math.NaN()}
	if n > 1 {
		e.SE = math.Sqrt(math.Max(0, squares/n-mean*mean)/(n-1)) / mean
	}
	return e
}

func (s *Summary) readCandidates(ctx context.Context, c *store.Campaign, plan store.Plan, wishes []Wish) error {
	index := map[string]int{}
	for i, o := range plan.Objectives {
		index[o.Name] = i
	}
	values := make([]weighted, len(plan.Objectives))
	missing := make([]int, len(plan.Objectives))
	var share weighted
	for cand, err := range c.Candidates(ctx) {
		if err != nil {
			return err
		}
		hit := 1.0
		for _, w := range wishes {
			i, ok := index[w.Objective]
			if !ok || i >= len(cand.Scores) || cand.Scores[i].Status != store.OK || cand.Scores[i].Value < w.Low || cand.Scores[i].Value > w.High {
				hit = 0
			}
		}
		for _, o := range cand.Occurrences {
			share.add(o.LogWeight, hit, int(o.Population))
			for i, sc := range cand.Scores {
				if sc.Status == store.OK {
					values[i].add(o.LogWeight, sc.Value, int(o.Population))
				} else {
					missing[i]++
				}
			}
		}
	}
	for i, o := range plan.Objectives {
		s.Objectives = append(s.Objectives, ObjectiveSummary{Name: o.Name, Mean: values[i].estimate(), Missing: missing[i]})
	}
	s.ESS = share.effective()
	if len(wishes) > 0 {
		e := share.estimate()
		s.Share = &e
	}
	return nil
}
