package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/store"
	"github.com/spf13/cobra"
)

// runFlags are what run and demo share.
type runFlags struct {
	store        string
	seed         uint64
	seedSet      bool
	fresh        bool
	check        bool
	forceNumeric bool
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a campaign, or go on with it",
		Long: `Runs the campaign that FILE describes and keeps what it finds in the store.

A campaign that was interrupted, by Ctrl-C or in any other way, goes on where it
stopped, and ends with the same result as one that was not. A campaign that is
done is only summarised. If the file or the seed has changed under the same
name, the difference is shown and nothing is done; --new runs the changed one
under a name of its own, NAME-2 and so on, and goes on with it when the same
command is given again. FILE may be - for standard input.

Below the table stands whether to trust it, and why. --check looks harder, also
at a campaign that is done: it draws from the models again and compares, which
takes some seconds, and what it finds is kept with the campaign.

The campaign says how its composition is sampled, as sample: {method: smc}:

  auto        rejection where it pays, else smc; ancestral for mixtures. The default
  ancestral   mixtures, path by path
  rejection   from a mixture that bounds the composition: exact, without weights
  smc         sequential Monte Carlo, in populations of particles: 64
  annealed    smc between the mixture and the composition, for hard contrasts
  importance  annealed without resampling: independent draws, to check the others
  pimh        one draw of each population, accepted by its evidence: a list without
              weights, which repeats draws
  unweighted  a baseline: the steps of smc without their weights
  guided      a baseline: the steps of a guide without weights (Garipov et al. 2023)

What the baselines give are not samples of the composition, and the verdict says
so. guide: FILE.safetensors steers smc, pimh and guided by what molsculpt train
wrote for these very models; steps says what it is asked for: actions, all (every
child), candidates (of smc and pimh), gumbel or thinning (of guided). By itself it
is actions where the guide knows them, else all, and gumbel for guided.`,
		Example: `  molsculpt run campaign.yaml
  molsculpt run campaign.yaml --store results.db --seed 11 --new
  molsculpt run campaign.yaml --check`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.seedSet = cmd.Flags().Changed("seed")
			c, err := a.loadCampaign(args[0])
			if err != nil {
				return err
			}
			s, err := a.runCampaign(cmd.Context(), c, f)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.Out, s)
			}
			if err := writeSummaries(a.Out, []*platform.Summary{s}, ""); err != nil {
				return err
			}
			fmt.Fprintln(a.Out)
			if err := writeDiagnostics(a.Out, &s.Diagnostics); err != nil {
				return err
			}
			a.say("next: molsculpt show %s%s, or molsculpt export %s%s --format csv", quoteArg(s.Campaign), storeArg(f.store), quoteArg(s.Campaign), storeArg(f.store))
			return nil
		},
	}
	storeFlag(c, &f.store)
	c.Flags().Uint64Var(&f.seed, "seed", 0, "seed, instead of the file's")
	c.Flags().BoolVar(&f.fresh, "new", false, "run a changed campaign under a new name, beside the old one")
	c.Flags().BoolVar(&f.forceNumeric, "force-numeric", false, "go on with a campaign that was begun on a machine that computes differently")
	c.Flags().BoolVar(&f.check, "check", false, "compare the samples with further draws of the models")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// runCampaign runs or resumes one campaign and summarises it. A store is made
// only when everything has been checked and the models are loaded.
func (a *app) runCampaign(ctx context.Context, c *config.Campaign, f runFlags, wishes ...platform.Wish) (*platform.Summary, error) {
	if f.seedSet {
		c.Seed = f.seed
	}
	cat, err := a.catalog()
	if err != nil {
		return nil, err
	}
	plan, err := platform.NewPlan(c, cat)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(filepath.Dir(f.store)); err != nil || !info.IsDir() {
		return nil, &store.OpenError{Path: f.store, Reason: store.NoFolder}
	}
	var st *store.Store
	defer func() {
		if st != nil {
			st.Close()
		}
	}()
	if _, err := os.Stat(f.store); err == nil {
		if st, err = store.Open(f.store, store.Options{}); err != nil {
			return nil, err
		}
		campaign, done, err := a.lookup(plan, st, f.fresh)
		if err != nil {
			return nil, err
		}
		if done && !f.check {
			return platform.Summarize(ctx, campaign, wishes)
		}
	}
	campaign, err := a.runPlan(ctx, plan, cat, &st, f)
	switch {
	case err != nil && ctx.Err() != nil: // whatever the interrupt broke first
		a.say("interrupted; what was finished is kept. Go on with the same command.")
		return nil, exitStatus(1)
	case err != nil:
		return nil, err
	}
	return platform.Summarize(ctx, campaign, wishes)
}

// lookup finds the plan's campaign in the store; with fresh, a plan whose name
// is taken by another one gets the first of name-2, name-3, ... that is its own
// from an earlier run, or free.
func (a *app) lookup(plan *platform.Plan, st *store.Store, fresh bool) (*store.Campaign, bool, error) {
	campaign, done, err := platform.Lookup(plan, st)
	var changed *store.PlanChangedError
	if !errors.As(err, &changed) {
		return campaign, done, err
	}
	if !fresh {
		return nil, false, fmt.Errorf("%w\nthe difference (- in the store, + now):\n%s", err, changed.Diff())
	}
	name := plan.Campaign.Name
	for i := 2; errors.As(err, &changed); i++ {
		plan.Rename(fmt.Sprintf("%s-%d", name, i))
		campaign, done, err = platform.Lookup(plan, st)
	}
	if err != nil {
		return nil, false, err
	}
	a.say("running as %s", plan.Campaign.Name)
	return campaign, done, nil
}

// runPlan loads the models, opens the store unless it is open, runs, and checks
// what came of it where that is asked for.
func (a *app) runPlan(ctx context.Context, plan *platform.Plan, cat *catalog.Catalog, st **store.Store, f runFlags) (*store.Campaign, error) {
	session, err := platform.Start(ctx, plan, a.logger())
	if err != nil {
		return nil, err
	}
	defer session.Close()
	if *st == nil {
		if *st, err = store.Open(f.store, store.Options{}); err != nil {
			return nil, err
		}
	}
	budget := plan.Campaign.Budget
	total := int64(budget.Molecules)
	if total == 0 {
		total = int64(budget.Distinct)
	}
	bar := a.progress(plan.Campaign.Name, total)
	defer bar.close()
	campaign, err := session.Run(ctx, *st, platform.RunOptions{
		ForceNumeric: f.forceNumeric,
		Progress: func(p platform.Progress) {
			done := p.Molecules
			if budget.Molecules == 0 {
				done = p.Distinct
			}
			bar.set(int64(done), fmt.Sprintf("%d distinct, ESS %.0f%%", p.Distinct, 100*p.MinESS))
		},
	})
	if err != nil || !f.check {
		return campaign, err
	}
	_, err = session.Check(ctx, campaign, platform.CheckOptions{
		Catalog:  cat,
		Progress: func(stage string) { bar.set(total, "check: "+stage) },
	})
	return campaign, err
}

func quoteArg(s string) string {
	plain := func(r rune) bool {
		return strings.ContainsRune("-_./", r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if strings.TrimLeftFunc(s, plain) == "" {
		return s
	}
	return "'" + s + "'"
}

func storeArg(path string) string {
	if path == defaultStore {
		return ""
	}
	return " --store " + quoteArg(filepath.ToSlash(path))
}

// writeNew writes a file unless it is there already.
func writeNew(path, content string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
