package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/store"
	"github.com/spf13/cobra"
)

// demoFolder is where demo works, relative to the current folder.
const demoFolder = "molsculpt-demo"

// demoParticles is the size of the demo's populations. It divides all budgets,
// and gives each campaign 10 populations or more, over which standard errors are
// taken.
const demoParticles = 100

// The betas of the demo's models: how far they lean to their reward's best.
const (
	qedBeta = 64
	saBeta  = 128
)

// demoCampaign is the starter campaign; the others are the same with another
// name, composition and budget.
const demoCampaign = `# A campaign of molsculpt: what to design, with which models, and when to stop.
# The demo needs this file as it is. For a campaign of your own, copy it, give the
# copy another name here and as a file, and run it:
#   molsculpt run mine.yaml
version: 1
name: %[1]s
seed: 7
space: {vocabulary: builtin, max_fragments: 9}
models:                      # trained for QED and for synthetic accessibility
  qed: {plugin: core/gflownet, weights: builtin:qed, beta: %[5]v}
  sa:  {plugin: core/gflownet, weights: builtin:sa,  beta: %[6]v}
compose: %[2]s
sample: {method: smc, particles: %[3]d}
objectives:                  # ranked by the weighted geometric mean of desirabilities
  - {name: qed, reward: qed, goal: maximize}
  - {name: sa,  reward: sa,  goal: minimize}
budget: {molecules: %[4]d}
`

// demoRun is a campaign of the demo.
type demoRun struct {
	name, compose string
	molecules     int
}

// demoRuns are the campaigns of the demo, in the order of its table.
var demoRuns = []demoRun{
	{"only-qed", "qed", 1000},
	{"only-sa", "sa", 1000},
	{"mixture", "qed | sa", 1000},
	{"both", "qed & sa", 2000},
}

// file is the campaign's file.
func (r demoRun) file() string {
	return fmt.Sprintf(demoCampaign, r.name, r.compose, demoParticles, r.molecules, qedBeta, saBeta)
}

// demoNext is what to do after the demo.
func demoNext(storePath string) string {
	mine := filepath.ToSlash(filepath.Join(demoFolder, "mine.yaml"))
	return fmt.Sprintf("next: molsculpt show both%[1]s\n      molsculpt export both%[1]s --format csv\n"+
		"      or copy %[2]s to %[3]s, change it and its name, and\n      molsculpt run %[3]s%[1]s",
		storeArg(storePath), filepath.ToSlash(filepath.Join(demoFolder, "both.yaml")), mine)
}

// demoChanged tells what to do when a file of the demo, or what it names, is no
// longer what the demo ran.
func demoChanged(path, storePath string, e *store.PlanChangedError) error {
	return fmt.Errorf("%s is not the campaign that the demo ran before (- then, + now):\n%s\n"+
		"try: run it as a campaign of its own: molsculpt run %s%s --new\n"+
		"     and to have the demo again, delete the file, or the folder %s if the program is another one",
		filepath.ToSlash(path), e.Diff(), quoteArg(filepath.ToSlash(path)), storeArg(storePath), demoFolder)
}

func (a *app) demoCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Design drug-like, easily made molecules with the bundled models",
		Long: `Writes starter campaigns and a store into ./molsculpt-demo and runs them on the
bundled models: each model alone, their mixture, and their composition qed & sa.
The table shows what composing gives: the share of molecules that are both
drug-like (QED at least 0.6) and easy to make (SA at most 3). Run again, it goes
on where it was interrupted. For a campaign of your own, run a changed copy of
one of its files under another name.`,
		Example: "  molsculpt demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(demoFolder, 0o755); err != nil {
				return fmt.Errorf("make the demo's folder: %w", err)
			}
			f := runFlags{store: filepath.Join(demoFolder, defaultStore)}
			var all []*platform.Summary
			for _, r := range demoRuns {
				path := filepath.Join(demoFolder, r.name+".yaml")
				if err := writeNew(path, r.file()); err != nil {
					return fmt.Errorf("write the demo's campaign: %w", err)
				}
				c, err := config.LoadCampaign(path)
				if err != nil {
					return err
				}
				s, err := a.runCampaign(cmd.Context(), c, f,
					platform.Wish{Objective: "qed", Low: 0.6, High: math.Inf(1)},
					platform.Wish{Objective: "sa", Low: math.Inf(-1), High: 3})
				var changed *store.PlanChangedError
				if errors.As(err, &changed) {
					return demoChanged(path, f.store, changed)
				}
				if err != nil {
					return err
				}
				all = append(all, s)
			}
			if asJSON {
				return writeJSON(a.Out, all)
			}
			if err := writeSummaries(a.Out, all, "QED>=0.6, SA<=3"); err != nil {
				return err
			}
			a.say("%s", demoNext(f.store))
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
