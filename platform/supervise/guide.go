package supervise

import (
	"context"
	"maps"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Guide is a guide in a supervised plugin. It is safe for concurrent use.
type Guide struct {
	model     *model[*host.Guide]
	info      sdk.GuideInfo
	condition map[string]float64
}

// LoadGuide loads a guide; with its conditions at their defaults.
func (p *Plugin) LoadGuide(ctx context.Context, m host.Model) (*Guide, error) {
	g := &Guide{model: &model[*host.Guide]{plugin: p, load: func(ctx context.Context, c *host.Client) (*host.Guide, error) {
		return c.LoadGuide(ctx, m)
	}}}
	err := g.model.call(ctx, "Guide.Load", func(_ context.Context, loaded *host.Guide) error {
		g.info = loaded.Info()
		return nil
	})
	return g, err
}

// Info is what the guide says of itself.
func (g *Guide) Info() sdk.GuideInfo { return g.info }

// With is the same guide under other conditions; those that are not named have
// their defaults.
func (g *Guide) With(condition map[string]float64) (*Guide, error) {
	if _, err := sdk.Complete(g.info.Conditions, condition); err != nil {
		return nil, &sdk.Error{Plugin: g.model.plugin.cfg.Name, Call: "Guide.LogQ", Reason: err.Error(), Err: err}
	}
	return &Guide{model: g.model, info: g.info, condition: maps.Clone(condition)}, nil
}

// LogQ asks for log-probabilities of the outcomes, see [host.Guide.LogQ].
func (g *Guide) LogQ(ctx context.Context, req sdk.GuideRequest) (reply sdk.GuideReply, err error) {
	err = g.model.call(ctx, "Guide.LogQ", func(ctx context.Context, loaded *host.Guide) error {
		own, err := loaded.With(g.condition)
		if err == nil {
			reply, err = own.LogQ(ctx, req)
		}
		return err
	})
	return reply, err
}

// LogQActions asks for all actions of states, see [host.Guide.LogQActions].
func (g *Guide) LogQActions(ctx context.Context, states []space.State, dst []host.GuideActions) error {
	return g.model.call(ctx, "Guide.LogQActions", func(ctx context.Context, loaded *host.Guide) error {
		own, err := loaded.With(g.condition)
		if err == nil {
			err = own.LogQActions(ctx, states, dst)
		}
		return err
	})
}

// Unload frees the guide; every Guide that With made of it ends.
func (g *Guide) Unload(ctx context.Context) error { return g.model.unload(ctx) }
