package experiment

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// pageOfTwoModels is the report of two models.
func pageOfTwoModels(f *fragmentFindings) (*report.Page, error) {
	names := strings.Join(f.labels(), " and ")
	p := &report.Page{
		Title:      names + " over molecules",
		Subtitle:   fmt.Sprintf("Harmonic means and contrasts of two GFlowNets that build molecules of fragments, at %s, after Garipov et al. 2023", f.titles()),
		References: fragmentReferences,
	}
	for i := range f.Parts {
		part := &f.Parts[i]
		for k := range part.Sets {
			s := &part.Sets[k]
			if len(s.Observed) == 2 && s.Text == fmt.Sprintf("%s & %s", f.Yardstick[0].Name, f.Yardstick[1].Name) {
				p.Lead = append(p.Lead, report.Text(fmt.Sprintf("At %s, both rewards %s", part.Title, s.headline(f.Yardstick))))
			}
		}
	}
	p.Lead = append(p.Lead, f.agreement().text())
	models := report.Section{Title: "The models", Blocks: []report.Block{f.modelTable(), f.rewardFigure(), f.guideTable()}}
	p.Sections = append(p.Sections, models)
	for i := range f.Parts {
		part := &f.Parts[i]
		at := report.Section{Title: "At " + part.Title, Blocks: []report.Block{
			f.densityFigure(part), f.methodFigure(part),
			report.Text("Contrasts keep to what the one model likes and the other does not:"), f.contrastList(part),
			f.binTable(part), f.costTable(part),
		}}
		best, err := moleculeFigure("molecules, "+part.Title, part.principal(), f.Yardstick)
		if err != nil {
			return nil, err
		}
		best.Caption = bestCaption
		at.Blocks = append(at.Blocks, best)
		p.Sections = append(p.Sections, at)
	}
	p.Sections = append(p.Sections, f.differences())
	return p, nil
}

// bestCaption stands below drawings of molecules.
const bestCaption report.Text = "The best molecules of each composition's sample: those whose wanted rewards have the largest geometric mean, divided by that of the others where these are not wanted."

// titles are those of the parts.
func (f *fragmentFindings) titles() string {
	var out []string
	for _, p := range f.Parts {
		out = append(out, p.Title)
	}
	return strings.Join(out, " and ")
}

// principal are the sets at alpha 1/2, after the models alone, without mixtures.
func (p *fragmentPart) principal() []fragmentSet {
	out := append([]fragmentSet(nil), p.Models...)
	for _, s := range p.Sets {
		if s.Observed != nil && !strings.Contains(s.Text, "{") {
			out = append(out, s)
		}
	}
	return out
}

// differences say what is not as in the paper.
func (f *fragmentFindings) differences() report.Section {
	return report.Section{Title: "What differs from the paper", Blocks: []report.Block{
		fragmentDifferences, report.Text(f.Parts[0].Trees.text()), report.Text("What cannot be held against it:"), fragmentCannot,
	}}
}

// densityFigure shows the density of two rewards in every set.
func (f *fragmentFindings) densityFigure(p *fragmentPart) *report.Figure {
	const columns = 4
	var rows [][]*plot.Plot
	for i, s := range p.Sets {
		if i%columns == 0 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], densityPanel(s.Label, s.Main, p.Models, f.Yardstick))
	}
	return &report.Figure{
		Name: "densities, " + p.Title, SVG: report.Draw(176, 160, rows...),
		Caption: report.Text(fmt.Sprintf("Densities of the compositions at %s, by the method that is chosen for each: black lines are around 30, 60 and 90 %% of the molecules. The coloured lines are around 90 %% of those of %s (blue) and %s (orange) alone; grey lines are the thresholds of high rewards.", p.Title, f.Yardstick[0].Label, f.Yardstick[1].Label)),
	}
}

// methodFigure shows the density of the principal compositions by every method.
func (f *fragmentFindings) methodFigure(p *fragmentPart) *report.Figure {
	var rows [][]*plot.Plot
	for _, s := range p.principal() {
		if s.Reference == nil {
			continue
		}
		row := []*plot.Plot{nil, nil, nil, nil}
		for k, m := range []struct {
			name string
			of   *fragmentSample
		}{{"exact", s.exact()}, {"SMC", s.SMC}, {"mixing", s.Unweighted}, {"guidance", s.Guided}} {
			if m.of != nil && m.of.tells() {
				row[k] = densityPanel(s.Label+", "+m.name, m.of, p.Models, f.Yardstick)
			}
		}
		rows = append(rows, row)
	}
	return &report.Figure{
		Name: "methods, " + p.Title, SVG: report.Draw(176, 160, rows...),
		Caption: report.Text(fmt.Sprintf("The same by every method: by importance, by SMC, by mixing without weights, and by classifier guidance (left out where fewer than %d molecules count).", thin)),
	}
}
