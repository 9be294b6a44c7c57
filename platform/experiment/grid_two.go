package experiment

import (
	"fmt"
	"slices"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// theirCode is how far the policy guided by a trained classifier is from the
// composite of the trained models, in L1, with the published code of Garipov et
// al. 2023 and its settings, run for this comparison: the paper and its
// repository show pictures, and no figures of single composites.
var theirCode = map[string]float64{
	"shubert &{0.05} diagonal": .087, "shubert & diagonal": .061, "shubert &{0.95} diagonal": .114,
	"shubert -{0.05} diagonal": .136, "shubert - diagonal": .077, "shubert -{0.95} diagonal": .056,
	"diagonal -{0.95} shubert": .057, "diagonal - shubert": .085, "diagonal -{0.05} shubert": .196,
}

// theirModels is how far the models are from their rewards with that code.
const theirModels = "0.029 to 0.055"

// The works that pages on the grid name.
var gridReferences = []report.Text{
	"T. Garipov, S. De Peuter, G. Yang, V. Garg, S. Kaski, T. Jaakkola. *Compositional Sculpting of Iterative Generative Processes.* NeurIPS 2023, [arXiv 2309.16115](https://arxiv.org/abs/2309.16115).",
	"Yoon et al. *Routing by Reaching.* ICML 2026, [arXiv 2602.21565](https://arxiv.org/abs/2602.21565).",
	"N. Malkin, M. Jain, E. Bengio, C. Sun, Y. Bengio. *Trajectory Balance.* NeurIPS 2022, [arXiv 2201.13259](https://arxiv.org/abs/2201.13259).",
}

// gridDifferences are what sets these experiments apart from the published ones.
var gridDifferences = report.List{
	"*The same:* the grid, the rewards, the uniform backward kernel, a network of two layers of 256, 20,000 steps of 16 paths for a model and 15,000 of 64 paths of each for a classifier, and the measure: L1 between the exact law of the guided policy and the closed form on the exact laws of the trained models.",
	"*Steps that are illegal* at the border get no probability here. The published grid code mixes the models' answers before it masks them; with answers that are random there this moves the law by an L1 of about 0.003.",
	"*Learning rates fall* to a hundredth here, and running averages of the parameters are what is kept. The published code keeps the rate and takes the last parameters. With as many steps its models and classifiers are farther from what they learn.",
	"*The classifier is one network* for all compositions of a page, ties between orders of observations holding exactly, as in the paper. With exact labels, end points are labelled by the likelihoods of the models and not by the classifier's own running average.",
	"*No figure of a single composite* is in the paper's repository, whose logs are not shipped; what is quoted was measured with its code, or stands in the work of Yoon et al.",
	"*SMC and rejection* follow the composite on paths. It is the composite of the models' laws if the models are balanced; of trained ones it differs by what the column *on paths* says, which is exact, too.",
}

func pageOfTwo(f *gridFindings) (*report.Page, error) {
	all := f.composites()
	classifier, mixing, paths := over(all, offClassifier), over(all, offMixing), over(all, offPaths)
	at, of := atFloor(all, func(r *gridResult) *gridSample { return r.SMC })
	kept, tried := atFloor(all, func(r *gridResult) *gridSample { return r.Rejection })
	theirs := ""
	if f.comparable() {
		theirs = fmt.Sprintf(" With the published code and as much training these are %s and %s.", theirModels,
			over(all, func(r *gridResult) (float64, bool) { x, ok := theirCode[r.Text]; return x, ok }))
	}
	p := &report.Page{
		Title:    "Two distributions on a grid",
		Subtitle: fmt.Sprintf("Shubert and diagonal, %d × %d points: harmonic means and contrasts with alpha, after Garipov et al. 2023", f.Side, f.Side),
		Lead: []report.Text{
			report.Text(fmt.Sprintf("Two GFlowNets were trained here, and a classifier that guides their composition, as in the paper. The models miss their rewards by an L1 of %s, the guided policy misses its %d composites by %s, with exact labels by %s.%s",
				f.modelsOff(), len(all), classifier, over(all, offExact), theirs)),
			report.Text(fmt.Sprintf("No classifier is needed. The likelihoods of the path so far say as much: mixing by them alone misses by %s, since it drops weights; with the weights, by sequential Monte Carlo, what is left is %s in the limit, the gap between composing models on paths and on states. %s draws lie at the floor, where as many independent draws of the truth as they are worth would lie, in %d of %d compositions; by rejection in %d of %d.",
				mixing, paths, report.Count(f.draws()).Text, at, of, kept, tried)),
		},
		References: gridReferences,
	}
	table := &report.Table{
		Caption: "How far each method's law is from the composite, in L1. All laws are exact, by dynamic programming over every state: no sampling is in these figures.",
		Columns: []report.Column{
			{Name: "composition", Words: true},
			{Group: "guided by a classifier", Name: "their code", Published: true},
			{Group: "guided by a classifier", Name: "ours"},
			{Group: "guided by a classifier", Name: "ours", Note: "exact labels"},
			{Group: "by path likelihoods", Name: "mixing", Note: "no weights"},
			{Group: "by path likelihoods", Name: "SMC, rejection", Note: "in the limit"},
			{Group: "the models", Name: "own errors"},
		},
		Rows: f.rows(f.Results, func(r *gridResult) []report.Cell {
			published := report.Cell{}
			if x, ok := theirCode[r.Text]; ok && f.comparable() {
				published = report.Number(x, 3)
			}
			return []report.Cell{published, r.Classifier.cell(), r.Exact.cell(), r.Mixing.cell(), report.Number(r.Paths, 3), report.Number(r.Rewards, 3)}
		}),
		Notes: []report.Text{
			"`a &{α} b` is ab/(αa + (1−α)b), and `a -{α} b` is a²/(αa + (1−α)b); the alpha of the paper's code multiplies Shubert in the denominator, so the contrasts of diagonal over Shubert have 1 − α here.",
			"*The models, own errors* is the distance between the composite of the trained models and that of the rewards themselves: no way of composing changes it.",
		},
	}
	if err := f.sections(p, table, 0); err != nil {
		return nil, err
	}
	return p, nil
}

// sections are what pages on the grid have in common.
func (f *gridFindings) sections(p *report.Page, table *report.Table, power float64) error {
	models, err := f.modelFigure()
	if err != nil {
		return err
	}
	p.Sections = append(p.Sections,
		report.Section{Title: "Methods beside the truth", Blocks: []report.Block{table}},
	)
	pictures := report.Section{Title: "Pictures"}
	for _, group := range f.headings() {
		group := group
		own := slices.DeleteFunc(slices.Clone(f.Results), func(r gridResult) bool { return r.Heading != group })
		figure, err := f.figure(group, own, power)
		if err != nil {
			return err
		}
		if len(pictures.Blocks) > 0 {
			figure.Caption = ""
		}
		pictures.Blocks = append(pictures.Blocks, report.Text("*"+group+"*"), figure)
	}
	p.Sections = append(p.Sections, pictures,
		report.Section{Title: "Samples with weights", Blocks: []report.Block{f.sampleTable(), f.costTable()}},
		report.Section{Title: "The models and classifiers", Blocks: []report.Block{f.modelTable(), models, f.guideTable()}},
		report.Section{Title: "What differs from the paper", Blocks: []report.Block{gridDifferences}},
		report.Section{Title: "Run it again", Blocks: []report.Block{report.Text("The models and classifiers were trained by the files in this folder, and the compositions are in `compositions.txt`. Change any of them and give the same command: what the change concerns is done again, the rest is kept in `stages`.")}},
	)
	return nil
}

// headings are the groups of compositions in order.
func (f *gridFindings) headings() []string {
	var out []string
	for _, r := range f.Results {
		if !slices.Contains(out, r.Heading) {
			out = append(out, r.Heading)
		}
	}
	return out
}
