package main

import (
	"slices"
	"time"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/spf13/cobra"
)

// benchWeights are the two bundled models that are measured by default: qed and
// sa, those of the demo, as far as they are there.
func benchWeights(cat *catalog.Catalog) []string {
	rank := func(w catalog.BundledWeights) int {
		if i := slices.Index([]string{"qed", "sa"}, w.Name); i >= 0 {
			return i
		}
		return 2
	}
	all := slices.SortedStableFunc(slices.Values(cat.Weights), func(x, y catalog.BundledWeights) int { return rank(x) - rank(y) })
	var out []string
	for _, w := range all[:min(2, len(all))] {
		out = append(out, "builtin:"+w.Name)
	}
	return out
}

func (a *app) benchCommand() *cobra.Command {
	var o platform.BenchOptions
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast this machine samples and trains",
		Long: `Measures, over the real plugin processes, how many molecules per second a base
model and a composition of two give, and how many trajectories per second
training takes, and prints the result as JSON.

By default it uses the built-in vocabulary and the bundled models. With another
vocabulary (--vocab) and no --weights the networks are initialised by seed, with
a tendency to stop that brings the mean to 5.0 fragments; then networks that
make every tree full are measured beside them.

A molecule of a composition is a particle times ESS/N: as many as independent
draws would have to be.`,
		Example: "  molsculpt bench\n  molsculpt bench --vocab fragments_72.json --time 20s",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Time <= 0 {
				return usagef("--time is %v; it must be more than 0", o.Time)
			}
			cat, err := a.catalog()
			if err != nil {
				return err
			}
			if o.Vocabulary == "builtin" && o.Weights == nil {
				o.Weights = benchWeights(cat)
			}
			o.Log = a.logger()
			o.Note = func(what string) { a.say("measuring: %s", what) }
			r, err := platform.Bench(cmd.Context(), cat, o)
			if err != nil {
				return err
			}
			return writeJSON(a.Out, r)
		},
	}
	c.Flags().StringVar(&o.Vocabulary, "vocab", "builtin", "vocabulary: builtin or a file")
	c.Flags().StringSliceVar(&o.Weights, "weights", nil, "weights of two models; empty for networks initialised by seed")
	c.Flags().IntVar(&o.MaxFragments, "max-fragments", 9, "fragments of a molecule at most")
	c.Flags().Float64Var(&o.Beta, "beta", 32, "beta of the models")
	c.Flags().DurationVar(&o.Time, "time", 10*time.Second, "how long to measure each")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "seed")
	c.Flags().IntVar(&o.Width, "width", 128, "width of networks initialised by seed and of the one that is trained")
	c.Flags().IntVar(&o.Layers, "layers", 4, "and their layers")
	c.Flags().BoolVar(&o.SkipTraining, "no-training", false, "leave out training")
	return c
}
