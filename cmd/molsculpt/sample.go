package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/spf13/cobra"
)

func (a *app) sampleCommand() *cobra.Command {
	var campaign, method, guide string
	var n, particles int
	var allow allowFlags
	var seed uint64
	var beta float64
	var resample, explain bool
	c := &cobra.Command{
		Use:   "sample EXPR",
		Short: "Write molecules of a model or a composition to standard output",
		Long: `Samples a model or a composition and writes canonical SMILES, one per line, each
with the logarithm of its weight after a tab: averages over the sample must be
weighted with these. --resample instead draws an unweighted list from the
weighted sample, in which a molecule of large weight occurs several times.

The models are the trained ones that are a part of molsculpt (molsculpt plugin
list names them), or those of a campaign file.

  a & b    likely under both            a - b    likely under a, not under b
  a | b    mixture                      0.7 a | 0.3 b   with weights
  a &{0.2} b, a -{0.8} b                the balance shifted
  harmonic(a, b, c), obs(a, a; over a, b, c), a^2, parentheses

--method says how: auto finds out, smc, annealed, rejection, ancestral, importance
(independent draws with weights, to check the others), and pimh, which writes
draws without weights, one of each population. unweighted and guided are
baselines: what they write are not samples of the composition. --guide steers smc,
pimh or guided by a guide that molsculpt train wrote for these models.

` + allowHelp + `

--explain samples nothing and needs no models: it says what the expression means,
in words and as a formula, how it is sampled, why so, and what that costs.`,
		Example: `  molsculpt sample qed -n 10
  molsculpt sample 'qed & sa' -n 1000 > both.smi
  molsculpt sample 'ours - known' --campaign campaign.yaml -n 100 --resample
  molsculpt sample 'qed & sa' --guide qed-sa.safetensors -n 1000
  molsculpt sample 'qed & sa' --scaffold c1ccc2[nH]ccc2c1 --forbid-smarts '[NX3](~O)~O' --max-fragments 6
  molsculpt sample --explain 'a & (b - c)'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if explain {
				return a.explain(args[0])
			}
			if n < 1 || n > config.MaxMolecules {
				return usagef("-n is %d; it must be between 1 and %d", n, config.MaxMolecules)
			}
			if particles < 1 || particles > config.MaxParticles {
				return usagef("--particles is %d; it must be between 1 and %d", particles, config.MaxParticles)
			}
			if campaign != "" && cmd.Flags().Changed("beta") {
				return usagef("--beta is for bundled models; with --campaign the file says it")
			}
			cat, err := a.catalog()
			if err != nil {
				return err
			}
			m, err := sample.ParseMethod(method)
			if err != nil {
				return usagef("%s", strings.TrimPrefix(err.Error(), "sample: "))
			}
			camp, err := expressionCampaign(args[0], campaign, beta, max(config.DefaultFragment, allow.most), cat)
			if err != nil {
				return err
			}
			if err := allow.apply(cmd, &camp.Allow); err != nil {
				return err
			}
			camp.Seed, camp.Sample = seed, config.Sample{Method: m.String(), Particles: particles}
			if guide != "" {
				if guide, err = filepath.Abs(guide); err != nil { // the campaign may be elsewhere
					return err
				}
				camp.Sample.Guide = config.Literal("--guide", guide)
			}
			plan, err := platform.NewPlan(camp, cat)
			if err != nil {
				return err
			}
			out := bufio.NewWriter(a.Out)
			bar := a.progress("sample", int64(n))
			defer bar.close()
			var smi []string
			var logs []float64
			done, populations, moved := 0, 0, 0
			err = platform.Draw(cmd.Context(), plan, a.logger(), func(d platform.Drawn) (bool, error) {
				populations++
				if len(d.Trajectories) > 0 && d.Trajectories[0].Population == d.Index {
					moved++
				}
				for i, s := range d.SMILES {
					if s == "" || done >= n && !resample { // the list is drawn from whole populations
						continue
					}
					done++
					if w := d.Trajectories[i].LogWeight; resample {
						smi, logs = append(smi, s), append(logs, w)
					} else if _, err := fmt.Fprintf(out, "%s\t%.6f\n", s, w); err != nil {
						return false, err
					}
				}
				bar.set(int64(min(done, n)), fmt.Sprintf("ESS %.0f%%", 100*d.MinESS/float64(max(1, d.Drawn))))
				return done < n, out.Flush()
			})
			if err != nil {
				return err
			}
			for _, i := range sample.Unweighted(logs, min(n, len(logs)), rand.New(rand.NewPCG(seed, math.MaxUint64))) {
				fmt.Fprintln(out, smi[i])
			}
			bar.close()
			switch {
			case !m.Exact():
				a.say("these are not samples of the composition: the method %v leaves the weights out", m)
			case m == sample.PIMH:
				a.say("draws of a chain, without weights, one for each of %d populations, of which it accepted %s", populations, percent(moved, populations))
			}
			return out.Flush()
		},
	}
	c.Flags().IntVarP(&n, "n", "n", 100, "molecules")
	c.Flags().Uint64Var(&seed, "seed", 0, "seed")
	c.Flags().StringVar(&campaign, "campaign", "", "campaign file whose models the expression names")
	c.Flags().Float64Var(&beta, "beta", 32, "beta of the bundled models: higher is nearer to their reward's best")
	c.Flags().StringVar(&method, "method", "auto", "auto, smc, annealed, ancestral, rejection, importance, pimh, unweighted or guided")
	c.Flags().StringVar(&guide, "guide", "", "weights of a guide for the models, which steers the steps")
	c.Flags().IntVar(&particles, "particles", config.DefaultParticle, "trajectories of a population")
	allow.register(c)
	c.Flags().BoolVar(&resample, "resample", false, "an unweighted list, drawn from the weighted sample")
	c.Flags().BoolVar(&explain, "explain", false, "say what the expression means and how it is sampled, and sample nothing")
	return c
}

// explain writes what an expression means, over models of any name.
func (a *app) explain(expr string) error {
	e, err := compose.Parse(expr)
	var wrong *compose.Error
	if errors.As(err, &wrong) {
		return fmt.Errorf("%w\n%s", err, wrong.Caret())
	}
	if err != nil {
		return err
	}
	for _, l := range e.Explain() {
		fmt.Fprint(a.Out, wrapped(l.Key, l.Text))
	}
	return nil
}

// expressionCampaign is a campaign that samples an expression, over the models
// of a campaign file or over the bundled ones.
func expressionCampaign(expr, file string, beta float64, maxFragments int, cat *catalog.Catalog) (*config.Campaign, error) {
	text := config.Literal("expression", expr)
	if file != "" {
		c, err := config.LoadCampaign(file)
		if err != nil {
			return nil, err
		}
		c.Compose = text
		return c, nil
	}
	c := &config.Campaign{
		Name: "sample", Compose: text,
		Space: config.Space{Vocabulary: config.Literal("vocabulary", "builtin"), MaxFragments: maxFragments},
	}
	for _, w := range cat.Weights {
		c.Models = append(c.Models, config.Model{
			Name:       w.Name,
			Plugin:     config.Literal("plugin", w.Plugin),
			Weights:    config.Literal("weights", "builtin:"+w.Name),
			Conditions: []config.Condition{{Name: "beta", Value: beta}},
		})
	}
	if e, err := compose.Parse(expr); err == nil && len(e.Models()) > 0 && len(c.Models) == 0 {
		return nil, fmt.Errorf("no trained models are bundled; name the campaign file of %s with --campaign", strings.Join(e.Models(), ", "))
	}
	return c, nil
}
