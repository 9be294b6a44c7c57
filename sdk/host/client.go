package host

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"google.golang.org/grpc"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/proto"
)

// Timeouts are the deadlines of single calls. Zero is the default, a negative
// value means none.
type Timeouts struct {
	Describe time.Duration // 10 s
	Health   time.Duration // 5 s
	Load     time.Duration // 2 min
	Step     time.Duration // 1 min, per message; also Diffusion and Guide
	Score    time.Duration // 5 min, per message
	Silence  time.Duration // 15 min, longest pause of a trainer between two messages
	Shutdown time.Duration // 5 s
}

// Options changes how a Client works. The zero value is good.
type Options struct {
	Timeouts Timeouts

	// Cells is how many cells of action tables one message asks for at most;
	// 0 means 2^20, which is 4 MiB of answer. A larger batch is split.
	Cells int
	// Molecules is how many molecules one Score asks for at most; 0 means 256.
	Molecules int
	// Calls is how many messages of one batch are under way at the same time;
	// 0 means 2.
	Calls int
}

func orElse[T int | time.Duration](x, otherwise T) T {
	if x == 0 {
		return otherwise
	}
	return x
}

// Client talks to one plugin process. It is safe for concurrent use.
type Client struct {
	name string
	opt  Options

	plugin    proto.PluginClient
	policy    proto.PolicyClient
	diffusion proto.DiffusionClient
	guide     proto.GuideClient
	scorer    proto.ScorerClient
	trainer   proto.TrainerClient

	described atomic.Pointer[sdk.Description]
}

// New is a client on a connection. The name is for errors: what the user calls
// the plugin.
func New(name string, conn grpc.ClientConnInterface, opt Options) *Client {
	t := &opt.Timeouts
	t.Describe = orElse(t.Describe, 10*time.Second)
	t.Health = orElse(t.Health, 5*time.Second)
	t.Load = orElse(t.Load, 2*time.Minute)
	t.Step = orElse(t.Step, time.Minute)
	t.Score = orElse(t.Score, 5*time.Minute)
	t.Silence = orElse(t.Silence, 15*time.Minute)
	t.Shutdown = orElse(t.Shutdown, 5*time.Second)
	opt.Cells = orElse(opt.Cells, 1<<20)
	opt.Molecules = orElse(opt.Molecules, 256)
	opt.Calls = orElse(opt.Calls, 2)
	return &Client{
		name: name, opt: opt,
		plugin:    proto.NewPluginClient(conn),
		policy:    proto.NewPolicyClient(conn),
		diffusion: proto.NewDiffusionClient(conn),
		guide:     proto.NewGuideClient(conn),
		scorer:    proto.NewScorerClient(conn),
		trainer:   proto.NewTrainerClient(conn),
	}
}

// Name is what the user calls the plugin.
func (c *Client) Name() string { return c.name }

var capabilityFromWire = map[proto.Capability]sdk.Capability{
	proto.Capability_CAPABILITY_POLICY:    sdk.CanPolicy,
	proto.Capability_CAPABILITY_DIFFUSION: sdk.CanDiffusion,
	proto.Capability_CAPABILITY_GUIDE:     sdk.CanGuide,
	proto.Capability_CAPABILITY_TRAINER:   sdk.CanTrain,
	proto.Capability_CAPABILITY_SCORER:    sdk.CanScore,
}

// Describe asks what the plugin is. Capabilities that this host does not know
// are left out.
func (c *Client) Describe(ctx context.Context) (sdk.Description, error) {
	limit := c.opt.Timeouts.Describe
	call, cancel := withTimeout(ctx, limit)
	defer cancel()
	r, err := c.plugin.Describe(call, &proto.DescribeRequest{})
	if err != nil {
		return sdk.Description{}, c.fail(ctx, "Describe", limit, err)
	}
	d := sdk.Description{
		Name: r.GetName(), Version: r.GetVersion(), Summary: Line(r.GetSummary()),
		ConfigSchema: string(r.GetConfigSchema()),
	}
	for _, k := range r.GetSpaceKinds() {
		d.SpaceKinds = append(d.SpaceKinds, Line(k))
	}
	for _, p := range r.GetProtocols() {
		d.Protocols = append(d.Protocols, int(p))
	}
	for _, k := range r.GetCapabilities() {
		if name, ok := capabilityFromWire[k]; ok {
			d.Capabilities = append(d.Capabilities, name)
		}
	}
	if d.Name == "" {
		return sdk.Description{}, c.wrong("Describe", "", "the plugin gives no name")
	}
	for place, s := range map[string]string{"name": d.Name, "version": d.Version} {
		if why := unfit(s); why != "" {
			return sdk.Description{}, c.wrong("Describe", place, "%s", why)
		}
		if strings.ContainsFunc(s, unicode.IsSpace) { // they are listed with spaces between
			return sdk.Description{}, c.wrong("Describe", place, "%q has a space", s)
		}
	}
	c.described.Store(&d)
	return d, nil
}

// Health asks how the plugin is.
func (c *Client) Health(ctx context.Context) (sdk.Health, error) {
	limit := c.opt.Timeouts.Health
	call, cancel := withTimeout(ctx, limit)
	defer cancel()
	r, err := c.plugin.Health(call, &proto.HealthRequest{})
	if err != nil {
		return sdk.Health{}, c.fail(ctx, "Health", limit, err)
	}
	h := sdk.Health{State: sdk.Failed, Message: Line(r.GetMessage()), Device: Line(r.GetDevice()), Memory: r.GetMemoryBytes()}
	switch r.GetState() {
	case proto.HealthReply_STATE_READY:
		h.State = sdk.Ready
	case proto.HealthReply_STATE_BUSY:
		h.State = sdk.Busy
	case proto.HealthReply_STATE_UNSPECIFIED, proto.HealthReply_STATE_FAILED:
	}
	return h, nil
}

// Shutdown asks the plugin to free what it holds. The process lives on until
// whoever started it ends it.
func (c *Client) Shutdown(ctx context.Context) error {
	limit := c.opt.Timeouts.Shutdown
	call, cancel := withTimeout(ctx, limit)
	defer cancel()
	_, err := c.plugin.Shutdown(call, &proto.ShutdownRequest{})
	return c.fail(ctx, "Shutdown", limit, err)
}

func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
