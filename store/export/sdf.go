package export

import (
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/depict"
	"github.com/molsculpt/molsculpt/chem/molfile"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/store"
)

// oneLine replaces the line ends in a text.
var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

// writeSDF writes a drawing of each candidate, named as in the smi format, with
// the columns of the csv format as data fields; those without a value are left
// out.
func writeSDF(w io.Writer, plan store.Plan, rows iter.Seq2[Row, error]) error {
	out := molfile.NewWriter(w, molfile.Options{})
	columns := Columns(plan.Objectives)
	var line []string
	for row, err := range rows {
		if err != nil {
			return err
		}
		m, err := smiles.Parse(row.Candidate.SMILES)
		if err != nil {
			return fmt.Errorf("export: draw candidate %d: %w", row.Rank, err)
		}
		rec := &molfile.Record{Name: oneLine.Replace(rowName(plan, row)), Mol: m, Points: drawn(m)}
		line = cells(line, plan, row)
		for i, value := range line {
			if value != "" {
				rec.Fields = append(rec.Fields, molfile.Field{Name: columns[i], Value: oneLine.Replace(value)})
			}
		}
		if err := out.Write(rec); err != nil {
			return fmt.Errorf("export: write candidate %d: %w", row.Rank, err)
		}
	}
	return out.Flush()
}

// bondLength is that of a usual bond in the files, in angstroms.
const bondLength = 1.5

// drawn are the places of a molecule's atoms in a drawing.
func drawn(m *chem.Mol) []molfile.Point {
	layout := depict.Layout(m)
	points := make([]molfile.Point, len(layout.Points))
	for i, p := range layout.Points {
		points[i] = molfile.Point{X: bondLength * p.X, Y: bondLength * p.Y}
	}
	return points
}
