package platform

import (
	"cmp"
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
	"github.com/molsculpt/molsculpt/platform/sample"
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
	Width        int // of networks initialised by seed and of the one that is trained; 0 means 128
	Layers       int // and their layers; 0 means 4
	SkipTraining bool
	Log          hclog.Logger
	Note         func(string) // told what is measured now; may be nil
}

// BenchReport is what was measured, for programs.
type BenchReport struct {
	Go           string   `json:"go"`
	OS           string   `json:"os"`
	Arch         string   `json:"arch"`
	Threads      int      `json:"threads"`
	Numeric      string   `json:"numeric"`
	Vocabulary   string   `json:"vocabulary"`
	Fragments    int      `json:"fragments"`
	MaxFragments int      `json:"max_fragments"`
	Weights      []string `json:"weights"`           // empty: initialised by seed
	Network      string   `json:"network,omitempty"` // of networks initialised by seed

	Base      *BenchSampling `json:"base"`
	Composite *BenchSampling `json:"composite"`
	// The same with networks that make every tree full, where they are
	// initialised by seed.
	FullBase      *BenchSampling `json:"full_base,omitempty"`
	FullComposite *BenchSampling `json:"full_composite,omitempty"`
	Training      *BenchTraining `json:"training,omitempty"`
}

// BenchSampling is one measurement of sampling. It includes the plugin
// processes, the assembly of the molecules and their canonical SMILES, and
// leaves out the start.
type BenchSampling struct {
	Of            string  `json:"of"`
	PerSecond     float64 `json:"per_second"` // molecules; a particle counts as ESS/N of one
	Particles     int     `json:"particles"`
	Seconds       float64 `json:"seconds"`
	ESS           float64 `json:"ess"` // of all particles together
	MeanFragments float64 `json:"mean_fragments"`
	Distinct      int     `json:"distinct"`
	MinESS        float64 `json:"min_ess"`           // smallest of a population on its way, 0 to 1
	States        float64 `json:"states_per_second"` // that particles came to; models are asked about new ones that can grow
	Tokens        float64 `json:"tokens_per_second"` // of those states that can grow: fragments and one for the tree
}

// BenchTraining is one measurement of training, the first tenth left out.
type BenchTraining struct {
	Of           string  `json:"of"`
	PerSecond    float64 `json:"per_second"` // trajectories
	Trajectories int     `json:"trajectories"`
	Seconds      float64 `json:"seconds"`
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
	seeded := len(o.Weights) == 0
	if seeded {
		r.Network = fmt.Sprintf("%d layers, width %d", o.layers(), o.width())
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
	if seeded {
		o.Note("full trees")
		for i, p := range []*Plan{base, both} {
			if err := o.draw(ctx, p, cat, i, -1); err != nil {
				return nil, err
			}
		}
		if r.FullBase, _, err = o.sampling(ctx, base); err != nil {
			return nil, err
		}
		if r.FullComposite, _, err = o.sampling(ctx, both); err != nil {
			return nil, err
		}
	}
	if o.SkipTraining {
		return r, nil
	}
	o.Note("training")
	r.Training, err = o.training(ctx, base, cat)
	return r, err
}

func (o BenchOptions) width() int  { return cmp.Or(o.Width, 128) }
func (o BenchOptions) layers() int { return cmp.Or(o.Layers, 4) }

// plan is a campaign over models a and b.
func (o BenchOptions) plan(expr string, cat *catalog.Catalog) (*Plan, error) {
	c := &config.Campaign{
		Name: "bench", Seed: o.Seed, Compose: config.Literal("expression", expr),
		Sample: config.Sample{Method: "smc", Particles: config.DefaultParticle},
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
func (o BenchOptions) sampling(ctx context.Context, p *Plan) (*BenchSampling, string, error) {
	session, err := Start(ctx, p, o.Log)
	if err != nil {
		return nil, "", err
	}
	defer session.Close()
	s := &BenchSampling{Of: p.Expression.String(), MinESS: 1}
	distinct := map[string]bool{}
	var logs []float64
	fragments, states, tokens := 0, 0, 0
	var begun time.Time
	err = session.draw(ctx, func(d Drawn) (bool, error) {
		if begun.IsZero() {
			begun = time.Now()
			return true, nil
		}
		s.Particles += d.Drawn
		states += d.Evaluations
		for i, smi := range d.SMILES {
			t := &d.Trajectories[i]
			distinct[smi] = true
			logs = append(logs, t.LogWeight)
			fragments += p.Space.Size(t.Final())
			for _, x := range t.States {
				if p.Space.Rows(x) > 0 {
					tokens += 1 + p.Space.Size(x)
				}
			}
		}
		s.MinESS = min(s.MinESS, d.MinESS/float64(max(1, d.Drawn)))
		return time.Since(begun) < o.Time, nil
	})
	if err != nil {
		return nil, "", err
	}
	s.Seconds = time.Since(begun).Seconds()
	s.ESS = math.Exp(sample.LogESS(logs))
	s.PerSecond = s.ESS / s.Seconds
	s.MeanFragments = float64(fragments) / float64(max(1, len(logs)))
	s.Distinct = len(distinct)
	s.States, s.Tokens = float64(states)/s.Seconds, float64(tokens)/s.Seconds
	return s, session.models.numeric(), nil
}

// training measures trajectories per second of training on QED.
func (o BenchOptions) training(ctx context.Context, p *Plan, cat *catalog.Catalog) (*BenchTraining, error) {
	const batch = 64
	stop := make(chan struct{})
	s := &BenchTraining{Of: fmt.Sprintf("QED, %d trajectories per update, %d layers, width %d", batch, o.layers(), o.width())}
	started := time.Now()
	var begun time.Time
	var first uint64
	_, err := o.train(ctx, p, cat, map[string]any{"steps": 1_000_000, "batch": batch, "width": o.width(), "layers": o.layers()}, host.Training{
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
					s.Trajectories = int(pr.Step-first) * batch
					close(stop)
				}
			}
		},
	})
	if err != nil {
		return nil, err
	}
	if s.Seconds > 0 {
		s.PerSecond = float64(s.Trajectories) / s.Seconds
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
	// The mean size of what is sampled rises with the logarithm of the size
	// that networks are drawn for, by a slope that is found on the way.
	x, slope := math.Log(wantedSize), 3.0
	var lastX, lastMean float64
	for try := range 12 {
		if err := o.draw(ctx, p, cat, stream, math.Exp(x)); err != nil {
			return err
		}
		mean, err := o.meanSize(ctx, p)
		if err != nil {
			return err
		}
		if math.Abs(mean-wantedSize) < 0.05 {
			return nil
		}
		if s := (mean - lastMean) / (x - lastX); try > 0 && s > 0.5 && s < 10 {
			slope = s
		}
		lastX, lastMean = x, mean
		x = min(max(x+(wantedSize-mean)/slope, 0.05), math.Log(float64(o.MaxFragments)-0.01))
	}
	return fmt.Errorf("platform: bench: no tendency to stop gives trees of %g fragments in this vocabulary; name weights", wantedSize)
}

// draw gives the models of a plan networks that were drawn by seed, with a
// tendency to stop for this mean size; negative, they make every tree full.
func (o BenchOptions) draw(ctx context.Context, p *Plan, cat *catalog.Catalog, stream int, size float64) error {
	for i := range p.Models {
		spec := map[string]any{
			"steps": 1, "batch": 8, "mean_size": size, "report_trees": 2, "width": o.width(), "layers": o.layers(),
		}
		out, err := o.train(ctx, p, cat, spec, host.Training{Seed: o.Seed + uint64(16*stream+i) + 1})
		if err != nil {
			return err
		}
		sum := sha256.Sum256(out.Weights)
		p.Models[i].Weights = catalog.Weights{Ref: "initialised", Data: out.Weights, SHA256: hex.EncodeToString(sum[:])}
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
