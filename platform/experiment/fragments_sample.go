package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/store"
)

// fragmentSample is what a campaign drew: a molecule for each trajectory of
// positive weight that ends at one.
type fragmentSample struct {
	diagnose.Weighted
	Of      *platform.Summary
	SMILES  []string
	Rewards [][]float64 // by model, then molecule; NaN where there is none

	// Of a sample with paths: the log-likelihood of each molecule's path under
	// every model, in the order of models.
	models  []string
	logPath [][]float64
}

// stream sets samples of one campaign file apart: those of two streams are
// independent, while those of one share random numbers where methods take the same
// steps.
type stream uint64

const (
	ofFile stream = iota
	ofSecond
	ofReference
)

// fragmentDraw says in what a campaign differs from the file.
type fragmentDraw struct {
	Compose string
	Method  string // "" for that of the file
	Guide   string // weights
	Actions bool   // whether the guide is asked for actions
	Times   int    // as many molecules; 0 means 1
	Stream  stream // of random numbers
	paths   bool   // whether paths are read
}

// name is a campaign's name; what follows it is a digest.
func (d fragmentDraw) name(title string) string {
	parts := []string{title, d.Compose}
	if d.Method != "" {
		parts = append(parts, d.Method)
	}
	if d.Times > 1 {
		parts = append(parts, fmt.Sprintf("x%d", d.Times))
	}
	if d.Stream == ofSecond {
		parts = append(parts, "again")
	}
	return strings.Join(parts, ", ")
}

// draw runs a campaign, or goes on with it, and reads what it drew.
func (s *fragmentSite) draw(ctx context.Context, f fragmentCampaign, d fragmentDraw) (*fragmentSample, error) {
	file, err := config.LoadCampaign(s.env.Path(f.File))
	if err != nil {
		return nil, err
	}
	file.Compose.Value = d.Compose
	if d.Method != "" {
		file.Sample.Method = d.Method
	}
	file.Budget.Molecules *= max(1, d.Times)
	if d.Guide != "" {
		file.Sample.Guide = config.Text{Value: d.Guide, Mark: file.Sample.Mark}
	}
	if d.Actions {
		file.Sample.Steps = config.Text{Value: config.StepsActions, Mark: file.Sample.Mark}
	}
	file.Seed += 1_000_003 * uint64(d.Stream)
	name := d.name(f.Title)
	file.Name = name
	plan, err := platform.NewPlan(file, s.env.Catalog)
	if err != nil {
		return nil, err
	}
	// What a changed file asks for has another name.
	plan.Rename(fmt.Sprintf("%s, %.8s", name, plan.Digest))
	c, done, err := platform.Lookup(plan, s.store)
	if err != nil {
		return nil, err
	}
	if !done {
		if c, err = s.sample(ctx, plan, name); err != nil {
			return nil, err
		}
	}
	return readSample(ctx, c, d.paths)
}

// sample runs a plan.
func (s *fragmentSite) sample(ctx context.Context, plan *platform.Plan, name string) (c *store.Campaign, err error) {
	s.env.say("%s", name)
	session, err := platform.Start(ctx, plan, s.env.Log)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	total := plan.Campaign.Budget.Molecules
	return session.Run(ctx, s.store, platform.RunOptions{Progress: func(p platform.Progress) {
		s.env.progress(name, min(p.Molecules, total), total)
	}})
}

// readSample reads a campaign.
func readSample(ctx context.Context, c *store.Campaign, paths bool) (*fragmentSample, error) {
	out := &fragmentSample{}
	var err error
	if out.Of, err = platform.Summarize(ctx, c, nil); err != nil {
		return nil, err
	}
	out.Populations = out.Of.Populations
	var of []yardstick
	for _, o := range c.Plan().Objectives {
		of = append(of, yardsticks[o.Name])
	}
	for _, m := range c.Plan().Models {
		out.models = append(out.models, m.Name)
	}
	out.Rewards = make([][]float64, len(of))
	for candidate, err := range c.Candidates(ctx) {
		if err != nil {
			return nil, err
		}
		for _, o := range candidate.Occurrences {
			out.SMILES = append(out.SMILES, candidate.SMILES)
			out.Population = append(out.Population, int(o.Population))
			out.LogWeight = append(out.LogWeight, o.LogWeight)
			for i, y := range of {
				v := math.NaN()
				if candidate.Scores[i].Status == store.OK && y.Of != nil {
					v = y.Of(candidate.Scores[i].Value)
				}
				out.Rewards[i] = append(out.Rewards[i], v)
			}
			if paths {
				t, err := c.Trajectory(o.Population, o.Particle)
				if err != nil {
					return nil, err
				}
				out.logPath = append(out.logPath, t.LogP)
			}
		}
	}
	if len(out.SMILES) == 0 {
		return nil, fmt.Errorf("the campaign %s has no molecule", c.Name())
	}
	return out, nil
}

// as is a sample of the models' mixture with the weights that make it one of a
// composition: the reference, which owes nothing to how the composition is
// sampled. It must have been read with its paths.
func (s *fragmentSample) as(c *compose.Composition) *fragmentSample {
	out := *s
	out.LogWeight = make([]float64, len(s.LogWeight))
	even := math.Log(float64(len(s.models)))
	for i, l := range s.logPath {
		// Log weights of a mixture are those of the means of populations.
		out.LogWeight[i] = s.LogWeight[i] + c.LogDensity(l, 0) - (floats.LogSumExp(l) - even)
	}
	return &out
}

// logEvidence is the logarithm of the evidence by weights whose sum over a
// population estimates it.
func (s *fragmentSample) logEvidence() sample.Estimate {
	return sample.LogMean(diagnose.PopulationSums(s.Population, s.LogWeight, s.Populations))
}

// share is the weighted share of molecules of which something is true.
func (s *fragmentSample) share(is func(int) bool) sample.Estimate {
	values := make([]float64, len(s.SMILES))
	for i := range values {
		if is(i) {
			values[i] = 1
		}
	}
	return s.Mean(values)
}

// bin is which rewards of a molecule are high: bit k for model k. Missing ones are
// low.
func (s *fragmentSample) bin(i int, of []yardstick) int {
	bits := 0
	for k, y := range of {
		if s.Rewards[k][i] >= y.High {
			bits |= 1 << k
		}
	}
	return bits
}

// guideOf trains the guide of a campaign file, where there is one, and reads its
// card.
func (s *fragmentSite) guideOf(ctx context.Context, f fragmentCampaign) (weights string, r guideReport, err error) {
	if _, err := os.Stat(s.env.Path(f.Guide)); errors.Is(err, os.ErrNotExist) {
		return "", r, nil
	}
	trained, err := s.env.Train(ctx, f.Guide)
	if err != nil {
		return "", r, err
	}
	text, err := os.ReadFile(trained.Card)
	if err != nil {
		return "", r, err
	}
	var card platform.ModelCard
	if err := json.Unmarshal(text, &card); err != nil {
		return "", r, fmt.Errorf("read the card of %s: %w", f.Guide, err)
	}
	r, err = reportOf(card)
	file, readErr := config.LoadTraining(s.env.Path(f.Guide))
	if err = errors.Join(err, readErr); err != nil {
		return "", r, err
	}
	return file.Out.Value, r, nil
}

// observed are the numbers of the models that a composition wants, each once; nil
// for a mixture, which wants none more than others.
func observed(c *compose.Composition) []int {
	o, ok := c.Observations()
	if !ok || len(o.List) == 0 {
		return nil
	}
	var out []int
	for _, seen := range o.List {
		if !slices.Contains(out, seen.Label) {
			out = append(out, seen.Label)
		}
	}
	slices.Sort(out)
	return out
}
