package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/molsculpt/molsculpt/store/export"
	"github.com/spf13/cobra"
)

func (a *app) exportCommand() *cobra.Command {
	var path, where, out string
	var names []string
	var top int
	var pareto bool
	var known []string
	var help strings.Builder
	for _, f := range export.Formats() {
		known = append(known, f.Name)
		fmt.Fprintf(&help, "  %-6s %s\n", f.Name, f.Title)
	}
	c := &cobra.Command{
		Use:   "export CAMPAIGN",
		Short: "Write the candidates of a campaign, best first",
		Long: `Writes candidates in order of rank, with the raw value, the desirability and the
status of every objective, and the log-weight of the sample, so that weighted
means can be taken of the list.

Formats:
` + help.String() + `
One text format goes to standard output; several, or binary ones, need --out,
which gives PREFIX.smi, PREFIX.csv and so on.`,
		Example: `  molsculpt export both --format csv > candidates.csv
  molsculpt export both --format smi,csv --out results/both --top 100
  molsculpt export both --format sdf --top 20 > candidates.sdf
  molsculpt export both --where 'qed >= 0.8' --pareto`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTop(top); err != nil {
				return err
			}
			var formats []export.Format
			for _, n := range names {
				f, err := export.FindFormat(n)
				if err != nil {
					return usageError{err}
				}
				formats = append(formats, f)
			}
			if out == "" && (len(formats) != 1 || formats[0].Binary) {
				return usagef("several formats, or binary ones, need --out PREFIX")
			}
			s, camp, err := readCampaign(path, args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			sel, err := export.Select(cmd.Context(), camp, export.Options{Where: where, Pareto: pareto, Top: top})
			if err != nil {
				return err
			}
			if out == "" {
				return sel.Write(cmd.Context(), a.Out, formats[0])
			}
			for _, f := range formats {
				if err := writeSelection(cmd, sel, f, out+"."+f.Name); err != nil {
					return err
				}
				a.say("wrote %s.%s, %d candidates", out, f.Name, sel.Len())
			}
			return nil
		},
	}
	storeFlag(c, &path)
	selectFlags(c, &where, &pareto, &top, 0)
	c.Flags().StringSliceVar(&names, "format", []string{"csv"}, "one or more of "+strings.Join(known, ", "))
	c.Flags().StringVar(&out, "out", "", "write files with this prefix instead of standard output")
	return c
}

// selectFlags adds the flags that choose candidates.
func selectFlags(c *cobra.Command, where *string, pareto *bool, top *int, usual int) {
	c.Flags().StringVar(where, "where", "", "condition on values, as 'qed >= 0.6 and sa <= 3'")
	c.Flags().BoolVar(pareto, "pareto", false, "only candidates that no other one beats in every objective")
	c.Flags().IntVar(top, "top", usual, "only the best so many, 0 for all")
}

// checkTop makes sure that --top is a number of rows.
func checkTop(top int) error {
	if top < 0 {
		return usagef("--top is %d; it must be 0, for all, or more", top)
	}
	return nil
}

// writeSelection writes a file whole or leaves what was there.
func writeSelection(cmd *cobra.Command, sel *export.Selection, f export.Format, path string) error {
	_, err := replaceFile(path, func(w io.Writer) error { return sel.Write(cmd.Context(), w, f) })
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
