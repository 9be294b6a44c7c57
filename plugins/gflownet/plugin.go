package gflownet

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Name is the plugin's name in campaign and training files.
const Name = "core/gflownet"

// Version is the plugin's version.
const Version = "0.2.0"

// Plugin is the GFlowNet as a plugin: policies and their trainer.
func Plugin() sdk.Plugin {
	return sdk.Plugin{
		Name: Name, Version: Version,
		Summary:    "generative flow networks over fragment trees, conditioned on beta",
		SpaceKinds: []string{space.KindFragments},
		Policy:     policy{}, Trainer: trainer{},
		// The device names what the numbers depend on: it enters a campaign's
		// numeric id.
		Health: func(context.Context) sdk.Health {
			return sdk.Health{State: sdk.Ready, Device: fmt.Sprintf("cpu %s/%d", kern.Active(), kern.Version)}
		},
	}
}

// openSpace builds the fragment space that a host describes.
func openSpace(d sdk.SpaceDefinition) (*space.Fragments, error) {
	if d.Kind != space.KindFragments {
		return nil, fmt.Errorf("gflownet: it works on fragment trees (%s), not on %q", space.KindFragments, d.Kind)
	}
	s, err := space.Open(d.Kind, d.Definition)
	if err != nil {
		return nil, fmt.Errorf("gflownet: open the space: %w", err)
	}
	sp, ok := s.(*space.Fragments)
	if !ok {
		return nil, fmt.Errorf("gflownet: the space is a %T", s)
	}
	if diff := space.Difference(sp.Descriptor(), d.Descriptor); diff != "" {
		return nil, fmt.Errorf("gflownet: open the space: what the host describes and what its definition gives differ: %s", diff)
	}
	return sp, nil
}

type policy struct{}

var _ sdk.Policy = policy{}

// Load implements sdk.Policy.
func (policy) Load(_ context.Context, req sdk.LoadRequest) (sdk.PolicyModel, error) {
	sp, err := openSpace(req.Space)
	if err != nil {
		return nil, err
	}
	if err := noOptions(req.Options); err != nil {
		return nil, err
	}
	m, err := Decode(req.Weights, sp, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	return m.serve(sp.Columns() > denseColumns*m.config.Width)
}

// denseColumns says up to how many columns, in widths of the network, whole
// tables are answered: beyond that, sending them takes longer than the host
// takes to multiply them out of queries and keys.
const denseColumns = 16

// serve is the model as the SDK sees it, answering with queries or with whole
// tables.
func (m *Model) serve(queries bool) (*served, error) {
	s := &served{model: m, info: sdk.PolicyInfo{
		Conditions: []sdk.Condition{{
			Name: "beta", Min: 0, Max: m.BetaMax(), Default: m.Beta(),
			Summary: "how much reward counts: p(x) is proportional to reward(x)^beta",
		}},
	}}
	if !queries {
		return s, nil
	}
	var err error
	s.info.Width = m.config.Width
	s.info.Keys, s.info.Bias, err = m.keys()
	return s, err
}

// keys are the keys and biases of the columns.
func (m *Model) keys() (keys, bias []float32, err error) {
	e := <-m.sampler.free
	defer func() { m.sampler.free <- e }()
	empty := m.sampler.enc.step("")
	e.trees, e.beta = append(e.trees[:0], empty.Tree), append(e.beta[:0], 0)
	if err := e.policy.Load(e.trees, e.beta, 0); err != nil {
		return nil, nil, err
	}
	keys, bias = e.policy.Keys()
	return keys, bias, nil
}

// served is a model as the SDK sees it.
type served struct {
	model *Model
	info  sdk.PolicyInfo
}

// Info implements sdk.PolicyModel.
func (s *served) Info() sdk.PolicyInfo { return s.info }

// Close implements sdk.PolicyModel.
func (s *served) Close() error { return nil }

// Step implements sdk.PolicyModel.
func (s *served) Step(ctx context.Context, req *sdk.StepRequest, reply *sdk.StepReply) error {
	m := s.model
	if req.Columns != m.space.Columns() {
		return fmt.Errorf("gflownet: tables of %d columns, the space has %d", req.Columns, m.space.Columns())
	}
	beta := req.Condition["beta"]
	errs := make([]error, (len(req.States)+statesAtOnce-1)/statesAtOnce)
	kern.ParRows(m.sampler.threads, len(req.States), statesAtOnce, func(from, to int) {
		errs[from/statesAtOnce] = m.answer(ctx, req, reply, beta, from, to)
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) answer(ctx context.Context, req *sdk.StepRequest, reply *sdk.StepReply, beta float64, from, to int) error {
	e := <-m.sampler.free
	defer func() { m.sampler.free <- e }()
	if err := ctx.Err(); err != nil {
		return err
	}
	e.trees, e.beta = e.trees[:0], e.beta[:0]
	for i := from; i < to; i++ {
		x := req.States[i]
		if err := m.space.Validate(x); err != nil {
			return fmt.Errorf("gflownet: state %d: %w", i, err)
		}
		rows := m.space.RowSites(x)
		if len(rows) != req.Rows[i] {
			return fmt.Errorf("gflownet: state %d: %d rows, the space says %d", i, req.Rows[i], len(rows))
		}
		e.trees = append(e.trees, m.sampler.enc.trees.Encode(m.space.Nodes(x, nil), rows))
		e.beta = append(e.beta, beta)
	}
	if err := e.policy.Load(e.trees, e.beta, 0); err != nil {
		return err
	}
	for i := from; i < to; i++ {
		reply.Stop[i] = e.policy.Stop(i - from)
		if reply.Queries != nil {
			copy(reply.Query(i), e.policy.Queries(i-from))
			continue
		}
		e.policy.Table(i-from, reply.Cells(i))
	}
	return nil
}

type trainer struct{}

var _ sdk.Trainer = trainer{}

// spec is what a training file may say: the configuration, and how often the
// host hears of the training.
type spec struct {
	Config
	CheckpointEvery int `json:"checkpoint_every,omitempty"` // updates between checkpoints; 1000
	ProgressEvery   int `json:"progress_every,omitempty"`   // updates between reports; 10
	ReportTrees     int `json:"report_trees,omitempty"`     // of each kind in the final report; 500
	Threads         int `json:"threads,omitempty"`          // goroutines; as many as there are cores. The result does not depend on it
}

// Train implements sdk.Trainer.
func (trainer) Train(ctx context.Context, start sdk.TrainStart, host sdk.TrainHost) (sdk.Trained, error) {
	sp, err := openSpace(start.Space)
	if err != nil {
		return sdk.Trained{}, err
	}
	s := spec{CheckpointEvery: 1000, ProgressEvery: 10, ReportTrees: 500}
	if len(start.Spec) > 0 {
		if err := s.read(start.Spec); err != nil {
			return sdk.Trained{}, err
		}
	}
	if s.Threads < 1 {
		s.Threads = runtime.GOMAXPROCS(0)
	}
	s.Config.Threads = s.Threads
	t, err := NewTrainer(sp, s.Config, start.Seed)
	if err != nil {
		return sdk.Trained{}, err
	}
	if len(start.Checkpoint) > 0 {
		if err := t.Restore(start.Checkpoint); err != nil {
			return sdk.Trained{}, err
		}
	}
	checkpoint := func() error {
		data, err := t.Snapshot()
		if err != nil {
			return err
		}
		return host.Checkpoint(ctx, data)
	}
	rewards := func(states []space.State, beta []float64) ([]float64, error) {
		answers, err := host.Rewards(ctx, states, beta)
		if err != nil {
			return nil, err
		}
		if len(answers) != len(states) {
			return nil, fmt.Errorf("gflownet: the host gave %d rewards for %d trees", len(answers), len(states))
		}
		log := make([]float64, len(answers))
		for i := range answers {
			log[i] = answers[i].Log
		}
		return log, nil
	}
	for !t.Done() {
		select {
		case <-ctx.Done():
			return sdk.Trained{}, ctx.Err()
		case <-host.Stopping():
			return sdk.Trained{Stopped: true}, checkpoint()
		default:
		}
		ask, err := t.Propose()
		if err != nil {
			return sdk.Trained{}, err
		}
		log, err := rewards(ask, nil)
		if err != nil {
			return sdk.Trained{}, err
		}
		stats, err := t.Update(log)
		if err != nil {
			return sdk.Trained{}, err
		}
		if err := t.diverged(fmt.Sprintf("update %d", stats.Step), stats); err != nil {
			return sdk.Trained{}, err
		}
		if stats.Step%max(s.ProgressEvery, 1) == 0 || t.Done() {
			if err := host.Progress(stats.progress(t.config.Steps)); err != nil {
				return sdk.Trained{}, err
			}
		}
		if stats.Step%max(s.CheckpointEvery, 1) == 0 && !t.Done() {
			if err := checkpoint(); err != nil {
				return sdk.Trained{}, err
			}
		}
	}
	return t.finish(s, func(states []space.State) ([]float64, error) { return rewards(states, nil) })
}

// progress is what the host shows of an update.
func (s Stats) progress(steps int) sdk.Progress {
	return sdk.Progress{Step: uint64(s.Step), Steps: uint64(steps), Metrics: map[string]float64{
		"loss": s.Loss, "residual_sd": s.Residual, "reward": s.Reward, "fragments": s.Size,
		"clipped": s.Clipped, "log_z": s.LogZ, "gradient": s.Norm,
	}}
}

// card is what the trainer says of its weights.
type card struct {
	Architecture string `json:"architecture"`
	Parameters   int    `json:"parameters"`
	Config       Config `json:"config"`
	Seed         uint64 `json:"seed"`
	Space        string `json:"space"`
	Kernels      string `json:"kernels"` // instruction set and version: the numeric id of the training
	Trajectories int    `json:"trajectories"`
	Report       Report `json:"report"` // of the weights as stored
}

// finish rounds the weights as they are stored, measures them and writes them
// with their card.
func (t *Trainer) finish(s spec, reward func([]space.State) ([]float64, error)) (sdk.Trained, error) {
	m, err := t.Model()
	if err != nil {
		return sdk.Trained{}, err
	}
	data, err := m.Encode(true, nil)
	if err != nil {
		return sdk.Trained{}, err
	}
	if m, err = Decode(data, t.space, t.config.Threads); err != nil {
		return sdk.Trained{}, err
	}
	c := card{
		Architecture: fmt.Sprintf("graph transformer over fragment trees, %d layers, width %d", t.config.Layers, t.config.Width),
		Parameters:   m.params.Count(), Config: t.config, Seed: t.seed, Space: t.space.Descriptor().Digest,
		Kernels: fmt.Sprintf("%s/%d", kern.Active(), kern.Version), Trajectories: t.config.Steps * t.config.Batch,
	}
	// In parts, so that no request is large.
	parts := func(states []space.State) (all []float64, err error) {
		for part := range slices.Chunk(states, 256) {
			log, err := reward(part)
			if err != nil {
				return nil, err
			}
			all = append(all, log...)
		}
		return all, nil
	}
	if c.Report, err = m.Report(max(s.ReportTrees, 2), 64, t.config.Floor, parts, rand.New(rand.NewPCG(t.seed, 1<<60))); err != nil {
		return sdk.Trained{}, err
	}
	if err := t.diverged("the final report", c.Report); err != nil {
		return sdk.Trained{}, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return sdk.Trained{}, fmt.Errorf("gflownet: write the card: %w", err)
	}
	weights, err := m.Encode(true, text)
	if err != nil {
		return sdk.Trained{}, err
	}
	return sdk.Trained{Weights: weights, Card: text}, nil
}
