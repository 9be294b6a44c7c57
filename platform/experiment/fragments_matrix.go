package experiment

import (
	"fmt"
	"strings"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// matrixTable is ours below the diagonal, the floor on it, and the published one
// above.
func (d *distances) matrixTable() *report.Table {
	t := &report.Table{
		Caption: report.Text(fmt.Sprintf("Earth mover's distances between samples of %s molecules: *ours* below the diagonal, *published* above it. On the diagonal, in bold: two independent samples of one law, ours alone.", report.Count(d.Size).Text)),
		Columns: []report.Column{{Name: "", Words: true}},
	}
	for _, l := range d.Labels {
		t.Columns = append(t.Columns, report.Column{Name: short(l)})
	}
	for i, l := range d.Labels {
		cells := []report.Cell{{Text: report.Text(l)}}
		for j, other := range d.Labels {
			switch {
			case i == j:
				c := report.Number(d.Floor[i], 2)
				c.Strong = true
				cells = append(cells, c)
			case j < i:
				cells = append(cells, report.Number(d.EMD[i][j], 2))
			default:
				c := report.Cell{}
				if x, ok := publishedDistance(l, other); ok {
					c = report.Number(x, 2)
					c.Text = "*" + c.Text + "*"
				}
				cells = append(cells, c)
			}
		}
		t.Rows = append(t.Rows, report.Row{Cells: cells})
	}
	return t
}

// short is a label for the head of a narrow column.
func short(label string) string {
	return strings.NewReplacer("SEH", "S", "SA", "A", "QED", "Q", "ESOL", "E", " or ", "|", ", ", "").Replace(label)
}

// parent is the way of a composition from one of its parents.
type parent struct {
	Set, Model       string
	Excess, Between  float64 // above the floor; of the parents from each other, mean
	Theirs, TheirsOf float64 // the same of the published matrix; 0 where there is none
}

// parents are the ways of harmonic means from their parents.
func (d *distances) parents(p *fragmentPart, of []yardstick) []parent {
	at := map[string]int{}
	for i, l := range d.Labels {
		at[l] = i
	}
	excess := func(a, b string) float64 {
		i, j := at[a], at[b]
		return d.EMD[i][j] - d.floorOf(i, j)
	}
	theirs := func(a, b string, models []string) float64 {
		x, ok := publishedDistance(a, b)
		var floor float64
		for _, m := range models {
			f, known := publishedFloor(m)
			floor += f / float64(len(models))
			ok = ok && known
		}
		if !ok {
			return 0
		}
		return x - floor
	}
	var out []parent
	for _, s := range p.Sets {
		if len(s.Observed) < 2 {
			continue
		}
		var models []string
		for _, k := range s.Observed {
			models = append(models, of[k].Label)
		}
		for _, m := range models {
			way := parent{Set: s.Label, Model: m, Excess: excess(s.Label, m), Theirs: theirs(s.Label, m, []string{m})}
			for _, other := range models {
				if other != m {
					n := float64(len(models) - 1)
					way.Between += excess(m, other) / n
					way.TheirsOf += theirs(m, other, []string{m, other}) / n
				}
			}
			out = append(out, way)
		}
	}
	return out
}

// parentTable sets the ways of harmonic means from their parents beside the
// published ones.
func parentTable(ways []parent) *report.Table {
	t := &report.Table{
		Caption: "Distances of harmonic means from their parents, above the floor, and as shares of the distance between the parents (the mean of both others for three).",
		Columns: []report.Column{
			{Name: "composition", Words: true},
			{Name: "parent", Words: true},
			{Name: "above floor"},
			{Name: "share"},
			{Name: "above floor", Published: true},
			{Name: "share", Published: true},
		},
		Notes: []report.Text{"The published matrix has no floor; here it is taken to be what SEH, SEH, SA, SA and QED, QED are away from SEH, SA and QED (2.45, 2.55 and 3.21), which bounds it from above. A composition's own floor is taken to be that of its parent."},
	}
	for _, w := range ways {
		cells := []report.Cell{{Text: report.Text(w.Set)}, {Text: report.Text(w.Model)}, report.Number(w.Excess, 2), report.Number(w.Excess/w.Between, 2), {}, {}}
		if w.Theirs != 0 && w.TheirsOf != 0 {
			cells[4], cells[5] = report.Number(w.Theirs, 2), report.Number(w.Theirs/w.TheirsOf, 2)
		}
		t.Rows = append(t.Rows, report.Row{Cells: cells})
	}
	return t
}

// order is the rank correlation of our distances above the floor with the
// published ones, over all pairs that both have.
func (d *distances) order() (r, se float64, pairs int, err error) {
	var ours, theirs []float64
	for i, a := range d.Labels {
		for j := range i {
			if x, ok := publishedDistance(a, d.Labels[j]); ok {
				ours, theirs = append(ours, d.EMD[i][j]-d.floorOf(i, j)), append(theirs, x)
			}
		}
	}
	if len(ours) < 4 {
		return 0, 0, len(ours), nil
	}
	r, se, err = rank(ours, theirs)
	return r, se, len(ours), err
}
