package experiment

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/experiment/report"
	"github.com/molsculpt/molsculpt/store"
)

//go:embed fragments
var fragmentFiles embed.FS

// fragments is an experiment on molecules made of fragments.
type fragments struct {
	models    []string // training files of base models
	distances bool     // whether samples are compared by the earth mover's distance
	page      func(*fragmentFindings) (*report.Page, error)
}

// fragmentCampaign is a campaign file, beta-96.yaml, and the training file of a
// guide for its models, guide-96.yaml, which may be absent.
type fragmentCampaign struct{ Title, File, Guide string }

// fragmentCampaigns are the campaign files of a folder, short names first.
func fragmentCampaigns(e *Env) ([]fragmentCampaign, error) {
	files, err := filepath.Glob(e.Path("beta-*.yaml"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("there is no campaign file beta-*.yaml in %s", e.Folder)
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	var out []fragmentCampaign
	for _, f := range files {
		f = filepath.Base(f)
		beta := strings.TrimSuffix(strings.TrimPrefix(f, "beta-"), ".yaml")
		out = append(out, fragmentCampaign{"beta " + beta, f, "guide-" + beta + ".yaml"})
	}
	return out, err
}

// twoModels is the experiment with two models, at two betas.
var twoModels = fragments{
	models: []string{"seh.yaml", "sa.yaml"},
	page:   pageOfTwoModels,
}

// threeModels is the experiment with three models, at one beta.
var threeModels = fragments{
	models:    []string{"seh.yaml", "sa.yaml", "qed.yaml"},
	distances: true,
	page:      pageOfThreeModels,
}

func fragmentsTwo() Experiment {
	return fragmentExperiment("two", "SEH and SA over molecules of 72 fragments, at beta 32 and 96: every method, densities, shares of high rewards", twoModels)
}

func fragmentsThree() Experiment {
	return fragmentExperiment("three", "SEH, SA and QED over molecules of 72 fragments, at beta 32: every method, shares of high rewards, distances", threeModels)
}

func fragmentExperiment(name, summary string, f fragments) Experiment {
	return Experiment{
		Name: "fragments-" + name, Summary: summary,
		Files: layers{folder(fragmentFiles, "fragments/"+name), folder(fragmentFiles, "fragments/models")},
		Small: folder(fragmentFiles, "fragments/"+name+"-small"),
		Run:   f.run,
	}
}

// layers are folders seen as one.
type layers []fs.FS

// Open implements fs.FS.
func (l layers) Open(name string) (fs.File, error) {
	for _, layer := range l {
		if f, err := layer.Open(name); err == nil {
			return f, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir implements fs.ReadDirFS.
func (l layers) ReadDir(name string) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	for _, layer := range l {
		list, err := fs.ReadDir(layer, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// fragmentData are the files of the data folder that are needed.
var fragmentData = []string{"fragments/fragments_72.json", "seh_proxy/seh_proxy.safetensors"}

// needs makes sure that files of the data folder are there.
func (e *Env) needs(files ...string) error {
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(e.Data, filepath.FromSlash(file))); err != nil {
			return fmt.Errorf("there is no %s in the folder of reference data, %s\ntry: --data FOLDER", file, e.Data)
		}
	}
	return nil
}

// fragmentSite is an experiment under way.
type fragmentSite struct {
	fragments
	env          *Env
	store        *store.Store
	campaigns    []fragmentCampaign
	compositions []composition
}

// fragmentFindings are what a page on fragments is made of.
type fragmentFindings struct {
	Small     bool
	Yardstick []yardstick // of the models, in their order
	Guides    []guideReport
	Fits      []fragmentFit
	Parts     []fragmentPart // by campaign file
}

// run trains what there is to train, samples every composition by every method,
// and makes the page.
func (f fragments) run(ctx context.Context, e *Env) (page *report.Page, err error) {
	if !e.Small {
		if err := e.needs(fragmentData...); err != nil {
			return nil, err
		}
		for _, file := range f.models {
			if _, err := e.Train(ctx, file); err != nil {
				return nil, err
			}
		}
	}
	s := &fragmentSite{fragments: f, env: e}
	if s.compositions, err = readCompositions(e.Path("compositions.txt")); err != nil {
		return nil, err
	}
	if s.campaigns, err = fragmentCampaigns(e); err != nil {
		return nil, err
	}
	if s.store, err = store.Open(e.Path("molsculpt.db"), store.Options{}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.store.Close()) }()
	found := &fragmentFindings{Small: e.Small}
	first, err := config.LoadCampaign(e.Path(s.campaigns[0].File))
	if err != nil {
		return nil, err
	}
	for _, m := range first.Models {
		y, ok := yardsticks[m.Name]
		if !ok {
			return nil, m.Mark.Errorf("a model of this experiment is named %s, whose rewards have no threshold here", m.Name)
		}
		found.Yardstick = append(found.Yardstick, y)
	}
	if found.Fits, err = s.fit(ctx, first); err != nil {
		return nil, err
	}
	for _, c := range s.campaigns {
		part, err := s.part(ctx, c)
		if err != nil {
			return nil, err
		}
		found.Parts = append(found.Parts, *part)
		found.Guides = append(found.Guides, part.guide)
	}
	return f.page(found)
}

// yardstick says how a reward is told high from low, and shown.
type yardstick struct {
	Name  string
	Label string
	High  float64               // rewards below are low, as Garipov et al. have it
	Of    func(float64) float64 // reward of the value of a campaign's objective
	Axis  [2]float64            // of pictures
	About report.Text
}

// yardsticks are those of the published experiments, and of a bundled model in
// the reduced form.
var yardsticks = map[string]yardstick{
	"seh":  {"seh", "SEH", 0.5, func(v float64) float64 { return v }, [2]float64{0, 1.1}, "docking to soluble epoxide hydrolase, as a network predicts it, over 8"},
	"sa":   {"sa", "SA", 0.6, func(v float64) float64 { return (10 - v) / 9 }, [2]float64{0.2, 1}, "ease of synthesis, (10 − SA score)/9"},
	"qed":  {"qed", "QED", 0.25, func(v float64) float64 { return v }, [2]float64{0, 1}, "drug-likeness"},
	"esol": {"esol", "ESOL", 0.5, func(v float64) float64 { return (v + 8) / 8 }, [2]float64{0, 1}, "solubility in water, between −8 and 0 in powers of ten"},
}

// labels are the labels of the models in a list.
func (f *fragmentFindings) labels() []string {
	var out []string
	for _, y := range f.Yardstick {
		out = append(out, y.Label)
	}
	return out
}
