package diffusion

import (
	"context"
	"encoding/json"
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
	learn, err := askData(ctx, host, sp, sdk.SourceTrain)
	if err != nil {
		return sdk.Trained{}, err
	}
	keptBack, err := askData(ctx, host, sp, sdk.SourceHeldOut)
	if err != nil {
		return sdk.Trained{}, err
	}
	t, err := NewTrainer(sp, o.Config, learn, keptBack, start.Seed)
	if err != nil {
		return sdk.Trained{}, err
	}
	stopped, err := t.Serve(ctx, host, train.Served{
		Plugin: "diffusion", Checkpoint: start.Checkpoint, CheckpointEvery: o.CheckpointEvery, ProgressEvery: o.ProgressEvery,
		Loss: "bound", Metrics: func(metrics map[string]float64) {
			if t.config.Agree > 0 {
				metrics["paths_apart"] = t.Apart()
			}
		},
	})
	if err != nil || stopped {
		return sdk.Trained{Stopped: stopped}, err
	}
	return t.finish(learn, keptBack, max(o.ReportTrees, 2))
}

// askData asks the host for all examples of a source.
func askData(ctx context.Context, host sdk.TrainHost, sp *space.Fragments, source string) (*Data, error) {
	const atOnce = 8192
	var all []sdk.Example
	err := train.Examples(ctx, host, "diffusion", source, atOnce, func(part []sdk.Example) error {
		all = append(all, part...)
		return nil
	})
	if err != nil {
		return nil, err
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
