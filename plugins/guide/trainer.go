package guide

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Trainer trains a guide, one update after another, each from the paths number
// Next to Next+Config.Batch-1 of every model. It is deterministic: the same
// space, configuration, seed and paths give the same weights, bit for bit, on one
// instruction set, with any number of threads and with interruptions
// ([Trainer.Snapshot]).
type Trainer struct {
	config  Config
	space   space.Space
	models  []string
	net     *network
	learner *learner
	loop    *train.Loop
}

// NewTrainer starts a training run for base models of these names.
func NewTrainer(sp space.Space, models []string, c Config, seed uint64) (*Trainer, error) {
	c, err := c.Complete(defaultWidth(sp))
	if err != nil {
		return nil, err
	}
	n, err := newNetwork(c.shape(len(models)), sp, nil)
	if err != nil {
		return nil, err
	}
	params := nn.NewParams(rand.New(rand.NewPCG(seed, 1<<63)))
	l, err := newLearner(n, c, params, []space.State{""})
	if err != nil {
		return nil, err
	}
	t := &Trainer{config: c, space: sp, models: models, net: n, learner: l}
	name := fmt.Sprintf("guide %+v labels %s batch %d ramp %d models %q space %s", n.shape, c.Labels, c.Batch, c.Ramp, models, sp.Descriptor().Digest)
	if t.loop, err = train.New(c.loop(name), params, l, seed); err != nil {
		return nil, err
	}
	if c.Labels == labelsEMA {
		l.judge = &judge{net: n, params: t.loop.Average(), threads: c.Threads}
	}
	return t, nil
}

// defaultWidth is the width of networks on a space.
func defaultWidth(sp space.Space) int {
	if _, ok := sp.(*space.Grid); ok {
		return 256
	}
	return 64
}

// Config is the configuration with its defaults.
func (t *Trainer) Config() Config { return t.config }

// Done reports whether all updates were made.
func (t *Trainer) Done() bool { return t.loop.Done() }

// Next is the number of the first path of each model that the coming update
// learns from.
func (t *Trainer) Next() uint64 { return uint64(t.learner.step) * uint64(t.config.Batch) }

// Update learns from paths.
func (t *Trainer) Update(paths []sdk.Path) (train.Stats, error) {
	if want := len(t.models) * t.config.Batch; len(paths) != want {
		return train.Stats{}, fmt.Errorf("guide: update: %d paths, want %d of each of %d models", len(paths), t.config.Batch, len(t.models))
	}
	t.learner.paths = paths
	stats, err := t.loop.Update()
	if err == nil {
		t.learner.step = stats.Step
	}
	return stats, err
}

// Snapshot writes all that is needed to go on: the number of updates, then the
// loop's own.
func (t *Trainer) Snapshot() ([]byte, error) {
	data, err := t.loop.Snapshot()
	if err != nil {
		return nil, err
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(t.learner.step)), data...), nil
}

// Restore brings a trainer that was made for the same space, models,
// configuration and seed to where the snapshot was written.
func (t *Trainer) Restore(data []byte) error {
	if len(data) < 8 {
		return fmt.Errorf("guide: restore: the snapshot is cut off")
	}
	step := binary.LittleEndian.Uint64(data)
	if step > uint64(t.config.Steps) {
		return fmt.Errorf("guide: restore: the snapshot is after update %d of %d", step, t.config.Steps)
	}
	if err := t.loop.Restore(data[8:]); err != nil {
		return fmt.Errorf("guide: restore: %w", err)
	}
	t.learner.step = int(step)
	return nil
}

// Model is the guide as trained so far: the running average of the weights.
func (t *Trainer) Model() (*Model, error) {
	return newModel(t.net, t.space, t.loop.Average().Clone(), t.models, t.config.Threads)
}
