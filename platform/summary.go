package platform

import (
	"context"
	"encoding/json"
	"math"

	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/store"
	"github.com/molsculpt/molsculpt/store/export"
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

// Estimate is a weighted mean with its standard error.
type Estimate struct {
	Mean float64 // NaN where there is no sample
	SE   float64 // NaN for fewer than two populations
}

// MarshalJSON writes {"mean": ..., "se": ...} with null for what is not known.
func (e Estimate) MarshalJSON() ([]byte, error) {
	known := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		Mean *float64 `json:"mean"`
		SE   *float64 `json:"se"`
	}{known(e.Mean), known(e.SE)})
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
	if err := s.readPopulations(ctx, c); err != nil {
		return nil, err
	}
	if err := s.readWeights(ctx, c); err != nil {
		return nil, err
	}
	return s, s.readScores(ctx, c, plan, wishes)
}

// readPopulations averages the evidence over populations and adds up their
// times, which follow one another.
func (s *Summary) readPopulations(ctx context.Context, c *store.Campaign) error {
	var logZ []float64
	var seconds float64
	for p, err := range c.Populations(ctx) {
		if err != nil {
			return err
		}
		d := p.Diagnostics
		logZ = append(logZ, float64(d.LogEvidence))
		seconds += d.Clock.Seconds
		s.Restarts += d.Clock.Restarts
		if share := float64(d.MinESS) / float64(max(1, p.Particles)); share < s.MinESS {
			s.MinESS = share
		}
	}
	s.LogEvidence = meanLog(logZ)
	if seconds > 0 {
		s.PerSecond = float64(s.Molecules) / seconds
	}
	return nil
}

// meanLog is the logarithm of the mean of exp(l), with its standard error by
// the delta method.
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

func (s *Summary) readWeights(ctx context.Context, c *store.Campaign) error {
	var logs []float64
	for cand, err := range c.Candidates(ctx) {
		if err != nil {
			return err
		}
		for _, o := range cand.Occurrences {
			logs = append(logs, o.LogWeight)
		}
	}
	if len(logs) > 0 {
		s.ESS = math.Exp(sample.LogESS(logs))
	}
	return nil
}

func (s *Summary) readScores(ctx context.Context, c *store.Campaign, plan store.Plan, wishes []Wish) error {
	index := map[string]int{}
	var quantities []export.Quantity
	for i, o := range plan.Objectives {
		index[o.Name] = i
		quantities = append(quantities, export.Quantity{Name: o.Name, Of: func(c store.Candidate) (float64, bool) {
			return c.Scores[i].Value, c.Scores[i].Status == store.OK
		}})
	}
	meets := func(c store.Candidate) (float64, bool) {
		for _, w := range wishes {
			i, ok := index[w.Objective]
			if !ok || c.Scores[i].Status != store.OK || c.Scores[i].Value < w.Low || c.Scores[i].Value > w.High {
				return 0, true
			}
		}
		return 1, true
	}
	quantities = append(quantities, export.Quantity{Name: "share", Of: meets})
	estimates, err := export.Estimates(ctx, c, quantities)
	if err != nil {
		return err
	}
	for i, o := range plan.Objectives {
		e := estimates[i]
		s.Objectives = append(s.Objectives, ObjectiveSummary{
			Name: o.Name, Mean: Estimate{float64(e.Mean), float64(e.StdErr)}, Missing: e.Missing,
		})
	}
	if len(wishes) > 0 {
		e := estimates[len(estimates)-1]
		s.Share = &Estimate{float64(e.Mean), float64(e.StdErr)}
	}
	return nil
}
