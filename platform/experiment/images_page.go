package experiment

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"image/png"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// paperImages is how many images a second and core the published code draws, with
// 500 steps of predictor and corrector and a network of 2.65 million parameters,
// measured for this comparison.
const paperImages = 0.2

// imageReferences are the works that the page on images names.
var imageReferences = []report.Text{
	"T. Garipov, S. De Peuter, G. Yang, V. Garg, S. Kaski, T. Jaakkola. *Compositional Sculpting of Iterative Generative Processes.* NeurIPS 2023, [arXiv 2309.16115](https://arxiv.org/abs/2309.16115).",
	"Y. LeCun, L. Bottou, Y. Bengio, P. Haffner. *Gradient-based learning applied to document recognition.* Proceedings of the IEEE 86, 1998.",
	"C. Lu, Y. Zhou, F. Bao, J. Chen, C. Li, J. Zhu. *DPM-Solver++.* 2022, [arXiv 2211.01095](https://arxiv.org/abs/2211.01095).",
}

func pageOfImages(f *imageFindings) (*report.Page, error) {
	sure, above, distance, nothing := 0, 0, 0.0, 0
	for i := range f.Composites {
		c := &f.Composites[i]
		d := c.Draws[byClassifier]
		k := largestOf(c.Predicted)
		if c.Predicted[k] >= .9 {
			sure++
		}
		if d.Why != "" {
			nothing++
			continue
		}
		distance = max(distance, d.Distance)
		if c.Predicted[k] >= .9 && d.Shares[k] >= .9 {
			above++
		}
	}
	p := &report.Page{
		Title:    "Coloured digits",
		Subtitle: "compositions of continuous diffusions of images, after Garipov et al. 2023",
		Lead: []report.Text{
			report.Text(fmt.Sprintf("Small U-Nets learned digits in colours, and a classifier which of them a noisy image is of. Of the %d compositions of which the algebra predicts a class for 90 %% of the images or more, %d have that class in 90 %% or more by sequential Monte Carlo with the classifier; over all compositions the shares of classes are off by a total variation of %.2f at most.", sure, above, distance)),
			"A composition is a law, and not a wish for one class: `m1 - m2` is p₁²/(p₁+p₂), which is a half at a red 0 and a quarter at a green 0, so two thirds of its images should be red, and one third green. What pushes further is the balance, `m1 -{0.05} m2`, or more observations. The published pictures show red alone, as they are drawn at a scale of 20, at which they are samples of no composition.",
			report.Text(fmt.Sprintf("The judge is a classifier of clean images, which finds the class of %.1f %% of %s test images.", 100*f.Accuracy, report.Count(f.Tested).Text)),
		},
		References: imageReferences,
	}
	if nothing > 0 {
		p.Lead = append(p.Lead, report.Text(fmt.Sprintf("Of %d compositions nothing could be drawn; they are left out of that distance.", nothing)))
	}
	p.Sections = append(p.Sections, f.modelSection())
	p.Sections = append(p.Sections, f.shareSection(), f.methodSection())
	pictures := report.Section{Title: "Pictures"}
	for i := range f.Composites {
		c := &f.Composites[i]
		for _, d := range c.Draws {
			if d.Why != "" {
				continue
			}
			figure, err := pictureOf(fmt.Sprintf("%s %s", c.Text, imageMethods[d.Method]), report.Text(fmt.Sprintf("`%s`, %s. Predicted: %s. Seen: %s.", c.Text, imageMethods[d.Method], f.list(c.Predicted), f.list(d.Shares))), d.Picture)
			if err != nil {
				return nil, err
			}
			pictures.Blocks = append(pictures.Blocks, figure)
		}
	}
	models, err := f.modelPictures()
	if err != nil {
		return nil, err
	}
	pictures.Blocks = append(models, pictures.Blocks...)
	p.Sections = append(p.Sections, pictures)
	return p, nil
}

// largestOf is the place of the largest number.
func largestOf(x []float64) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// list says shares of classes in words, large ones first.
func (f *imageFindings) list(shares []float64) string {
	order := make([]int, len(shares))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	var words []string
	for _, i := range order {
		if shares[i] >= .005 {
			words = append(words, fmt.Sprintf("%s %.0f %%", f.Classes[i], 100*shares[i]))
		}
	}
	return strings.Join(words, ", ")
}

func (f *imageFindings) modelSection() report.Section {
	t := &report.Table{
		Caption: "The base models: what they learned, and what the judge sees in images drawn by DPM-Solver++.",
		Columns: []report.Column{{Name: "model", Words: true}, {Name: "data", Words: true}, {Name: "seen", Words: true}, {Name: "off", Note: "total variation"}, {Name: "network", Note: "parameters"}, {Name: "images", Note: "a second and core"}},
	}
	for _, m := range f.Models {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{
			{Text: report.Text(m.Name)},
			{Text: report.Text(f.list(m.Data))},
			{Text: report.Text(f.list(m.Draw.Shares))},
			report.Number(m.Draw.Distance, 2), report.Count(m.Network), report.Number(m.Draw.PerCore, 1),
		}})
	}
	return report.Section{Title: "Models", Blocks: []report.Block{t}}
}

func (f *imageFindings) shareSection() report.Section {
	t := &report.Table{
		Caption: "The class that the algebra predicts most of: its share by the algebra, and as the judge sees it, in percent.",
		Columns: []report.Column{{Name: "composition", Words: true}, {Name: "class", Words: true}, {Name: "predicted"}},
	}
	for _, name := range imageMethods {
		t.Columns = append(t.Columns, report.Column{Group: "seen", Name: name})
	}
	for i := range f.Composites {
		c := &f.Composites[i]
		k := largestOf(c.Predicted)
		cells := []report.Cell{{Text: report.Text("`" + c.Text + "`")}, {Text: report.Text(f.Classes[k])}, report.Number(100*c.Predicted[k], 0)}
		for _, d := range c.Draws {
			if d.Why != "" {
				cells = append(cells, report.Cell{})
				continue
			}
			cells = append(cells, report.Percent(d.Shares[k], d.SE[k], 0))
		}
		t.Rows = append(t.Rows, report.Row{Cells: cells})
	}
	for i := range f.Composites {
		c := &f.Composites[i]
		for _, d := range c.Draws {
			if d.Why != "" {
				t.Notes = append(t.Notes, report.Text(fmt.Sprintf("`%s` by %s: %s.", c.Text, imageMethods[d.Method], d.Why)))
			}
		}
	}
	t.Notes = append(t.Notes,
		"In a nested composition the inner one is normalised by the shares that the algebra predicts for it, as are the predictions.",
		"*SMC* and *guidance* go the same way, with and without weights. What the guide cannot observe is guided by the probabilities of the models alone, and needs the weights. SMC by path likelihoods needs no classifier; trained models differ in their likelihoods also where their data are the same, and in many dimensions that is much: its effective sample size says how much.",
	)
	return report.Section{Title: "Shares", Blocks: []report.Block{t}}
}

func (f *imageFindings) methodSection() report.Section {
	t := &report.Table{
		Caption: report.Text(fmt.Sprintf("Each method: how far the shares of classes are from the predicted ones, the effective sample size, and the speed on this machine, beside %.1f images a second and core of the published code.", paperImages)),
		Notes: []report.Text{report.Text(fmt.Sprintf(
			"What the speed comes from: SMC and guidance take %d steps, DPM-Solver++ %d, where the published code takes 500 of predictor and corrector, which are two evaluations each; the networks have %s parameters and the guides %s, where its U-Net has 2.65 million; the rest is the kernels.",
			f.Sizes.Steps, f.Sizes.FlowSteps, report.Count(f.Models[0].Network).Text, report.Count(f.Composites[0].Network).Text))},
		Columns: []report.Column{
			{Name: "composition", Words: true},
			{Name: "method", Words: true},
			{Name: "off", Note: "total variation"},
			{Name: "ESS", Note: "% of images"},
			{Name: "least ESS", Note: "% of a population"},
			{Name: "log evidence"},
			{Name: "images", Note: "a second and core"},
		},
	}
	for i := range f.Composites {
		c := &f.Composites[i]
		for _, d := range c.Draws {
			if d.Why != "" {
				continue
			}
			cells := []report.Cell{{Text: report.Text("`" + c.Text + "`")}, {Text: report.Text(imageMethods[d.Method])}}
			weights := make([]report.Cell, 3)
			if d.Method == byClassifier || d.Method == byPaths {
				weights = []report.Cell{report.Number(100*d.ESS, 0), report.Number(100*d.MinESS, 0), report.Estimate(d.Evidence.Value, d.Evidence.SE, 2)}
			}
			cells = append(append(cells, report.Number(d.Distance, 2)), weights...)
			t.Rows = append(t.Rows, report.Row{Cells: append(cells, report.Number(d.PerCore, 1))})
		}
	}
	return report.Section{Title: "Methods", Blocks: []report.Block{t}}
}

// modelPictures are pictures of the base models.
func (f *imageFindings) modelPictures() ([]report.Block, error) {
	var out []report.Block
	for _, m := range f.Models {
		figure, err := pictureOf("model "+m.Name, report.Text(fmt.Sprintf("The model %s, which learned %s.", m.Name, strings.Join(m.Classes, ", "))), m.Draw.Picture)
		if err != nil {
			return nil, err
		}
		out = append(out, figure)
	}
	return out, nil
}

// pictureOf is a PNG as a figure.
func pictureOf(name string, caption report.Text, data []byte) (*report.Figure, error) {
	c, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("experiment: picture of %s: %w", name, err)
	}
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%d" height="%d" viewBox="0 0 %d %d"><image width="%d" height="%d" xlink:href="data:image/png;base64,%s"/></svg>`,
		c.Width, c.Height, c.Width, c.Height, c.Width, c.Height, base64.StdEncoding.EncodeToString(data))
	return &report.Figure{Name: name, Caption: caption, SVG: []byte(svg)}, nil
}
