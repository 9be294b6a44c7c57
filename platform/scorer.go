package platform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"

	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
)

// scorer is a scoring function that a plugin computes, in a process of its own.
// It must be started before it scores.
type scorer struct {
	plugin  catalog.Plugin
	weights catalog.Weights
	file    config.Objective

	process *supervise.Plugin
	loaded  *supervise.Scorer
	output  int
	device  string
}

var _ rewards.Scorer = (*scorer)(nil)

// newScorer finds what an objective's scorer is made of; dir is what paths are
// relative to.
func newScorer(o config.Objective, cat *catalog.Catalog, dir string) (*scorer, error) {
	s := &scorer{file: o}
	var err error
	if s.plugin, err = cat.Plugin(o.Plugin.Value, dir); err != nil {
		return nil, placed(o.Plugin.Mark, err)
	}
	if ref := o.Weights.Value; ref != "" {
		if s.weights, err = cat.Load(ref, dir); err != nil {
			err = placed(o.Weights.Mark, err)
			var wrong *config.Error
			if errors.As(err, &wrong) && !strings.HasPrefix(ref, "builtin:") {
				wrong.Hint = "molsculpt plugin info " + s.plugin.ID + " may say where to get them"
			}
			return nil, err
		}
	}
	return s, nil
}

// identity is what the scorer is beside what the file says.
func (s *scorer) identity() string {
	return PlannedModel{Plugin: s.plugin, Weights: s.weights}.identity()
}

// start starts the process and loads the function.
func (s *scorer) start(ctx context.Context, log hclog.Logger) error {
	process, err := startPlugin(ctx, s.plugin, log)
	if err != nil {
		return placedOr(ctx, s.file.Plugin.Errorf("objective %s: %v", s.file.Name, err), err)
	}
	s.process = process
	if d := process.Describe(); !d.Can(sdk.CanScore) {
		return s.file.Plugin.Errorf("the plugin %s does not score (it can: %v)", d.Name, d.Capabilities)
	}
	s.loaded, err = process.LoadScorer(ctx, host.Model{
		Weights: s.weights.Data, SHA256: s.weights.SHA256, Options: s.file.Options.JSON,
	})
	if err != nil {
		mark := s.file.Mark
		if s.file.Options.JSON != nil {
			mark = optionOf(s.file.Options, err)
		}
		return placedOr(ctx, mark.Errorf("objective %s cannot be loaded: %v", s.file.Name, err), err)
	}
	health, err := process.Health(ctx)
	if err != nil {
		return placedOr(ctx, s.file.Plugin.Errorf("objective %s: %v", s.file.Name, err), err)
	}
	s.device = health.Device
	var names []string
	for _, o := range s.loaded.Outputs() {
		names = append(names, o.Name)
	}
	if s.output = slices.Index(names, s.file.Reward.Value); s.output < 0 {
		wrong := s.file.Reward.Errorf("the plugin %s has no output %q", s.plugin.ID, s.file.Reward.Value)
		wrong.Hint = "reward: " + strings.Join(names, ", or ")
		return wrong
	}
	return nil
}

func (s *scorer) close() {
	if s.process != nil {
		closePlugin(s.process)
	}
}

var scoreStatus = map[sdk.Status]rewards.Status{
	sdk.OK: rewards.OK, sdk.ScoreFailed: rewards.Failed, sdk.TimedOut: rewards.TimedOut, sdk.NotApplicable: rewards.NotApplicable,
}

// Score implements rewards.Scorer.
func (s *scorer) Score(ctx context.Context, batch []rewards.Molecule) []rewards.Score {
	out := make([]rewards.Score, len(batch))
	mols := make([]string, len(batch))
	for i, m := range batch {
		if mols[i] = m.SMILES; mols[i] == "" && m.Mol != nil {
			mols[i] = smiles.Canonical(m.Mol)
		}
	}
	scores, err := s.loaded.Score(ctx, mols)
	if err != nil {
		status := rewards.Failed
		if ctx.Err() != nil {
			status = rewards.TimedOut
		}
		for i := range out {
			out[i] = rewards.Score{Status: status, Reason: fmt.Sprintf("plugin %s: %v", s.plugin.ID, err)}
		}
		return out
	}
	for i, sc := range scores {
		out[i] = rewards.Score{Status: scoreStatus[sc.Status], Reason: sc.Reason}
		if sc.Status == sdk.OK {
			out[i].Value = sc.Values[s.output]
		}
	}
	return out
}

// startScorers starts those of the objectives that a plugin computes, all at the
// same time. Where there is an error none is left.
func startScorers(ctx context.Context, objectives []rewards.Objective, log hclog.Logger) error {
	g, gctx := errgroup.WithContext(ctx)
	for _, o := range objectives {
		if s, ok := o.Function.Scorer.(*scorer); ok {
			g.Go(func() error { return s.start(gctx, log) })
		}
	}
	err := g.Wait()
	if err != nil {
		closeScorers(objectives)
	}
	return err
}

// closeScorers ends their processes.
func closeScorers(objectives []rewards.Objective) {
	var g sync.WaitGroup
	for _, o := range objectives {
		if s, ok := o.Function.Scorer.(*scorer); ok {
			g.Go(s.close)
		}
	}
	g.Wait()
}
