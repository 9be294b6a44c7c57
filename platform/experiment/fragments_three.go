package experiment

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// pageOfThreeModels is the report of three models.
func pageOfThreeModels(f *fragmentFindings) (*report.Page, error) {
	labels := f.labels()
	p := &report.Page{
		Title:      strings.Join(labels, ", ") + " over molecules",
		Subtitle:   fmt.Sprintf("Observations of three GFlowNets that build molecules of fragments, at %s, after Garipov et al. 2023", f.titles()),
		References: fragmentReferences,
	}
	part := &f.Parts[0]
	all := part.set(func(s *fragmentSet) bool { return len(s.Observed) == len(labels) })
	if all != nil {
		p.Lead = append(p.Lead, report.Text("All three rewards "+all.headline(f.Yardstick)))
		if !f.Small {
			p.Lead = append(p.Lead, report.Text(fmt.Sprintf("Published are %s by classifier guidance and %s by mixing, from other base models of the same rewards (Yoon et al.). Neither is what the composition itself has: that is the target's own share, which weights reach and policies without weights need not.", publishedGuidance, publishedMixing)))
		}
	}
	p.Lead = append(p.Lead, f.agreement().text())
	r, se, pairs, err := part.Distances.order()
	if err != nil {
		return nil, err
	}
	ways := part.Distances.parents(part, f.Yardstick)
	var reading report.Text
	if pairs >= 4 {
		reading = report.Text(fmt.Sprintf("Over the %d pairs of different sets, our distances above the floor and the published ones have a rank correlation of %.2f ± %.2f.", pairs, r, se))
		p.Lead = append(p.Lead, reading)
	}
	p.Sections = append(p.Sections, report.Section{Title: "The models", Blocks: []report.Block{f.modelTable(), f.rewardFigure(), f.guideTable()}})
	if all != nil {
		p.Sections = append(p.Sections, report.Section{Title: "All high", Blocks: []report.Block{f.allHighTable(all)}})
	}
	p.Sections = append(p.Sections,
		report.Section{Title: "Which rewards are high", Blocks: []report.Block{
			f.histogramFigure(part), report.Text("Contrasts keep to what the one model likes and the others do not:"), f.contrastList(part), f.binTable(part),
		}},
		report.Section{Title: "Distances", Blocks: []report.Block{part.Distances.matrixTable(), reading, parentTable(ways)}},
		report.Section{Title: "Sampling", Blocks: []report.Block{f.costTable(part)}},
	)
	best, err := moleculeFigure("molecules", part.principal(), f.Yardstick)
	if err != nil {
		return nil, err
	}
	best.Caption = bestCaption
	p.Sections = append(p.Sections, report.Section{Title: "The best molecules", Blocks: []report.Block{best}}, f.differences())
	return p, nil
}

// set is the first set of which something is true; nil for none.
func (p *fragmentPart) set(is func(*fragmentSet) bool) *fragmentSet {
	for i := range p.Sets {
		if is(&p.Sets[i]) {
			return &p.Sets[i]
		}
	}
	return nil
}

// allHighTable is the share of molecules with all rewards high, by method, beside
// the published ones.
func (f *fragmentFindings) allHighTable(s *fragmentSet) *report.Table {
	t := &report.Table{
		Caption: report.Text(fmt.Sprintf("Share of molecules with %s all high in samples of `%s`, in percent.", strings.Join(f.labels(), ", "), s.Text)),
		Columns: []report.Column{{Name: "method", Words: true}, {Name: "ours"}, {Name: "published", Note: "other base models", Published: true}},
	}
	theirs := map[string]string{"mixing": publishedMixing, "guidance": publishedGuidance}
	for _, m := range s.methods() {
		e := s.hit(m.Of, f.Yardstick)
		c := []report.Cell{{Text: report.Text(m.Name)}, report.Percent(e.Value, e.SE, 1), {}}
		if s.tooThin(m) {
			c[1] = report.Number(math.NaN(), 0)
		}
		if x := theirs[m.Name]; x != "" && !f.Small {
			c[2] = report.Cell{Text: report.Text(x)}
		}
		t.Rows = append(t.Rows, report.Row{Cells: c})
	}
	for i := range f.Parts[0].Models {
		one := &f.Parts[0].Models[i]
		e := s.hit(one.Main, f.Yardstick)
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Text: report.Text(one.Label + " alone")}, report.Percent(e.Value, e.SE, 1), {}}})
	}
	return t
}

// histogramFigure shows the densities of each reward in all sets.
func (f *fragmentFindings) histogramFigure(p *fragmentPart) *report.Figure {
	groups := []struct {
		title string
		sets  []fragmentSet
	}{{"models", p.Models}}
	for _, s := range p.Sets {
		if s.Observed == nil {
			continue
		}
		if last := &groups[len(groups)-1]; last.title == s.Heading && last.sets[0].repeats() == s.repeats() {
			last.sets = append(last.sets, s)
			continue
		}
		groups = append(groups, struct {
			title string
			sets  []fragmentSet
		}{s.Heading, []fragmentSet{s}})
	}
	var rows [][]*plot.Plot
	for _, g := range groups {
		row := []*plot.Plot{legend(g.sets)}
		for k := range f.Yardstick {
			row = append(row, curves(k, g.sets, f.Yardstick))
		}
		rows = append(rows, row)
	}
	return &report.Figure{Name: "rewards", SVG: report.Draw(172, 130, rows...), Caption: "Densities of each reward: the models alone, harmonic means, contrasts of two and of three observations. Grey lines are the thresholds of high rewards."}
}

// repeats is how often a contrast observes its model; 0 for what is none.
func (s *fragmentSet) repeats() int {
	if len(s.Observed) != 1 {
		return 0
	}
	return strings.Count(s.Label, ",") + 1
}
