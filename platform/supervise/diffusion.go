package supervise

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
)

// Diffusion is a continuous model in a supervised plugin. It is safe for
// concurrent use.
type Diffusion struct {
	model     *model[*host.Diffusion]
	info      sdk.DiffusionInfo
	condition map[string]float64
}

// LoadDiffusion loads a continuous model. The conditions that are not named have
// their defaults; one that the model does not take is an *[sdk.ConditionError].
func (p *Plugin) LoadDiffusion(ctx context.Context, m host.Model, condition map[string]float64) (*Diffusion, error) {
	d := &Diffusion{condition: condition, model: &model[*host.Diffusion]{
		plugin: p,
		load:   func(ctx context.Context, c *host.Client) (*host.Diffusion, error) { return c.LoadDiffusion(ctx, m) },
	}}
	err := d.model.call(ctx, "Diffusion.Load", func(_ context.Context, l *host.Diffusion) error {
		d.info = l.Info()
		if _, err := sdk.Complete(d.info.Conditions, condition); err != nil {
			return &sdk.Error{Plugin: p.cfg.Name, Call: "Diffusion.Load", Reason: err.Error(), Err: err}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Info is what the model says of itself.
func (d *Diffusion) Info() sdk.DiffusionInfo { return d.info }

// End is the smallest time that the model has learned; 0 is no limit.
func (d *Diffusion) End() float64 { return d.info.End }

// Score asks for scores, see [host.Diffusion.Score]; at no time before End, where
// answers would be made up. A process that dies on the way costs a restart; the
// answers are the same.
func (d *Diffusion) Score(ctx context.Context, points []float32, times []float64, dst []float32) error {
	for i, t := range times {
		if t < d.info.End*(1-1e-9) { // times of solvers are rounded
			return fmt.Errorf("supervise: ask plugin %s for scores: point %d is at time %g; the model knows times from %g on", d.model.plugin.cfg.Name, i, t, d.info.End)
		}
	}
	return d.model.call(ctx, "Diffusion.Score", func(ctx context.Context, l *host.Diffusion) error {
		l, err := l.With(d.condition)
		if err != nil {
			return err
		}
		return l.Score(ctx, points, times, dst)
	})
}

// Unload frees the model in the plugin.
func (d *Diffusion) Unload(ctx context.Context) error { return d.model.unload(ctx) }
