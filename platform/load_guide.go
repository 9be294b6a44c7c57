package platform

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/guide"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// Guide is a trained guide in a plugin process of its own.
type Guide struct {
	Card  ModelCard
	Space space.Defined

	guide   *supervise.Guide
	plugin  *supervise.Plugin
	planned *PlannedGuide
	device  string
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
	info := g.guide.Info()
	if names := g.planned.names; names != nil {
		info.Models = names
	}
	r, err := guide.Read(info, c)
	if err != nil {
		return nil, nil, err
	}
	own, err := g.guide.With(r.Condition)
	return r, own, err
}

// twist is the guide as it steers a composition by a method: by actions where it
// has an action head and nothing else is asked for. The method guided is that of
// the paper, the guide's own mixture and its own value of end points, unless it
// is by actions, which know neither; where nothing else is asked for it is drawn
// by Gumbel-max, which has the same law as asking about all children.
func (g *Guide) twist(c *compose.Composition, m sample.Method, steps string) (sample.Twist, error) {
	_, bounded := c.Bound()
	switch paper := m == sample.Guided; {
	case steps != "":
	case paper && bounded:
		steps = config.StepsGumbel
	case !paper && g.Info().Actions != sdk.NoActions:
		steps = config.StepsActions
	}
	if steps == config.StepsActions {
		actions, err := g.Actions(c)
		return sample.Twist{Actions: actions}, err
	}
	states, err := g.States(c)
	paper := m == sample.Guided
	return sample.Twist{Guide: states, Children: children(steps), GuideEnds: paper, GuideMixture: paper}, err
}

// guideRecord describes the guide for the store; nothing where there is none.
func (m *models) guideRecord() []store.Setting {
	if m.guide == nil {
		return nil
	}
	g, steps := m.guide, config.StepsActions
	if m.twist.Guide != nil {
		steps = map[sample.Children]string{
			sample.AllChildren: config.StepsAll, sample.Candidates: config.StepsCandidates,
			sample.GumbelMax: config.StepsGumbel, sample.Thinning: config.StepsThinning,
		}[m.twist.Children]
	}
	out := []store.Setting{
		{Name: "guide", Value: g.planned.Weights.Ref},
		{Name: "guide sha256", Value: g.planned.Weights.SHA256},
		{Name: "guide plugin", Value: g.planned.Plugin.ID + "@" + g.plugin.Describe().Version},
		{Name: "steps", Value: steps},
	}
	if sum := g.planned.Plugin.SHA256; sum != "" {
		out = append(out, store.Setting{Name: "guide plugin sha256", Value: sum})
	}
	return out
}

// startGuide starts the process of a guide and loads it. Close it where there is
// no error.
func startGuide(ctx context.Context, p *PlannedGuide, sp space.Defined, log hclog.Logger) (*Guide, error) {
	g := &Guide{Card: p.Card, Space: sp, planned: p}
	var err error
	if g.plugin, err = startPlugin(ctx, p.Plugin, log); err != nil {
		return nil, err
	}
	if err = g.load(ctx); err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

func (g *Guide) load(ctx context.Context) error {
	if d := g.plugin.Describe(); !d.Can(sdk.CanGuide) {
		return fmt.Errorf("the plugin %s has no guides (it can: %v)", d.Name, d.Capabilities)
	}
	var err error
	w := g.planned.Weights
	if g.guide, err = g.plugin.LoadGuide(ctx, host.Model{Space: g.Space, Definition: g.Space.Definition(), Weights: w.Data, SHA256: w.SHA256}); err != nil {
		return err
	}
	var card []string
	for _, m := range g.Card.Models {
		card = append(card, m.Name)
	}
	if own := g.Info().Models; !slices.Equal(own, card) {
		return fmt.Errorf("it was trained for the models %v, and its card says %v", own, card)
	}
	health, err := g.plugin.Health(ctx)
	g.device = health.Device
	return err
}

// LoadGuide loads a guide that [Train] wrote, by the card beside its weights.
// Close it where there is no error.
func LoadGuide(ctx context.Context, cat *catalog.Catalog, weights string, log hclog.Logger) (*Guide, error) {
	p, err := findGuide(cat, weights, ".")
	if err != nil {
		return nil, err
	}
	sp, err := cardSpace(p.Card, filepath.Dir(weights))
	if err != nil {
		return nil, fmt.Errorf("platform: load %s: %w", weights, err)
	}
	g, err := startGuide(ctx, p, sp, log)
	if err != nil {
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
