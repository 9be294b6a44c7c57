package export

import (
	"math"
	"slices"
	"strconv"

	"github.com/molsculpt/molsculpt/store"
)

// The columns that stand before and after those of the objectives. Conditions
// know them under the same names.
var (
	leadingColumns  = []string{"rank", "smiles", "campaign", "score", "complete"}
	trailingColumns = []string{"log_weight", "count", "population", "particle"}
)

// column is what an objective's columns are called: its name, with a prefix
// where that is the name of another column.
func column(objectives []store.Objective, i int) string {
	name := objectives[i].Name
	taken := slices.Contains(leadingColumns, name) || slices.Contains(trailingColumns, name)
	for j, o := range objectives {
		taken = taken || j != i && (name == o.Name+"_desirability" || name == o.Name+"_status")
	}
	if taken {
		return "objective_" + name
	}
	return name
}

// Columns are the headers of the CSV format: rank, smiles, campaign, score,
// complete; per objective NAME (the value), NAME_desirability, NAME_status;
// log_weight, count, population and particle of the first occurrence.
func Columns(objectives []store.Objective) []string {
	out := slices.Clone(leadingColumns)
	for i := range objectives {
		name := column(objectives, i)
		out = append(out, name, name+"_desirability", name+"_status")
	}
	return append(out, trailingColumns...)
}

// cells are a row's values under Columns. A missing number is an empty cell.
func cells(dst []string, plan store.Plan, row Row) []string {
	c := row.Candidate
	dst = append(dst[:0], strconv.Itoa(row.Rank), c.SMILES, plan.Name, number(row.Score), yes(row.Complete))
	for i := range plan.Objectives {
		if i >= len(c.Scores) {
			dst = append(dst, "", "", store.NotApplicable.String())
			continue
		}
		s := c.Scores[i]
		if s.Status == store.OK {
			dst = append(dst, number(s.Value), number(s.Desirability), s.Status.String())
			continue
		}
		status := s.Status.String()
		if s.Reason != "" {
			status += ": " + s.Reason
		}
		dst = append(dst, "", "", status)
	}
	first := c.First()
	return append(dst,
		strconv.FormatFloat(c.LogWeight(), 'g', 10, 64),
		strconv.Itoa(c.Count()),
		strconv.Itoa(int(first.Population)),
		strconv.Itoa(int(first.Particle)))
}

// number writes six significant digits: more than any scoring function is worth,
// and readable. JSON lines have all of them.
func number(f float64) string {
	if math.IsNaN(f) {
		return ""
	}
	return strconv.FormatFloat(f, 'g', 6, 64)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
