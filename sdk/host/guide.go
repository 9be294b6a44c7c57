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
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Guide is a classifier in a plugin process: its answers are checked. It is
// safe for concurrent use.
type Guide struct {
	loaded
	space space.Space // nil for a guide over points
	info  sdk.GuideInfo
	share []float64 // multiplicity of each outcome
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
	g := &Guide{loaded: l, space: m.Space, info: sdk.GuideInfo{
		Conditions: l.conditions, Outcomes: slices.Clone(r.GetOutcomes()), Dimension: int(r.GetDimension()),
		Models: slices.Clone(r.GetModels()), Ordered: r.GetOrdered(), Actions: sdk.ActionHead(r.GetActions()),
		Process: r.GetProcess(), Parameters: r.GetParameters(), End: r.GetEnd(),
	}}
	for _, list := range r.GetLists() {
		own := make([]int, len(list.GetModel()))
		for k, y := range list.GetModel() {
			own[k] = int(y)
		}
		g.info.Lists = append(g.info.Lists, own)
	}
	return g, g.check()
}

// check looks at what the guide says of itself.
func (g *Guide) check() error {
	const call = "Guide.Load"
	i := &g.info
	if !(i.End >= 0 && i.End < 1) {
		return g.c.wrong(call, "end", "%g is no time from which a guide can know all up to 1", i.End)
	}
	if len(i.Outcomes) < 2 {
		return g.c.wrong(call, "outcomes", "%d; a guide tells two apart at least", len(i.Outcomes))
	}
	for k, name := range slices.Concat(i.Outcomes, i.Models) {
		if why := unfit(name); why != "" {
			return g.c.wrong(call, fmt.Sprintf("name %d", k), "%s", why)
		}
	}
	if i.Actions != sdk.NoActions && (len(i.Lists) == 0 || g.space == nil) {
		return g.c.wrong(call, "actions", "they are announced by a guide that does not say what its outcomes observe, or has no space")
	}
	if i.Actions < sdk.NoActions || i.Actions > sdk.ResidualActions {
		return g.c.wrong(call, "actions", "%d is no kind that this host knows", i.Actions)
	}
	if len(i.Lists) == 0 {
		return nil
	}
	if len(i.Lists) != len(i.Outcomes) {
		return g.c.wrong(call, "lists", "%d for %d outcomes", len(i.Lists), len(i.Outcomes))
	}
	// The outcomes must be all that can be observed: then their probabilities
	// add up to one.
	all := 0.0
	for k, list := range i.Lists {
		place := "outcome " + i.Outcomes[k]
		if len(list) == 0 || len(list) != len(i.Lists[0]) {
			return g.c.wrong(call, place, "%d observations, the first outcome has %d", len(list), len(i.Lists[0]))
		}
		for _, y := range list {
			if y >= len(i.Models) {
				return g.c.wrong(call, place, "it observes model %d of %d", y, len(i.Models))
			}
		}
		if !i.Ordered && !slices.IsSorted(list) {
			return g.c.wrong(call, place, "its observations %v are exchangeable and not sorted", list)
		}
		if first, _ := i.Outcome(list); first != k {
			return g.c.wrong(call, place, "it observes what outcome %s does", i.Outcomes[first])
		}
		g.share = append(g.share, i.Multiplicity(k))
		all += g.share[k]
	}
	if want := math.Pow(float64(len(i.Models)), float64(len(i.Lists[0]))); all != want {
		return g.c.wrong(call, "lists", "they are %g of the %g lists of %d observations of %d models", all, want, len(i.Lists[0]), len(i.Models))
	}
	return nil
}

// Info is what the guide says of itself.
func (g *Guide) Info() sdk.GuideInfo { return g.info }

// With is the same guide under other conditions.
func (g *Guide) With(condition map[string]float64) (*Guide, error) {
	l, err := g.under("Guide.LogQ", condition)
	if err != nil {
		return nil, err
	}
	other := *g
	other.loaded = l
	return &other, nil
}

// Unload frees the guide in the plugin.
func (g *Guide) Unload(ctx context.Context) error {
	return g.unload(ctx, "Guide.Unload", func(ctx context.Context, r *proto.UnloadRequest) error {
		_, err := g.c.guide.Unload(ctx, r)
		return err
	})
}

// LogQ asks for the log-probabilities of the outcomes. They are at most zero;
// minus infinity is a probability of zero. Where the guide says what its
// outcomes observe, their probabilities add up to one. The request's Condition
// is not looked at, see With.
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
		if len(req.Finished) != 0 && len(req.Finished) != n {
			return sdk.GuideReply{}, fmt.Errorf("host: ask plugin %s for log Q: %d states, of %d it is said whether they are finished", g.c.name, n, len(req.Finished))
		}
		in.States, in.Finished = wire.PackStates(req.States), req.Finished
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
	for i := range n {
		if where, why := g.improbable(out.LogQ[i*k : (i+1)*k]); why != "" {
			place := fmt.Sprintf("entry %d", i)
			if i < len(req.States) {
				place = statePlace(i, req.States[i])
			}
			return sdk.GuideReply{}, g.c.wrong(call, place+where, "%s", why)
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

// rounding is how far from one a sum of probabilities in 32-bit floats may be.
const rounding = 1e-3

// improbable says what is wrong with log-probabilities of the outcomes, and at
// which one; "" where nothing is.
func (g *Guide) improbable(logQ []float32) (where, why string) {
	sum := 0.0
	for k, v := range logQ {
		// A hair above zero is rounding.
		if bad(v) || v > 1e-4 {
			return ", outcome " + g.info.Outcomes[k], fmt.Sprintf("%v is no log-probability", v)
		}
		if len(g.info.Lists) > 0 {
			sum += g.share[k] * math.Exp(float64(v))
		}
	}
	if len(g.info.Lists) > 0 && math.Abs(sum-1) > rounding {
		return "", fmt.Sprintf("the probabilities of what can be observed add up to %g", sum)
	}
	return "", ""
}
