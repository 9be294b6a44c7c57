package host

import (
	"context"
	"fmt"
	"math"
	"slices"

	"google.golang.org/grpc"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
)

// Diffusion is a continuous model in a plugin process.
type Diffusion struct {
	loaded
	info sdk.DiffusionInfo
}

// LoadDiffusion loads a continuous model.
func (c *Client) LoadDiffusion(ctx context.Context, m Model) (*Diffusion, error) {
	const call = "Diffusion.Load"
	r, err := load(ctx, c, call, m, func(ctx context.Context) (grpc.ClientStreamingClient[proto.LoadRequest, proto.LoadDiffusionReply], error) {
		return c.diffusion.Load(ctx)
	})
	if err != nil {
		return nil, err
	}
	l, err := c.newLoaded(call, r.GetHandle(), r.GetConditions())
	if err != nil {
		return nil, err
	}
	d := &Diffusion{loaded: l, info: sdk.DiffusionInfo{
		Conditions: l.conditions, Dimension: int(r.GetDimension()), Process: r.GetProcess(), Parameters: r.GetParameters(),
	}}
	if d.info.Dimension == 0 || d.info.Process == "" {
		return nil, c.wrong(call, "", "dimension %d and process %q; both have to be given", d.info.Dimension, d.info.Process)
	}
	return d, nil
}

// Info is what the model says of itself.
func (d *Diffusion) Info() sdk.DiffusionInfo { return d.info }

// With is the same model under other conditions.
func (d *Diffusion) With(condition map[string]float64) (*Diffusion, error) {
	l, err := d.under("Diffusion.Score", condition)
	if err != nil {
		return nil, err
	}
	return &Diffusion{loaded: l, info: d.info}, nil
}

// Unload frees the model in the plugin.
func (d *Diffusion) Unload(ctx context.Context) error {
	return d.unload(ctx, "Diffusion.Unload", func(ctx context.Context, r *proto.UnloadRequest) error {
		_, err := d.c.diffusion.Unload(ctx, r)
		return err
	})
}

// Score is the gradient of log p_t at len(times) points of the model's
// dimension, written to dst, which is as long as points.
func (d *Diffusion) Score(ctx context.Context, points []float32, times []float64, dst []float32) error {
	const call = "Diffusion.Score"
	if len(points) != len(times)*d.info.Dimension || len(dst) != len(points) {
		return fmt.Errorf("host: ask plugin %s for scores: %d numbers, %d times, room for %d", d.c.name, len(points), len(times), len(dst))
	}
	limit := d.c.opt.Timeouts.Step
	inner, cancel := withTimeout(ctx, limit)
	defer cancel()
	r, err := d.c.diffusion.Score(inner, &proto.DiffusionRequest{
		Handle: d.handle, Condition: d.condition,
		Points: wire.AppendFloats(nil, points), Times: wire.AppendDoubles(nil, times),
	})
	if err != nil {
		return d.c.fail(ctx, call, limit, err)
	}
	return d.c.finite(call, "score", r.GetScore(), d.info.Dimension, dst)
}

// finite decodes numbers of which all must be finite, so many per point.
func (c *Client) finite(call, what string, b []byte, per int, dst []float32) error {
	if len(b) != 4*len(dst) {
		return c.wrong(call, what, "%d bytes, not %d", len(b), 4*len(dst))
	}
	for i := range dst {
		v := wire.Float(b, i)
		if bad(v) || math.IsInf(float64(v), -1) {
			return c.wrong(call, fmt.Sprintf("%s, point %d, number %d", what, i/per, i%per), "%v is no finite number", v)
		}
		dst[i] = v
	}
	return nil
}

// Guide is a classifier in a plugin process.
type Guide struct {
	loaded
	info sdk.GuideInfo
}

// LoadGuide loads a guide.
func (c *Client) LoadGuide(ctx context.Context, m Model) (*Guide, error) {
	const call = "Guide.Load"
	r, err := load(ctx, c, call, m, func(ctx context.Context) (grpc.ClientStreamingClient[proto.LoadRequest, proto.LoadGuideReply], error) {
		return c.guide.Load(ctx)
	})
	if err != nil {
		return nil, err
	}
	l, err := c.newLoaded(call, r.GetHandle(), r.GetConditions())
	if err != nil {
		return nil, err
	}
	g := &Guide{loaded: l, info: sdk.GuideInfo{
		Conditions: l.conditions, Outcomes: slices.Clone(r.GetOutcomes()), Dimension: int(r.GetDimension()),
	}}
	if len(g.info.Outcomes) < 2 {
		return nil, c.wrong(call, "outcomes", "%d; a guide tells two apart at least", len(g.info.Outcomes))
	}
	return g, nil
}

// Info is what the guide says of itself.
func (g *Guide) Info() sdk.GuideInfo { return g.info }

// With is the same guide under other conditions.
func (g *Guide) With(condition map[string]float64) (*Guide, error) {
	l, err := g.under("Guide.LogQ", condition)
	if err != nil {
		return nil, err
	}
	return &Guide{loaded: l, info: g.info}, nil
}

// Unload frees the guide in the plugin.
func (g *Guide) Unload(ctx context.Context) error {
	return g.unload(ctx, "Guide.Unload", func(ctx context.Context, r *proto.UnloadRequest) error {
		_, err := g.c.guide.Unload(ctx, r)
		return err
	})
}

// LogQ asks for the log-probabilities of the outcomes. They are at most zero;
// minus infinity is a probability of zero. The request's Condition is not
// looked at, see With.
func (g *Guide) LogQ(ctx context.Context, req sdk.GuideRequest) (sdk.GuideReply, error) {
	const call = "Guide.LogQ"
	in := &proto.GuideRequest{Handle: g.handle, Condition: g.condition, Gradient: req.Gradient}
	n := len(req.States)
	if g.info.Dimension > 0 {
		n = len(req.Times)
		if len(req.Points) != n*g.info.Dimension {
			return sdk.GuideReply{}, fmt.Errorf("host: ask plugin %s for log Q: %d numbers, %d times", g.c.name, len(req.Points), n)
		}
		in.Points, in.Times = wire.AppendFloats(nil, req.Points), wire.AppendDoubles(nil, req.Times)
	} else {
		in.States = wire.PackStates(req.States)
	}
	limit := g.c.opt.Timeouts.Step
	inner, cancel := withTimeout(ctx, limit)
	defer cancel()
	r, err := g.c.guide.LogQ(inner, in)
	if err != nil {
		return sdk.GuideReply{}, g.c.fail(ctx, call, limit, err)
	}
	k := len(g.info.Outcomes)
	if len(r.GetLogQ()) != 4*n*k {
		return sdk.GuideReply{}, g.c.wrong(call, "log Q", "%d bytes, not %d for %d times %d outcomes", len(r.GetLogQ()), 4*n*k, n, k)
	}
	out := sdk.GuideReply{LogQ: wire.Floats(nil, r.GetLogQ())}
	for i, v := range out.LogQ {
		// A hair above zero is rounding.
		if bad(v) || v > 1e-4 {
			return sdk.GuideReply{}, g.c.wrong(call, fmt.Sprintf("entry %d, outcome %s", i/k, g.info.Outcomes[i%k]), "%v is no log-probability", v)
		}
	}
	if req.Gradient {
		out.Gradient = make([]float32, n*k*g.info.Dimension)
		if err := g.c.finite(call, "gradient", r.GetGradient(), k*g.info.Dimension, out.Gradient); err != nil {
			return sdk.GuideReply{}, err
		}
	}
	return out, nil
}
