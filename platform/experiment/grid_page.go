package experiment

import (
	"fmt"
	"math"
	"strings"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// nearFloor is how far from the floor draws may lie and still count as at it, as
// a multiple of it.
const nearFloor = 1.25

// span is the least and the greatest of some numbers.
type span struct {
	Least, Most float64
	N           int
}

// over is the span of a number over results that have it.
func over(results []gridResult, number func(*gridResult) (float64, bool)) span {
	s := span{Least: math.Inf(1), Most: math.Inf(-1)}
	for i := range results {
		if x, ok := number(&results[i]); ok {
			s.Least, s.Most, s.N = min(s.Least, x), max(s.Most, x), s.N+1
		}
	}
	return s
}

// String is the span in words, as "0.010 to 0.020".
func (s span) String() string {
	switch {
	case s.N == 0:
		return "–"
	case s.Most < .0005:
		return "less than 0.001"
	}
	least, most := fmt.Sprintf("%.3f", s.Least), fmt.Sprintf("%.3f", s.Most)
	if least == most {
		return most
	}
	return least + " to " + most
}

func offClassifier(r *gridResult) (float64, bool) { return r.Classifier.off() }
func offExact(r *gridResult) (float64, bool)      { return r.Exact.off() }
func offMixing(r *gridResult) (float64, bool)     { return r.Mixing.off() }
func offPaths(r *gridResult) (float64, bool)      { return r.Paths, true }

// off is the distance of a law to the closed form; false where there is no law.
func (l *gridLaw) off() (float64, bool) {
	if l == nil {
		return 0, false
	}
	return l.L1, true
}

// composites are the results that are more than mixtures.
func (f *gridFindings) composites() []gridResult {
	var out []gridResult
	for _, r := range f.Results {
		if !r.Mixture {
			out = append(out, r)
		}
	}
	return out
}

// modelsOff is the span of the models' distances to their rewards.
func (f *gridFindings) modelsOff() span {
	s := over(nil, nil)
	for _, m := range f.Models {
		s.Least, s.Most, s.N = min(s.Least, m.L1), max(s.Most, m.L1), s.N+1
	}
	return s
}

// comparable says that published figures are of the same grid.
func (f *gridFindings) comparable() bool { return f.Side == 32 }

// atFloor says how many of the samples that there are lie at their floor.
func atFloor(results []gridResult, sample func(*gridResult) *gridSample) (at, of int) {
	for i := range results {
		if s := sample(&results[i]); s != nil {
			of++
			if s.Own <= nearFloor*s.Floor {
				at++
			}
		}
	}
	return at, of
}

// draws is how many draws the samples of a page have.
func (f *gridFindings) draws() int {
	most := 0
	for _, r := range f.Results {
		if r.SMC != nil {
			most = max(most, r.SMC.Draws)
		}
	}
	return most
}

// label is what a composition is called in a table.
func (c composition) label() report.Text {
	if c.Name != c.Text {
		return report.Text(c.Name)
	}
	return report.Text("`" + c.Text + "`")
}

// rows are the rows of a table over compositions, with their headings.
func (f *gridFindings) rows(results []gridResult, cells func(*gridResult) []report.Cell) []report.Row {
	var out []report.Row
	heading := ""
	for i := range results {
		r := &results[i]
		if r.Heading != heading {
			heading = r.Heading
			out = append(out, report.Row{Heading: report.Text(heading)})
		}
		out = append(out, report.Row{Cells: append([]report.Cell{{Text: r.label()}}, cells(r)...)})
	}
	return out
}

// law is a cell with the distance of a law.
func (l *gridLaw) cell() report.Cell {
	if l == nil {
		return report.Cell{}
	}
	return report.Number(l.L1, 3)
}

// distance is a cell with the distance of a sample to a law, floor one with the
// floor; a sample at the floor stands out.
func (s *gridSample) distance() report.Cell {
	if s == nil {
		return report.Cell{}
	}
	c := report.Number(s.Own, 3)
	c.Strong = s.Own <= nearFloor*s.Floor
	return c
}

func (s *gridSample) floor() report.Cell {
	if s == nil {
		return report.Cell{}
	}
	return report.Number(s.Floor, 3)
}

// modelTable is how good the base models are.
func (f *gridFindings) modelTable() *report.Table {
	theirs := ""
	if f.comparable() {
		theirs = theirModels
	}
	t := &report.Table{
		Caption: "How far the law of each trained model is from R/Z, its reward normalised. Both are known exactly, by dynamic programming; L1 is the sum of absolute differences, 0 to 2.",
		Columns: []report.Column{{Name: "model", Words: true}, {Name: "log Z", Note: "of the reward"}, {Name: "L1", Note: "ours"}, {Name: "L1", Note: "their code, five models", Published: true}},
	}
	for _, m := range f.Models {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Text: report.Text(m.Name)}, report.Number(m.LogZ, 4), report.Number(m.L1, 4), {Text: report.Text(theirs)}}})
	}
	return t
}

// guideTable is what the trainings of the guides came to.
func (f *gridFindings) guideTable() *report.Table {
	t := &report.Table{
		Caption: "The classifiers after training. The loss is the cross-entropy of which model made a path, in nats, less that of the models' own likelihoods, which no classifier of states beats but by chance; the calibration error is that of its probabilities at end points.",
		Columns: []report.Column{
			{Name: "file", Words: true},
			{Name: "models", Words: true},
			{Name: "answers for", Words: true},
			{Name: "labels", Words: true},
			{Name: "steps"},
			{Name: "loss above", Note: "at end points"},
			{Name: "loss above", Note: "on the way"},
			{Name: "calibration", Note: "error"},
		},
	}
	for _, g := range f.Guides {
		p := g.Report
		t.Rows = append(t.Rows, report.Row{Cells: append(
			report.Texts("`"+g.Name+".yaml`", strings.Join(g.Models, ", "), g.Head+"s", g.Labels),
			report.Count(g.Steps), report.Number(p.EndLoss-p.EndPathLoss, 4), report.Number(p.StateLoss-p.StatePathLoss, 4), report.Number(p.Calibration, 4))})
	}
	return t
}

// share is what a draw is worth, of an independent one: the variance between
// populations gives it, so a little above 1 is chance.
func (s *gridSample) share() float64 { return s.Worth / float64(s.Draws) }

// sampleTable holds the samples against the floor.
func (f *gridFindings) sampleTable() *report.Table {
	return &report.Table{
		Caption: report.Text(fmt.Sprintf("What weighted samples come to, state by state: the L1 distance of the draws to the composite on paths, and the floor, which is that of as many independent draws of it. Bold is at the floor, within %g times.", nearFloor)),
		Columns: []report.Column{
			{Name: "composition", Words: true},
			{Group: "SMC", Name: "L1"},
			{Group: "SMC", Name: "floor"},
			{Group: "SMC", Name: "worth"},
			{Group: "rejection", Name: "L1"},
			{Group: "rejection", Name: "floor"},
			{Group: "rejection", Name: "draws"},
			{Group: "SMC, classifier", Name: "L1"},
			{Group: "SMC, classifier", Name: "floor"},
			{Group: "SMC, classifier", Name: "worth"},
			{Group: "SMC, action head", Name: "L1"},
			{Group: "SMC, action head", Name: "floor"},
			{Group: "SMC, action head", Name: "worth"},
		},
		Rows: f.rows(f.composites(), func(r *gridResult) []report.Cell {
			worth := func(s *gridSample) report.Cell {
				if s == nil {
					return report.Cell{}
				}
				return report.Percent(s.share(), math.NaN(), 0)
			}
			kept := report.Cell{}
			if r.Rejection != nil {
				kept = report.Count(r.Rejection.Draws)
			}
			return []report.Cell{
				r.SMC.distance(), r.SMC.floor(), worth(r.SMC), r.Rejection.distance(), r.Rejection.floor(), kept,
				r.Guided.distance(), r.Guided.floor(), worth(r.Guided), r.Actions.distance(), r.Actions.floor(), worth(r.Actions),
			}
		}),
		Notes: []report.Text{report.Text(fmt.Sprintf("SMC has the path posterior as twist, the others a learned guide: %s draws of SMC, a fifth of that with a guide. What weighted draws are *worth*, in percent, is how many independent ones would have the same errors, by the variance between populations; the floor is that of so many.", report.Count(f.draws()).Text))},
	}
}

// costTable says what the sampling costs, and how well the evidence is known.
func (f *gridFindings) costTable() *report.Table {
	ess := func(s *gridSample) report.Cell {
		if s == nil {
			return report.Cell{}
		}
		return report.Number(s.MinESS, 3)
	}
	speed := func(s *gridSample) report.Cell {
		if s == nil || s.Seconds == 0 {
			return report.Cell{}
		}
		return report.Number(1e6*s.Seconds/float64(s.Draws), 1)
	}
	return &report.Table{
		Caption: report.Text(fmt.Sprintf("The evidence of each composition, which SMC estimates without bias, beside the exact one; the smallest effective sample size on the way as a share of %d particles, in the worst population; and the time of a draw.", gridParticles)),
		Columns: []report.Column{
			{Name: "composition", Words: true},
			{Group: "evidence", Name: "exact", Note: "on states"},
			{Group: "evidence", Name: "SMC", Note: "± s.e."},
			{Group: "least ESS", Name: "SMC"},
			{Group: "least ESS", Name: "classifier"},
			{Group: "least ESS", Name: "action head"},
			{Group: "µs a draw", Name: "SMC"},
			{Group: "µs a draw", Name: "classifier"},
			{Group: "µs a draw", Name: "action head"},
		},
		Rows: f.rows(f.composites(), func(r *gridResult) []report.Cell {
			return []report.Cell{
				report.Number(r.Evidence, 5), report.Estimate(r.SMC.Evidence, r.SMC.EvidenceSE, 5),
				ess(r.SMC), ess(r.Guided), ess(r.Actions), speed(r.SMC), speed(r.Guided), speed(r.Actions),
			}
		}),
		Notes: []report.Text{"Evidence is the probability of the observations, Q at the start. That of SMC is the composite's on paths; the two differ by as much as the models are unbalanced. Models and guides were asked about every state once, and their answers kept; times are of the sampling alone, on whatever else the machine did."},
	}
}

// modelFigure shows the rewards and what the models learned.
func (f *gridFindings) modelFigure() (*report.Figure, error) {
	headings := []string{"", ""}
	headings[0], headings[1] = "reward, normalised", "trained model"
	var rows []report.PanelRow
	for _, m := range f.Models {
		rows = append(rows, report.PanelRow{Label: m.Name, Panels: []report.Panel{{Values: f.square(m.P)}, {Values: f.square(m.Own), Note: fmt.Sprintf("L1 %.4f", m.L1)}}})
	}
	svg, err := report.Panels(headings, rows)
	return &report.Figure{
		Name: "models", SVG: svg, Width: .6,
		Caption: "The rewards of Garipov et al. 2023 as distributions, and the exact laws of the models trained on them. The first coordinate runs to the right, the second upwards; white is zero, the darkest blue the highest of the row.",
	}, err
}

// figure shows compositions: the truth, the laws of methods, and samples.
func (f *gridFindings) figure(name string, results []gridResult, power float64) (*report.Figure, error) {
	headings := []string{"closed form", "classifier", "unweighted mixing", "SMC"}
	var rows []report.PanelRow
	for i := range results {
		r := &results[i]
		panels := []report.Panel{{Values: f.square(r.Truth)}, {}, {}, {}}
		for k, l := range []*gridLaw{r.Classifier, r.Mixing} {
			if l != nil {
				panels[k+1] = report.Panel{Values: f.square(l.P), Note: fmt.Sprintf("exact law, L1 %.3f", l.L1)}
			}
		}
		if s := r.SMC; s != nil {
			panels[3] = report.Panel{Values: f.square(s.P), Note: fmt.Sprintf("%s draws, L1 %.3f, floor %.3f", report.Count(s.Draws).Text, s.L1, s.Floor)}
		}
		rows = append(rows, report.PanelRow{Label: strings.ReplaceAll(r.Name, "} ", "}\n"), Panels: panels, Power: power})
	}
	svg, err := report.Panels(headings, rows)
	scale := ""
	if power != 0 && power != 1 {
		scale = fmt.Sprintf(" Probabilities are raised to the power %g before they become colours, so that what is small can be seen.", power)
	}
	return &report.Figure{
		Name: name, SVG: svg,
		Caption: report.Text("The closed form on the laws of the trained models; the exact laws of the policy that the classifier guides and of mixing without weights; and weighted samples of SMC. Each row has one scale of colours, from zero to the most likely state of the closed form." + scale),
	}, err
}

// square are the probabilities of states as a matrix, [x][y].
func (f *gridFindings) square(p []float64) [][]float64 {
	grid, ok := f.graph.Space.(*space.Grid)
	if !ok {
		panic("experiment: a grid is none")
	}
	out := make([][]float64, f.Side)
	for x := range out {
		out[x] = make([]float64, f.Side)
	}
	var z []int
	for i, s := range f.graph.States {
		z = grid.Coordinates(s, z[:0])
		out[z[0]][z[1]] = p[i]
	}
	return out
}
