package export

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/store"
)

// Detail is everything that the store knows of a candidate.
type Detail struct {
	Row         Row
	Of          int // how many candidates are ranked
	Plan        store.Plan
	Trajectory  store.Trajectory        // of the first occurrence
	Population  store.PopulationSummary // of the first occurrence
	Occurrences []store.Occurrence
}

// Show gathers what is known of the candidate with that canonical SMILES. It
// reads all candidates once for the rank. An unknown one is an error that wraps
// [store.ErrNoCandidate].
func Show(ctx context.Context, c *store.Campaign, smiles string) (*Detail, error) {
	candidate, err := c.Candidate(smiles)
	if err != nil {
		return nil, err
	}
	d := &Detail{Plan: c.Plan(), Occurrences: candidate.Occurrences}
	me, rank := newEntry(d.Plan.Objectives, candidate), 1
	for other, err := range c.Candidates(ctx) {
		if err != nil {
			return nil, err
		}
		d.Of++
		if compare(newEntry(d.Plan.Objectives, other), me) < 0 {
			rank++
		}
	}
	d.Row = newRow(d.Plan.Objectives, candidate, rank)
	first := candidate.First()
	if d.Trajectory, err = c.Trajectory(first.Population, first.Particle); err != nil {
		return nil, err
	}
	for p, err := range c.Populations(ctx) {
		if err != nil {
			return nil, err
		}
		if p.Index == first.Population {
			d.Population = p
			break
		}
	}
	return d, nil
}

// Write sets the detail as text.
func (d *Detail) Write(w io.Writer) error {
	var b strings.Builder
	p, c := d.Plan, d.Row.Candidate
	field := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	field("smiles", "%s", c.SMILES)
	field("campaign", "%s (seed %d)", p.Name, p.Seed)
	field("rank", "%d of %d", d.Row.Rank, d.Of)
	if d.Row.Complete {
		field("score", "%s", scoreText(d.Row))
	} else {
		field("score", "%s from %.0f %% of the objectives' weight; the rest is missing", scoreText(d.Row), 100*d.Row.Known)
	}
	field("log weight", "%s", strconv.FormatFloat(c.LogWeight(), 'g', 8, 64))
	field("made", "%d times", c.Count())
	fmt.Fprintln(&b)
	t := Table{Header: []string{"OBJECTIVE", "VALUE", "DESIRABILITY", "WEIGHT", "GOAL", "STATUS"}, Right: []bool{false, true, true, true}}
	for i, o := range p.Objectives {
		line := []string{o.Name, "", "", number(float64(o.Weight)), o.Goal, store.NotApplicable.String()}
		if i < len(c.Scores) {
			s := c.Scores[i]
			line[5] = s.Status.String()
			if s.Status == store.OK {
				line[1], line[2] = strings.TrimSpace(number(s.Value)+" "+o.Unit), number(s.Desirability)
			} else if s.Reason != "" {
				line[5] += ": " + s.Reason
			}
		}
		t.Rows = append(t.Rows, line)
	}
	if err := t.Write(&b); err != nil {
		return err
	}
	fmt.Fprintln(&b)
	field("expression", "%s", p.Expression)
	first := c.First()
	field("first made", "population %d, particle %d, in %d steps", first.Population, first.Particle, len(d.Trajectory.States))
	field("log P_B", "%.4f", d.Trajectory.LogPB)
	for i, l := range d.Trajectory.LogP {
		name := fmt.Sprintf("model %d", i+1)
		if i < len(p.Models) {
			m := p.Models[i]
			name = fmt.Sprintf("%s (%s, weights %s sha256 %.12s)", m.Name, m.Plugin, m.Weights, m.WeightsSHA256)
		}
		field("log P", "%.4f  %s", l, name)
	}
	field("state", "%x", d.Trajectory.Final())
	diag := d.Population.Diagnostics
	field("population", "%d particles, log evidence %.4f, effective sample size %.1f, smallest on the way %.1f", d.Population.Particles, float64(diag.LogEvidence), float64(diag.ESS), float64(diag.MinESS))
	if a := float64(diag.Acceptance); !math.IsNaN(a) {
		field("acceptance", "%.3g of the draws of plain rejection", a)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
