package host

import (
	"context"
	"fmt"
	"math"

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
		Conditions: l.conditions, Dimension: int(r.GetDimension()), Process: r.GetProcess(), Parameters: r.GetParameters(), End: r.GetEnd(),
	}}
	if d.info.Dimension == 0 || d.info.Process == "" {
		return nil, c.wrong(call, "", "dimension %d and process %q; both have to be given", d.info.Dimension, d.info.Process)
	}
	if end := d.info.End; !(end >= 0 && end < 1) {
		return nil, c.wrong(call, "end", "%g is no time from which a model can know all up to 1", end)
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
