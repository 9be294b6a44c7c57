package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// size is the name of the score that the number of heavy atoms is.
const size = "heavy atoms"

func pageOfProxy(f *proxyFindings) (*report.Page, error) {
	scores := append(slices.Clone(f.Scores), scored{Name: size, Values: f.Heavy, Reasons: make([]string, len(f.Heavy))})
	var all []worth
	for _, s := range scores {
		w, err := worthOf(s.Name, s, f.Table, f.Heavy)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		if len(w.X) < 20 {
			return nil, errors.New("fewer than 20 compounds have a measured potency and a score; there is nothing to compare")
		}
		all = append(all, w)
	}
	first, atoms := all[0], all[len(all)-1]
	var others []string
	for _, w := range all[1:] {
		others = append(others, fmt.Sprintf("%s with %s", w.Name, plain(report.Estimate(w.Whole.Spearman, w.Whole.SpearmanError, 2))))
	}
	tenth := slices.IndexFunc(first.Tops, func(t top) bool { return t.Share == .1 })
	base := first.Tops[len(first.Tops)-1]
	p := &report.Page{
		Title:    "What the sEH proxy is worth",
		Subtitle: fmt.Sprintf("A network's docking scores beside %s compounds that were measured on soluble epoxide hydrolase", report.Count(len(f.Table.Compounds)).Text),
		Lead: []report.Text{
			report.Text(fmt.Sprintf("The proxy is the reward of many experiments. It was trained to say what a docking program would say, and this is how far that goes: of %s compounds with a measured IC50 it (*%s*) orders the potencies with a rank correlation of %s, and at equal numbers of heavy atoms with %s. Beside it: %s.",
				report.Count(first.Whole.Exact).Text, first.Name, plain(report.Estimate(first.Whole.Spearman, first.Whole.SpearmanError, 2)),
				plain(report.Estimate(first.Beyond, first.BeyondSE, 2)), strings.Join(others, ", "))),
			report.Text(fmt.Sprintf("Of the tenth that it likes best %s %% are potent (IC50 of 10 nM or less), of all compounds %s %%. A high reward is a good exercise for a sampler, and a weak hint for a chemist.",
				plain(report.Percent(first.Tops[tenth].Rate, first.Tops[tenth].RateSE, 0)), plain(report.Percent(base.Rate, math.NaN(), 0)))),
		},
		References: []report.Text{
			"E. Bengio, M. Jain, M. Korablyov, D. Precup, Y. Bengio. *Flow Network based Generative Models for Non-Iterative Diverse Candidate Generation.* NeurIPS 2021, [arXiv 2106.04399](https://arxiv.org/abs/2106.04399).",
			"F. E. Harrell et al. *Evaluating the yield of medical tests.* JAMA 247, 1982.",
			"D. G. Bonett, T. A. Wright. *Sample size requirements for estimating Pearson, Kendall and Spearman correlations.* Psychometrika 65, 2000.",
			"ChEMBL, assays of soluble epoxide hydrolase, as the repository GFNOrg/gflownet has them (CC BY-SA 3.0).",
		},
	}
	figure, err := f.scatter(all)
	if err != nil {
		return nil, err
	}
	skipped := f.Table.Skipped
	p.Sections = []report.Section{
		{Title: "Agreement with measured potencies", Blocks: []report.Block{agreementTable(all), figure}},
		{Title: "Who is found first", Blocks: []report.Block{enrichmentTable(all)}},
		{Title: "The compounds", Blocks: []report.Block{
			report.Text(fmt.Sprintf("%s compounds of ChEMBL's table remain: %s with a value, %s known to be weaker and %s known to be stronger than a bound. Rows for one compound are put together, salts are taken as their largest part. Left out are %s rows without an IC50 in nM, %s that ChEMBL marks as doubtful or as duplicates, and %s without a readable structure.",
				report.Count(len(f.Table.Compounds)).Text, report.Count(atoms.Whole.Exact).Text, report.Count(atoms.Whole.Weaker).Text, report.Count(atoms.Whole.Better).Text,
				report.Count(skipped.Kind).Text, report.Count(skipped.Doubtful).Text, report.Count(skipped.Unreadable).Text)),
			report.Text("They are what chemists made for this target, measured in many assays that are put together as they are. They are not what the proxy learned from, which were docked molecules; how well it says what docking says of those is not measured here."),
		}},
		{Title: "The two variants", Blocks: []report.Block{report.Text(
			"*orig* is the network as it was trained; *port* multiplies by the transpose of one matrix, as the port of the network does that published rewards since come from. Rewards of the composition experiments are those of *port*, divided by 8. Scores went through the plugin `core/seh` as a process of its own, as in a campaign.")}},
		{Title: "Run it again", Blocks: []report.Block{report.Text("The scores are the objectives of `seh.yaml` in this folder. Add one, and it stands in these tables after the same command.")}},
	}
	return p, nil
}

// plain is a cell's text as a word of a sentence.
func plain(c report.Cell) report.Text { return c.Text }

// agreementTable is how well scores order the compounds.
func agreementTable(all []worth) *report.Table {
	t := &report.Table{
		Caption: "Rank correlation with pIC50 over measured compounds, by itself and at equal numbers of heavy atoms; the share of pairs in the right order, where 0.5 is chance, over pairs of measured compounds and over all pairs whose order is known, bounds included; and the area under the ROC curve for compounds of 100 nM or better among the others. With standard errors.",
		Columns: []report.Column{
			{Name: "score", Words: true},
			{Name: "Spearman"},
			{Name: "Spearman", Note: "at equal size"},
			{Name: "concordance", Note: "measured"},
			{Name: "concordance", Note: "with bounds"},
			{Name: "ROC area", Note: "100 nM"},
			{Name: "measured"},
			{Name: "without score"},
		},
	}
	for _, w := range all {
		beyond := report.Estimate(w.Beyond, w.BeyondSE, 3)
		if w.Name == size {
			beyond = report.Cell{}
		}
		roc := w.Classes.Measured
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{
			{Text: report.Text(w.Name)},
			report.Estimate(w.Whole.Spearman, w.Whole.SpearmanError, 3), beyond,
			report.Estimate(w.Whole.Measured.Share, w.Whole.Measured.Error, 3), report.Estimate(w.Whole.All.Share, w.Whole.All.Error, 3),
			report.Estimate(roc.Share, roc.Error, 3), report.Count(w.Whole.Exact), report.Count(w.Missing),
		}})
	}
	return t
}

// enrichmentTable is how many potent compounds scores put first.
func enrichmentTable(all []worth) *report.Table {
	t := &report.Table{
		Caption: "The share of potent compounds, with an IC50 of 10 nM or less, among those with the highest scores, in percent with its standard error.",
		Columns: []report.Column{{Name: "score", Words: true}},
	}
	for _, tp := range all[0].Tops {
		name := fmt.Sprintf("best %g %%", 100*tp.Share)
		if tp.Share == 1 {
			name = "all"
		}
		t.Columns = append(t.Columns, report.Column{Name: name, Note: fmt.Sprintf("%s compounds", report.Count(tp.N).Text)})
	}
	for _, w := range all {
		cells := []report.Cell{{Text: report.Text(w.Name)}}
		for _, tp := range w.Tops {
			cells = append(cells, report.Percent(tp.Rate, tp.RateSE, 0))
		}
		t.Rows = append(t.Rows, report.Row{Cells: cells})
	}
	return t
}

// scatterGroups is how many groups of compounds by score have a median.
const scatterGroups = 10

// scatter draws scores against measured potencies.
func (f *proxyFindings) scatter(all []worth) (*report.Figure, error) {
	var rows [][]*plot.Plot
	for i, w := range all {
		p := report.NewPlot(w.Name, "score", "pIC50")
		if w.Name == size {
			p.X.Label.Text = "number of heavy atoms"
		}
		p.Add(points{w.X, w.Y})
		at, low, middle, high := medians(w.X, w.Y, scatterGroups)
		for _, quartile := range [][]float64{low, high} {
			if err := addLine(p, at, quartile, 1.1, []vg.Length{3, 2}); err != nil {
				return nil, err
			}
		}
		if err := addLine(p, at, middle, 1.8, nil); err != nil {
			return nil, err
		}
		p.X.Min, p.X.Max = slices.Min(w.X), slices.Max(w.X)
		p.Y.Min, p.Y.Max = slices.Min(w.Y), slices.Max(w.Y)
		const inRow = 3
		if i%inRow == 0 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], p)
	}
	return &report.Figure{
		Name: "scores and potencies", SVG: report.Draw(220, 190, rows...),
		Caption: "Measured compounds by score and pIC50; the median of ten groups of equal size by score, and their quartiles, dashed.",
	}, nil
}

func addLine(p *plot.Plot, x, y []float64, width vg.Length, dashes []vg.Length) error {
	xys := make(plotter.XYs, len(x))
	for i := range x {
		xys[i].X, xys[i].Y = x[i], y[i]
	}
	line, err := plotter.NewLine(xys)
	if err != nil {
		return err
	}
	line.Color, line.Width, line.Dashes = report.Series[1], width, dashes
	p.Add(line)
	return nil
}

// points draws points as small squares in one path, which keeps the picture small.
type points struct{ x, y []float64 }

// Plot implements [plot.Plotter].
func (s points) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	const half = .65 // of a side, in points
	var path vg.Path
	for i := range s.x {
		at := vg.Point{X: vg.Length(math.Round(10*float64(toX(s.x[i]))) / 10), Y: vg.Length(math.Round(10*float64(toY(s.y[i]))) / 10)}
		path.Move(vg.Point{X: at.X - half, Y: at.Y - half})
		path.Line(vg.Point{X: at.X + half, Y: at.Y - half})
		path.Line(vg.Point{X: at.X + half, Y: at.Y + half})
		path.Line(vg.Point{X: at.X - half, Y: at.Y + half})
		path.Close()
	}
	c.SetColor(report.Series[5])
	c.Fill(path)
}
