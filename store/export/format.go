package export

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/store"
)

// Format is a way to write a selection.
type Format struct {
	Name   string // as in --format, and the file's extension
	Title  string // for help texts
	Binary bool   // not fit for a terminal

	// Write writes the rows, which are those of the plan, in order.
	Write func(w io.Writer, plan store.Plan, rows iter.Seq2[Row, error]) error
}

var formats = []Format{
	{Name: "smi", Title: "SMILES and a name (campaign-rank) per line", Write: writeSMI},
	{Name: "csv", Title: "a table with every score and its status", Write: writeCSV},
	{Name: "sdf", Title: "drawings with every score as a data field", Write: writeSDF},
	{Name: "jsonl", Title: "a JSON object per line, with all digits", Write: writeJSONL},
}

// Formats lists the formats, the plainest first.
func Formats() []Format { return slices.Clone(formats) }

// FindFormat finds a format by name. The error lists the names there are.
func FindFormat(name string) (Format, error) {
	var known []string
	for _, f := range formats {
		if strings.EqualFold(f.Name, name) {
			return f, nil
		}
		known = append(known, f.Name)
	}
	return Format{}, fmt.Errorf("export: unknown format %q; there are %s", name, strings.Join(known, ", "))
}

// Write writes the selection in the given format.
func (s *Selection) Write(ctx context.Context, w io.Writer, f Format) error {
	return f.Write(w, s.plan, s.Rows(ctx))
}

func writeSMI(w io.Writer, plan store.Plan, rows iter.Seq2[Row, error]) error {
	out := bufio.NewWriter(w)
	for row, err := range rows {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s %s\n", row.Candidate.SMILES, rowName(plan, row)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// rowName names a candidate by its campaign and rank, without spaces.
func rowName(plan store.Plan, row Row) string {
	return fmt.Sprintf("%s-%d", strings.ReplaceAll(plan.Name, " ", "_"), row.Rank)
}

func writeCSV(w io.Writer, plan store.Plan, rows iter.Seq2[Row, error]) error {
	out := csv.NewWriter(w)
	if err := out.Write(Columns(plan.Objectives)); err != nil {
		return err
	}
	var line []string
	for row, err := range rows {
		if err != nil {
			return err
		}
		line = cells(line, plan, row)
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// JSONRow is the object of a line of the jsonl format, and of commands with
// --json. Numbers that are missing are null.
type JSONRow struct {
	Rank       int          `json:"rank"`
	SMILES     string       `json:"smiles"`
	Campaign   string       `json:"campaign"`
	Score      *float64     `json:"score"`
	Complete   bool         `json:"complete"`
	Objectives []JSONScore  `json:"objectives"`
	LogWeight  store.Number `json:"log_weight"`
	Count      int          `json:"count"`
	Population uint32       `json:"population"` // of the first occurrence
	Particle   uint32       `json:"particle"`
}

// JSONScore is an objective's score in a JSONRow.
type JSONScore struct {
	Name         string            `json:"name"`
	Value        *float64          `json:"value"`
	Desirability *float64          `json:"desirability"`
	Status       store.ScoreStatus `json:"status"`
	Reason       string            `json:"reason,omitempty"`
}

// JSON makes the row's JSON object.
func (r Row) JSON(plan store.Plan) JSONRow {
	c := r.Candidate
	first := c.First()
	j := JSONRow{
		Rank: r.Rank, SMILES: c.SMILES, Campaign: plan.Name, Complete: r.Complete, Objectives: []JSONScore{},
		LogWeight: store.Number(c.LogWeight()), Count: c.Count(), Population: first.Population, Particle: first.Particle,
	}
	if r.Score == r.Score {
		j.Score = &r.Score
	}
	for i, o := range plan.Objectives {
		s := JSONScore{Name: o.Name, Status: store.NotApplicable}
		if i < len(c.Scores) {
			got := c.Scores[i]
			s.Status, s.Reason = got.Status, got.Reason
			if got.Status == store.OK {
				s.Value, s.Desirability = &got.Value, &got.Desirability
			}
		}
		j.Objectives = append(j.Objectives, s)
	}
	return j
}

func writeJSONL(w io.Writer, plan store.Plan, rows iter.Seq2[Row, error]) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := enc.Encode(row.JSON(plan)); err != nil {
			return err
		}
	}
	return out.Flush()
}
