package experiment

import (
	"fmt"
	"strings"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// Distances to the composite of pairs of circles that Yoon et al. 2026 give: of
// guidance by a classifier, of their mixing by reaching probabilities, and of a
// plain ensemble. The one composite that they name is the harmonic mean of circle
// 1 and circle 2, for which guidance has the largest distance.
var reaching = map[string]struct{ Classifier, Mixing, Ensemble string }{
	"&": {"0.142 to 0.397", "0.136 to 0.229", "0.180 to 0.453"},
	"-": {"0.150 to 0.245", "0.106 to 0.231", "0.158 to 0.390"},
}

// pair is the sign of a composition of two circles alone, "" for others.
func (r *gridResult) pair() string {
	words := strings.Fields(r.Text)
	if len(words) != 3 || reaching[words[1]].Mixing == "" {
		return ""
	}
	return words[1]
}

func pageOfThree(f *gridFindings) (*report.Page, error) {
	var observed, pairs []gridResult
	for _, r := range f.composites() {
		if r.pair() == "" {
			observed = append(observed, r)
		} else {
			pairs = append(pairs, r)
		}
	}
	at, of := atFloor(f.composites(), func(r *gridResult) *gridSample { return r.SMC })
	kept, tried := atFloor(f.composites(), func(r *gridResult) *gridSample { return r.Rejection })
	hard := ""
	if h := hardest(f.composites()); h != nil && h.Actions != nil {
		hard = fmt.Sprintf(" The hardest is *%s*, where paths that look like another model's at first carry the weight: a draw of plain SMC is worth %.0f %% of an independent one there, with a learned action head as twist %.0f %%.",
			h.Name, 100*h.SMC.share(), 100*h.Actions.share())
	}
	p := &report.Page{
		Title:    "Three distributions on a grid",
		Subtitle: fmt.Sprintf("Three overlapping circles, %d × %d points: observations of three models, after Garipov et al. 2023", f.Side, f.Side),
		Lead: []report.Text{
			report.Text(fmt.Sprintf("Three GFlowNets were trained here, and one classifier for up to three observations of them. Guided by it, as in the paper, the policy misses its %d composites by an L1 of %s. Mixing by path likelihoods without weights misses them by %s; with the weights what is left in the limit is %s.",
				len(observed), over(observed, offClassifier), over(observed, offMixing), over(observed, offPaths))),
			report.Text(fmt.Sprintf("%s weighted draws by plain SMC lie at the floor, where as many independent draws of the truth as they are worth would lie, in %d of %d compositions; by rejection in %d of %d.%s",
				report.Count(f.draws()).Text, at, of, kept, tried, hard)),
		},
		References: gridReferences,
	}
	table := &report.Table{
		Caption: "How far each method's law is from the composite, in L1. All laws are exact, by dynamic programming over every state: no sampling is in these figures.",
		Columns: []report.Column{
			{Name: "observed", Words: true},
			{Group: "guided by a classifier", Name: "ours"},
			{Group: "guided by a classifier", Name: "ours", Note: "exact labels"},
			{Group: "by path likelihoods", Name: "mixing", Note: "no weights"},
			{Group: "by path likelihoods", Name: "SMC, rejection", Note: "in the limit"},
			{Group: "the models", Name: "own errors"},
		},
		Rows: f.rows(f.Results, func(r *gridResult) []report.Cell {
			return []report.Cell{r.Classifier.cell(), r.Exact.cell(), r.Mixing.cell(), report.Number(r.Paths, 3), report.Number(r.Rewards, 3)}
		}),
		Notes: []report.Text{
			"1,2 stands for the observations y = (1, 2) over the three circles, `obs(circle1, circle2; over circle1, circle2, circle3)`: p₁p₂/(p₁+p₂+p₃); 1,1 for p₁²/(p₁+p₂+p₃), and 1,1,1 for p₁³/(p₁+p₂+p₃)². The paper's repository has no figures of these composites, only pictures.",
			"*The models, own errors* is the distance between the composite of the trained models and that of the rewards themselves: no way of composing changes it.",
		},
	}
	if err := f.sections(p, table, .5); err != nil {
		return nil, err
	}
	if len(pairs) > 0 && f.comparable() {
		blocks := p.Sections[0].Blocks
		p.Sections[0].Blocks = append(blocks, report.Text("Yoon et al. give distances for compositions of two circles alone. With a classifier of each pair, trained as the others, they compare as follows. Mixing without weights is as far off in exact laws of good models as in theirs: its distance is the method's own, and no error of training. It is what the dropped weights are worth."), pairTable(pairs))
	}
	return p, nil
}

// hardest is the composition of which draws by SMC are worth least; nil where
// there is none.
func hardest(results []gridResult) *gridResult {
	var out *gridResult
	for i := range results {
		if r := &results[i]; r.SMC != nil && (out == nil || r.SMC.share() < out.SMC.share()) {
			out = r
		}
	}
	return out
}

// pairTable is what Yoon et al. give for pairs, beside what is found here.
func pairTable(pairs []gridResult) *report.Table {
	t := &report.Table{
		Caption: "Pairs of circles, least and greatest L1 over pairs.",
		Columns: []report.Column{
			{Name: "pairs", Words: true},
			{Group: "guided by a classifier", Name: "published", Published: true},
			{Group: "guided by a classifier", Name: "ours"},
			{Group: "mixing without weights", Name: "published", Published: true},
			{Group: "mixing without weights", Name: "ours"},
			{Group: "plain ensemble", Name: "published", Published: true},
			{Group: "SMC, rejection", Name: "ours", Note: "in the limit"},
		},
	}
	for _, kind := range []struct{ sign, name string }{{"&", "harmonic means"}, {"-", "contrasts"}} {
		var own []gridResult
		for _, r := range pairs {
			if r.pair() == kind.sign {
				own = append(own, r)
			}
		}
		they := reaching[kind.sign]
		t.Rows = append(t.Rows, report.Row{Cells: report.Texts(kind.name,
			they.Classifier, over(own, offClassifier).String(), they.Mixing, over(own, offMixing).String(), they.Ensemble, over(own, offPaths).String())})
	}
	return t
}
