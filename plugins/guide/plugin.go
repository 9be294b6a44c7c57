package guide

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/plugins/internal/spec"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Name is the plugin's name in campaign and training files.
const Name = "core/guide"

// Version is the plugin's version.
const Version = "0.1.0"

// Plugin is the guide as a plugin: guides and their trainer.
func Plugin() sdk.Plugin {
	return sdk.Plugin{
		Name: Name, Version: Version,
		Summary:    "classifiers that steer a composition of base models, at states or for actions",
		SpaceKinds: []string{space.KindFragments, space.KindGrid},
		Guide:      loader{}, Trainer: trainer{},
		// The device names what the numbers depend on: it enters a campaign's
		// numeric id.
		Health: func(context.Context) sdk.Health {
			return sdk.Health{State: sdk.Ready, Device: fmt.Sprintf("cpu %s/%d", kern.Active(), kern.Version)}
		},
	}
}

// openSpace builds the space that a host describes.
func openSpace(d sdk.SpaceDefinition) (space.Space, error) {
	s, err := d.Open()
	if err != nil {
		return nil, fmt.Errorf("guide: %w", err)
	}
	return s, nil
}

type loader struct{}

// Load implements sdk.Guide.
func (loader) Load(_ context.Context, req sdk.LoadRequest) (sdk.GuideModel, error) {
	sp, err := openSpace(req.Space)
	if err != nil {
		return nil, err
	}
	if err := spec.None(Name, req.Options); err != nil {
		return nil, fmt.Errorf("guide: %w", err)
	}
	m, err := Decode(req.Weights, sp, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	if !m.net.action() {
		return stateOnly{m}, nil
	}
	return m, nil
}

// stateOnly hides that a model without an action head has the method for one.
type stateOnly struct{ sdk.GuideModel }

type trainer struct{}

// Train implements sdk.Trainer.
func (trainer) Train(ctx context.Context, start sdk.TrainStart, host sdk.TrainHost) (sdk.Trained, error) {
	sp, err := openSpace(start.Space)
	if err != nil {
		return sdk.Trained{}, err
	}
	var c Config
	if err := spec.Read(start.Spec, &c); err != nil {
		return sdk.Trained{}, fmt.Errorf("guide: %w", err)
	}
	if c.Threads < 1 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	t, err := NewTrainer(sp, start.Models, c, start.Seed)
	if err != nil {
		return sdk.Trained{}, err
	}
	if len(start.Checkpoint) > 0 {
		if err := t.Restore(start.Checkpoint); err != nil {
			return sdk.Trained{}, err
		}
	}
	stopped, err := t.run(ctx, host)
	if err != nil || stopped {
		return sdk.Trained{Stopped: stopped}, err
	}
	return t.finish(ctx, start.Seed, host)
}

// answer is what the host gives to a question for paths.
type answer struct {
	paths []sdk.Path
	err   error
}

// ask asks for n paths of each model, and does not wait.
func ask(ctx context.Context, host sdk.TrainHost, first uint64, n int) <-chan answer {
	c := make(chan answer, 1)
	go func() { // ends with the answer, or with the context
		paths, err := host.Paths(ctx, first, n)
		c <- answer{paths, err}
	}()
	return c
}

// run makes all updates that are left. While the network learns from some paths,
// the host makes the next.
func (t *Trainer) run(ctx context.Context, host sdk.TrainHost) (stopped bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	checkpoint := func() error {
		data, err := t.Snapshot()
		if err != nil {
			return err
		}
		return host.Checkpoint(ctx, data)
	}
	c := t.config
	next := ask(ctx, host, t.Next(), c.Batch)
	for !t.Done() {
		var now answer
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-host.Stopping():
			return true, checkpoint()
		case now = <-next:
		}
		if now.err != nil {
			return false, now.err
		}
		if t.learner.step+1 < c.Steps {
			next = ask(ctx, host, t.Next()+uint64(c.Batch), c.Batch)
		}
		s, err := t.Update(now.paths)
		if err != nil {
			return false, err
		}
		if s.Step%c.ProgressEvery == 0 || t.Done() {
			if err := host.Progress(progress(s, c.Steps)); err != nil {
				return false, err
			}
		}
		if s.Step%c.CheckpointEvery == 0 && !t.Done() {
			if err := checkpoint(); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// progress is what the host shows of an update.
func progress(s train.Stats, steps int) sdk.Progress {
	return sdk.Progress{Step: uint64(s.Step), Steps: uint64(steps), Metrics: map[string]float64{"loss": s.Loss, "gradient": s.Norm}}
}

// card is what the trainer says of its weights.
type card struct {
	Architecture string   `json:"architecture"`
	Parameters   int      `json:"parameters"`
	Models       []string `json:"models"`
	Config       Config   `json:"config"`
	Seed         uint64   `json:"seed"`
	Space        string   `json:"space"`
	Kernels      string   `json:"kernels"` // instruction set and version: the numeric id of the training
	Paths        int      `json:"paths"`   // learned from
	Report       Report   `json:"report"`
}

// finish measures the weights on fresh paths and writes them with their card.
func (t *Trainer) finish(ctx context.Context, seed uint64, host sdk.TrainHost) (sdk.Trained, error) {
	m, err := t.Model()
	if err != nil {
		return sdk.Trained{}, err
	}
	c := card{
		Architecture: t.net.describe(), Parameters: m.params.Count(), Models: t.models, Config: t.config, Seed: seed,
		Space: t.space.Descriptor().Digest, Kernels: fmt.Sprintf("%s/%d", kern.Active(), kern.Version),
		Paths: t.config.Steps * t.config.Batch * len(t.models),
	}
	c.Config.Threads = 0
	var r reporter
	const part = 256
	for first := 0; first < t.config.ReportPaths; first += part {
		// Beyond all that was learned from.
		paths, err := host.Paths(ctx, uint64(t.config.Steps*t.config.Batch+first), min(part, t.config.ReportPaths-first))
		if err != nil {
			return sdk.Trained{}, err
		}
		if err := r.add(ctx, m, paths); err != nil {
			return sdk.Trained{}, err
		}
	}
	c.Report = r.report()
	text, err := json.Marshal(c)
	if err != nil {
		return sdk.Trained{}, errors.Join(errors.New("guide: write the card"), err)
	}
	weights, err := m.Encode(text)
	if err != nil {
		return sdk.Trained{}, err
	}
	return sdk.Trained{Weights: weights, Card: text}, nil
}
