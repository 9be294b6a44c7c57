package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/spf13/cobra"
)

func (a *app) scoreCommand() *cobra.Command {
	var campaign string
	var names []string
	c := &cobra.Command{
		Use:   "score FILE",
		Short: "Judge your own molecules by a campaign's objectives",
		Long: `Reads one SMILES per line (- is standard input, .gz is unpacked) and writes a
table with tabs, one row per line in the same order: the raw value, the
desirability (0 useless to 1 ideal) and the status of every objective, and their
weighted geometric mean. A line that is no molecule does not stop the run.

The objectives are those of a campaign file (--campaign), or rewards with their
usual goal and curve (--objective). The rewards:

` + rewardHelp(),
		Example: `  molsculpt score ours.smi --campaign campaign.yaml > scores.tsv
  molsculpt score ours.smi --objective qed --objective sa`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var objectives []config.Objective
			switch {
			case campaign != "" && len(names) > 0:
				return usagef("either --campaign or --objective, not both")
			case campaign != "":
				var err error
				if objectives, err = config.LoadObjectives(campaign); err != nil {
					return err
				}
			case len(names) > 0:
				for _, n := range names {
					objectives = append(objectives, config.NamedObjective(n))
				}
			default:
				return usagef("it needs --campaign FILE or --objective NAME")
			}
			profile, err := platform.NewProfile(objectives)
			if err != nil {
				return err
			}
			in, err := a.openInput(args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			fmt.Fprint(a.Out, "smiles\tcanonical\tstatus")
			for _, n := range profile.Names() {
				fmt.Fprintf(a.Out, "\t%s\t%[1]s_desirability\t%[1]s_status", n)
			}
			fmt.Fprintln(a.Out, "\toverall\terror")
			return mapLines(cmd.Context(), in, a.Out, func(dst []byte, line string, cut bool) []byte {
				smi := firstField(line)
				dst = append(dst, smi...)
				m, status, err := parseMolecule(smi, cut)
				if err != nil {
					dst = append(append(append(dst, '\t', '\t'), status...), strings.Repeat("\t", 3*len(profile.Names())+2)...)
					return append(append(dst, oneLine(err.Error())...), '\n')
				}
				canonical := smiles.Canonical(m)
				dst = append(append(append(dst, '\t'), canonical...), "\tok"...)
				j := profile.JudgeOne(cmd.Context(), canonical, m)
				var reasons []string
				for k, s := range j.Scores {
					dst = append(dst, '\t')
					if s.Status == "ok" {
						dst = strconv.AppendFloat(dst, s.Value, 'g', 8, 64)
					}
					dst = append(append(appendKnown(append(dst, '\t'), s.Desirability), '\t'), s.Status...)
					if s.Reason != "" {
						reasons = append(reasons, profile.Names()[k]+": "+s.Reason)
					}
				}
				dst = append(appendKnown(append(dst, '\t'), j.Overall), '\t')
				return append(append(dst, oneLine(strings.Join(reasons, "; "))...), '\n')
			})
		},
	}
	c.Flags().StringVar(&campaign, "campaign", "", "campaign file whose objectives to use")
	c.Flags().StringArrayVar(&names, "objective", nil, "reward to judge by, with its usual goal; may be given more than once")
	return c
}

func appendKnown(dst []byte, v float64) []byte {
	if math.IsNaN(v) {
		return dst
	}
	return strconv.AppendFloat(dst, v, 'f', 6, 64)
}

// rewardHelp lists the built-in rewards.
func rewardHelp() string {
	var b strings.Builder
	w := table(&b)
	for _, r := range platform.Rewards() {
		unit := ""
		if r.Unit != "" {
			unit = " (" + r.Unit + ")"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s%s\n", r.Name, r.Goal, r.About, unit)
	}
	_ = w.Flush() // into memory
	return strings.TrimRight(b.String(), "\n")
}
