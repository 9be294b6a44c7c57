package experiment

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/rewards/assay"
)

// fragmentReferences are the works that both pages name.
var fragmentReferences = []report.Text{
	"T. Garipov, S. De Peuter, G. Yang, V. Garg, S. Kaski, T. Jaakkola. *Compositional sculpting of iterative generative processes.* NeurIPS 2023, [arXiv 2309.16115](https://arxiv.org/abs/2309.16115). Code: [timgaripov/compositional-sculpting](https://github.com/timgaripov/compositional-sculpting).",
	"Yoon et al. *Routing by reaching.* ICML 2026, [arXiv 2602.21565](https://arxiv.org/abs/2602.21565).",
	"E. Bengio, M. Jain, M. Korablyov, D. Precup, Y. Bengio. *Flow network based generative models for non-iterative diverse candidate generation.* NeurIPS 2021, [arXiv 2106.04399](https://arxiv.org/abs/2106.04399).",
	"R. Jonker, A. Volgenant. *A shortest augmenting path algorithm for dense and sparse linear assignment problems.* Computing 38, 1987.",
}

// fragmentDifferences say what is not as in the paper, and what that does.
var fragmentDifferences = report.List{
	"*The space.* The 72 fragments and at most 9 of them are the paper's. There, sites are chosen in steps of their own, and a tree of n fragments takes 3n − 1 actions; here one action attaches a fragment, and takes n + 1. Here every partial tree is a molecule that may be stopped at.",
	"*Classes, not labelled trees.* Actions that lead to the same tree are one step here, and the backward kernel is uniform over distinct parents. The paper's learns p(x) ∝ R(x)^β/|Aut(x)|, with the symmetries of the tree; here it is R(x)^β. The factor is common to all models and drops out of their ratios, so compositions weigh models in the same way; the mixture they start from differs by it.",
	"*Trees, not molecules.* Models and compositions are about trees. With these fragments a molecule can be cut in several ways, so that its probability is the sum over its trees; a composition of the laws on trees is the composition of the laws on molecules, since rewards depend on the molecule alone.",
	"*Validity.* Every sample here is a valid molecule. In the paper those that are not were left out.",
	"*The SEH reward* is the network of Bengio et al. 2021 in the variant *port*, which rewards published since come from. It foretells a docking score, not an assay.",
	"*Networks and training.* Width 128 and 4 layers here, 6 layers there; subtrajectory balance here, for as many updates of 64 trajectories as the training files say; trajectory balance and 20,000 updates of 64 there. The thresholds of high rewards are the paper's.",
	"*Guidance.* The classifier here is a graph transformer of 2 layers and width 64, trained by labels of its own running average, for as many updates as stand above; there it is of 4 layers and width 128, trained for 15,000 updates with 8. Its samples are drawn by Gumbel-max, which asks about few children and has the same law as asking about all.",
}

// cannot are the published figures that nobody can hold against ours.
var fragmentCannot = report.List{
	"The paper's table of eight bins and its figures of single compositions are not in its repository, whose logs are not shipped; the shares of Yoon et al. come from other base models of the same rewards.",
	"The published matrix of distances has a diagonal of zeros, since each set was held against itself: there is no distance of two samples of one law to tell how much of a figure is the size of the samples. We take the distance of a contrast from its parent, such as SEH, SEH from SEH, as a bound. Distances of about 1 between SEH, SEH and SEH, SEH, SEH cannot come from independent samples, and most likely come from one random seed for both.",
	"The picture of the matrix in the plane (t-SNE) is one of many that it has; the matrix says more and is what is compared.",
}

// headline says in how many of a set's molecules what it asks for is true, by
// method.
func (s *fragmentSet) headline(of []yardstick) string {
	percent := func(x *fragmentSample) string {
		e := s.hit(x, of)
		return string(report.Percent(e.Value, e.SE, 1).Text) + " %"
	}
	text := "are high together in " + percent(s.Main) + " of the molecules of `" + s.Text + "`, sampled by " + s.methodOfMain()
	switch x := s.exact(); {
	case x == nil && s.Reference != nil:
		text += fmt.Sprintf("; of the %d molecules of the mixture that were drawn to tell the exact share only %.0f count, too few", len(s.Reference.SMILES), s.Reference.ESS())
	case x == nil:
	case x == s.Reference:
		text += fmt.Sprintf("; the exact share, by importance from the mixture, is %s (%d effective molecules)", percent(x), int(math.Round(x.ESS())))
	default:
		text += fmt.Sprintf("; the exact share, by importance, is %s (%d effective of %d independent draws by annealed steps; of as many of the mixture only %.0f would count)",
			percent(x), int(math.Round(x.ESS())), len(x.SMILES), s.Reference.ESS()*float64(len(x.SMILES))/float64(len(s.Reference.SMILES)))
	}
	if s.Again != nil {
		text += "; with another seed it is " + percent(s.Again)
	}
	if s.Main != s.SMC && s.SMC != nil {
		text += ", and by plain SMC " + percent(s.SMC)
	}
	if s.Unweighted != nil {
		text += ". The same steps without weights give " + percent(s.Unweighted)
	}
	if s.Guided != nil {
		text += ", classifier guidance " + percent(s.Guided)
	}
	return text + "."
}

// text says of how many sets samples and the reference agree.
func (a agreement) text() report.Text {
	t := fmt.Sprintf("The share of what a composition asks for is the exact one, by importance, within two standard errors, in %d of %d compositions by the method that is chosen, and in %d by SMC.", a.Main, a.Told, a.SMC)
	if a.Thin > 0 {
		t += fmt.Sprintf(" Of %d more too few molecules count to tell.", a.Thin)
	}
	return report.Text(t)
}

// contrastList says what contrasts do to the rewards of the model they want and
// of the others, against the model alone.
func (f *fragmentFindings) contrastList(p *fragmentPart) report.List {
	var out report.List
	for i := range p.Sets {
		s := &p.Sets[i]
		if len(s.Observed) != 1 || s.Reference == nil {
			continue
		}
		k := s.Observed[0]
		high := func(x *fragmentSample, j int) sample.Estimate {
			return x.share(func(i int) bool { return x.Rewards[j][i] >= f.Yardstick[j].High })
		}
		alone := p.Models[k].Main
		var others []string
		for j, y := range f.Yardstick {
			if j != k {
				a, b := high(s.Main, j), high(alone, j)
				others = append(others, fmt.Sprintf("high %s in %s %% (of %s alone %s %%)", y.Label, report.Percent(a.Value, a.SE, 1).Text, f.Yardstick[k].Label, report.Percent(b.Value, b.SE, 1).Text))
			}
		}
		a := high(s.Main, k)
		out = append(out, report.Text(fmt.Sprintf("%s: high %s in %s %%, %s.", s.Label, f.Yardstick[k].Label, report.Percent(a.Value, a.SE, 1).Text, strings.Join(others, ", "))))
	}
	return out
}

// rewardFigure shows the models' mean rewards by beta.
func (f *fragmentFindings) rewardFigure() *report.Figure {
	var plots []*plot.Plot
	for i, fit := range f.Fits {
		var line plotter.XYs
		for _, b := range fit.ByBeta {
			line = append(line, plotter.XY{X: b.Beta, Y: b.Reward})
		}
		plots = append(plots, rewardPlot(f.Yardstick[i].Label, line))
	}
	return &report.Figure{Name: "reward by beta", SVG: report.Draw(190, 140, plots), Width: math.Min(1, float64(len(plots))/3), Caption: "Mean reward of own samples by β: what a model that is conditioned on β makes of it."}
}

// rewardPlot is a line of mean rewards over beta.
func rewardPlot(title string, line plotter.XYs) *plot.Plot {
	p := report.NewPlot(title, "β", "")
	p.Add(&plotter.Line{XYs: line, LineStyle: draw.LineStyle{Color: report.Series[0], Width: vg.Points(1.2)}})
	p.Add(&plotter.Scatter{XYs: line, GlyphStyle: draw.GlyphStyle{Color: report.Series[0], Radius: vg.Points(2), Shape: draw.CircleGlyph{}}})
	p.X.Min = 0
	return p
}

// guideTable says how well the classifiers learned.
func (f *fragmentFindings) guideTable() *report.Table {
	t := &report.Table{
		Caption: "The classifiers. The loss is the cross-entropy of which model made a path, in nats, of the classifier and of the models' likelihoods, which none can beat.",
		Columns: []report.Column{
			{Name: "classifier", Words: true},
			{Name: "updates"},
			{Name: "paths", Note: "of each model"},
			{Name: "loss at ends"},
			{Name: "of likelihoods"},
			{Name: "loss on the way"},
			{Name: "of likelihoods"},
			{Name: "calibration error"},
		},
	}
	for _, g := range f.Guides {
		if g.Name == "" {
			continue
		}
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{
			{Text: report.Text(g.Name)},
			report.Count(g.Steps), report.Count(g.Batch),
			report.Number(g.Report.EndLoss, 3), report.Number(g.Report.EndPathLoss, 3),
			report.Number(g.Report.StateLoss, 3), report.Number(g.Report.StatePathLoss, 3), report.Number(g.Report.Calibration, 3),
		}})
	}
	return t
}

// rank is the rank correlation of two lists of numbers, with its standard error.
func rank(x, y []float64) (r, se float64, err error) {
	var exact []assay.Potency
	for _, v := range y {
		exact = append(exact, assay.Potency{Low: v, High: v})
	}
	a, err := assay.Compare(x, exact)
	return a.Spearman, a.SpearmanError, err
}
