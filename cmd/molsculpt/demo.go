package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/spf13/cobra"
)

// demoFolder is where demo works, relative to the current folder.
const demoFolder = "molsculpt-demo"

// demoCampaign is the starter campaign; the others are the same with another
// name, composition and budget.
const demoCampaign = `# A campaign of molsculpt: what to design, with which models, and when to stop.
# Run it, or go on with it:  molsculpt run %[1]s.yaml
version: 1
name: %[1]s
seed: 7
space: {vocabulary: builtin, max_fragments: 9}
models:                      # trained for QED and for synthetic accessibility
  qed: {plugin: core/gflownet, weights: builtin:qed, beta: 32}
  sa:  {plugin: core/gflownet, weights: builtin:sa,  beta: 32}
compose: %[2]s
sample: {method: smc, particles: %[3]d}
objectives:                  # ranked by the weighted geometric mean of desirabilities
  - {name: qed, reward: qed, goal: maximize}
  - {name: sa,  reward: sa,  goal: minimize}
budget: {molecules: %[4]d}
`

// demoRuns are the campaigns of the demo, in the order of its table.
var demoRuns = []struct {
	name, compose string
	molecules     int
}{
	{"only-qed", "qed", 1000},
	{"only-sa", "sa", 1000},
	{"mixture", "qed | sa", 1000},
	{"both", "qed & sa", 2000},
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
on where it was interrupted.`,
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
				if err := writeNew(path, fmt.Sprintf(demoCampaign, r.name, r.compose, 250, r.molecules)); err != nil {
					return fmt.Errorf("write the demo's campaign: %w", err)
				}
				c, err := config.LoadCampaign(path)
				if err != nil {
					return err
				}
				s, err := a.runCampaign(cmd.Context(), c, f,
					platform.Wish{Objective: "qed", Low: 0.6, High: math.Inf(1)},
					platform.Wish{Objective: "sa", Low: math.Inf(-1), High: 3})
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
			a.say("next: molsculpt show both --store %[1]s\n      molsculpt export both --store %[1]s --format csv\n      or change %[2]s and run it", f.store, filepath.Join(demoFolder, "both.yaml"))
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
