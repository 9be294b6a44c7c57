package score

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/plugins/internal/spec"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// every is how often a training speaks.
type every struct {
	CheckpointEvery int `json:"checkpoint_every,omitempty"` // updates between checkpoints; 1000
	ProgressEvery   int `json:"progress_every,omitempty"`   // updates between reports; 100
}

// options are what the training file of a model may say, guideOptions that of a
// guide.
type (
	options struct {
		Config
		every
	}
	guideOptions struct {
		GuideConfig
		every
	}
)

// card is what the trainer says of its weights.
type card struct {
	Architecture string    `json:"architecture"`
	Parameters   int       `json:"parameters"`
	Outcomes     []string  `json:"outcomes,omitempty"` // of a guide
	Process      string    `json:"process"`
	Config       any       `json:"config"`
	Seed         uint64    `json:"seed"`
	Kernels      string    `json:"kernels"` // instruction set and version: the numeric id of the training
	Points       int       `json:"points"`  // learned from
	Kept         int       `json:"kept"`    // measured by
	Mean         []float64 `json:"mean,omitempty"`
	SD           float64   `json:"sd"`
	Best         int       `json:"best"` // the update whose weights these are; 0 for the last
	// Loss is that on the points kept back, over all times from end to 1: of a
	// model the mean square of what is missing in a target of variance 1, of a
	// guide the mean of -log Q of which model a noisy point is of.
	Loss *float64 `json:"loss,omitempty"`
}

type trainer struct{}

var _ sdk.Trainer = trainer{}

// openPoints builds the space that a host describes.
func openPoints(d sdk.SpaceDefinition) (*space.Points, error) {
	sp, err := d.Open()
	if err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	points, ok := sp.(*space.Points)
	if !ok {
		return nil, fmt.Errorf("score: it works on points (%s), not on %q", space.KindPoints, d.Kind)
	}
	return points, nil
}

// Train implements sdk.Trainer: a guide where there are models to tell apart, else
// a model.
func (trainer) Train(ctx context.Context, start sdk.TrainStart, host sdk.TrainHost) (sdk.Trained, error) {
	sp, err := openPoints(start.Space)
	if err != nil {
		return sdk.Trained{}, err
	}
	if len(start.Models) > 0 {
		return trainGuide(ctx, sp, start, host)
	}
	o := options{every: every{1000, 100}}
	if err := spec.Read(start.Spec, &o); err != nil {
		return sdk.Trained{}, fmt.Errorf("score: %w", err)
	}
	if o.Threads < 1 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	learn, err := askData(ctx, host, sp, sdk.SourceTrain)
	if err != nil {
		return sdk.Trained{}, err
	}
	keptBack, err := askData(ctx, host, sp, sdk.SourceHeldOut)
	if err != nil {
		return sdk.Trained{}, err
	}
	t, err := NewTrainer(o.Config, &learn.Data, &keptBack.Data, start.Seed)
	if err != nil {
		return sdk.Trained{}, err
	}
	if stopped, err := serve(ctx, t.Loop, o.every, start, host); err != nil || stopped {
		return sdk.Trained{Stopped: stopped}, err
	}
	c := t.config
	c.Threads = 0
	return finish(t.Loop, t.weights(), t.task.data, keptBack.Len(), c.Rate, card{
		Architecture: c.Network.Network.Describe(), Process: c.process().String(), Config: c, Seed: start.Seed,
	}, t.task.fresh)
}

// trainGuide trains a guide: for models, whose points the host draws, or, where the
// space has no process, for classes of labelled examples.
func trainGuide(ctx context.Context, sp *space.Points, start sdk.TrainStart, host sdk.TrainHost) (sdk.Trained, error) {
	o := guideOptions{every: every{1000, 100}}
	if err := spec.Read(start.Spec, &o); err != nil {
		return sdk.Trained{}, fmt.Errorf("score: %w", err)
	}
	if o.Threads < 1 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	process := sp.Process()
	var learn, keptBack *Labelled
	var err error
	if process != (noise.Process{}) {
		c, err := o.complete(sp.Dim(), true)
		if err != nil {
			return sdk.Trained{}, fmt.Errorf("score: %w", err)
		}
		learn, keptBack, err = askPaths(ctx, host, sp, len(start.Models), c.Samples)
		if err != nil {
			return sdk.Trained{}, err
		}
	} else {
		c, err := o.Complete(sp.Dim())
		if err != nil {
			return sdk.Trained{}, fmt.Errorf("score: %w", err)
		}
		process = c.process()
		if learn, err = askData(ctx, host, sp, sdk.SourceTrain); err != nil {
			return sdk.Trained{}, err
		}
		if keptBack, err = askData(ctx, host, sp, sdk.SourceHeldOut); err != nil {
			return sdk.Trained{}, err
		}
		if err := errors.Join(learn.check(len(start.Models)), keptBack.check(len(start.Models))); err != nil {
			return sdk.Trained{}, err
		}
	}
	t, err := NewGuideTrainer(o.GuideConfig, process, start.Models, learn, keptBack, start.Seed)
	if err != nil {
		return sdk.Trained{}, err
	}
	if stopped, err := serve(ctx, t.Loop, o.every, start, host); err != nil || stopped {
		return sdk.Trained{Stopped: stopped}, err
	}
	c := t.config
	c.Threads = 0
	info, err := t.outcomes.info()
	if err != nil {
		return sdk.Trained{}, err
	}
	return finish(t.Loop, t.weights(), &learn.Data, keptBack.Len(), c.Rate, card{
		Architecture: c.Network.Network.Describe(), Outcomes: info.Outcomes, Process: process.String(), Config: c, Seed: start.Seed,
	}, t.task.fresh)
}

// serve makes all updates that are left.
func serve(ctx context.Context, l *train.Loop, o every, start sdk.TrainStart, host sdk.TrainHost) (stopped bool, err error) {
	return l.Serve(ctx, host, train.Served{
		Plugin: "score", Checkpoint: start.Checkpoint, CheckpointEvery: o.CheckpointEvery, ProgressEvery: o.ProgressEvery, Loss: "loss",
	})
}

// finish measures the weights and writes them with their card.
func finish(l *train.Loop, w *weights, learn *Data, kept int, rate float64, c card, measure func(*nn.Params) (float64, error)) (sdk.Trained, error) {
	c.Parameters, c.Points, c.Kept, c.SD = w.params.Count(), learn.Len(), kept, w.scaling.SD
	c.Kernels = fmt.Sprintf("%s/%d", kern.Active(), kern.Version)
	if learn.Dim <= 16 {
		c.Mean = w.scaling.Mean
	}
	_, c.Best = l.Best()
	if kept > 0 {
		loss, err := measure(w.params)
		if err != nil {
			return sdk.Trained{}, err
		}
		c.Loss = &loss
		if err := spec.Diverged("the final report", struct{ Loss float64 }{loss}, rate); err != nil {
			return sdk.Trained{}, fmt.Errorf("score: %w", err)
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		return sdk.Trained{}, fmt.Errorf("score: write the card: %w", err)
	}
	data, err := w.Encode(text)
	if err != nil {
		return sdk.Trained{}, err
	}
	return sdk.Trained{Weights: data, Card: text}, nil
}
