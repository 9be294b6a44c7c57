package main

import (
	"fmt"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/experiment"
	"github.com/spf13/cobra"
)

func (a *app) experimentCommand() *cobra.Command {
	e := &experiment.Env{}
	c := &cobra.Command{
		Use:   "experiment [NAME]",
		Short: "Repeat a published experiment, and write a report of it",
		Long: `Repeats an experiment of Garipov et al. (2023) with the models and samplers of
this program, and writes a report with their figures beside ours: report.html,
which needs nothing beside it, and report.md. Without a name it lists the
experiments.

The campaign and training files of the experiment are written into the folder
first. They can be opened, run by themselves, and changed: what is read is the file
in the folder. What was done is kept there too, so that an experiment that was
interrupted goes on, and one that was changed does again what the change concerns.`,
		Example: "  molsculpt experiment\n  molsculpt experiment grid-two\n  molsculpt experiment seh --data ../shared/data",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listExperiments()
			}
			x, ok := experiment.Find(args[0])
			if !ok {
				return usagef("there is no experiment %q; there are %s", args[0], strings.Join(experimentNames(), ", "))
			}
			if e.Folder == "" {
				e.Folder = "molsculpt-" + x.Name
				if e.Small {
					e.Folder += "-small"
				}
			}
			return a.runExperiment(cmd, x, e)
		},
	}
	c.Flags().StringVar(&e.Folder, "out", "", "folder for files and report (default ./molsculpt-NAME)")
	c.Flags().StringVar(&e.Data, "data", "../shared/data", "folder of reference data, which are no part of this program")
	c.Flags().BoolVar(&e.Small, "small", false, "the reduced form, which takes seconds and shows little")
	return c
}

func (a *app) runExperiment(cmd *cobra.Command, x experiment.Experiment, e *experiment.Env) error {
	var err error
	if e.Catalog, err = a.catalog(); err != nil {
		return err
	}
	shown := &stages{app: a}
	defer shown.close()
	e.Log = a.logger()
	e.Progress = func(what string, done, total int) {
		shown.set(platform.FitProgress{Model: x.Name, Stage: what, Done: done, Total: total})
	}
	e.Say = func(format string, args ...any) {
		shown.close()
		a.say(format, args...)
	}
	path, err := experiment.Run(cmd.Context(), x, e)
	shown.close()
	if err != nil && cmd.Context().Err() != nil {
		a.say("interrupted. Go on with the same command.")
		return exitStatus(1)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.Out, path)
	return err
}

func experimentNames() []string {
	var out []string
	for _, x := range experiment.All() {
		out = append(out, x.Name)
	}
	return out
}

func (a *app) listExperiments() error {
	w := table(a.Out)
	for _, x := range experiment.All() {
		fmt.Fprintf(w, "%s\t%s\n", x.Name, x.Summary)
	}
	return w.Flush()
}
