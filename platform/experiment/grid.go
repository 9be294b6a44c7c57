package experiment

import (
	"bufio"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/experiment/report"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/verify"
	"github.com/molsculpt/molsculpt/sdk/space"
)

//go:embed grid
var gridFiles embed.FS

// grid is an experiment on the grid.
type grid struct {
	models []string // training files of base models

	// Training files of guides by what they are; where there are several, a
	// composition is steered by the first that can.
	classifiers, exact, actions []string

	page func(*gridFindings) (*report.Page, error)
}

// gridTwo is the experiment with two distributions, Shubert and diagonal.
func gridTwo() Experiment {
	g := grid{
		models:      []string{"shubert.yaml", "diagonal.yaml"},
		classifiers: []string{"classifier.yaml"}, exact: []string{"classifier-exact.yaml"}, actions: []string{"actions.yaml"},
		page: pageOfTwo,
	}
	return Experiment{
		Name: "grid-two", Summary: "two distributions on a grid: harmonic means and contrasts with alpha, exact laws, every method",
		Files: folder(gridFiles, "grid/two"), Small: folder(gridFiles, "grid/two-small"), Run: g.run,
	}
}

// gridThree is the experiment with three distributions, overlapping circles.
func gridThree() Experiment {
	g := grid{
		models:      []string{"circle1.yaml", "circle2.yaml", "circle3.yaml"},
		classifiers: []string{"classifier.yaml", "classifier-12.yaml", "classifier-13.yaml", "classifier-23.yaml"},
		exact:       []string{"classifier-exact.yaml"},
		actions:     []string{"actions.yaml", "actions-2.yaml"},
		page:        pageOfThree,
	}
	return Experiment{
		Name: "grid-three", Summary: "three distributions on a grid: observations of three models, exact laws, every method",
		Files: folder(gridFiles, "grid/three"), Small: folder(gridFiles, "grid/three-small"), Run: g.run,
	}
}

// folder is a folder of embedded files, which is there.
func folder(files embed.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic("experiment: a folder of files is missing")
	}
	return sub
}

// composition is a line of compositions.txt, with the heading above it.
type composition struct{ Heading, Name, Text string }

// readCompositions reads a file of compositions: one a line, where it has a name
// with "NAME = " before it; headings in brackets, remarks after #.
func readCompositions(path string) ([]composition, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("experiment: read compositions: %w", err)
	}
	var out []composition
	heading := ""
	lines := bufio.NewScanner(strings.NewReader(string(data)))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			heading = line[1 : len(line)-1]
		default:
			name, text, named := strings.Cut(line, " = ")
			if !named {
				text = name
			}
			if _, err := compose.Parse(text); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, n, err)
			}
			out = append(out, composition{heading, name, text})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("experiment: read compositions: %w", err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("experiment: there is no composition in %s", path)
	}
	return out, nil
}

// gridModel is a trained base model, with how far it is from its reward.
type gridModel struct {
	Name   string
	Steps  string  // the options of its training, as JSON
	L1     float64 // of its law to R/Z
	LogZ   float64 // of the reward, exact
	P, Own []float64
}

// gridFindings are what a page on a grid is made of.
type gridFindings struct {
	Side    int
	Models  []gridModel
	Guides  []guideReport
	Results []gridResult
	graph   *oracle.Graph
}

// gridSite is the trained models and guides of an experiment, and the domain.
type gridSite struct {
	env     *Env
	ideal   *verify.Domain // of the rewards
	domain  *verify.Domain // of the trained models
	digests []string       // of all weights

	classifiers, exact, actions []*platform.Guide
	close                       []func()
}

// run trains what there is to train, measures every composition, and makes the
// page.
func (g grid) run(ctx context.Context, e *Env) (page *report.Page, err error) {
	texts, err := readCompositions(e.Path("compositions.txt"))
	if err != nil {
		return nil, err
	}
	s, f := &gridSite{env: e}, &gridFindings{}
	defer func() {
		for _, c := range s.close {
			c()
		}
	}()
	if err := s.train(ctx, g, f); err != nil {
		return nil, err
	}
	for i, c := range texts {
		r, err := s.measure(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Text, err)
		}
		f.Results = append(f.Results, *r)
		e.progress("compositions", i+1, len(texts))
	}
	return g.page(f)
}

// train trains and loads the models and guides, and finds the laws of the former.
func (s *gridSite) train(ctx context.Context, g grid, f *gridFindings) error {
	rewards := map[string]oracle.GridReward{}
	policies := map[string]space.Policy{}
	for _, file := range g.models {
		trained, err := s.env.Train(ctx, file)
		if err != nil {
			return err
		}
		m, err := platform.LoadGridModel(ctx, s.env.Catalog, trained.Weights, s.env.Log)
		if err != nil {
			return err
		}
		s.close = append(s.close, m.Close)
		s.digests = append(s.digests, trained.SHA256)
		switch {
		case m.Grid.Dim() != 2:
			return fmt.Errorf("%s: the grid has %d axes; the experiment's has 2", file, m.Grid.Dim())
		case f.Side != 0 && f.Side != m.Grid.Side():
			return fmt.Errorf("%s: the grid has the side %d; that of another model has %d", file, m.Grid.Side(), f.Side)
		}
		f.Side = m.Grid.Side()
		reward, ok := platform.GridReward(m.Card.Reward.Function)
		if !ok {
			return fmt.Errorf("%s: there is no reward %s", file, m.Card.Reward.Function)
		}
		rewards[m.Card.Name], policies[m.Card.Name] = reward, m.Policy
		f.Models = append(f.Models, gridModel{Name: m.Card.Name, Steps: string(m.Card.Training)})
	}
	var err error
	if s.ideal, err = verify.Grid(ctx, 2, f.Side, rewards); err != nil {
		return err
	}
	s.domain, err = s.ideal.Learned(ctx, "trained models", func(_ context.Context, model string) (space.Policy, error) { return policies[model], nil })
	if err != nil {
		return err
	}
	f.graph = s.domain.Graph
	for i := range f.Models {
		m := &f.Models[i]
		ideal, own := s.ideal.Models[m.Name], s.domain.Models[m.Name].Law.Terminal
		m.L1, m.LogZ = oracle.L1(ideal.Law.Terminal, own), ideal.LogZ
		m.P, m.Own = probabilities(ideal.Law.Terminal), probabilities(own)
	}
	for _, role := range []struct {
		files []string
		into  *[]*platform.Guide
	}{{g.classifiers, &s.classifiers}, {g.exact, &s.exact}, {g.actions, &s.actions}} {
		for _, file := range role.files {
			if err := s.guide(ctx, file, role.into, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// guide trains and loads a guide. Where the experiment has no such file, as the
// reduced form has not all, there is none.
func (s *gridSite) guide(ctx context.Context, file string, into *[]*platform.Guide, f *gridFindings) error {
	if _, err := os.Stat(s.env.Path(file)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	trained, err := s.env.Train(ctx, file)
	if err != nil {
		return err
	}
	guide, err := platform.LoadGuide(ctx, s.env.Catalog, trained.Weights, s.env.Log)
	if err != nil {
		return err
	}
	s.close = append(s.close, guide.Close)
	s.digests = append(s.digests, trained.SHA256)
	*into = append(*into, guide)
	r, err := reportOf(guide.Card)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	f.Guides = append(f.Guides, r)
	return nil
}

// steering is the first guide that knows a composition, as a twist by states;
// nil where none does.
func steering(guides []*platform.Guide, c *compose.Composition) sample.Posterior {
	for _, g := range guides {
		if states, err := g.States(c); err == nil {
			return states
		}
	}
	return nil
}

// correcting is the first guide that knows a composition as a twist by actions.
func correcting(guides []*platform.Guide, c *compose.Composition) sample.ActionGuide {
	for _, g := range guides {
		if actions, err := g.Actions(c); err == nil {
			return actions
		}
	}
	return nil
}
