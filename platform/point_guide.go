package platform

import (
	"context"
	"fmt"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// PointGuide is a guide over points in a plugin process of its own. It knows what
// it was trained for: package diffuse samples no other models with it.
type PointGuide struct {
	*supervise.Guide
	Card   ModelCard
	file   string // of its weights
	plugin *supervise.Plugin
}

var (
	_ diffuse.Guide   = (*PointGuide)(nil)
	_ diffuse.Matcher = (*PointGuide)(nil)
	_ diffuse.Ended   = (*PointGuide)(nil)
)

// Close ends the guide's process.
func (g *PointGuide) Close() { closePlugin(g.plugin) }

// LoadPointGuide loads a guide over points that [Train] wrote, by the card beside
// its weights. Close it where there is no error. Whether it is one for some models
// is asked where they are sampled, see [PointGuide.Match].
func LoadPointGuide(ctx context.Context, cat *catalog.Catalog, file string, log hclog.Logger) (*PointGuide, error) {
	p, card, err := findWeights(cat, file)
	if err != nil {
		return nil, err
	}
	g := &PointGuide{Card: card, file: file}
	if g.plugin, err = startPlugin(ctx, p.Plugin, log); err != nil {
		return nil, fmt.Errorf("platform: load %s: %w", file, err)
	}
	if d := g.plugin.Describe(); !d.Can(sdk.CanGuide) {
		err = fmt.Errorf("the plugin %s has no guides (it can: %v)", d.Name, d.Capabilities)
	} else {
		g.Guide, err = g.plugin.LoadGuide(ctx, host.Model{Weights: p.Weights.Data, SHA256: p.Weights.SHA256})
	}
	if err != nil {
		g.Close()
		return nil, fmt.Errorf("platform: load %s: %w", file, err)
	}
	return g, nil
}

// End is the smallest time that the guide has learned; 0 where it does not say.
func (g *PointGuide) End() float64 { return g.Info().End }

// Match implements [diffuse.Matcher]: models must be points of as many numbers, of
// the process that the guide learned, and, by their names, the very models that it
// was trained for. One that tells apart sets of labelled data has no models to
// compare, see [CardData].
func (g *PointGuide) Match(names []string, fields []diffuse.Field) error {
	for i, f := range fields {
		m, ok := f.(*pointModel)
		if !ok {
			return fmt.Errorf("the guide %s is for models with a card, which %s has not", g.file, names[i])
		}
		if why := g.differs(names[i], m); why != "" {
			return fmt.Errorf("the guide %s %s\ntry: the models that it was trained for, or train a guide for these", g.file, why)
		}
	}
	return nil
}

// differs says in what a model of a name is none of the guide's; "" where it is one,
// and where it has a name that the guide does not know.
func (g *PointGuide) differs(name string, m *pointModel) string {
	if why := noiseDiffers(g.Info(), name, m.Info()); why != "" {
		return why
	}
	for _, own := range g.Card.Models {
		if own.Name != name {
			continue
		}
		if why := own.differs(m.planned); why != "" {
			return fmt.Sprintf("was trained for another %s: %s", name, why)
		}
	}
	return ""
}

// noiseDiffers says in what the noisy points of a guide and of a model of a name
// differ; "" where they do not.
func noiseDiffers(guide sdk.GuideInfo, name string, model sdk.DiffusionInfo) string {
	if guide.Dimension != model.Dimension {
		return fmt.Sprintf("is for points of %d numbers, the model %s for %d", guide.Dimension, name, model.Dimension)
	}
	if guide.Process == "" {
		return "does not say which process it learned"
	}
	own, err := noise.New(guide.Process, guide.Parameters)
	if err != nil {
		return err.Error()
	}
	other, err := noise.New(model.Process, model.Parameters)
	if err != nil {
		return err.Error()
	}
	if own != other {
		return fmt.Sprintf("was trained for the process %s, the model %s has %s", own, name, other)
	}
	return ""
}
