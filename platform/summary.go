package platform

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/sample"
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
	Share *sample.Estimate `json:"share,omitempty"`

	ESS         float64         `json:"ess"`          // effective size of all samples together
	MinESS      float64         `json:"min_ess"`      // smallest share of a population that was effective on the way, 0 to 1
	LogEvidence sample.Estimate `json:"log_evidence"` // natural logarithm, NaN where the method gives none

	// Acceptance is the share of draws that plain rejection from the mixture of
	// the composition's bound would keep, estimated from the evidence; nil where
	// the composition has no bound.
	Acceptance *sample.Estimate `json:"acceptance,omitempty"`

	// Diagnostics tell whether to trust all this.
	Diagnostics Diagnostics `json:"diagnostics"`

	PerSecond float64 `json:"per_second"` // molecules per second of wall time
	Restarts  int     `json:"restarts"`   // plugin processes that were started again
}

// Diagnostics are a report of the samples, with what the plan holds of the scaffold.
type Diagnostics struct {
	diagnose.Report
	Scaffold []ScaffoldVisits `json:"scaffold,omitempty"` // of each model; nil where there is no scaffold
}

// ScaffoldVisits is how likely a model's walk from nothing comes to the scaffold of
// a campaign, by any order of its fragments. It is exact, see
// [sample.Region.LogVisits].
type ScaffoldVisits struct {
	Model string       `json:"model"`
	LogP  store.Number `json:"log_p"` // natural logarithm
}

// ObjectiveSummary is the weighted mean of an objective's raw value.
type ObjectiveSummary struct {
	Name    string          `json:"name"`
	Mean    sample.Estimate `json:"mean"`
	Missing int             `json:"missing"` // samples that have no score
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
	runs, err := s.readPopulations(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := s.readCandidates(ctx, c, plan, wishes, runs); err != nil {
		return nil, err
	}
	return s, s.diagnose(c, plan)
}

// diagnose completes the diagnostics and judges.
func (s *Summary) diagnose(c *store.Campaign, plan store.Plan) error {
	r := &s.Diagnostics
	for _, o := range plan.Sampler {
		switch o.Name {
		case "method":
			r.Method = o.Value
		case "chosen":
			r.Chosen = o.Value
		}
		if model, ok := strings.CutPrefix(o.Name, logVisitsBy); ok {
			l, err := strconv.ParseFloat(o.Value, 64)
			if err != nil {
				return fmt.Errorf("platform: summarize %s: %s: %w", plan.Name, o.Name, err)
			}
			r.Scaffold = append(r.Scaffold, ScaffoldVisits{Model: model, LogP: store.Number(l)})
		}
	}
	// What is no method of the sampler's own is a way to steer one that is exact.
	method, err := sample.ParseMethod(r.Method)
	r.Exact = err != nil || method.Exact()
	r.Samples, r.ESS, r.LogEvidence = s.Valid, s.ESS, s.LogEvidence
	var checks diagnose.Checks
	found, err := c.Check(&checks)
	if err != nil {
		return err
	}
	if found {
		r.Checks = &checks
	}
	r.Verdict = diagnose.Judge(&r.Report)
	return nil
}

// readPopulations averages the evidence over populations and adds up their
// times, which follow one another.
func (s *Summary) readPopulations(ctx context.Context, c *store.Campaign) (chainRuns, error) {
	runs := chainRuns{}
	var logZ, logAcceptance []float64
	var seconds float64
	for p, err := range c.Populations(ctx) {
		if err != nil {
			return nil, err
		}
		if at, ok := proposedIn(p); ok {
			runs[p.Index] = at
		}
		d := p.Diagnostics
		logZ = append(logZ, float64(d.LogEvidence))
		logAcceptance = append(logAcceptance, math.Log(float64(d.Acceptance)))
		seconds += d.Clock.Seconds
		s.Restarts += d.Clock.Restarts
		s.Diagnostics.Weights.Add(walkOf(p))
	}
	if len(logZ) > 0 {
		s.MinESS = s.Diagnostics.Weights.MinESS
	}
	s.LogEvidence = sample.LogMean(logZ)
	if l := sample.LogMean(logAcceptance); !math.IsNaN(l.Value) {
		a := math.Exp(l.Value)
		s.Acceptance = &sample.Estimate{Value: a, SE: a * l.SE}
	}
	if seconds > 0 {
		s.PerSecond = float64(s.Molecules) / seconds
	}
	if len(runs) > 0 {
		a := runs.acceptance()
		s.Diagnostics.ChainAcceptance = &a
	}
	return runs, nil
}

// readCandidates averages scores over all occurrences of all candidates.
func (s *Summary) readCandidates(ctx context.Context, c *store.Campaign, plan store.Plan, wishes []Wish, runs chainRuns) error {
	index := map[string]int{}
	for i, o := range plan.Objectives {
		index[o.Name] = i
	}
	meets := func(c store.Candidate) float64 {
		for _, w := range wishes {
			i, ok := index[w.Objective]
			if !ok || c.Scores[i].Status != store.OK || c.Scores[i].Value < w.Low || c.Scores[i].Value > w.High {
				return 0
			}
		}
		return 1
	}
	means, missing := make([]sample.Mean, len(plan.Objectives)), make([]int, len(plan.Objectives))
	var share sample.Mean
	var logs []float64
	repeats := map[int]float64{} // of a chain: how often it drew a sample
	for candidate, err := range c.Candidates(ctx) {
		if err != nil {
			return err
		}
		met := meets(candidate)
		for _, o := range candidate.Occurrences {
			population := runs.of(o)
			if len(runs) > 0 {
				repeats[population]++
			} else {
				logs = append(logs, o.LogWeight)
			}
			share.Add(population, o.LogWeight, met)
			for i, score := range candidate.Scores {
				if score.Status == store.OK {
					means[i].Add(population, o.LogWeight, score.Value)
				} else {
					missing[i]++
				}
			}
		}
	}
	if len(repeats) > 0 {
		s.Diagnostics.Weights.Largest = slices.Max(slices.Collect(maps.Values(repeats))) / float64(s.Valid)
	}
	for _, n := range slices.Sorted(maps.Values(repeats)) {
		logs = append(logs, math.Log(n))
	}
	if len(logs) > 0 {
		s.ESS = math.Exp(sample.LogESS(logs))
	}
	for i, o := range plan.Objectives {
		s.Objectives = append(s.Objectives, ObjectiveSummary{Name: o.Name, Mean: means[i].Estimate(s.Populations), Missing: missing[i]})
	}
	if len(wishes) > 0 {
		e := share.Estimate(s.Populations)
		s.Share = &e
	}
	return nil
}
