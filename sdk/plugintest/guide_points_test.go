package plugintest_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// plane is a guide over points of the plane: two observations of which of two
// models a point is, by a logistic function of a line that turns steeper as the
// noise goes. tilt may move the line, and spoil change what is answered.
type plane struct {
	tilt  func(req *sdk.GuideRequest) float64
	spoil func(req *sdk.GuideRequest, reply *sdk.GuideReply)
	any   bool // answers at any time
	end   float64
}

func (p plane) Load(context.Context, sdk.LoadRequest) (sdk.GuideModel, error) { return p, nil }
func (plane) Close() error                                                    { return nil }
func (p plane) Info() sdk.GuideInfo {
	return sdk.GuideInfo{
		Outcomes: []string{"a,a", "a,b", "b,b"}, Models: []string{"a", "b"}, Lists: [][]int{{0, 0}, {0, 1}, {1, 1}}, Dimension: 2, End: p.end,
		Conditions: []sdk.Condition{{Name: "shift", Min: -1, Max: 1}},
	}
}

func (p plane) LogQ(_ context.Context, req *sdk.GuideRequest) (sdk.GuideReply, error) {
	var r sdk.GuideReply
	for i, t := range req.Times {
		if !p.any && !(t >= p.end && t <= 1) {
			return r, errors.New("times are from the end to 1")
		}
		line := [2]float64{3 / (0.2 + t), -1 / (0.2 + t)}
		x := float64(req.Points[2*i])*line[0] + float64(req.Points[2*i+1])*line[1] + req.Condition["shift"]
		if p.tilt != nil {
			x += p.tilt(req)
		}
		// log q = -log(1 + exp(-x)), log(1-q) = -log(1 + exp(x))
		logA, logB, q := -math.Log1p(math.Exp(-x)), -math.Log1p(math.Exp(x)), 1/(1+math.Exp(-x))
		for k := range 3 {
			r.LogQ = append(r.LogQ, float32(float64(2-k)*logA+float64(k)*logB))
			for _, w := range line {
				if req.Gradient {
					r.Gradient = append(r.Gradient, float32(w*(float64(2-k)*(1-q)-float64(k)*q)))
				}
			}
		}
	}
	if p.spoil != nil {
		p.spoil(req, &r)
	}
	return r, nil
}

// failures are the checks that a guide over points does not pass.
func failures(t *testing.T, c *host.Client) (failed []string) {
	t.Helper()
	for _, r := range plugintest.Check(t.Context(), c, plugintest.Options{Guide: host.Model{Weights: []byte("w")}, Seed: 5}) {
		if r.Err != nil {
			failed = append(failed, r.Name)
			t.Logf("%s: %v", r.Name, r.Err)
		}
		if r.Skip != "" {
			t.Errorf("%s is not looked at: %s", r.Name, r.Skip)
		}
	}
	return failed
}

const (
	answers   = "its answers at points are log-probabilities of the outcomes, at all times up to 1"
	numbers   = "its gradients at points are numbers"
	alike     = "log Q is the same with its gradient and without"
	repeats   = "a guide gives the same question the same answer"
	alone     = "a guide's answer does not depend on the rest of the batch"
	slopes    = "its gradients are the differences of its log Q"
	times     = "a guide refuses times outside 0 to 1"
	unloading = "an unloaded guide is unknown"
)

func TestAGuideOverPointsIsHeldToTheProtocol(t *testing.T) {
	t.Parallel()
	calls := 0
	nan := float32(math.NaN())
	// ofGradient spoils gradients alone.
	ofGradient := func(f func(g []float32)) func(*sdk.GuideRequest, *sdk.GuideReply) {
		return func(req *sdk.GuideRequest, r *sdk.GuideReply) {
			if req.Gradient {
				f(r.Gradient)
			}
		}
	}
	scaled := func(by float32) func([]float32) {
		return func(g []float32) {
			for i := range g {
				g[i] *= by
			}
		}
	}
	for name, test := range map[string]struct {
		guide plane
		want  []string
	}{
		"a good one": {plane{}, nil},
		"a probability above 1": {
			plane{spoil: func(_ *sdk.GuideRequest, r *sdk.GuideReply) { r.LogQ[0] = 0.5 }}, []string{answers},
		},
		"a probability that is no number": {
			plane{spoil: func(_ *sdk.GuideRequest, r *sdk.GuideReply) { r.LogQ[0] = nan }}, []string{answers},
		},
		"probabilities that do not add up": {
			plane{spoil: func(_ *sdk.GuideRequest, r *sdk.GuideReply) { r.LogQ[0]-- }}, []string{answers},
		},
		"too few outcomes": {
			plane{spoil: func(_ *sdk.GuideRequest, r *sdk.GuideReply) { r.LogQ = r.LogQ[1:] }}, []string{answers},
		},
		"no gradient": {
			plane{spoil: func(_ *sdk.GuideRequest, r *sdk.GuideReply) { r.Gradient = nil }}, []string{numbers},
		},
		"a gradient that is no number": {plane{spoil: ofGradient(func(g []float32) { g[3] = nan })}, []string{numbers}},
		"a gradient that changes log Q": {
			plane{tilt: func(req *sdk.GuideRequest) float64 {
				if req.Gradient {
					return 2e-4
				}
				return 0
			}},
			[]string{alike},
		},
		"forgetful": {
			plane{tilt: func(*sdk.GuideRequest) float64 { calls++; return float64(calls) * 1e-5 }},
			[]string{alike, repeats, alone},
		},
		"one that looks at the batch": {
			plane{tilt: func(req *sdk.GuideRequest) float64 { return 1e-5 * float64(len(req.Times)) }}, []string{alone},
		},
		"a gradient that looks at the batch": {
			plane{spoil: func(req *sdk.GuideRequest, r *sdk.GuideReply) { scaled(1 + 1e-4*float32(len(req.Times)))(r.Gradient) }},
			[]string{alone},
		},
		"a gradient downhill":    {plane{spoil: ofGradient(scaled(-1))}, []string{slopes}},
		"a gradient of half":     {plane{spoil: ofGradient(scaled(.5))}, []string{slopes}},
		"a gradient 5 % too big": {plane{spoil: ofGradient(scaled(1.05))}, []string{slopes}},
		"a gradient of none":     {plane{spoil: ofGradient(func(g []float32) { clear(g) })}, []string{slopes}},
		"a gradient of its first number alone": {
			plane{spoil: ofGradient(func(g []float32) {
				for i := 1; i < len(g); i += 2 {
					g[i] = 0
				}
			})},
			[]string{slopes},
		},
		"gradients of other outcomes": {
			plane{spoil: ofGradient(func(g []float32) {
				for i := 0; i < len(g); i += 6 {
					g[i], g[i+1], g[i+4], g[i+5] = g[i+4], g[i+5], g[i], g[i+1]
				}
			})},
			[]string{slopes},
		},
		"an answer at any time":                 {plane{any: true}, []string{times}},
		"none before the end that it announces": {plane{end: .25}, nil},
	} {
		c, stop := plugintest.Serve(sdk.Plugin{Name: "test/plane", Version: "1.0.0", Guide: test.guide}, host.Options{})
		if d := cmp.Diff(test.want, failures(t, c)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		stop()
	}
}

// keeper is a guide that goes on answering when it is unloaded.
type keeper struct{ proto.GuideServer }

func (k keeper) Unload(context.Context, *proto.UnloadRequest) (*proto.UnloadReply, error) {
	return &proto.UnloadReply{}, nil
}

// registrar puts a keeper in the place of a guide.
type registrar struct{ grpc.ServiceRegistrar }

func (r registrar) RegisterService(d *grpc.ServiceDesc, impl any) {
	if g, ok := impl.(proto.GuideServer); ok {
		impl = keeper{g}
	}
	r.ServiceRegistrar.RegisterService(d, impl)
}

func TestAGuideMustBeGoneWhenItIsUnloaded(t *testing.T) {
	t.Parallel()
	c, stop := plugintest.ServeWith("test/keeper", host.Options{}, func(s *grpc.Server) {
		sdk.Register(registrar{s}, sdk.Plugin{Name: "test/keeper", Version: "1.0.0", Guide: plane{}})
	})
	defer stop()
	if d := cmp.Diff([]string{unloading}, failures(t, c)); d != "" {
		t.Error(d)
	}
}

func TestAnOutcomeMayHaveNoProbability(t *testing.T) {
	t.Parallel()
	// Beyond a line two outcomes have none, where the gradients are zero.
	bounded := plane{spoil: func(req *sdk.GuideRequest, r *sdk.GuideReply) {
		for i := range req.Times {
			if req.Points[2*i] > 0.5 {
				copy(r.LogQ[3*i:], []float32{0, float32(math.Inf(-1)), float32(math.Inf(-1))})
				if req.Gradient {
					clear(r.Gradient[6*i : 6*i+6])
				}
			}
		}
	}}
	c, stop := plugintest.Serve(sdk.Plugin{Name: "test/plane", Version: "1.0.0", Guide: bounded}, host.Options{})
	defer stop()
	if d := cmp.Diff([]string(nil), failures(t, c)); d != "" {
		t.Error(d)
	}
}

func TestWhatIsMissingForAGuideIsSaid(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		guide sdk.Guide
		model host.Model
		want  map[string]string
	}{
		{plane{}, host.Model{}, map[string]string{"its guide loads": "no guide was given"}},
		{plane{}, host.Model{Space: grid}, map[string]string{}},
		{stateGuide{}, host.Model{Weights: []byte("w")}, map[string]string{
			"its answers at states are log-probabilities of the outcomes": "it is a guide over states, and no space was given",
		}},
	} {
		c, stop := plugintest.Serve(sdk.Plugin{Name: "test/guide", Version: "1.0.0", Guide: test.guide}, host.Options{})
		skipped := map[string]string{}
		for _, r := range plugintest.Check(t.Context(), c, plugintest.Options{Guide: test.model}) {
			if r.Skip != "" {
				skipped[r.Name] = r.Skip
			}
			if r.Err != nil {
				t.Errorf("%s: %v", r.Name, r.Err)
			}
		}
		if d := cmp.Diff(test.want, skipped); d != "" {
			t.Error(d)
		}
		stop()
	}
}

// stateGuide is a guide over states.
type stateGuide struct{ plane }

func (g stateGuide) Load(context.Context, sdk.LoadRequest) (sdk.GuideModel, error) { return g, nil }
func (stateGuide) Info() sdk.GuideInfo                                             { return sdk.GuideInfo{Outcomes: []string{"a", "b"}} }
