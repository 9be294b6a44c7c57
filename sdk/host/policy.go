package host

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"google.golang.org/grpc"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Placer is a space that says where the rows of its action tables are, in the
// form that its kind fixes ("fragment-tree/1": two bytes per row, node and
// site). A policy's requests carry that for the plugin's benefit.
type Placer interface {
	AppendPlaces(dst []byte, s space.State) []byte
}

// Policy is a base model in a plugin process: masked, normalised, checked. It
// is safe for concurrent use.
type Policy struct {
	loaded
	space space.Space
	width int       // of queries, 0 for dense answers
	keys  []float32 // columns x width
	bias  []float32 // columns, or nil
}

var _ space.Policy = (*Policy)(nil)

// LoadPolicy loads a base model.
func (c *Client) LoadPolicy(ctx context.Context, m Model) (*Policy, error) {
	const call = "Policy.Load"
	if m.Space == nil {
		return nil, fmt.Errorf("host: load a policy of plugin %s: the model has no space", c.name)
	}
	reply, err := load(ctx, c, call, m, func(ctx context.Context) (grpc.ClientStreamingClient[proto.LoadRequest, proto.LoadPolicyReply], error) {
		return c.policy.Load(ctx)
	})
	if err != nil {
		return nil, err
	}
	l, err := c.newLoaded(call, reply.GetHandle(), reply.GetConditions())
	if err != nil {
		return nil, err
	}
	p := &Policy{loaded: l, space: m.Space}
	if k := reply.GetKeys(); k != nil {
		if err := p.setKeys(k, m.Space.Columns()); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Policy) setKeys(k *proto.Keys, columns int) error {
	const call = "Policy.Load"
	width := int(k.GetWidth())
	if want := 4 * columns * width; width == 0 || len(k.GetData()) != want {
		return p.c.wrong(call, "keys", "%d bytes, not %d for %d columns of width %d", len(k.GetData()), want, columns, width)
	}
	if n := len(k.GetBias()); n != 0 && n != 4*columns {
		return p.c.wrong(call, "bias", "%d bytes, not %d for %d columns", n, 4*columns, columns)
	}
	p.width, p.keys = width, wire.Floats(nil, k.GetData())
	for i, v := range p.keys {
		if bad(v) || math.IsInf(float64(v), -1) {
			return p.c.wrong(call, fmt.Sprintf("key of column %d", i/width), "%v is no finite number", v)
		}
	}
	if len(k.GetBias()) > 0 {
		p.bias = wire.Floats(nil, k.GetBias())
		for i, v := range p.bias {
			if bad(v) {
				return p.c.wrong(call, fmt.Sprintf("bias of column %d", i), "%v is no log-preference", v)
			}
		}
	}
	return nil
}

// With is the same model under other conditions; those that are not named have
// their defaults.
func (p *Policy) With(condition map[string]float64) (*Policy, error) {
	l, err := p.under("Policy.Step", condition)
	if err != nil {
		return nil, err
	}
	other := *p
	other.loaded = l
	return &other, nil
}

// Unload frees the model in the plugin; every Policy that With made of it ends.
func (p *Policy) Unload(ctx context.Context) error {
	return p.unload(ctx, "Policy.Unload", func(ctx context.Context, r *proto.UnloadRequest) error {
		_, err := p.c.policy.Unload(ctx, r)
		return err
	})
}

// Steps implements space.Policy. A large batch goes out as several messages;
// the answers are the same however it is split. Where only Stop is left its
// probability is one whatever a model says, and the plugin is not asked.
func (p *Policy) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	if len(states) != len(dst) {
		return fmt.Errorf("host: ask plugin %s for steps: %d states with room for %d", p.c.name, len(states), len(dst))
	}
	columns := p.space.Columns()
	list := make([]question, 0, len(states))
	// starts are where the messages begin, each with at most opt.Cells cells.
	starts, cells := []int{0}, 0
	for i, s := range states {
		rows := p.space.Rows(s)
		if rows == 0 {
			dst[i].Stop, dst[i].Cells, dst[i].Prob = 0, dst[i].Cells[:0], dst[i].Prob[:0]
			continue
		}
		c := rows*max(columns, p.width) + 1
		if cells+c > p.c.opt.Cells && cells > 0 {
			starts, cells = append(starts, len(list)), 0
		}
		cells += c
		list = append(list, question{i, s, rows, &dst[i]})
	}
	if len(list) == 0 {
		return nil
	}
	starts = append(starts, len(list))
	return fanOut(len(starts)-1, p.c.opt.Calls, func(b int) error {
		return p.message(ctx, list[starts[b]:starts[b+1]])
	})
}

// question is a state that a plugin is asked about.
type question struct {
	name  int // its number in the caller's batch
	state space.State
	rows  int // of its action table
	dst   *space.Steps
}

// message asks one message of questions.
func (p *Policy) message(ctx context.Context, list []question) error {
	const call = "Policy.Step"
	states, rows := make([]space.State, len(list)), make([]uint32, len(list))
	for i, q := range list {
		states[i], rows[i] = q.state, uint32(q.rows)
	}
	req := &proto.StepRequest{Handle: p.handle, Condition: p.condition, States: wire.PackStates(states), Rows: rows}
	if placer, ok := p.space.(Placer); ok {
		for _, s := range states {
			req.Places = placer.AppendPlaces(req.Places, s)
		}
	}
	limit := p.c.opt.Timeouts.Step
	inner, cancel := withTimeout(ctx, limit)
	defer cancel()
	reply, err := p.c.policy.Step(inner, req)
	if err != nil {
		return p.c.fail(ctx, call, limit, err)
	}
	a, err := p.shape(reply, rows)
	if err != nil {
		return err
	}
	// Several states make a portion, so that workers do not meet at each one.
	const portion = 16
	at := make([]int, len(rows)+1)
	for i, n := range rows {
		at[i+1] = at[i] + int(n)
	}
	return fanOut((len(list)+portion-1)/portion, runtime.GOMAXPROCS(0), func(part int) error {
		s := scratches.Get().(*scratch)
		defer scratches.Put(s)
		for i := part * portion; i < min((part+1)*portion, len(list)); i++ {
			if err := p.state(s, a, &list[i], i, at[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// scratch is the room that one worker needs for one state.
type scratch struct {
	logits []float32
	query  []float32
	legal  []bool
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// answer is a reply whose lengths were right.
type answer struct {
	stop    []byte
	dense   []byte
	queries []byte
}

// shape checks the lengths of a reply.
func (p *Policy) shape(r *proto.StepReply, rows []uint32) (answer, error) {
	const call = "Policy.Step"
	total := 0
	for _, n := range rows {
		total += int(n)
	}
	a := answer{stop: r.GetStop()}
	if len(a.stop) != 4*len(rows) {
		return a, p.c.wrong(call, "stop", "%d bytes, not %d for %d states", len(a.stop), 4*len(rows), len(rows))
	}
	switch attach := r.GetAttach().(type) {
	case *proto.StepReply_Dense:
		a.dense = attach.Dense
		if columns := p.space.Columns(); len(a.dense) != 4*total*columns {
			return a, p.c.wrong(call, "attach", "%d bytes, not %d for %d rows of %d columns", len(a.dense), 4*total*columns, total, columns)
		}
	case *proto.StepReply_Queries:
		a.queries = attach.Queries
		if p.width == 0 {
			return a, p.c.wrong(call, "attach", "queries from a model that gave no keys on loading")
		}
		if len(a.queries) != 4*total*p.width {
			return a, p.c.wrong(call, "attach", "%d bytes, not %d for %d queries of width %d", len(a.queries), 4*total*p.width, total, p.width)
		}
	default:
		if total > 0 {
			return a, p.c.wrong(call, "attach", "is absent, %d rows were asked for", total)
		}
	}
	return a, nil
}
