package platform

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// shop trains small continuous models and guides in a folder of its own, over real
// plugin processes.
type shop struct {
	*testing.T
	dir string
	cat *catalog.Catalog
}

func newShop(t *testing.T) shop {
	t.Helper()
	if testing.Short() {
		t.Skip("trains some seconds")
	}
	return shop{t, t.TempDir(), live(t)}
}

// train is the weights of a training file.
func (s shop) train(name, text string) string {
	s.Helper()
	f, err := config.ParseTraining(filepath.Join(s.dir, name+".yaml"), []byte("version: 1\nname: "+name+"\n"+text))
	if err != nil {
		s.Fatal(err)
	}
	done, err := Train(s.Context(), f, s.cat, TrainOptions{Lines: normalLines})
	if err != nil {
		s.Fatalf("%s: %v", name, err)
	}
	return done.Weights
}

// normalLines are points of a normal, of as many numbers as the file's name says:
// 2.csv are those of a plane.
func normalLines(files []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		dim := 0
		if _, err := fmt.Sscanf(filepath.Base(files[0]), "%d.csv", &dim); err != nil {
			yield("", err)
			return
		}
		r := rand.New(rand.NewPCG(1, uint64(dim)))
		for range 300 {
			line := ""
			for range dim {
				line += fmt.Sprintf("%.4f ", r.NormFloat64())
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}

// small are the options of a short training.
const small = "steps: 12, batch: 16, validate: 0, threads: 1, network: {kind: mlp, width: 16, layers: 1}"

// models loads weights under names.
func (s shop) models(list ...NamedWeights) *PointModels {
	s.Helper()
	m, err := LoadPointModels(s.Context(), s.cat, list, nil)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(m.Close)
	return m
}

func (s shop) guide(file string) *PointGuide {
	s.Helper()
	g, err := LoadPointGuide(s.Context(), s.cat, file, nil)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(g.Close)
	return g
}

func TestAGuideOverPointsSteersNoOtherModelsThanItsOwn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	a := s.train("a", "seed: 1\ndata: {points: [1.csv]}\ntrain: {"+small+", end: 0.05}\n")
	b := s.train("b", "seed: 2\ndata: {points: [1.csv]}\ntrain: {"+small+", end: 0.02}\n")
	other := s.train("other", "seed: 3\ndata: {points: [1.csv]}\ntrain: {"+small+"}\n")
	ve := s.train("ve", "seed: 1\ndata: {points: [1.csv]}\ntrain: {"+small+", process: "+noise.VE+"}\n")
	steep := s.train("steep", "seed: 1\ndata: {points: [1.csv]}\ntrain: {"+small+", parameters: {beta_max: 15}}\n")
	plane := s.train("plane", "seed: 1\ndata: {points: [2.csv]}\ntrain: {"+small+"}\n")
	g := s.guide(s.train("g", "seed: 4\nkind: guide\nspace: {points: 1}\nmodels:\n  a: {plugin: core/score, weights: a.safetensors}\n  b: {plugin: core/score, weights: b.safetensors}\n"+
		"train: {"+small+", samples: 100, end: 0.1}\n"))

	own := s.models(NamedWeights{"a", a}, NamedWeights{"b", b})
	c, fields, err := own.Compose(t.Context(), "a & b", diffuse.Options{Guide: g})
	if err != nil {
		t.Fatal(err)
	}
	// Its own models are sampled, and are asked about nothing before their end, which
	// is an error.
	for method, guide := range map[diffuse.Method]diffuse.Guide{diffuse.SMC: g, diffuse.Guided: g, diffuse.Uncorrected: nil} {
		p, err := diffuse.New(own.Space, fields, c, diffuse.Options{Method: method, Guide: guide, Steps: 20, Particles: 4, Populations: 1})
		if err != nil {
			t.Fatalf("%v: %v", method, err)
		}
		for _, err := range p.Populations(t.Context()) {
			if err != nil {
				t.Errorf("%v: %v", method, err)
			}
		}
	}
	for i, end := range []float64{.05, .02} {
		for _, solver := range []diffuse.Solver{diffuse.Ancestral, diffuse.Flow, diffuse.DPM} {
			if _, err := diffuse.Draw(t.Context(), own.Space, own.Fields[i], diffuse.DrawOptions{Solver: solver, Steps: 20, Clean: true}, 3); err != nil {
				t.Errorf("%v: %v", solver, err)
			}
		}
		if _, err := diffuse.FlowDensity(t.Context(), own.Space, own.Fields[i], []float32{0, 1}, diffuse.DensityOptions{}); err != nil {
			t.Error(err)
		}
		err := own.Fields[i].Score(t.Context(), []float32{1, 2}, []float64{1, end * .99}, make([]float32, 2))
		if want := fmt.Sprintf("the model knows times from %g on", end); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("before its end: error %v, want %s", err, want)
		}
	}
	both := slices.Clone(fields)
	for _, e := range []struct {
		fields []diffuse.Field
		guide  diffuse.Guide
		want   float64
	}{{both, nil, .05}, {both[1:], nil, .02}, {both, g, .1}, {s.models(NamedWeights{"a", other}).Fields, nil, diffuse.DefaultEnd}} {
		if got, err := diffuse.End(0, e.fields, e.guide); err != nil || got != e.want {
			t.Errorf("they end at %g (%v), want %g", got, err, e.want)
		}
	}

	// Others, under the same names.
	mixed := s.models(NamedWeights{"a", other}, NamedWeights{"b", b})
	for _, wrong := range []struct {
		models     *PointModels
		expression string
		want       string
	}{
		{mixed, "a & b", "was trained for another a: of weights "},
		{s.models(NamedWeights{"b", a}, NamedWeights{"a", b}), "a & b", "was trained for another a: of weights "},
		{s.models(NamedWeights{"a", ve}), "a", "was trained for the process vp-linear/1 beta_max=20 beta_min=0.1, the model a has ve-exponential/1 sigma=25"},
		{s.models(NamedWeights{"a", steep}), "a", "was trained for the process vp-linear/1 beta_max=20 beta_min=0.1, the model a has vp-linear/1 beta_max=15 beta_min=0.1"},
		{s.models(NamedWeights{"a", plane}), "a", "is for points of 1 numbers, the model a for 2"},
	} {
		_, _, err := wrong.models.Compose(t.Context(), wrong.expression, diffuse.Options{Guide: g})
		if err == nil || !strings.Contains(err.Error(), "g.safetensors "+wrong.want) || !strings.Contains(err.Error(), "\ntry: ") {
			t.Errorf("error %v, want %s", err, wrong.want)
		}
		if _, _, err := wrong.models.Compose(t.Context(), wrong.expression, diffuse.Options{}); err != nil {
			t.Errorf("without the guide: %v", err)
		}
	}
	if _, err := diffuse.NewClassified(mixed.Space, mixed.Fields, c, diffuse.Options{Guide: g}); err == nil || !strings.Contains(err.Error(), "was trained for another a") {
		t.Errorf("classified: error %v", err)
	}
}

// What a guide of images tells apart are sets of classes, which have no weights; its
// process is that of its own training file.
func TestAGuideOfImagesIsForModelsOfItsProcess(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	writeDigits(t, s.dir, 80)
	const images = "data: {images: images, labels: labels, "
	vp := s.train("vp", "seed: 1\n"+images+"classes: ['0']}\ntrain: {"+small+"}\n")
	ve := s.train("ve", "seed: 1\n"+images+"classes: ['0']}\ntrain: {"+small+", process: "+noise.VE+"}\n")
	pair := func(name, process string) *PointGuide {
		return s.guide(s.train(name, "seed: 1\nkind: guide\n"+images+"models: {m: ['0'], n: ['1']}}\ntrain: {"+small+", end: 0.01, process: "+process+"}\n"))
	}
	vpPair, vePair := pair("vp-pair", noise.VP), pair("ve-pair", noise.VE)
	for _, c := range []struct {
		weights string
		guide   *PointGuide
		want    string // "" for models that it is for
	}{
		{vp, vpPair, ""},
		{ve, vePair, ""},
		{ve, vpPair, "was trained for the process vp-linear/1 beta_max=20 beta_min=0.1, the model m has ve-exponential/1 sigma=25"},
		{vp, vePair, "was trained for the process ve-exponential/1 sigma=25, the model m has vp-linear/1 beta_max=20 beta_min=0.1"},
	} {
		m := s.models(NamedWeights{"m", c.weights})
		_, _, err := m.Compose(t.Context(), "m", diffuse.Options{Guide: c.guide})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	if vpPair.End() != .01 {
		t.Errorf("it ends at %g", vpPair.End())
	}
	model := sdk.DiffusionInfo{Dimension: 1, Process: noise.VP}
	for want, guide := range map[string]sdk.GuideInfo{
		"does not say which process it learned": {Dimension: 1},
		"brown":                                 {Dimension: 1, Process: "brown"},
		"is for points of 2 numbers":            {Dimension: 2, Process: noise.VP},
		"beta_max=15":                           {Dimension: 1, Process: noise.VP, Parameters: map[string]float64{"beta_max": 15}},
	} {
		if why := noiseDiffers(guide, "m", model); !strings.Contains(why, want) {
			t.Errorf("%+v: %q, want %s", guide, why, want)
		}
	}
}
