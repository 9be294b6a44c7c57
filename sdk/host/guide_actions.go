package host

import (
	"context"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// GuideActions is what a guide answers for all actions of one state: log Q of
// the outcomes after the action or a residual of it, as [sdk.GuideInfo] says.
// Cells that are not legal hold zeros.
type GuideActions struct {
	Stop  []float32 // outcomes
	Cells []float32 // Rows*Columns x outcomes
}

// LogQActions asks for all actions of distinct states on the way and fills
// dst[i] for states[i], reusing its memory. A large batch goes out as several
// messages; the answers are the same however it is split.
func (g *Guide) LogQActions(ctx context.Context, states []space.State, dst []GuideActions) error {
	const call = "Guide.LogQActions"
	if g.info.Actions == sdk.NoActions {
		return &sdk.Error{Plugin: g.c.name, Call: call, Err: sdk.ErrUnsupported}
	}
	if len(states) != len(dst) {
		return fmt.Errorf("host: ask plugin %s for actions: %d states with room for %d", g.c.name, len(states), len(dst))
	}
	per := g.space.Columns() * len(g.info.Outcomes) // numbers of a row
	rows := make([]uint32, len(states))
	starts, numbers := []int{0}, 0
	for i, s := range states {
		rows[i] = uint32(g.space.Rows(s))
		n := int(rows[i])*per + len(g.info.Outcomes)
		if numbers+n > g.c.opt.Cells && numbers > 0 {
			starts, numbers = append(starts, i), 0
		}
		numbers += n
	}
	if len(states) == 0 {
		return nil
	}
	starts = append(starts, len(states))
	return fanOut(len(starts)-1, g.c.opt.Calls, func(b int) error {
		lo, hi := starts[b], starts[b+1]
		return g.actions(ctx, lo, states[lo:hi], rows[lo:hi], dst[lo:hi])
	})
}

// actions asks for one message of states, which begin at number first of the
// caller's batch.
func (g *Guide) actions(ctx context.Context, first int, states []space.State, rows []uint32, dst []GuideActions) error {
	const call = "Guide.LogQActions"
	req := &proto.GuideActionsRequest{Handle: g.handle, Condition: g.condition, States: wire.PackStates(states), Rows: rows}
	if placer, ok := g.space.(Placer); ok {
		for _, s := range states {
			req.Places = placer.AppendPlaces(req.Places, s)
		}
	}
	limit := g.c.opt.Timeouts.Step
	inner, cancel := withTimeout(ctx, limit)
	defer cancel()
	reply, err := g.c.guide.LogQActions(inner, req)
	if err != nil {
		return g.c.fail(ctx, call, limit, err)
	}
	k, columns, cells := len(g.info.Outcomes), g.space.Columns(), 0
	for _, n := range rows {
		cells += int(n) * columns
	}
	stop, attach := reply.GetStop(), reply.GetAttach()
	if len(stop) != 4*len(states)*k {
		return g.c.wrong(call, "stop", "%d bytes, not %d for %d states times %d outcomes", len(stop), 4*len(states)*k, len(states), k)
	}
	if len(attach) != 4*cells*k {
		return g.c.wrong(call, "attach", "%d bytes, not %d for %d cells times %d outcomes", len(attach), 4*cells*k, cells, k)
	}
	var legal []bool
	for i, s := range states {
		n := int(rows[i]) * columns
		legal = grow(legal, n)
		clear(legal)
		stopLegal := g.space.Legal(s, legal)
		d := &dst[i]
		d.Stop = wire.Floats(d.Stop, stop[:4*k])
		d.Cells = wire.Floats(d.Cells, attach[:4*n*k])
		stop, attach = stop[4*k:], attach[4*n*k:]
		if !stopLegal {
			clear(d.Stop)
		} else if where, why := g.wrongAction(d.Stop); why != "" {
			return g.c.wrong(call, statePlace(first+i, s)+", stop"+where, "%s", why)
		}
		for c, ok := range legal {
			own := d.Cells[c*k : (c+1)*k]
			if !ok {
				clear(own)
			} else if where, why := g.wrongAction(own); why != "" {
				return g.c.wrong(call, cellPlace(first+i, s, c, columns)+where, "%s", why)
			}
		}
	}
	return nil
}

// wrongAction says what is wrong with the outcomes of an action, and at which
// one; "" where nothing is.
func (g *Guide) wrongAction(v []float32) (where, why string) {
	if g.info.Actions == sdk.AbsoluteActions {
		return g.improbable(v)
	}
	for k, r := range v {
		if bad(r) || math.IsInf(float64(r), -1) {
			return ", outcome " + g.info.Outcomes[k], fmt.Sprintf("%v is no finite number", r)
		}
	}
	return "", ""
}
