package host_test

import (
	"context"
	"errors"
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

func TestScoresComeInOrderWithTheirStatus(t *testing.T) {
	t.Parallel()
	c := serve(t, sdk.Plugin{Name: "test/fake", Scorer: fake.Scorer{}}, host.Options{Molecules: 2})
	s, err := c.LoadScorer(t.Context(), host.Model{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Score(t.Context(), []string{"C", "CCO", "", "CCCC", "c1ccccc1"})
	if err != nil {
		t.Fatal(err)
	}
	ok := func(v float64) sdk.Score { return sdk.Score{Status: sdk.OK, Values: []float64{v}} }
	want := []sdk.Score{ok(1), ok(3), {Status: sdk.NotApplicable, Reason: "there is no molecule"}, ok(4), ok(8)}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// spoiledScorer answers what it is told to.
type spoiledScorer struct{ scores []sdk.Score }

func (s spoiledScorer) Load(context.Context, sdk.LoadRequest) (sdk.ScorerModel, error) {
	return &s, nil
}
func (*spoiledScorer) Close() error { return nil }
func (*spoiledScorer) Info() sdk.ScorerInfo {
	return sdk.ScorerInfo{Outputs: []sdk.Output{{Name: "dock", Unit: "kcal/mol"}}}
}

func (s *spoiledScorer) Score(context.Context, []string) ([]sdk.Score, error) { return s.scores, nil }

func TestWrongScoresNameTheMolecule(t *testing.T) {
	t.Parallel()
	good := sdk.Score{Status: sdk.OK, Values: []float64{1}}
	tests := map[string]struct {
		scores []sdk.Score
		want   string
	}{
		"too few":    {[]sdk.Score{good}, "1 for 2 molecules"},
		"no status":  {[]sdk.Score{good, {Values: []float64{1}}}, "molecule 1 (CCO): has no status"},
		"NaN":        {[]sdk.Score{good, {Status: sdk.OK, Values: []float64{math.NaN()}}}, "molecule 1 (CCO), output dock: NaN is no score"},
		"two values": {[]sdk.Score{{Status: sdk.OK, Values: []float64{1, 2}}, good}, "molecule 0 (C): 2 values for 1 outputs"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, sdk.Plugin{Name: "acme/dock", Scorer: spoiledScorer{tt.scores}}, host.Options{})
			s, err := c.LoadScorer(t.Context(), host.Model{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Score(t.Context(), []string{"C", "CCO"})
			if !errors.Is(err, sdk.ErrAnswer) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "plugin acme/dock: Scorer.Score") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// training is a run over the small trees with log-rewards -1 and -2.
func training(t *testing.T) (host.Training, *[][]byte) {
	saved := new([][]byte)
	return host.Training{
		Space: trees(t),
		Rewards: func(_ context.Context, states []space.State, beta []float64) ([]sdk.Reward, error) {
			if len(states) != 2 || beta[1] != 2 {
				return nil, errors.New("the proposal did not arrive as it was sent")
			}
			return []sdk.Reward{{Status: sdk.OK, Log: -1, Raw: 0.4}, {Status: sdk.ScoreFailed, Log: -50}}, nil
		},
		Save: func(_ context.Context, c []byte) error {
			*saved = append(*saved, c)
			return nil
		},
	}, saved
}

func TestATrainingAsksSavesAndEndsWithWeights(t *testing.T) {
	t.Parallel()
	c := serve(t, sdk.Plugin{Name: "test/fake", Trainer: fake.Trainer{Rounds: 3}}, host.Options{})
	tr, saved := training(t)
	var seen []sdk.Progress
	tr.Progress = func(p sdk.Progress) { seen = append(seen, p) }
	got, err := c.Train(t.Context(), tr)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Weights) != "-3" || string(got.Card) != `{"rounds": 3}` || got.Stopped {
		t.Errorf("got %q, %q, stopped %v", got.Weights, got.Card, got.Stopped)
	}
	if len(*saved) != 3 || len(seen) != 3 {
		t.Fatalf("%d checkpoints, %d reports", len(*saved), len(seen))
	}
	if d := cmp.Diff(sdk.Progress{Step: 3, Steps: 3, Metrics: map[string]float64{"sum": -3}}, seen[2]); d != "" {
		t.Error(d)
	}
}

func TestAStoppedTrainingGoesOnFromItsCheckpoint(t *testing.T) {
	t.Parallel()
	c := serve(t, sdk.Plugin{Name: "test/fake", Trainer: fake.Trainer{Rounds: 50, Round: func(int) { time.Sleep(time.Millisecond) }}}, host.Options{})
	tr, saved := training(t)
	stop := make(chan struct{})
	tr.Stop = stop
	tr.Progress = func(p sdk.Progress) {
		if p.Step == 2 {
			close(stop)
		}
	}
	got, err := c.Train(t.Context(), tr)
	if err != nil || !got.Stopped || len(got.Weights) > 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	tr.Stop, tr.Progress = nil, nil
	tr.Checkpoint = (*saved)[len(*saved)-1]
	got, err = c.Train(t.Context(), tr)
	if err != nil || string(got.Weights) != "-50" {
		t.Errorf("got %q, %v", got.Weights, err)
	}
	if len(*saved) != 50 {
		t.Errorf("%d checkpoints for 50 rounds in all", len(*saved))
	}
}

// trainFunc is a trainer that is a function.
type trainFunc func(context.Context, sdk.TrainHost) (sdk.Trained, error)

func (f trainFunc) Train(ctx context.Context, _ sdk.TrainStart, h sdk.TrainHost) (sdk.Trained, error) {
	return f(ctx, h)
}

func TestWrongTrainersAreTold(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		train trainFunc
		want  string
	}{
		"illegal state": {func(ctx context.Context, h sdk.TrainHost) (sdk.Trained, error) {
			_, err := h.Rewards(ctx, []space.State{"", "nonsense"}, nil)
			return sdk.Trained{}, err
		}, "proposal 1, state 1 (6e6f6e73656e7365)"},
		"no weights": {func(context.Context, sdk.TrainHost) (sdk.Trained, error) { return sdk.Trained{}, nil }, "done: came without weights"},
		"card": {func(context.Context, sdk.TrainHost) (sdk.Trained, error) {
			return sdk.Trained{Weights: []byte("w"), Card: []byte("{")}, nil
		}, "card: is not JSON"},
		"panic": {func(context.Context, sdk.TrainHost) (sdk.Trained, error) { panic("NaN in the loss") }, "panic: NaN in the loss"},
		"own error": {func(context.Context, sdk.TrainHost) (sdk.Trained, error) {
			return sdk.Trained{}, errors.New("disc full")
		}, "plugin test/fake: Train: disc full"},
		"examples": {func(ctx context.Context, h sdk.TrainHost) (sdk.Trained, error) {
			_, _, err := h.Examples(ctx, "zinc", 10)
			return sdk.Trained{}, err
		}, "this training has no examples"},
		"silence": {func(ctx context.Context, _ sdk.TrainHost) (sdk.Trained, error) {
			<-ctx.Done()
			return sdk.Trained{}, ctx.Err()
		}, "the trainer was silent for 100ms"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, sdk.Plugin{Name: "test/fake", Trainer: tt.train}, host.Options{Timeouts: host.Timeouts{Silence: 100 * time.Millisecond}})
			tr, _ := training(t)
			_, err := c.Train(t.Context(), tr)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestExamplesReachTheTrainer(t *testing.T) {
	t.Parallel()
	var got []sdk.Example
	c := serve(t, sdk.Plugin{Name: "test/fake", Trainer: trainFunc(func(ctx context.Context, h sdk.TrainHost) (sdk.Trained, error) {
		for more := true; more; {
			var part []sdk.Example
			var err error
			if part, more, err = h.Examples(ctx, "zinc", 2); err != nil {
				return sdk.Trained{}, err
			}
			got = append(got, part...)
		}
		return sdk.Trained{Weights: []byte("w")}, nil
	})}, host.Options{})
	tr, _ := training(t)
	want := []sdk.Example{{State: "a", Weight: 1, Label: 1}, {State: "bb", Weight: 0.5}, {State: "", Weight: 2, Label: 3}}
	tr.Examples = func(_ context.Context, _ string, first, n int) ([]sdk.Example, bool, error) {
		to := min(first+n, len(want))
		return want[first:to], to < len(want), nil
	}
	for range 2 { // a process that takes over gets them all again
		got = nil
		if _, err := c.Train(t.Context(), tr); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

// gauss is the score of a standard normal, and a guide that tells left from
// right.
type gauss struct{ spoil bool }

func (g gauss) Load(context.Context, sdk.LoadRequest) (sdk.DiffusionModel, error) { return g, nil }
func (gauss) Close() error                                                        { return nil }
func (gauss) Info() sdk.DiffusionInfo {
	return sdk.DiffusionInfo{Dimension: 2, Process: "vp-linear/1", Parameters: map[string]float64{"beta_min": 0.1}}
}

func (g gauss) Score(_ context.Context, req *sdk.DiffusionRequest) ([]float32, error) {
	out := make([]float32, len(req.Points))
	for i, x := range req.Points {
		out[i] = -x
	}
	if g.spoil {
		out[3] = float32(math.NaN())
	}
	return out, nil
}

type sides struct{}

func (sides) Load(context.Context, sdk.LoadRequest) (sdk.GuideModel, error) { return sides{}, nil }
func (sides) Close() error                                                  { return nil }
func (sides) Info() sdk.GuideInfo {
	return sdk.GuideInfo{Outcomes: []string{"left", "right"}, Dimension: 1}
}

func (sides) LogQ(_ context.Context, req *sdk.GuideRequest) (sdk.GuideReply, error) {
	var r sdk.GuideReply
	for _, x := range req.Points {
		right := 1 / (1 + math.Exp(-float64(x)))
		r.LogQ = append(r.LogQ, float32(math.Log(1-right)), float32(math.Log(right)))
		r.Gradient = append(r.Gradient, float32(-right), float32(1-right))
	}
	return r, nil
}

func TestScoresOfAContinuousModelAreChecked(t *testing.T) {
	t.Parallel()
	for _, spoil := range []bool{false, true} {
		c := serve(t, sdk.Plugin{Name: "test/gauss", Diffusion: gauss{spoil}}, host.Options{})
		d, err := c.LoadDiffusion(t.Context(), host.Model{})
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]float32, 4)
		err = d.Score(t.Context(), []float32{1, 2, 3, 4}, []float64{0, 1}, dst)
		if spoil {
			if err == nil || !strings.Contains(err.Error(), "plugin test/gauss: Diffusion.Score: score, point 1, number 1: NaN") {
				t.Errorf("got %v", err)
			}
			continue
		}
		if err != nil || !cmp.Equal(dst, []float32{-1, -2, -3, -4}) || d.Info().Parameters["beta_min"] != 0.1 {
			t.Errorf("got %v, %v", dst, err)
		}
	}
}

func TestAGuideAnswersLogProbabilitiesAndGradients(t *testing.T) {
	t.Parallel()
	c := serve(t, sdk.Plugin{Name: "test/sides", Guide: sides{}}, host.Options{})
	g, err := c.LoadGuide(t.Context(), host.Model{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := g.LogQ(t.Context(), sdk.GuideRequest{Points: []float32{0, 2}, Times: []float64{0, 0}, Gradient: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if sum := math.Exp(float64(r.LogQ[2*i])) + math.Exp(float64(r.LogQ[2*i+1])); math.Abs(sum-1) > 1e-6 {
			t.Errorf("point %d: probabilities add up to %v", i, sum)
		}
	}
	if len(r.Gradient) != 4 || r.Gradient[0] != -0.5 || r.Gradient[1] != 0.5 {
		t.Errorf("gradient %v", r.Gradient)
	}
}

// positive says that log-probabilities are above zero.
type positive struct {
	proto.UnimplementedGuideServer
}

func (positive) Load(s grpc.ClientStreamingServer[proto.LoadRequest, proto.LoadGuideReply]) error {
	return s.SendAndClose(&proto.LoadGuideReply{Handle: "x", Outcomes: []string{"a", "b"}})
}

func (positive) LogQ(context.Context, *proto.GuideRequest) (*proto.GuideReply, error) {
	return &proto.GuideReply{LogQ: wire.AppendFloats(nil, []float32{-1, 0.5})}, nil
}

func TestPositiveLogProbabilitiesAreRefused(t *testing.T) {
	t.Parallel()
	c, stop := plugintest.ServeWith("acme/guide", host.Options{}, func(s *grpc.Server) { proto.RegisterGuideServer(s, positive{}) })
	defer stop()
	g, err := c.LoadGuide(t.Context(), host.Model{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.LogQ(t.Context(), sdk.GuideRequest{States: []space.State{"a"}})
	if err == nil || !strings.Contains(err.Error(), "plugin acme/guide: Guide.LogQ: state 0 (61), outcome b: 0.5 is no log-probability") {
		t.Errorf("got %v", err)
	}
}

func TestDescriptionsAreSafeToPrint(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 20_000)
	for name, p := range map[string]sdk.Plugin{
		"an escape in the name":  {Name: "core/gflownet\x1b[0m", Version: "1"},
		"a long name":            {Name: long, Version: "1"},
		"a line in the version":  {Name: "acme/x", Version: "1\n2"},
		"a space in the version": {Name: "acme/x", Version: "1 amd64"},
		"turned text":            {Name: "acme/x", Version: "1\u202e2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, stop := plugintest.ServeWith("./x", host.Options{}, func(s *grpc.Server) { sdk.Register(s, p) })
			defer stop()
			_, err := c.Describe(t.Context())
			if !errors.Is(err, sdk.ErrAnswer) || strings.ContainsAny(err.Error(), "\x1b\n\u202e") || len(err.Error()) > 1000 {
				t.Errorf("got %.200q", err)
			}
		})
	}
	c := serve(t, sdk.Plugin{
		Name: "acme/x", Version: "1", Summary: "\x1b[2J" + long, SpaceKinds: []string{"a\tb"},
		Health: func(context.Context) sdk.Health { return sdk.Health{Device: "cpu\x07" + long, Message: "a\nb"} },
	}, host.Options{})
	d, err := c.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h, err := c.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{d.Summary, d.SpaceKinds[0], h.Device, h.Message} {
		if strings.ContainsAny(s, "\x1b\x07\n\t") || len(s) > 600 {
			t.Errorf("%.80q has %d bytes", s, len(s))
		}
	}
}
