package platform

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Plan is a campaign of which everything that can be checked without starting
// a model was checked.
type Plan struct {
	Campaign   *config.Campaign
	Space      *space.Fragments
	Expression *compose.Expression
	Models     []PlannedModel // those that the expression names, in its order
	Region     *sample.Region // what the campaign allows, nil for everything
	Guide      *PlannedGuide  // nil for none
	Objectives []rewards.Objective

	method sample.Method // Auto where only the models can tell what it is
	allow  config.Allow  // in the words of the vocabulary

	Text   string // the resolved campaign, canonical
	Digest string // sha256 of Text: with the name, the campaign's identity
}

// PlannedModel is a base model with what was found for it.
type PlannedModel struct {
	Name       string
	Plugin     catalog.Plugin
	Weights    catalog.Weights
	Conditions map[string]float64
	Options    []byte // JSON for the plugin, nil for none

	file config.Model
}

// identity is what a model is beside its name in the file.
func (m PlannedModel) identity() string {
	id := "weights " + m.Weights.SHA256
	if m.Plugin.SHA256 != "" {
		id += " plugin " + m.Plugin.SHA256
	}
	return id
}

// NewPlan checks a campaign against the catalog and resolves it. The mistakes
// it finds are *config.Error where they have a place in the file.
func NewPlan(c *config.Campaign, cat *catalog.Catalog) (*Plan, error) {
	p := &Plan{Campaign: c}
	var errs []error
	sp, err := openSpace(c.Space, c.Path)
	errs = append(errs, err)
	p.Space = sp
	if sp != nil {
		p.Region, p.allow, err = findRegion(c.Allow, sp)
		errs = append(errs, err)
	}

	p.Expression, err = parseExpression(c)
	errs = append(errs, err)
	if p.Expression != nil {
		dir := filepath.Dir(c.Path("x"))
		for _, name := range p.Expression.Models() {
			m, err := findModel(c, cat, name, dir)
			errs = append(errs, err)
			p.Models = append(p.Models, m)
		}
		p.method, err = findMethod(c, p.Expression, p.Region)
		errs = append(errs, err)
	}
	for _, o := range c.Objectives {
		resolved, err := NewObjective(o, cat, filepath.Dir(c.Path("x")))
		errs = append(errs, err)
		p.Objectives = append(p.Objectives, resolved)
	}
	if config.Collect(errs...) == nil { // the guide has to be one of what was found
		errs = append(errs, p.findGuide(cat))
	}
	if err := config.Collect(errs...); err != nil {
		return nil, err
	}
	p.resolve()
	return p, nil
}

// resolve writes the plan as text with everything in it that the program fills
// in: the method that auto stands for whatever the models, the goal and curve that an objective has
// by default, the expression in its one spelling. What two files that mean the
// same leave out or spell differently is then not in their digests, and what a
// later program fills in differently is.
func (p *Plan) resolve() {
	c := *p.Campaign
	c.Compose.Value = p.Expression.String()
	c.Sample.Method = p.method.String()
	c.Allow = p.allow
	c.Objectives = slices.Clone(c.Objectives)
	id := config.Identities{Space: p.Space.Descriptor().Digest, Models: map[string]string{}, Scores: map[string]string{}, Curves: map[string]string{}}
	for i, o := range p.Objectives {
		to := &c.Objectives[i]
		if s, ok := o.Function.Scorer.(*scorer); ok {
			id.Scores[o.Name] = s.identity()
		}
		to.Goal = o.Goal.String()
		if line, ok := o.Curve.(rewards.Linear); ok && (line.Exponent == 0 || line.Exponent == 1) {
			to.Curve = make([]config.Point, len(line.Points))
			for k, at := range line.Points {
				to.Curve[k] = config.Point{Value: at.X, Desirability: at.Y}
			}
		} else {
			id.Curves[o.Name] = o.Curve.String() // a file has no words for it
		}
	}
	for _, m := range p.Models {
		id.Models[m.Name] = m.identity()
	}
	if p.Guide != nil {
		id.Guide = p.Guide.identity()
	}
	p.Text = c.Plan(id)
	p.Digest = config.Digest(p.Text)
}

// Rename gives the campaign another name, and with it another identity.
func (p *Plan) Rename(name string) {
	p.Campaign.Name = name
	p.resolve()
}

// OpenVocabulary reads the vocabulary of that name: "builtin" or a file.
func OpenVocabulary(ref string, path func(string) string) (*fragment.Vocabulary, error) {
	if ref == "builtin" {
		return fragment.Builtin(), nil
	}
	data, err := os.ReadFile(path(ref))
	if err != nil {
		return nil, fmt.Errorf("read vocabulary %s: %w", ref, errors.Unwrap(err))
	}
	v, err := fragment.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read vocabulary %s: %w", ref, err)
	}
	return v, nil
}

func openSpace(s config.Space, path func(string) string) (*space.Fragments, error) {
	v, err := OpenVocabulary(s.Vocabulary.Value, path)
	if err != nil {
		e := s.Vocabulary.Errorf("%v", err)
		e.Hint = "vocabulary: builtin, or a file that molsculpt vocab build wrote"
		return nil, e
	}
	sp, err := space.NewFragments(v, s.MaxFragments)
	if err != nil {
		return nil, s.Vocabulary.Errorf("%v", err)
	}
	return sp, nil
}

// parseExpression reads the composition, which may name the file's models.
func parseExpression(c *config.Campaign) (*compose.Expression, error) {
	e, err := compose.Parse(c.Compose.Value)
	if err == nil {
		var names []string
		for _, m := range c.Models {
			names = append(names, m.Name)
		}
		err = e.Check(names)
	}
	if err == nil {
		_, err = compose.Compile(e, nil, nil)
		var nested *compose.NormaliserError
		if errors.As(err, &nested) {
			err = nil // its evidence is found by sampling, before the run
		}
	}
	if err == nil {
		return e, nil
	}
	var wrong *compose.Error
	if !errors.As(err, &wrong) {
		return nil, c.Compose.Errorf("%v", err)
	}
	place := c.Compose.At(wrong.Span.Start).Errorf("%s", wrong.Message)
	place.Hint = wrong.Hint
	return nil, place
}

// findMethod is the method that samples the composition; it makes sure that it
// can, with no model at hand. It stays Auto where that depends on what the models
// answer, see [decide].
func findMethod(c *config.Campaign, e *compose.Expression, region *sample.Region) (sample.Method, error) {
	method, err := sample.ParseMethod(c.Sample.Method)
	if err != nil {
		return method, c.Sample.Mark.Errorf("%v", err)
	}
	guided := c.Sample.Guide.Value != ""
	comp, err := compose.Compile(e, nil, nil)
	switch {
	case err != nil && guided:
		wrong := c.Sample.Guide.Errorf("%s nests a composition, and a guide steers lists of observations of models alone", e)
		wrong.Hint = "take the guide out"
		return method, wrong
	case err != nil:
		if method != sample.Ancestral && method != sample.Rejection {
			return method, nil // its parts are no plain models
		}
		err = fmt.Errorf("the method %v cannot sample a nested composition", method)
	default:
		var s *sample.Sampler
		opts := sample.Options{Method: method, Twist: steersAs(c.Sample), Region: region}
		if method.NeedsLadder() {
			opts.Twist.Ladder = sample.Ladder{{0, 0, 1}} // until it is fitted
		}
		s, err = sample.New(nil, make([]space.Policy, len(comp.Models())), comp, opts)
		if _, bounded := comp.Bound(); err == nil && method == sample.Auto && bounded && !guided && s.Method() == sample.SMC {
			return sample.Auto, nil
		}
		if err == nil {
			return s.Method(), nil
		}
	}
	wrong := c.Sample.Mark.Errorf("%s", strings.TrimPrefix(err.Error(), "sample: make sampler: "))
	wrong.Hint = "method: smc"
	switch lazy := children(c.Sample.Steps.Value); {
	case method == sample.Guided && !guided:
		wrong.Hint = "guide: FILE.safetensors, which molsculpt train wrote by a file with kind: guide"
	case method != sample.Guided && (lazy == sample.GumbelMax || lazy == sample.Thinning):
		wrong.Hint = "steps: all, or method: guided"
	}
	return method, wrong
}

func findModel(c *config.Campaign, cat *catalog.Catalog, name, dir string) (PlannedModel, error) {
	var m PlannedModel
	for _, f := range c.Models {
		if f.Name == name {
			m = PlannedModel{Name: name, file: f, Conditions: map[string]float64{}}
		}
	}
	m.Options = m.file.Options.JSON
	for _, k := range m.file.Conditions {
		m.Conditions[k.Name] = k.Value
	}
	var err error
	if m.Plugin, err = cat.Plugin(m.file.Plugin.Value, dir); err != nil {
		return m, placed(m.file.Plugin.Mark, err)
	}
	if ref := m.file.Weights.Value; ref != "" {
		if m.Weights, err = cat.Load(ref, dir); err != nil {
			return m, placed(m.file.Weights.Mark, err)
		}
	}
	return m, nil
}

// placed puts an error of the catalog to its place in the file.
func placed(m config.Mark, err error) error {
	var c *catalog.Error
	if !errors.As(err, &c) {
		return err
	}
	e := m.Errorf("%s", c.Msg)
	e.Hint = c.Hint
	return e
}

func formatNumber(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
