package diffusion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/plugins/internal/spec"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// options are what a training file may say.
type options struct {
	Config
	CheckpointEvery int `json:"checkpoint_every,omitempty"` // updates between checkpoints; 1000
	ProgressEvery   int `json:"progress_every,omitempty"`   // updates between reports; 10
	Threads         int `json:"threads,omitempty"`          // goroutines; as many as there are cores
	ReportTrees     int `json:"report_trees,omitempty"`     // samples of the final report; 2000
}

// The sources of examples that the host is asked for.
const (
	sourceTrain   = "train"
	sourceHeldOut = "held-out"
)

// card is what the trainer says of its weights.
type card struct {
	Architecture string `json:"architecture"`
	Parameters   int    `json:"parameters"`
	Config       Config `json:"config"`
	Seed         uint64 `json:"seed"`
	Space        string `json:"space"`
	Kernels      string `json:"kernels"` // instruction set and version: the numeric id of the training
	Best         int    `json:"best"`    // the update whose weights these are; 0 for the last
	Report       Report `json:"report"`  // of the weights as stored
}

type trainer struct{}

var _ sdk.Trainer = trainer{}

// errStopped says that the host wants the training to end early.
var errStopped = errors.New("diffusion: stopped")

// Train implements sdk.Trainer.
func (trainer) Train(ctx context.Context, start sdk.TrainStart, host sdk.TrainHost) (sdk.Trained, error) {
	sp, err := openSpace(start.Space)
	if err != nil {
		return sdk.Trained{}, err
	}
	o := options{CheckpointEvery: 1000, ProgressEvery: 10, ReportTrees: 2000}
	if err := spec.Read(start.Spec, &o); err != nil {
		return sdk.Trained{}, fmt.Errorf("diffusion: %w", err)
	}
	if o.Config.Threads = o.Threads; o.Threads < 1 {
		o.Config.Threads = runtime.GOMAXPROCS(0)
	}
	learn, err := askData(ctx, host, sp, sourceTrain)
	if err != nil {
		return sdk.Trained{}, err
	}
	keptBack, err := askData(ctx, host, sp, sourceHeldOut)
	if err != nil {
		return sdk.Trained{}, err
	}
	t, err := NewTrainer(sp, o.Config, learn, keptBack, start.Seed)
	if err != nil {
		return sdk.Trained{}, err
	}
	if len(start.Checkpoint) > 0 {
		if err := t.Restore(start.Checkpoint); err != nil {
			return sdk.Trained{}, fmt.Errorf("diffusion: restore: %w", err)
		}
	}
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-host.Stopping():
			stop(errStopped)
		case <-running.Done():
		}
	}()
	err = t.Run(running, train.Hooks{
		Every:      o.CheckpointEvery,
		Checkpoint: func(data []byte) error { return host.Checkpoint(ctx, data) },
		Progress: func(s train.Stats) error {
			if s.Step%max(o.ProgressEvery, 1) != 0 && s.Step < t.config.Steps {
				return nil
			}
			metrics := map[string]float64{"bound": s.Loss, "gradient": s.Norm}
			if t.config.Agree > 0 {
				metrics["paths_apart"] = t.Apart()
			}
			if s.Best > 0 {
				metrics["held_out"], metrics["best"] = s.Value, s.Best
			}
			return host.Progress(sdk.Progress{Step: uint64(s.Step), Steps: uint64(t.config.Steps), Metrics: metrics})
		},
	})
	switch {
	case errors.Is(err, errStopped) && ctx.Err() == nil:
		return sdk.Trained{Stopped: true}, nil
	case err != nil:
		return sdk.Trained{}, fmt.Errorf("diffusion: %w", err)
	}
	return t.finish(learn, keptBack, max(o.ReportTrees, 2))
}

// askData asks the host for all examples of a source.
func askData(ctx context.Context, host sdk.TrainHost, sp *space.Fragments, source string) (*Data, error) {
	const atOnce = 8192
	var all []sdk.Example
	for more := true; more; {
		part, m, err := host.Examples(ctx, source, atOnce)
		if err != nil {
			return nil, err
		}
		if more = m; more && len(part) == 0 {
			return nil, fmt.Errorf("diffusion: the host says that there are more examples %q, and gives none", source)
		}
		all = append(all, part...)
	}
	return NewData(sp, all)
}

// finish rounds the weights as they are stored, measures them and writes them
// with their card.
func (t *Trainer) finish(learn, keptBack *Data, n int) (sdk.Trained, error) {
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
		Parameters:   m.Parameters(), Config: t.config, Seed: t.seed, Space: t.space.Descriptor().Digest,
		Kernels: fmt.Sprintf("%s/%d", kern.Active(), kern.Version),
	}
	_, c.Best = t.Best()
	if c.Report, err = NewReport(m, learn, keptBack, n, t.config.Threads, rand.New(rand.NewPCG(t.seed, 1<<60))); err != nil {
		return sdk.Trained{}, err
	}
	if err := spec.Diverged("the final report", c.Report, t.config.Rate); err != nil {
		return sdk.Trained{}, fmt.Errorf("diffusion: %w", err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return sdk.Trained{}, fmt.Errorf("diffusion: write the card: %w", err)
	}
	weights, err := m.Encode(true, text)
	if err != nil {
		return sdk.Trained{}, err
	}
	return sdk.Trained{Weights: weights, Card: text}, nil
}
