package platform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// BenchOptions say what to measure.
type BenchOptions struct {
	Vocabulary   string        // "builtin" or a file
	MaxFragments int           // 0 means 9
	Weights      []string      // of two models; none: networks initialised by seed
	Beta         float64       // that the models are conditioned on
	Time         time.Duration // per measurement; 0 means 10 s
	Seed         uint64
	SkipTraining bool
	Log          hclog.Logger
	Note         func(string) // told what is measured now; may be nil
}

// BenchReport is what was measured, for programs.
type BenchReport struct {
	Go           string      `json:"go"`
	OS           string      `json:"os"`
	Arch         string      `json:"arch"`
	Threads      int         `json:"threads"`
	Numeric      string      `json:"numeric"`
	Vocabulary   string      `json:"vocabulary"`
	Fragments    int         `json:"fragments"`
	MaxFragments int         `json:"max_fragments"`
	Weights      []string    `json:"weights"` // empty: initialised by seed
	Base         *BenchSpeed `json:"base"`
	Composite    *BenchSpeed `json:"composite"`
	Training     *BenchSpeed `json:"training,omitempty"`
}

// BenchSpeed is one measurement. Sampling includes the plugin processes, the
// assembly of the molecules and their canonical SMILES, and leaves out the
// start; training leaves out the first tenth.
type BenchSpeed struct {
	Of            string  `json:"of"`
	PerSecond     float64 `json:"per_second"` // molecules, or training trajectories
	Count         int     `json:"count"`
	Seconds       float64 `json:"seconds"`
	MeanFragments float64 `json:"mean_fragments,omitempty"`
	Distinct      int     `json:"distinct,omitempty"`
	MinESS        float64 `json:"min_ess,omitempty"` // smallest of a population, 0 to 1
}

const benchPlugin = "core/gflownet"

// Bench measures how fast base models and a composition of two are sampled and
// how fast a model is trained, over the real plugin processes.
func Bench(ctx context.Context, cat *catalog.Catalog, o BenchOptions) (*BenchReport, error) {
	if o.MaxFragments == 0 {
		o.MaxFragments = config.DefaultFragment
	}
	if o.Time == 0 {
		o.Time = 10 * time.Second
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	base, err := o.plan("a", cat)
	if err != nil {
		return nil, err
	}
	both, err := o.plan("a & b", cat)
	if err != nil {
		return nil, err
	}
	r := &BenchReport{
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Threads: runtime.GOMAXPROCS(0),
		Vocabulary: o.Vocabulary, Fragments: base.Space.Vocabulary().Len(), MaxFragments: o.MaxFragments, Weights: o.Weights,
	}
	if len(o.Weights) == 0 {
		o.Note("initialising networks by seed")
		for i, p := range []*Plan{base, both} {
			if err := o.initialise(ctx, p, cat, i); err != nil {
				return nil, err
			}
		}
	}
	o.Note("base model")
	if r.Base, r.Numeric, err = o.sampling(ctx, base); err != nil {
		return nil, err
	}
	o.Note("composition")
	if r.Composite, _, err = o.sampling(ctx, both); err != nil {
		return nil, err
	}
	if o.SkipTraining {
		return r, nil
	}
	o.Note("training")
	r.Training, err = o.training(ctx, base, cat)
	return r, err
}

// plan is a campaign over models a and b.
func (o BenchOptions) plan(expr string, cat *catalog.Catalog) (*Plan, error) {
	c := &config.Campaign{
		Name: "bench", Seed: o.Seed, Compose: config.Literal("expression", expr),
		Sample: config.Sample{Method: "auto", Particles: config.DefaultParticle},
		Space:  config.Space{Vocabulary: config.Literal("vocabulary", o.Vocabulary), MaxFragments: o.MaxFragments},
	}
	for i, name := range []string{"a", "b"} {
		m := config.Model{
			Name: name, Plugin: config.Literal("plugin", benchPlugin),
			Conditions: []config.Condition{{Name: "beta", Value: o.Beta}},
		}
		if len(o.Weights) > 0 {
			m.Weights = config.Literal("weights", o.Weights[i%len(o.Weights)])
		}
		c.Models = append(c.Models, m)
	}
	return NewPlan(c, cat)
}

// sampling measures molecules per second, after a population to warm up.
func (o BenchOptions) sampling(ctx context.Context, p *Plan) (*BenchSpeed, string, error) {
	session, err := Start(ctx, p, o.Log)
	if err != nil {
		return nil, "", err
	}
	defer session.Close()
	s := &BenchSpeed{Of: p.Expression.String(), MinESS: 1}
	distinct := map[string]bool{}
	fragments := 0
	var begun time.Time
	err = session.draw(ctx, func(d Drawn) (bool, error) {
		if begun.IsZero() {
			begun = time.Now()
			return true, nil
		}
		for i, smi := range d.SMILES {
			distinct[smi] = true
			fragments += p.Space.Size(d.Trajectories[i].Final())
		}
		s.Count += len(d.SMILES)
		s.MinESS = min(s.MinESS, d.MinESS/float64(max(1, d.Drawn)))
		return time.Since(begun) < o.Time, nil
	})
	if err != nil {
		return nil, "", err
	}
	s.Seconds = time.Since(begun).Seconds()
	s.PerSecond = float64(s.Count) / s.Seconds
	s.MeanFragments = float64(fragments) / float64(max(1, s.Count))
	s.Distinct = len(distinct)
	return s, session.models.numeric(), nil
}

// training measures trajectories per second of training on QED.
func (o BenchOptions) training(ctx context.Context, p *Plan, cat *catalog.Catalog) (*BenchSpeed, error) {
	const batch = 64
	stop := make(chan struct{})
	s := &BenchSpeed{Of: fmt.Sprintf("training on QED, %d trajectories per update", batch)}
	started := time.Now()
	var begun time.Time
	var first uint64
	_, err := o.train(ctx, p, cat, map[string]any{"steps": 1_000_000, "batch": batch}, host.Training{
		Seed: o.Seed, Stop: stop,
		Progress: func(pr sdk.Progress) {
			switch {
			case begun.IsZero():
				if time.Since(started) > o.Time/10 {
					begun, first = time.Now(), pr.Step
				}
			case s.Seconds == 0:
				if d := time.Since(begun); d > o.Time {
					s.Seconds = d.Seconds()
					s.Count = int(pr.Step-first) * batch
					close(stop)
				}
			}
		},
	})
	if err != nil {
		return nil, err
	}
	if s.Seconds > 0 {
		s.PerSecond = float64(s.Count) / s.Seconds
	}
	return s, nil
}

// train runs a training on QED that stores nothing.
func (o BenchOptions) train(ctx context.Context, p *Plan, cat *catalog.Catalog, spec map[string]any, t host.Training) (sdk.Trained, error) {
	qed, _ := rewards.Find("qed")
	objective, err := rewards.Objective{Function: qed}.Resolve()
	if err != nil {
		return sdk.Trained{}, err
	}
	found, err := cat.Plugin(benchPlugin, ".")
	if err != nil {
		return sdk.Trained{}, err
	}
	plugin, err := startPlugin(ctx, found, o.Log)
	if err != nil {
		return sdk.Trained{}, err
	}
	defer closePlugin(plugin)
	if t.Spec, err = json.Marshal(spec); err != nil {
		return sdk.Trained{}, err
	}
	source := newRewardSource(p.Space, objective, config.DefaultFloor)
	t.Space, t.Definition = p.Space, p.Space.Definition()
	t.Rewards = func(ctx context.Context, states []space.State, _ []float64) ([]sdk.Reward, error) {
		return source.rewards(ctx, states)
	}
	t.Save = func(context.Context, []byte) error { return nil }
	return plugin.Train(ctx, t)
}

// wantedSize is the mean number of fragments that networks without training are
// brought to, as speeds depend on it.
const wantedSize = 5.0

// initialise gives the models of a plan networks that are drawn by seed, after
// one update of a training, with the tendency to stop that brings the mean size
// of what the plan samples to wantedSize.
func (o BenchOptions) initialise(ctx context.Context, p *Plan, cat *catalog.Catalog, stream int) error {
	aim := wantedSize
	for try := range 6 {
		for i := range p.Models {
			spec := map[string]any{"steps": 1, "batch": 8, "mean_size": aim, "report_trees": 2, "width": 128, "layers": 4}
			out, err := o.train(ctx, p, cat, spec, host.Training{Seed: o.Seed + uint64(16*stream+i) + 1})
			if err != nil {
				return err
			}
			sum := sha256.Sum256(out.Weights)
			p.Models[i].Weights = catalog.Weights{Ref: "initialised", Data: out.Weights, SHA256: hex.EncodeToString(sum[:])}
		}
		mean, err := o.meanSize(ctx, p)
		if err != nil {
			return err
		}
		if math.Abs(mean-wantedSize) < 0.05 || try == 5 {
			return nil
		}
		aim = math.Max(1.05, aim*wantedSize/mean)
	}
	return nil
}

// meanSize is the mean number of fragments of what a plan samples.
func (o BenchOptions) meanSize(ctx context.Context, p *Plan) (float64, error) {
	session, err := Start(ctx, p, o.Log)
	if err != nil {
		return 0, err
	}
	defer session.Close()
	n, fragments := 0, 0
	err = session.draw(ctx, func(d Drawn) (bool, error) {
		n += len(d.Trajectories)
		for i := range d.Trajectories {
			fragments += p.Space.Size(d.Trajectories[i].Final())
		}
		return n < 4096, nil
	})
	return float64(fragments) / float64(max(1, n)), err
}
