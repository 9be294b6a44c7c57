package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// PointModels are continuous models, each in a plugin process of its own.
type PointModels struct {
	Names  []string
	Fields []diffuse.Field
	Space  *space.Points // with the process that they share
	Cards  []ModelCard   // beside their weights; of models that were loaded by these

	plugins []*supervise.Plugin
}

// pointModel is a field of these, with what was found for it.
type pointModel struct {
	*supervise.Diffusion
	planned PlannedModel
}

// Close ends the processes.
func (m *PointModels) Close() {
	for _, p := range m.plugins {
		closePlugin(p)
	}
}

// NamedWeights is a file of weights that [Train] wrote, under a name.
type NamedWeights struct{ Name, File string }

// LoadPointModels loads continuous models, by the cards beside their weights. Close
// them where there is no error.
func LoadPointModels(ctx context.Context, cat *catalog.Catalog, list []NamedWeights, log hclog.Logger) (*PointModels, error) {
	var planned []PlannedModel
	var cards []ModelCard
	for _, w := range list {
		m, card, err := findWeights(cat, w.File)
		if err != nil {
			return nil, err
		}
		m.Name = w.Name
		planned, cards = append(planned, m), append(cards, card)
	}
	m, err := startPoints(ctx, planned, log)
	if err == nil {
		m.Cards = cards
	}
	return m, err
}

// findWeights finds weights of points with their card and the plugin that it names.
func findWeights(cat *catalog.Catalog, file string) (PlannedModel, ModelCard, error) {
	var m PlannedModel
	var card ModelCard
	var err error
	if m.Weights, err = cat.Load(file, "."); err != nil {
		return m, card, err
	}
	text, err := os.ReadFile(cardFile(file))
	if err == nil {
		err = json.Unmarshal(text, &card)
	}
	if err != nil {
		return m, card, fmt.Errorf("platform: read the card of %s: %w", file, err)
	}
	switch {
	case card.Space.Kind != space.KindPoints:
		return m, card, fmt.Errorf("platform: load %s: it is a model of %s, not of %s", file, card.Space.Kind, space.KindPoints)
	case card.WeightsSHA256 != m.Weights.SHA256:
		return m, card, fmt.Errorf("platform: load %s: the card beside it is that of other weights", file)
	}
	m.Plugin, err = cat.Plugin(card.Plugin, filepath.Dir(file))
	return m, card, err
}

// startPoints starts the processes of continuous models and loads them. Close them
// where there is no error.
func startPoints(ctx context.Context, list []PlannedModel, log hclog.Logger) (*PointModels, error) {
	m := &PointModels{}
	var infos []sdk.DiffusionInfo
	for _, p := range list {
		info, err := m.start(ctx, p, log)
		if err != nil {
			m.Close()
			return nil, err
		}
		infos, m.Names = append(infos, info), append(m.Names, p.Name)
	}
	var err error
	if m.Space, err = diffuse.Space(infos, m.Names); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *PointModels) start(ctx context.Context, p PlannedModel, log hclog.Logger) (sdk.DiffusionInfo, error) {
	plugin, err := startPlugin(ctx, p.Plugin, log)
	if err != nil {
		return sdk.DiffusionInfo{}, fmt.Errorf("model %s: %w", p.Name, err)
	}
	m.plugins = append(m.plugins, plugin)
	if d := plugin.Describe(); !d.Can(sdk.CanDiffusion) {
		return sdk.DiffusionInfo{}, fmt.Errorf("model %s: the plugin %s has no continuous models (it can: %v)", p.Name, d.Name, d.Capabilities)
	}
	f, err := plugin.LoadDiffusion(ctx, host.Model{Weights: p.Weights.Data, SHA256: p.Weights.SHA256, Options: p.Options}, p.Conditions)
	if err != nil {
		return sdk.DiffusionInfo{}, fmt.Errorf("model %s: %w", p.Name, err)
	}
	m.Fields = append(m.Fields, &pointModel{f, p})
	return f.Info(), nil
}

// Compose compiles an expression of the models, which must be those of the guide in
// the options, if there is one. Nested compositions are normalised by their
// evidence, found by so many populations as the options say, 64 where they say
// nothing, of chains that end where those of the whole do.
func (m *PointModels) Compose(ctx context.Context, text string, o diffuse.Options) (*compose.Composition, []diffuse.Field, error) {
	e, err := compose.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	if err := e.Check(m.Names); err != nil {
		return nil, nil, err
	}
	all, err := m.fields(e.Models())
	if err != nil {
		return nil, nil, err
	}
	if err := diffuse.Match(o.Guide, e.Models(), all); err != nil {
		return nil, nil, fmt.Errorf("platform: compose %s: %w", e, err)
	}
	if o.End, err = diffuse.End(o.End, all, o.Guide); err != nil {
		return nil, nil, err
	}
	if o.Populations == 0 {
		o.Populations = 64
	}
	o.Method, o.Guide, o.Scale, o.First = diffuse.SMC, nil, 0, 0
	known := compose.Normalisers{}
	for _, inner := range compose.Nested(e) {
		c, fields, err := m.compile(inner, known)
		if err != nil {
			return nil, nil, err
		}
		own := o
		own.Seed = sample.NestedSeed(o.Seed, inner)
		s, err := diffuse.New(m.Space, fields, c, own)
		if err != nil {
			return nil, nil, err
		}
		var evidence sample.Evidence
		for p, err := range s.Populations(ctx) {
			if err != nil {
				return nil, nil, err
			}
			evidence.Add(p)
		}
		z, err := evidence.Log()
		if err != nil {
			return nil, nil, fmt.Errorf("platform: the evidence of %s: %w", inner, err)
		}
		known[inner.String()] = z.Value
	}
	return m.compile(e, known)
}

// compile compiles an expression and lists the fields of its models.
func (m *PointModels) compile(e *compose.Expression, known compose.Normalisers) (*compose.Composition, []diffuse.Field, error) {
	c, err := compose.Compile(e, nil, known)
	if err != nil {
		return nil, nil, err
	}
	fields, err := m.fields(c.Models())
	return c, fields, err
}

// fields are those of models by their names, which must be there.
func (m *PointModels) fields(names []string) ([]diffuse.Field, error) {
	var fields []diffuse.Field
	for _, name := range names {
		for i, own := range m.Names {
			if own == name {
				fields = append(fields, m.Fields[i])
			}
		}
	}
	if len(fields) != len(names) {
		return nil, errors.New("platform: two models have one name")
	}
	return fields, nil
}
