package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/molsculpt/molsculpt/platform/verify"
	"github.com/spf13/cobra"
)

func (a *app) verifyCommand() *cobra.Command {
	var o verify.Options
	var asJSON, list bool
	var plots, models string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Hold every way of sampling a composition against the truth",
		Long: `Samples compositions on spaces small enough to know the truth about them, and
holds what comes out against it: the exact laws of the grid of Garipov et al.
(2023) and of molecules of up to three fragments, by dynamic programming, and
mixtures of normals on a line and in the plane for continuous models.

Each row is a method on a target. Its error must not exceed its bound: rounding
where nothing is random; 4 standard errors of an evidence; for an L1 distance,
what independent draws of the same information would have (exact), and 5 of its
standard deviations; for a chi-square statistic, its degrees of freedom (exact)
and the quantile that is exceeded once in a million. Rows that say "wrong, as
known" are negative controls: methods with a known error, which must be caught.

The quick form takes less than a minute on two cores; --full takes more targets,
more methods, more draws, models that it trains first, a diffusion that learns from
five million draws of a law, and classifiers. That is an hour or so on two cores,
and less with --models FOLDER, which keeps what is trained. The same seed gives the
same table. The exit status is 1 if a check fails.`,
		Example: `  molsculpt verify
  molsculpt verify --full --plots plots
  molsculpt verify --only smc --only 'shubert & diagonal' --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Validate(); err != nil {
				return usageError{err}
			}
			if list {
				return listChecks(a.Out)
			}
			if plots != "" {
				folder, err := newPlotFolder(plots)
				if err != nil {
					return err
				}
				o.Picture = folder.add
			}
			if !o.Full {
				return a.verify(cmd, o, asJSON)
			}
			trained, err := a.newTrainedModels(models)
			if err != nil {
				return err
			}
			o.Train, o.Learn, o.Guide, o.Scores = trained.train, trained.learn, trained.guide, trained.scores
			return errors.Join(a.verify(cmd, o, asJSON), trained.close())
		},
	}
	c.Flags().BoolVar(&o.Full, "full", false, "check everything")
	c.Flags().StringArrayVar(&o.Only, "only", nil, "check only this domain, target or method; may be given again")
	c.Flags().BoolVar(&list, "list", false, "list domains, methods and targets, and check nothing")
	c.Flags().IntVar(&o.Draws, "draws", 0, "draws of each sampler at least; 0 for 16,000, in full 100,000")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "seed")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&models, "models", "", "with --full: folder to keep trained models and classifiers in, which a later run then finds")
	c.Flags().StringVar(&plots, "plots", "", "folder for pictures of the laws on grids, SVG and PNG")
	return c
}

// verification is what `verify --json` prints.
type verification struct {
	Passed     bool            `json:"passed"`
	Seed       uint64          `json:"seed"`
	Full       bool            `json:"full"`
	FalseAlarm float64         `json:"false_alarm"` // of the whole, at most
	Results    []verify.Result `json:"results"`
}

func (a *app) verify(cmd *cobra.Command, o verify.Options, asJSON bool) error {
	out := verification{Passed: true, Seed: o.Seed, Full: o.Full, Results: []verify.Result{}}
	var bar *progress
	defer func() {
		if bar != nil {
			bar.close()
		}
	}()
	err := verify.Verify(cmd.Context(), o,
		func(p verify.Progress) {
			if bar == nil {
				bar = a.progress("targets", int64(p.Total))
			}
			bar.set(int64(p.Done), p.Domain)
		},
		func(results []verify.Result) {
			out.Results = append(out.Results, results...)
			for i := range results {
				out.Passed = out.Passed && results[i].Passed()
				out.FalseAlarm += results[i].FalseAlarm
			}
		})
	if bar != nil {
		bar.close()
		bar = nil
	}
	if err != nil {
		// What was done is worth having; the error says that it is not all.
		out.Passed = false
		if len(out.Results) > 0 {
			err = errors.Join(err, a.printVerification(&out, asJSON))
		}
		return err
	}
	err = a.printVerification(&out, asJSON)
	if err == nil && !out.Passed {
		return exitStatus(1)
	}
	return err
}

func (a *app) printVerification(v *verification, asJSON bool) error {
	if asJSON {
		return writeJSON(a.Out, v)
	}
	return writeVerification(a.Out, v)
}

// writeVerification prints results for people, one table for each domain.
func writeVerification(w io.Writer, v *verification) error {
	var rows *tabwriter.Writer
	domain, target := "", ""
	failed, controls := 0, 0
	for i := range v.Results {
		r := &v.Results[i]
		if !r.Passed() {
			failed++
		}
		if r.Control {
			controls++
		}
		if r.Domain != domain {
			if rows != nil {
				if err := rows.Flush(); err != nil {
					return err
				}
				fmt.Fprintln(w)
			}
			domain, target = r.Domain, ""
			fmt.Fprintln(w, domain)
			rows = table(w)
			fmt.Fprintln(rows, "target\tmethod\tquantity\texact\testimate\terror\tbound\tverdict")
		}
		name := ""
		if r.Target != target {
			target, name = r.Target, r.Target
		}
		fmt.Fprintf(rows, "%s\t%s\t%s\t%s\t%s\t%.2g\t%.2g\t%s\n", name, r.Method, r.Quantity, figure(r.Exact), figure(r.Estimate), r.Error, r.Bound, r.Verdict())
	}
	if rows != nil {
		if err := rows.Flush(); err != nil {
			return err
		}
	}
	verdict := "all passed"
	if failed > 0 {
		verdict = fmt.Sprintf("%d FAILED", failed)
	}
	_, err := fmt.Fprintf(w, "\n%d checks, %s. %d of them are negative controls, methods that are known to be wrong.\n"+
		"If all is right, the probability that a seed fails any of them is %.2g at most; this one is %d.\n",
		len(v.Results), verdict, controls, v.FalseAlarm, v.Seed)
	return err
}

// figure is a number to six digits; what is zero but for rounding is written
// short.
func figure(x float64) string {
	if math.Abs(x) < 1e-9 {
		return fmt.Sprintf("%.1g", x)
	}
	return fmt.Sprintf("%.6g", x)
}

func listChecks(w io.Writer) error {
	domains, methods, targets := verify.Names()
	for _, l := range []struct {
		what  string
		names []string
	}{{"domains", domains}, {"methods", methods}, {"targets", targets}} {
		fmt.Fprintln(w, l.what)
		for _, n := range l.names {
			if _, err := fmt.Fprintf(w, "  %s\n", n); err != nil {
				return err
			}
		}
	}
	return nil
}
