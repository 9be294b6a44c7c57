package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/spf13/cobra"
)

func (a *app) pluginTestCommand() *cobra.Command {
	var dir, weights, guide, vocabulary string
	var maxFragments int
	var seed uint64
	c := &cobra.Command{
		Use:   "test PLUGIN",
		Short: "Hold a plugin to the protocol",
		Long: `Starts a plugin and checks that its answers have the right shape, are numbers, do
not depend on what else is asked, that the gradients of a guide over points are
the slopes of what it answers, and that it refuses what is wrong. A line per
check; the exit status is 1 where one fails.

A plugin may have models, guides and scorers: --weights are those of a model or a
scorer, --guide those of a guide. Training is tested in Go, by plugintest.Run of
the SDK.`,
		Example: "  molsculpt plugin test ./our-model --weights ours.safetensors\n  molsculpt plugin test core/gflownet --weights builtin:qed\n  molsculpt plugin test core/score --weights moons.safetensors --guide guide.safetensors",
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
			load := func(ref string) (m host.Model, err error) {
				if ref == "" {
					return m, nil
				}
				w, err := cat.Load(ref, dir)
				return host.Model{Weights: w.Data, SHA256: w.SHA256}, err
			}
			other, err := load(weights)
			if err != nil {
				return err
			}
			guided, err := load(guide)
			if err != nil {
				return err
			}
			model := other
			model.Space, model.Definition = sp, sp.Definition()
			p, err := a.startNamed(cmd.Context(), args[0], dir)
			if err != nil {
				return err
			}
			defer closePlugin(p)
			d := p.Describe()
			if guide != "" && !d.Can(sdk.CanGuide) {
				return usagef("the plugin %s has no guides (it can: %v)", d.Name, d.Capabilities)
			}
			// A guide over points needs no space, and its plugin may know no other.
			if guide != "" && (len(d.SpaceKinds) == 0 || slices.Contains(d.SpaceKinds, space.KindFragments)) {
				guided.Space, guided.Definition = model.Space, model.Definition
			}
			client, err := p.Host(cmd.Context())
			if err != nil {
				return err
			}
			failed := 0
			for _, r := range plugintest.Check(cmd.Context(), client, plugintest.Options{Model: model, Guide: guided, Diffusion: other, Scorer: other, Seed: seed}) {
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
	c.Flags().StringVar(&weights, "weights", "", "weights of a model or scorer: builtin:NAME or a file")
	c.Flags().StringVar(&guide, "guide", "", "weights of a guide, over points or over the space: a file")
	c.Flags().StringVar(&vocabulary, "vocab", "builtin", "vocabulary of the space: builtin or a file")
	c.Flags().IntVar(&maxFragments, "max-fragments", 9, "fragments of a molecule at most")
	c.Flags().Uint64Var(&seed, "seed", 0, "seed of the states that are asked about")
	return c
}
