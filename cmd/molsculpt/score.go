package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
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
			cat, err := a.catalog()
			if err != nil {
				return err
			}
			profile, err := platform.NewProfile(cmd.Context(), objectives, cat, filepath.Dir(campaign), a.logger())
			if err != nil {
				return err
			}
			defer profile.Close()
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
			return mapBatches(cmd.Context(), in, a.Out, func(dst []byte, lines []string, cut []bool) []byte {
				return appendScores(cmd.Context(), dst, profile, lines, cut)
			})
		},
	}
	c.Flags().StringVar(&campaign, "campaign", "", "campaign file whose objectives to use")
	c.Flags().StringArrayVar(&names, "objective", nil, "reward to judge by, with its usual goal; may be given more than once")
	return c
}

// appendScores appends a row for every line.
func appendScores(ctx context.Context, dst []byte, profile *platform.Profile, lines []string, cut []bool) []byte {
	type row struct {
		text, canonical, status string
		err                     error
		of                      int // molecule
	}
	rows := make([]row, len(lines))
	var mols []platform.Molecule
	for i, line := range lines {
		r := row{text: firstField(line), of: len(mols)}
		m, status, err := parseMolecule(r.text, cut[i])
		if r.status, r.err = status, err; err == nil {
			r.canonical = smiles.Canonical(m)
			mols = append(mols, platform.Molecule{SMILES: r.canonical, Mol: m})
		}
		rows[i] = r
	}
	judged := profile.Judge(ctx, mols)
	names := profile.Names()
	for _, r := range rows {
		dst = append(append(append(append(append(dst, r.text...), '\t'), r.canonical...), '\t'), r.status...)
		if r.err != nil {
			dst = append(dst, strings.Repeat("\t", 3*len(names)+2)...)
			dst = append(append(dst, oneLine(r.err.Error())...), '\n')
			continue
		}
		j := judged[r.of]
		var reasons []string
		for k, s := range j.Scores {
			dst = append(dst, '\t')
			if s.Status == "ok" {
				dst = strconv.AppendFloat(dst, s.Value, 'g', 8, 64)
			}
			dst = append(append(appendKnown(append(dst, '\t'), s.Desirability), '\t'), s.Status...)
			if s.Reason != "" {
				reasons = append(reasons, names[k]+": "+s.Reason)
			}
		}
		dst = appendKnown(append(dst, '\t'), j.Overall)
		dst = append(append(append(dst, '\t'), oneLine(strings.Join(reasons, "; "))...), '\n')
	}
	return dst
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
