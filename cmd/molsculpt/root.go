package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// Version is set by the linker in releases.
var Version = "development"

// app is one run of the program.
type app struct {
	Stdio
	started bool // whether the command line was understood
	quiet   bool
	verbose bool
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "molsculpt",
		Short: "Design molecules that fit several objectives at once",
		Long: `molsculpt designs molecules for several objectives at once.

Base models, each of which knows one thing (what is drug-like, what is easy to
make, what binds), are composed by an expression such as "qed & sa". Their
composition is sampled, the molecules are scored and ranked, and everything is
kept in a store that can be listed, explained and exported.

Begin with:  molsculpt demo`,
		Version:       Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			a.started = true
		},
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "no progress on standard error")
	root.PersistentFlags().BoolVar(&a.verbose, "verbose", false, "show what plugins log")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: "design", Title: "Design:"},
		&cobra.Group{ID: "results", Title: "Results:"},
		&cobra.Group{ID: "molecules", Title: "Molecules:"},
		&cobra.Group{ID: "models", Title: "Models:"},
	)
	for _, g := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{"design", []*cobra.Command{a.demoCommand(), a.runCommand(), a.sampleCommand(), a.pointsCommand()}},
		{"results", []*cobra.Command{a.listCommand(), a.showCommand(), a.exportCommand()}},
		{"molecules", []*cobra.Command{a.propsCommand(), a.drawCommand(), a.scoreCommand(), a.vocabCommand()}},
		{"models", []*cobra.Command{a.trainCommand(), a.fitCommand(), a.verifyCommand(), a.experimentCommand(), a.pluginCommand(), a.benchCommand()}},
	} {
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	return root
}

// parent makes a command that only has subcommands.
func parent(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use:   use,
		Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			var names []string
			for _, s := range cmd.Commands() {
				if s.IsAvailableCommand() {
					names = append(names, s.Name())
				}
			}
			return usagef("there is no %q in %s; it has %s", args[0], cmd.CommandPath(), strings.Join(names, ", "))
		},
	}
	c.AddCommand(subs...)
	return c
}
