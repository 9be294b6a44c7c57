package gflownet

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/molsculpt/molsculpt/plugins/internal/spec"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

type trainer struct{}

var _ sdk.Trainer = trainer{}

// training is a training run as the protocol sees it, whatever the space.
type training interface {
	Done() bool
	Snapshot() ([]byte, error)
	Restore([]byte) error

	// propose lists the states whose rewards the next update needs.
	propose() ([]space.State, error)
	// update learns from these rewards and gives the number of updates so far.
	update(log []float64) (step int, err error)
	// progress is what the host shows of the last update.
	progress() sdk.Progress
	// pace is how often the host hears of the training.
	pace() pace
	// finish measures the weights and writes them.
	finish(reward func([]space.State) ([]float64, error)) (sdk.Trained, error)
}

// pace is the part of a training file that says how often the host hears of the
// training, and how many goroutines work. No result depends on it.
type pace struct {
	CheckpointEvery int `json:"checkpoint_every,omitempty"` // updates between checkpoints; 1000, of a grid 5000
	ProgressEvery   int `json:"progress_every,omitempty"`   // updates between reports; 10, of a grid 200
	Threads         int `json:"threads,omitempty"`          // goroutines; as many as there are cores
}

// threads is how many goroutines a training file asks for.
func (p pace) threads() int {
	if p.Threads < 1 {
		return runtime.GOMAXPROCS(0)
	}
	return p.Threads
}

// newTraining makes the run that a host asks for.
func newTraining(start sdk.TrainStart) (training, error) {
	sp, err := openSpace(start.Space)
	if err != nil {
		return nil, err
	}
	switch sp := sp.(type) {
	case *space.Fragments:
		return newTreeTraining(sp, start.Spec, start.Seed)
	case *space.Grid:
		return newGridTraining(sp, start.Spec, start.Seed)
	}
	panic("gflownet: a space of a kind that was refused")
}

// Train implements sdk.Trainer.
func (trainer) Train(ctx context.Context, start sdk.TrainStart, host sdk.TrainHost) (sdk.Trained, error) {
	t, err := newTraining(start)
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
	rewards := func(states []space.State) ([]float64, error) { return askRewards(ctx, host, states) }
	pace := t.pace()
	for !t.Done() {
		select {
		case <-ctx.Done():
			return sdk.Trained{}, ctx.Err()
		case <-host.Stopping():
			return sdk.Trained{Stopped: true}, checkpoint()
		default:
		}
		ask, err := t.propose()
		if err != nil {
			return sdk.Trained{}, err
		}
		log, err := rewards(ask)
		if err != nil {
			return sdk.Trained{}, err
		}
		step, err := t.update(log)
		if err != nil {
			return sdk.Trained{}, err
		}
		if step%max(pace.ProgressEvery, 1) == 0 || t.Done() {
			if err := host.Progress(t.progress()); err != nil {
				return sdk.Trained{}, err
			}
		}
		if step%max(pace.CheckpointEvery, 1) == 0 && !t.Done() {
			if err := checkpoint(); err != nil {
				return sdk.Trained{}, err
			}
		}
	}
	return t.finish(func(states []space.State) (all []float64, err error) {
		for part := range slices.Chunk(states, 256) { // so that no request is large
			log, err := rewards(part)
			if err != nil {
				return nil, err
			}
			all = append(all, log...)
		}
		return all, nil
	})
}

// askRewards asks the host for log rewards. Nothing is sent where nothing is
// asked.
func askRewards(ctx context.Context, host sdk.TrainHost, states []space.State) ([]float64, error) {
	if len(states) == 0 {
		return nil, nil
	}
	answers, err := host.Rewards(ctx, states, nil)
	if err != nil {
		return nil, err
	}
	if len(answers) != len(states) {
		return nil, fmt.Errorf("gflownet: the host gave %d rewards for %d states", len(answers), len(states))
	}
	log := make([]float64, len(answers))
	for i := range answers {
		log[i] = answers[i].Log
	}
	return log, nil
}

// diverged is an error where some figure of a training is not finite.
func diverged(where string, figures any, rate float64) error {
	if err := spec.Diverged(where, figures, rate); err != nil {
		return fmt.Errorf("gflownet: %w", err)
	}
	return nil
}
