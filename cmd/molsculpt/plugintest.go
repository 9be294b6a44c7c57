package main

import (
	"fmt"
	"path/filepath"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/spf13/cobra"
)

func (a *app) pluginTestCommand() *cobra.Command {
	var dir, weights, vocabulary string
	var maxFragments int
	var seed uint64
	c := &cobra.Command{
		Use:   "test PLUGIN",
		Short: "Hold a plugin to the protocol",
		Long: `Starts a plugin and checks that its answers have the right shape, are numbers, do
not depend on what else is asked, and that it refuses what is wrong. A line per
check; the exit status is 1 where one fails.`,
		Example: "  molsculpt plugin test ./our-model --weights ours.safetensors\n  molsculpt plugin test core/gflownet --weights builtin:qed",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cat, err := a.catalog()
			if err != nil {
				return err
			}
			v, err := platform.OpenVocabulary(vocabulary, func(p string) string { return filepath.Join(dir, p) })
			if err != nil {
				return err
			}
			sp, err := space.NewFragments(v, maxFragments)
			if err != nil {
				return usageError{err}
			}
			model := host.Model{Space: sp, Definition: sp.Definition()}
			other := host.Model{}
			if weights != "" {
				w, err := cat.Load(weights, dir)
				if err != nil {
					return err
				}
				model.Weights, model.SHA256 = w.Data, w.SHA256
				other.Weights, other.SHA256 = w.Data, w.SHA256
			}
			p, err := a.startNamed(cmd.Context(), args[0], dir)
			if err != nil {
				return err
			}
			defer closePlugin(p)
			client, err := p.Host(cmd.Context())
			if err != nil {
				return err
			}
			failed := 0
			for _, r := range plugintest.Check(cmd.Context(), client, plugintest.Options{Model: model, Diffusion: other, Scorer: other, Seed: seed}) {
				switch {
				case r.Err != nil:
					failed++
					fmt.Fprintf(a.Out, "FAIL  %s: %v\n", r.Name, r.Err)
				case r.Skip != "":
					fmt.Fprintf(a.Out, "skip  %s: %s\n", r.Name, r.Skip)
				default:
					fmt.Fprintf(a.Out, "ok    %s\n", r.Name)
				}
			}
			if failed > 0 {
				return fmt.Errorf("%d checks failed", failed)
			}
			return nil
		},
	}
	dirFlag(c, &dir)
	c.Flags().StringVar(&weights, "weights", "", "weights to load: builtin:NAME or a file")
	c.Flags().StringVar(&vocabulary, "vocab", "builtin", "vocabulary of the space: builtin or a file")
	c.Flags().IntVar(&maxFragments, "max-fragments", 9, "fragments of a molecule at most")
	c.Flags().Uint64Var(&seed, "seed", 0, "seed of the states that are asked about")
	return c
}
