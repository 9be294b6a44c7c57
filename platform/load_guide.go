package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/guide"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Guide is a trained guide in a plugin process of its own.
type Guide struct {
	Card  ModelCard
	Space space.Defined

	guide  *supervise.Guide
	plugin *supervise.Plugin
}

// Close ends the guide's process.
func (g *Guide) Close() { closePlugin(g.plugin) }

// Info is what the guide says of itself.
func (g *Guide) Info() sdk.GuideInfo { return g.guide.Info() }

// States is the guide as a twist by states for a composition of its models, which
// have the names that it was trained with.
func (g *Guide) States(c *compose.Composition) (sample.Posterior, error) {
	r, own, err := g.read(c)
	if err != nil {
		return nil, err
	}
	return r.States(own), nil
}

// Actions is the guide as a twist by actions; an error where it has no action
// head.
func (g *Guide) Actions(c *compose.Composition) (sample.ActionGuide, error) {
	r, own, err := g.read(c)
	if err != nil {
		return nil, err
	}
	return r.Actions(own)
}

// read finds a composition in the guide, and the guide under its conditions.
func (g *Guide) read(c *compose.Composition) (*guide.Reading, *supervise.Guide, error) {
	r, err := guide.Read(g.guide.Info(), c)
	if err != nil {
		return nil, nil, err
	}
	own, err := g.guide.With(r.Condition)
	return r, own, err
}

// LoadGuide loads a guide that [Train] wrote, by the card beside its weights.
// Close it where there is no error.
func LoadGuide(ctx context.Context, cat *catalog.Catalog, weights string, log hclog.Logger) (*Guide, error) {
	data, err := cat.Load(weights, ".")
	if err != nil {
		return nil, err
	}
	g := &Guide{}
	text, err := os.ReadFile(cardFile(weights))
	if err == nil {
		err = json.Unmarshal(text, &g.Card)
	}
	if err != nil {
		return nil, fmt.Errorf("platform: read the card of %s: %w", weights, err)
	}
	if len(g.Card.Models) == 0 || g.Card.WeightsSHA256 != data.SHA256 {
		return nil, fmt.Errorf("platform: load %s: the card beside it is not that of a guide with these weights", weights)
	}
	if g.Space, err = cardSpace(g.Card, filepath.Dir(weights)); err != nil {
		return nil, fmt.Errorf("platform: load %s: %w", weights, err)
	}
	found, err := cat.Plugin(g.Card.Plugin, filepath.Dir(weights))
	if err != nil {
		return nil, err
	}
	if g.plugin, err = startPlugin(ctx, found, log); err != nil {
		return nil, fmt.Errorf("platform: load %s: %w", weights, err)
	}
	g.guide, err = g.plugin.LoadGuide(ctx, host.Model{Space: g.Space, Definition: g.Space.Definition(), Weights: data.Data, SHA256: data.SHA256})
	if err != nil {
		g.Close()
		return nil, fmt.Errorf("platform: load %s: %w", weights, err)
	}
	return g, nil
}

// cardSpace opens the space that a card names; a vocabulary file is looked for
// in a folder.
func cardSpace(card ModelCard, dir string) (space.Defined, error) {
	if card.Grid != nil {
		return space.NewGrid(card.Grid.Dim, card.Grid.Side)
	}
	v, err := OpenVocabulary(card.Vocabulary, func(p string) string {
		if filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	})
	if err != nil {
		return nil, err
	}
	return space.NewFragments(v, card.Space.MaxSize)
}
