package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Model is everything that a plugin needs to load a model. It is not changed,
// so that a supervisor can load it again into another process.
type Model struct {
	// Space is where the model walks; nil for scorers and continuous models.
	Space space.Space
	// Definition is what [space.Open] builds the space from in the plugin;
	// filled in where Space is a [space.Defined].
	Definition []byte

	Weights []byte // may be empty
	SHA256  string // of Weights, hex; compared before anything is sent, "" skips that
	Options []byte // JSON for the plugin, may be empty
}

// loadStream is what the Load of every service has in common.
type loadStream[R any] interface {
	Send(*proto.LoadRequest) error
	CloseAndRecv() (R, error)
}

// load sends a model and returns what the plugin answers. A method cannot have
// a type parameter, hence the function.
func load[R any, S loadStream[R]](ctx context.Context, c *Client, call string, m Model, open func(context.Context) (S, error)) (R, error) {
	var none R
	if err := c.fits(call, m); err != nil {
		return none, err
	}
	limit := c.opt.Timeouts.Load
	inner, cancel := withTimeout(ctx, limit)
	defer cancel()
	stream, err := open(inner)
	if err != nil {
		return none, c.fail(ctx, call, limit, err)
	}
	err = sendModel(m, stream.Send)
	if err != nil && !errors.Is(err, io.EOF) {
		return none, c.fail(ctx, call, limit, err)
	}
	// After io.EOF the reason is in what is received.
	reply, err := stream.CloseAndRecv()
	if err != nil {
		return none, c.fail(ctx, call, limit, err)
	}
	return reply, nil
}

// fits refuses what need not be sent at all.
func (c *Client) fits(call string, m Model) error {
	if m.SHA256 != "" {
		sum := sha256.Sum256(m.Weights)
		if got := hex.EncodeToString(sum[:]); !strings.EqualFold(got, m.SHA256) {
			return &sdk.Error{Plugin: c.name, Call: call, Reason: "the weights have sha256 " + got + ", not " + m.SHA256 + " as locked"}
		}
	}
	d := c.described.Load()
	if d == nil || m.Space == nil || len(d.SpaceKinds) == 0 {
		return nil
	}
	if kind := m.Space.Descriptor().Kind; !slices.Contains(d.SpaceKinds, kind) {
		return &sdk.Error{Plugin: c.name, Call: call, Reason: "it has models for " + strings.Join(d.SpaceKinds, ", ") + ", not for " + kind, Err: sdk.ErrUnsupported}
	}
	return nil
}

// sendModel sends the parts of a model in the order of the protocol.
func sendModel(m Model, send func(*proto.LoadRequest) error) error {
	m.Definition = definition(m.Space, m.Definition)
	h := &proto.LoadHeader{Options: m.Options, HasDefinition: len(m.Definition) > 0}
	if m.Space != nil {
		h.Space = spaceToWire(m.Space)
	}
	if len(m.Weights) > 0 {
		sum := sha256.Sum256(m.Weights)
		h.WeightsSha256 = sum[:]
	}
	if err := send(&proto.LoadRequest{Part: &proto.LoadRequest_Header{Header: h}}); err != nil {
		return err
	}
	chunk := func(c *proto.Chunk) error {
		return send(&proto.LoadRequest{Part: &proto.LoadRequest_Chunk{Chunk: c}})
	}
	if h.HasDefinition {
		if err := wire.Send(proto.Chunk_KIND_DEFINITION, m.Definition, chunk); err != nil {
			return err
		}
	}
	if len(m.Weights) > 0 {
		return wire.Send(proto.Chunk_KIND_WEIGHTS, m.Weights, chunk)
	}
	return nil
}

// definition is the given one or else the space's own.
func definition(s space.Space, given []byte) []byte {
	if d, ok := s.(space.Defined); ok && len(given) == 0 {
		return d.Definition()
	}
	return given
}

func spaceToWire(s space.Space) *proto.Space {
	d := s.Descriptor()
	return &proto.Space{Kind: d.Kind, Digest: d.Digest, Kernel: d.Kernel, MaxSize: uint32(d.MaxSize), Columns: uint32(s.Columns())}
}

// conditions checks the schema that a model announces.
func (c *Client) conditions(call string, in []*proto.Condition) ([]sdk.Condition, error) {
	out := make([]sdk.Condition, len(in))
	for i, w := range in {
		k := sdk.Condition{Name: w.GetName(), Min: w.GetMin(), Max: w.GetMax(), Default: w.GetDefault(), Summary: Line(w.GetSummary())}
		place := "condition " + k.Name
		switch {
		case k.Name == "":
			return nil, c.wrong(call, place, "has no name")
		case unfit(k.Name) != "":
			return nil, c.wrong(call, fmt.Sprintf("condition %d", i), "its name %s", unfit(k.Name))
		case math.IsNaN(k.Min) || math.IsNaN(k.Max) || !(k.Min <= k.Default && k.Default <= k.Max):
			return nil, c.wrong(call, place, "default %g is not within %g to %g", k.Default, k.Min, k.Max)
		case slices.ContainsFunc(out[:i], func(o sdk.Condition) bool { return o.Name == k.Name }):
			return nil, c.wrong(call, place, "is there twice")
		}
		out[i] = k
	}
	return out, nil
}

// loaded is a model in a plugin process, of any service.
type loaded struct {
	c          *Client
	handle     string
	conditions []sdk.Condition
	condition  map[string]float64 // complete
}

func (c *Client) newLoaded(call, handle string, schema []*proto.Condition) (loaded, error) {
	conditions, err := c.conditions(call, schema)
	if err != nil {
		return loaded{}, err
	}
	if handle == "" {
		return loaded{}, c.wrong(call, "", "the plugin gives no handle")
	}
	defaults, err := sdk.Complete(conditions, nil)
	if err != nil {
		return loaded{}, c.wrong(call, "", "%v", err)
	}
	return loaded{c: c, handle: handle, conditions: conditions, condition: defaults}, nil
}

// Conditions are the inputs that the model was trained over.
func (l *loaded) Conditions() []sdk.Condition { return slices.Clone(l.conditions) }

// under is the same model under other conditions.
func (l *loaded) under(call string, given map[string]float64) (loaded, error) {
	values, err := sdk.Complete(l.conditions, given)
	if err != nil {
		return loaded{}, &sdk.Error{Plugin: l.c.name, Call: call, Reason: err.Error(), Err: err}
	}
	other := *l
	other.condition = values
	return other, nil
}

// unload frees the model in the plugin.
func (l *loaded) unload(ctx context.Context, call string, do func(context.Context, *proto.UnloadRequest) error) error {
	limit := l.c.opt.Timeouts.Health
	inner, cancel := withTimeout(ctx, limit)
	defer cancel()
	return l.c.fail(ctx, call, limit, do(inner, &proto.UnloadRequest{Handle: l.handle}))
}
