package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/internal/fake"
	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// hostile is a policy service that speaks the wire form itself.
type hostile struct {
	proto.UnimplementedPolicyServer
	load  proto.LoadPolicyReply
	reply func(req *proto.StepRequest, r *proto.StepReply)
}

func (h *hostile) Load(s grpc.ClientStreamingServer[proto.LoadRequest, proto.LoadPolicyReply]) error {
	for {
		if _, err := s.Recv(); err != nil {
			return s.SendAndClose(&proto.LoadPolicyReply{
				Handle: h.load.GetHandle(), Conditions: h.load.GetConditions(), Keys: h.load.GetKeys(),
			})
		}
	}
}

func (h *hostile) Step(_ context.Context, req *proto.StepRequest) (*proto.StepReply, error) {
	cells := 0
	for _, n := range req.GetRows() {
		cells += int(n)
	}
	r := &proto.StepReply{
		Stop:   make([]byte, 4*len(req.GetRows())),
		Attach: &proto.StepReply_Dense{Dense: make([]byte, 4*cells*3)},
	}
	h.reply(req, r)
	return r, nil
}

func put(b []byte, i int, v float64) { copy(b[4*i:], wire.AppendFloats(nil, []float32{float32(v)})) }

func TestWrongAnswersNamePluginCallAndPlace(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(3, 4) // one row of three columns
	if err != nil {
		t.Fatal(err)
	}
	inf := math.Inf(1)
	dense := func(r *proto.StepReply) []byte { return r.GetAttach().(*proto.StepReply_Dense).Dense }
	tests := []struct {
		name  string
		spoil func(*proto.StepReply)
		want  []string
	}{
		{"NaN in a cell", func(r *proto.StepReply) { put(dense(r), 3*2+1, math.NaN()) }, []string{"state 2", "row 0, column 1", "NaN"}},
		{"plus infinity in a cell", func(r *proto.StepReply) { put(dense(r), 3*1+2, inf) }, []string{"state 1", "row 0, column 2", "+Inf"}},
		{"NaN in stop", func(r *proto.StepReply) { put(r.Stop, 3, math.NaN()) }, []string{"state 3", "stop", "NaN"}},
		{"all minus infinity", func(r *proto.StepReply) {
			put(r.Stop, 1, -inf)
			for c := range 3 {
				put(dense(r), 3+c, -inf)
			}
		}, []string{"state 1", "every legal action has probability zero"}},
		{"short stop", func(r *proto.StepReply) { r.Stop = r.Stop[:8] }, []string{"stop", "8 bytes, not 16"}},
		{"short table", func(r *proto.StepReply) { r.Attach = &proto.StepReply_Dense{Dense: dense(r)[:44]} }, []string{"attach", "44 bytes, not 48"}},
		{"long table", func(r *proto.StepReply) { r.Attach = &proto.StepReply_Dense{Dense: make([]byte, 49)} }, []string{"attach", "49 bytes"}},
		{"no table", func(r *proto.StepReply) { r.Attach = nil }, []string{"attach", "absent"}},
		{"queries without keys", func(r *proto.StepReply) { r.Attach = &proto.StepReply_Queries{Queries: make([]byte, 48)} }, []string{"attach", "no keys"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := &hostile{load: proto.LoadPolicyReply{Handle: "x"}, reply: func(_ *proto.StepRequest, r *proto.StepReply) { tt.spoil(r) }}
			c, stop := plugintest.ServeWith("acme/broken", host.Options{}, func(s *grpc.Server) { proto.RegisterPolicyServer(s, h) })
			defer stop()
			p, err := c.LoadPolicy(t.Context(), host.Model{Space: grid})
			if err != nil {
				t.Fatal(err)
			}
			states := []space.State{"", grid.At([]int{1, 0, 0}), grid.At([]int{1, 1, 0}), grid.At([]int{0, 0, 1})}
			err = p.Steps(t.Context(), states, make([]space.Steps, 4))
			var e *sdk.Error
			if !errors.As(err, &e) || !errors.Is(err, sdk.ErrAnswer) || e.Plugin != "acme/broken" || e.Call != "Policy.Step" {
				t.Fatalf("got %v", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

func TestHugePreferencesAreNormalisedToo(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(3, 4)
	if err != nil {
		t.Fatal(err)
	}
	const huge = 3e38
	for name, want := range map[string]struct {
		stop, cell float32
		p          [2]float64 // of Stop and of each cell
	}{
		"huge cells":         {-huge, huge, [2]float64{0, 1. / 3}},
		"a huge stop":        {huge, -huge, [2]float64{1, 0}},
		"all huge":           {huge, huge, [2]float64{0.25, 0.25}},
		"all hugely against": {-huge, -huge, [2]float64{0.25, 0.25}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, sdk.Plugin{Name: "test/huge", Policy: fake.Policy{After: func(_ *sdk.StepRequest, r *sdk.StepReply) {
				r.Stop[0] = want.stop
				for i := range r.Cells(0) {
					r.Cells(0)[i] = want.cell
				}
			}}}, host.Options{})
			p, err := c.LoadPolicy(t.Context(), host.Model{Space: grid})
			if err != nil {
				t.Fatal(err)
			}
			dst := make([]space.Steps, 1)
			if err := p.Steps(t.Context(), []space.State{""}, dst); err != nil {
				t.Fatal(err)
			}
			got := []float64{math.Exp(dst[0].Stop)}
			for _, v := range dst[0].Cells {
				got = append(got, math.Exp(v))
			}
			if d := cmp.Diff([]float64{want.p[0], want.p[1], want.p[1], want.p[1]}, got, close9); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPlacesAreThoseOfTheCallersBatch(t *testing.T) {
	t.Parallel()
	sp := trees(t)
	states := someStates(sp, 30)
	bad := states[17]
	c := serve(t, sdk.Plugin{Name: "test/fake", Policy: fake.Policy{After: func(req *sdk.StepRequest, r *sdk.StepReply) {
		for i, s := range req.States {
			if s == bad {
				r.Stop[i] = float32(math.NaN())
			}
		}
	}}}, host.Options{Cells: 20})
	p, err := c.LoadPolicy(t.Context(), host.Model{Space: sp})
	if err != nil {
		t.Fatal(err)
	}
	err = p.Steps(t.Context(), states, make([]space.Steps, len(states)))
	if want := fmt.Sprintf("state 17 (%x), stop", string(bad)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not say %q", err, want)
	}
}

func TestWrongLoadsAreRefused(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(3, 4)
	if err != nil {
		t.Fatal(err)
	}
	nan := wire.AppendFloats(nil, []float32{float32(math.NaN()), 0, 0})
	tests := map[string]*proto.LoadPolicyReply{
		"no handle":               {},
		"condition without name":  {Handle: "x", Conditions: []*proto.Condition{{Max: 1}}},
		"default outside":         {Handle: "x", Conditions: []*proto.Condition{{Name: "b", Max: 1, Default: 2}}},
		"NaN default":             {Handle: "x", Conditions: []*proto.Condition{{Name: "b", Max: 1, Default: math.NaN()}}},
		"condition twice":         {Handle: "x", Conditions: []*proto.Condition{{Name: "b", Max: 1}, {Name: "b", Max: 1}}},
		"keys of another width":   {Handle: "x", Keys: &proto.Keys{Width: 2, Data: make([]byte, 12)}},
		"keys that are not there": {Handle: "x", Keys: &proto.Keys{}},
		"NaN in a key":            {Handle: "x", Keys: &proto.Keys{Width: 1, Data: nan}},
		"short bias":              {Handle: "x", Keys: &proto.Keys{Width: 1, Data: make([]byte, 12), Bias: make([]byte, 8)}},
		"NaN in bias":             {Handle: "x", Keys: &proto.Keys{Width: 1, Data: make([]byte, 12), Bias: nan}},
	}
	for name, reply := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &hostile{}
			h.load.Handle, h.load.Conditions, h.load.Keys = reply.GetHandle(), reply.GetConditions(), reply.GetKeys()
			c, stop := plugintest.ServeWith("acme/broken", host.Options{}, func(s *grpc.Server) { proto.RegisterPolicyServer(s, h) })
			defer stop()
			_, err := c.LoadPolicy(t.Context(), host.Model{Space: grid})
			if !errors.Is(err, sdk.ErrAnswer) || !strings.Contains(err.Error(), "plugin acme/broken: Policy.Load") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestErrorsOfAPluginAreTold(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	states, dst := []space.State{""}, make([]space.Steps, 1)
	step := func(t *testing.T, before func(*sdk.StepRequest, *sdk.StepReply) error, opt host.Options) error {
		c := serve(t, sdk.Plugin{Name: "test/fake", Policy: fake.Policy{Before: before}}, opt)
		p, err := c.LoadPolicy(t.Context(), host.Model{Space: grid})
		if err != nil {
			t.Fatal(err)
		}
		return p.Steps(t.Context(), states, dst)
	}
	t.Run("panic", func(t *testing.T) {
		t.Parallel()
		err := step(t, func(*sdk.StepRequest, *sdk.StepReply) error { panic("no such atom") }, host.Options{})
		if !errors.Is(err, sdk.ErrPanic) || !strings.Contains(err.Error(), "no such atom") || !strings.Contains(err.Error(), "policy_wrong_test.go") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("own error", func(t *testing.T) {
		t.Parallel()
		err := step(t, func(*sdk.StepRequest, *sdk.StepReply) error { return errors.New("out of memory on cuda:0") }, host.Options{})
		if err == nil || err.Error() != "plugin test/fake: Policy.Step: out of memory on cuda:0" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("own error with escapes", func(t *testing.T) {
		t.Parallel()
		long := strings.Repeat("x", 20_000)
		err := step(t, func(*sdk.StepRequest, *sdk.StepReply) error {
			return errors.New("\x1b[2Jfirst\u202e\nsecond " + long)
		}, host.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), "plugin test/fake: Policy.Step: [2Jfirst\nsecond xxx") || len(err.Error()) > 1000 {
			t.Errorf("got %d bytes, %.80q", len(err.Error()), err)
		}
	})
	t.Run("deadline", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		defer close(release)
		err := step(t, func(*sdk.StepRequest, *sdk.StepReply) error {
			<-release
			return nil
		}, host.Options{Timeouts: host.Timeouts{Step: 50 * time.Millisecond}})
		if !errors.Is(err, sdk.ErrDeadline) || !strings.Contains(err.Error(), "no answer within 50ms") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refused weights", func(t *testing.T) {
		t.Parallel()
		c := serve(t, sdk.Plugin{Name: "test/fake", Policy: fake.Policy{}}, host.Options{})
		_, err := c.LoadPolicy(t.Context(), host.Model{Space: grid, Weights: []byte("refuse")})
		if err == nil || !strings.Contains(err.Error(), "these weights are for another network") {
			t.Errorf("got %v", err)
		}
		_, err = c.LoadPolicy(t.Context(), host.Model{Space: grid, Weights: []byte("w"), SHA256: strings.Repeat("0", 64)})
		if err == nil || !strings.Contains(err.Error(), "as locked") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("wrong kind of space", func(t *testing.T) {
		t.Parallel()
		c := serve(t, sdk.Plugin{Name: "test/fake", Policy: fake.Policy{}, SpaceKinds: []string{"fragment-tree/1"}}, host.Options{})
		if _, err := c.Describe(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := c.LoadPolicy(t.Context(), host.Model{Space: grid})
		if err == nil || !strings.Contains(err.Error(), "it has models for fragment-tree/1, not for grid/1") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("absent capability", func(t *testing.T) {
		t.Parallel()
		c := serve(t, sdk.Plugin{Name: "test/fake"}, host.Options{})
		if _, err := c.LoadPolicy(t.Context(), host.Model{Space: grid}); !errors.Is(err, sdk.ErrUnsupported) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLargeWeightsArriveWhole(t *testing.T) {
	t.Parallel()
	weights := []byte(strings.Repeat("molsculpt", 700_000)) // 6.3 MB, more than gRPC's own limit
	c := serve(t, sdk.Plugin{Name: "test/fake", Policy: fake.Policy{}}, host.Options{})
	grid, err := space.NewGrid(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.LoadPolicy(t.Context(), host.Model{Space: grid, Weights: weights})
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]space.Steps, 1)
	if err := p.Steps(t.Context(), []space.State{""}, dst); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(fake.Steps(grid, string(weights), 1, ""), dst[0], close9); d != "" {
		t.Error(d)
	}
}

func TestTheFakesConform(t *testing.T) {
	t.Parallel()
	tr, _ := training(t)
	plugintest.Run(t, sdk.Plugin{
		Name: "test/fake", Version: "1.0.0",
		Policy: fake.Policy{}, Scorer: fake.Scorer{}, Trainer: fake.Trainer{Rounds: 20},
	}, plugintest.Options{Model: host.Model{Space: trees(t)}, Training: &tr})
}

// TestAPluginThatForgetsItsManners is the reverse: the checks can fail.
func TestAPluginThatForgetsItsManners(t *testing.T) {
	t.Parallel()
	calls := float32(0)
	c := serve(t, sdk.Plugin{Name: "fake", Version: "v1", Policy: fake.Policy{After: func(_ *sdk.StepRequest, r *sdk.StepReply) {
		calls++
		r.Stop[len(r.Stop)-1] += calls
	}}}, host.Options{})
	failed := map[string]bool{}
	for _, r := range plugintest.Check(t.Context(), c, plugintest.Options{Model: host.Model{Space: trees(t)}}) {
		if r.Err != nil {
			failed[r.Name] = true
		}
	}
	want := map[string]bool{
		"it says what it is": true,
		"an answer does not depend on the rest of the batch": true,
		"the same question has the same answer":              true,
		"unloading one copy leaves the other":                true,
	}
	if d := cmp.Diff(want, failed); d != "" {
		t.Error(d)
	}
}
