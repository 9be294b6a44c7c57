package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/spf13/cobra"
)

func (a *app) fitCommand() *cobra.Command {
	var o platform.FitOptions
	var asJSON, check, write bool
	c := &cobra.Command{
		Use:   "fit MODEL...",
		Short: "Measure how well trained models fit what they were trained for",
		Long: `Measures how well trained models fit what their cards say they were trained for.
A MODEL is a bundled one, builtin:NAME, or a weights file with its card beside it
(soluble.safetensors, soluble.card.json). It is asked through its plugin, so that
whatever made it can be measured.

A perfect model makes a molecule x with a probability p(x) in proportion to
reward(x)^beta: log p(x) is a straight line over beta log reward(x), of slope 1.
That is tried on held-back molecules: half are the model's own samples, a quarter
comes from the other models named (if there are none, from the bundled ones of
the same space), and a quarter are the ends of random walks that stop with
probability ` + fmt.Sprint(platform.FitWalkStop) + ` at each fragment. None occurs twice. All are drawn afresh, with
random numbers that no training uses and from weights that are final, so nothing
was fitted to them. log p(x) is estimated by backward paths; rewards are clipped
as in training. Besides, the trajectory-balance residual of own samples is
measured (its standard deviation is 0 for a perfect model), and what own samples
are like at several betas.

A model passes with a correlation of ` + fmt.Sprintf("%g at least, a slope of %g to %g, and a\nstandard deviation of at most %g nat", platform.FitMinCorrelation, platform.FitMinSlope, platform.FitMaxSlope, platform.FitMaxTB) + `. The same seed gives the same result.`,
		Example: "  molsculpt fit builtin:qed\n  molsculpt fit qed.safetensors sa.safetensors --write --check",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.Molecules < 4 || o.Molecules > 1_000_000:
				return usagef("--molecules is %d; it must be between 4 and 1000000", o.Molecules)
			case o.Paths < 1 || o.Paths > 100_000:
				return usagef("--paths is %d; it must be between 1 and 100000", o.Paths)
			}
			for _, m := range args {
				if write && strings.HasPrefix(m, "builtin:") {
					return usagef("--write: the card of %s is a part of this program; name the weights file", m)
				}
			}
			cat, err := a.catalog()
			if err != nil {
				return err
			}
			stages := &stages{app: a}
			defer stages.close()
			o.Models, o.Log, o.Progress = args, a.logger(), stages.set
			reports, err := platform.MeasureFit(cmd.Context(), cat, o)
			stages.close()
			if err != nil {
				return err
			}
			passed := true
			for i := range reports {
				passed = passed && reports[i].Fit.Passed()
				if write {
					if err := platform.WriteFit(&reports[i]); err != nil {
						return err
					}
				}
			}
			if asJSON {
				err = writeJSON(a.Out, reports)
			} else {
				err = writeFits(a.Out, reports)
			}
			if err == nil && check && !passed {
				return exitStatus(1)
			}
			return err
		},
	}
	c.Flags().Float64SliceVar(&o.Betas, "beta", []float64{32}, "betas to measure the fit at")
	c.Flags().Lookup("beta").DefValue = "32"
	c.Flags().IntVarP(&o.Molecules, "molecules", "n", 1000, "held-back molecules per beta")
	c.Flags().IntVar(&o.Paths, "paths", 64, "backward paths per molecule")
	c.Flags().Uint64Var(&o.Seed, "seed", 0, "seed")
	c.Flags().StringVar(&o.Vocabulary, "vocab", "", "vocabulary file, where it is not at the place that the card names")
	c.Flags().StringArrayVar(&o.RewardWeights, "reward-weights", nil, "weights of the plugin that computes a model's reward, where the card names one; may be given again")
	c.Flags().StringVar(&o.Plugin, "plugin", "", "executable of the plugin, where the card's is not bundled")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&write, "write", false, "put the result into the model card")
	c.Flags().BoolVar(&check, "check", false, "end with status 1 if a model does not pass")
	return c
}

// stages shows one progress after another.
type stages struct {
	app *app

	mu  sync.Mutex
	now string
	bar *progress
}

func (s *stages) set(p platform.FitProgress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if what := p.Model + ", " + p.Stage; what != s.now || s.bar == nil {
		if s.bar != nil {
			s.bar.close()
		}
		s.now, s.bar = what, s.app.progress(what, int64(p.Total))
	}
	s.bar.set(int64(p.Done), "")
}

func (s *stages) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		s.bar.close()
		s.bar = nil
	}
}

// writeFits prints the fits of models for people.
func writeFits(w io.Writer, reports []platform.FitReport) error {
	for i := range reports {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := writeFit(w, &reports[i]); err != nil {
			return err
		}
	}
	return nil
}

func writeFit(w io.Writer, r *platform.FitReport) error {
	f := &r.Fit
	others := "none"
	if len(f.Others) > 0 {
		var names []string
		for _, x := range f.Others {
			names = append(names, fmt.Sprintf("%s (%.12s)", x.Name, x.WeightsSHA256))
		}
		others = strings.Join(names, ", ")
	}
	clip := ""
	if f.Clip != nil {
		clip = fmt.Sprintf("; beta log R clipped at %g", *f.Clip)
	}
	fmt.Fprintf(w, "model %s: %s, %s, weights %.12s\nreward: %s, floor %g%s\nother models: %s\n",
		r.Name, r.Model, r.Plugin, f.WeightsSHA256, r.Reward, f.Floor, clip, others)
	for _, a := range f.At {
		fmt.Fprintf(w, "\nlog p(x) over beta log R(x) at beta %g, %d backward paths (standard error of log p %.2g)\n", a.Beta, f.Paths, a.LogPSE)
		t := table(w)
		fmt.Fprintln(t, "trees\tn\tcorrelation\tslope\trms")
		for _, g := range []struct {
			name string
			platform.FitGroup
		}{{"own", a.Own}, {"other", a.Other}, {"walks", a.Walk}, {"all", a.All}} {
			if g.N == 0 {
				continue
			}
			fmt.Fprintf(t, "%s\t%d\t%.3f\t%.3f\t%.3f", g.name, g.N, g.Correlation, g.Slope, g.RMS)
			if g.Impossible > 0 {
				fmt.Fprintf(t, "\t%d impossible for the model", g.Impossible)
			}
			fmt.Fprintln(t)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(w, "\nown samples by beta")
	t := table(w)
	fmt.Fprintln(t, "beta\tn\treward\t+-\tvalue\t+-\tfragments\tclipped\tTB sd")
	for _, b := range f.ByBeta {
		fmt.Fprintf(t, "%g\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%.2f\t%.1f%%\t%.3f\n",
			b.Beta, b.N, b.Reward, b.RewardSE, b.Value, b.ValueSE, b.Fragments, 100*b.Clipped, b.TB)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, a := range f.At {
		verdict := "passes"
		if len(a.Missed) > 0 {
			verdict = "misses " + strings.Join(a.Missed, ", ")
		}
		if _, err := fmt.Fprintf(w, "%s at beta %g %s: correlation %.3f (at least %g), slope %.3f (%g to %g), TB sd %.3f of %d (at most %g)\n",
			r.Name, a.Beta, verdict, a.All.Correlation, platform.FitMinCorrelation, a.All.Slope, platform.FitMinSlope, platform.FitMaxSlope,
			a.TB, a.TBN, platform.FitMaxTB); err != nil {
			return err
		}
	}
	return nil
}
