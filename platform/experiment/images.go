package experiment

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/digits"
	"github.com/molsculpt/molsculpt/platform/experiment/report"
	"github.com/molsculpt/molsculpt/platform/sample"
)

//go:embed images images-small
var imageFiles embed.FS

// images is the experiment on coloured digits.
func images() Experiment {
	return Experiment{
		Name: "images", Summary: "coloured digits: compositions of continuous diffusions, sampled with classifiers and with path likelihoods",
		Files: folder(imageFiles, "images"), Small: folder(imageFiles, "images-small"), Run: runImages,
	}
}

// imagesVersion is that of what a stage measures and keeps.
const imagesVersion = 2

// imageMethod is how a composition of images is sampled.
type imageMethod int

const (
	byClassifier imageMethod = iota // SMC with the classifier's potential
	byGuidance                      // the same without weights: guidance at scale 1
	byFlow                          // guidance at scale 1 along the flow, by DPM-Solver++
	byPaths                         // SMC with the likelihoods of paths, without a classifier
)

var imageMethods = [...]string{byClassifier: "SMC", byGuidance: "guidance", byFlow: "guidance, DPM-Solver++", byPaths: "SMC by path likelihoods"}

// imageSizes are how much is drawn.
type imageSizes struct {
	Particles, Populations int
	Steps, FlowSteps       int
	Tested                 int // images that the judge is tested on
}

func sizesOfImages(small bool) imageSizes {
	if small {
		return imageSizes{Particles: 2, Populations: 2, Steps: 3, FlowSteps: 2, Tested: 200}
	}
	return imageSizes{Particles: 16, Populations: 16, Steps: 60, FlowSteps: 20, Tested: math.MaxInt}
}

// drawnImages is what a method drew, and what the judge sees in it.
type drawnImages struct {
	Method   imageMethod
	Shares   []float64 // of each of the judge's classes, weighted
	SE       []float64 // their standard errors
	Distance float64   // total variation to the predicted shares
	PerCore  float64   // images a second and core
	ESS      float64   // as a share of the images; 1 without weights
	MinESS   float64   // the least on the way, as a share of a population
	Evidence sample.Estimate
	Picture  []byte // PNG: of weighted images as many as their weights say
	Why      string // why nothing was drawn; "" where something was
}

// imageComposite is a composition with its samples.
type imageComposite struct {
	Guide, Text string
	Network     int       // parameters of the guide
	Predicted   []float64 // shares of the judge's classes that the algebra predicts
	Draws       []drawnImages
}

// imageModel is a base model with its samples.
type imageModel struct {
	Name    string
	Classes []string
	Network int       // its parameters
	Data    []float64 // shares of the judge's classes in its data
	Draw    drawnImages
}

// imageFindings are what the page on images is made of.
type imageFindings struct {
	Sizes      imageSizes
	Classes    []string // of the judge
	Accuracy   float64  // of the judge on images that nothing was trained on
	Tested     int
	Models     []imageModel
	Composites []imageComposite
}

// imageLab is what samples of images are drawn and judged with.
type imageLab struct {
	env   *Env
	sizes imageSizes
	judge diffuse.Guide
	key   string // of the judge's weights
	kinds digits.Classes
	set   *digits.Set
}

func runImages(ctx context.Context, e *Env) (*report.Page, error) {
	list, err := readCompositions(e.Path("compositions.txt"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(e.Data, "mnist")); err != nil {
		return nil, fmt.Errorf("experiment: there is no folder mnist in %s\ntry: --data FOLDER, where FOLDER/mnist has the four files of MNIST", e.Data)
	}
	f := &imageFindings{Sizes: sizesOfImages(e.Small)}
	trained, err := e.Train(ctx, "judge.yaml")
	if err != nil {
		return nil, err
	}
	judge, err := platform.LoadPointGuide(ctx, e.Catalog, trained.Weights, e.Log)
	if err != nil {
		return nil, err
	}
	defer judge.Close()
	lab, err := newImageLab(ctx, e, f, judge)
	if err != nil {
		return nil, err
	}
	for guide, own := range byHeading(list) {
		if err := lab.guided(ctx, f, guide, own); err != nil {
			return nil, err
		}
	}
	return pageOfImages(f)
}

// byHeading yields the headings of compositions in their order, with their own.
func byHeading(list []composition) iter.Seq2[string, []composition] {
	return func(yield func(string, []composition) bool) {
		for from := 0; from < len(list); {
			to := from
			for to < len(list) && list[to].Heading == list[from].Heading {
				to++
			}
			if !yield(list[from].Heading, list[from:to]) {
				return
			}
			from = to
		}
	}
}

// newImageLab tests the judge on the images that MNIST keeps for tests.
func newImageLab(ctx context.Context, e *Env, f *imageFindings, judge *platform.PointGuide) (*imageLab, error) {
	l := &imageLab{env: e, sizes: f.Sizes, judge: judge, key: judge.Card.WeightsSHA256}
	f.Classes = judge.Info().Models
	var err error
	if l.kinds, err = digits.ParseClasses(f.Classes); err != nil {
		return nil, err
	}
	if l.set, err = l.open("train"); err != nil {
		return nil, err
	}
	var kept struct {
		Right  float64
		Tested int
	}
	err = e.Stage(ctx, "test of the judge", []any{imagesVersion, l.key, f.Sizes.Tested}, &kept, func() error {
		kept.Right, kept.Tested, err = l.test(ctx)
		return err
	})
	f.Accuracy, f.Tested = kept.Right, kept.Tested
	return l, err
}

// open reads a part of MNIST: train or t10k.
func (l *imageLab) open(part string) (*digits.Set, error) {
	folder := filepath.Join(l.env.Data, "mnist")
	return digits.Open(filepath.Join(folder, part+"-images-idx3-ubyte.gz"), filepath.Join(folder, part+"-labels-idx1-ubyte.gz"))
}

// guided trains a guide and its models and draws their compositions.
func (l *imageLab) guided(ctx context.Context, f *imageFindings, file string, list []composition) error {
	e := l.env
	path := e.Path(file)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("experiment: read the training file of a guide: %w", err)
	}
	t, err := config.ParseTraining(path, text)
	if err != nil {
		return err
	}
	if t.Data == nil || t.Data.Images == nil {
		return fmt.Errorf("experiment: %s: the guide has no images", path)
	}
	trained, err := e.Train(ctx, file)
	if err != nil {
		return err
	}
	guide, err := platform.LoadPointGuide(ctx, e.Catalog, trained.Weights, e.Log)
	if err != nil {
		return err
	}
	defer guide.Close()
	var weights []platform.NamedWeights
	for _, set := range t.Data.Images.Sets {
		trained, err := e.Train(ctx, set.Name+".yaml")
		if err != nil {
			return err
		}
		weights = append(weights, platform.NamedWeights{Name: set.Name, File: trained.Weights})
	}
	models, err := platform.LoadPointModels(ctx, e.Catalog, weights, e.Log)
	if err != nil {
		return err
	}
	defer models.Close()
	network, err := parameters(guide.Card)
	if err != nil {
		return err
	}
	key := []any{imagesVersion, diffuse.Version, l.key, guide.Card.WeightsSHA256, l.sizes}
	laws := map[string][]float64{}
	for i, set := range t.Data.Images.Sets {
		m := imageModel{Name: set.Name}
		if m.Network, err = parameters(models.Cards[i]); err != nil {
			return err
		}
		for _, c := range set.Classes {
			m.Classes = append(m.Classes, c.Value)
		}
		if m.Data, err = l.law(m.Classes); err != nil {
			return err
		}
		laws[m.Name] = m.Data
		own := models.Cards[i].WeightsSHA256
		key = append(key, own)
		if slices.ContainsFunc(f.Models, func(other imageModel) bool { return other.Name == m.Name }) {
			continue // of another guide too
		}
		err = e.Stage(ctx, "draws of "+m.Name, []any{imagesVersion, diffuse.Version, l.key, l.sizes, own}, &m.Draw, func() error {
			m.Draw, err = l.base(ctx, models, i, m.Data)
			return err
		})
		if err != nil {
			return err
		}
		f.Models = append(f.Models, m)
	}
	for _, c := range list {
		out := imageComposite{Guide: t.Name, Text: c.Text, Network: network}
		target, predicted, err := predict(c.Text, models.Names, laws, len(l.kinds))
		if err != nil {
			return err
		}
		out.Predicted = predicted
		for method := range imageMethods {
			var d drawnImages
			name := fmt.Sprintf("%s: %s", out.Text, imageMethods[method])
			err := e.Stage(ctx, name, append(slices.Clone(key), name), &d, func() error {
				var err error
				d, err = l.draw(ctx, models, guide, target, imageMethod(method), predicted)
				return err
			})
			if err != nil {
				return err
			}
			out.Draws = append(out.Draws, d)
		}
		f.Composites = append(f.Composites, out)
	}
	return nil
}

// parameters is how many a network has, by its card.
func parameters(c platform.ModelCard) (int, error) {
	var model struct {
		Parameters int `json:"parameters"`
	}
	if err := json.Unmarshal(c.Model, &model); err != nil {
		return 0, fmt.Errorf("experiment: read the card of %s: %w", c.Name, err)
	}
	return model.Parameters, nil
}

// law is the shares of the judge's classes among the training images of some
// classes.
func (l *imageLab) law(names []string) ([]float64, error) {
	classes, err := digits.ParseClasses(names)
	if err != nil {
		return nil, err
	}
	count := map[int]float64{}
	for _, label := range l.set.Labels {
		count[int(label)]++
	}
	out := make([]float64, len(l.kinds))
	total := 0.0
	for _, c := range classes {
		k := slices.Index(l.kinds, c)
		if k < 0 {
			return nil, fmt.Errorf("experiment: the judge does not know %s; it knows %v", c, l.judge.Info().Models)
		}
		out[k] = count[c.Digit]
		total += count[c.Digit]
	}
	for k := range out {
		out[k] /= total
	}
	return out, nil
}

// predict compiles a composition and gives the shares of classes that it has where
// the images of a class are the same for all models: then its density at an image
// is that at its class, times what models do not differ in. Nested compositions
// are normalised by the same law.
func predict(text string, names []string, laws map[string][]float64, classes int) (*compose.Composition, []float64, error) {
	e, err := compose.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	if err := e.Check(names); err != nil {
		return nil, nil, err
	}
	known := compose.Normalisers{}
	of := func(e *compose.Expression) (*compose.Composition, []float64, float64, error) {
		c, err := compose.Compile(e, nil, known)
		if err != nil {
			return nil, nil, 0, err
		}
		shares := make([]float64, classes)
		total := 0.0
		for k := range shares {
			var logs []float64
			for _, m := range c.Models() {
				logs = append(logs, math.Log(laws[m][k]))
			}
			if v := c.LogDensity(logs, 0); !math.IsNaN(v) { // nothing over nothing is nothing
				shares[k] = math.Exp(v)
			}
			total += shares[k]
		}
		if !(total > 0) || math.IsInf(total, 0) {
			return nil, nil, 0, fmt.Errorf("experiment: %s has no class that its models allow", e)
		}
		for k := range shares {
			shares[k] /= total
		}
		return c, shares, total, nil
	}
	for _, inner := range compose.Nested(e) {
		_, _, total, err := of(inner)
		if err != nil {
			return nil, nil, err
		}
		known[inner.String()] = math.Log(total)
	}
	c, shares, _, err := of(e)
	return c, shares, err
}
