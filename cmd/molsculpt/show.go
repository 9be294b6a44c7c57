package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/store"
	"github.com/molsculpt/molsculpt/store/export"
	"github.com/spf13/cobra"
)

func (a *app) showCommand() *cobra.Command {
	var path, where, vocabulary string
	var top int
	var pareto, asJSON, plan, diagnostics bool
	c := &cobra.Command{
		Use:   "show CAMPAIGN [SMILES]",
		Short: "Show the best candidates of a campaign, or all that is known of one",
		Long: `Without a SMILES: the candidates of a campaign, best first. They are ranked by the
weighted geometric mean of their desirabilities; one with a missing score ranks
after the complete ones.

With a SMILES (written in any way): everything that is known of that candidate,
with the path by which it was made (the molecule after each step) and what each
model thought of it. The path needs the campaign's vocabulary; --vocab names it
where it is not found.

--diagnostics shows instead whether the campaign's averages can be trusted, and
the figures that say so; molsculpt run --check finds more of them.`,
		Example: `  molsculpt show both --top 20
  molsculpt show both --where 'qed >= 0.8 and sa <= 2.5'
  molsculpt show both 'Cc1ccccc1'
  molsculpt show both --diagnostics`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTop(top); err != nil {
				return err
			}
			s, camp, err := readCampaign(path, args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			switch {
			case plan:
				_, err := fmt.Fprint(a.Out, camp.Plan().Resolved)
				return err
			case diagnostics:
				s, err := platform.Summarize(cmd.Context(), camp, nil)
				if err != nil {
					return err
				}
				if asJSON {
					return writeJSON(a.Out, &s.Diagnostics)
				}
				return writeDiagnostics(a.Out, &s.Diagnostics)
			case len(args) == 2:
				d, err := findCandidate(cmd, camp, args[1])
				if err != nil {
					return err
				}
				var way []string
				trees, missing := treesOf(d.Plan, vocabulary, path)
				if missing == nil {
					way, missing = moleculesOf(trees, d.Trajectory)
				}
				if missing != nil && vocabulary != "" {
					return missing
				}
				if asJSON {
					return writeJSON(a.Out, report(d, way, missing))
				}
				if err := d.Write(a.Out); err != nil {
					return err
				}
				return writePath(a.Out, way, missing)
			}
			sel, err := export.Select(cmd.Context(), camp, export.Options{Where: where, Pareto: pareto, Top: top})
			if err != nil {
				return err
			}
			if asJSON {
				rows := []export.JSONRow{}
				for r, err := range sel.Rows(cmd.Context()) {
					if err != nil {
						return err
					}
					rows = append(rows, r.JSON(sel.Plan()))
				}
				return writeJSON(a.Out, rows)
			}
			t, err := sel.Table(cmd.Context())
			if err != nil {
				return err
			}
			if err := t.Write(a.Out); err != nil {
				return err
			}
			a.say("%d of %d candidates", sel.Len(), sel.Ranked())
			summary, err := platform.Summarize(cmd.Context(), camp, nil)
			if err != nil {
				return err
			}
			a.say("%s", strings.TrimSuffix(wrapped("trust", summary.Diagnostics.Verdict.Text), "\n"))
			return nil
		},
	}
	storeFlag(c, &path)
	selectFlags(c, &where, &pareto, &top, 20)
	c.Flags().StringVar(&vocabulary, "vocab", "", "the campaign's vocabulary, to show the path of a candidate")
	c.Flags().BoolVar(&diagnostics, "diagnostics", false, "show whether to trust the campaign, and why, instead")
	c.Flags().BoolVar(&plan, "plan", false, "print the resolved campaign instead")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// findCandidate looks a molecule up as it was written, then by its canonical
// form.
func findCandidate(cmd *cobra.Command, c *store.Campaign, smi string) (*export.Detail, error) {
	d, err := export.Show(cmd.Context(), c, smi)
	if !errors.Is(err, store.ErrNoCandidate) {
		return d, err
	}
	m, parseErr := smiles.Parse(smi)
	if parseErr != nil {
		return nil, parseErr
	}
	return export.Show(cmd.Context(), c, smiles.Canonical(m))
}
