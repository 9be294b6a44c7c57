package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/molsculpt/molsculpt/sdk"
)

// errStopped says that the host wants the training to end early.
var errStopped = errors.New("stopped")

// Served is how a loop is run for a host.
type Served struct {
	Plugin     string // what errors begin with
	Checkpoint []byte // to go on from, if any

	CheckpointEvery, ProgressEvery int // updates between them

	Loss    string                   // what the loss is called
	Metrics func(map[string]float64) // adds what else is to be told; may be nil
}

// Serve makes all updates that are left, hands over checkpoints and tells how the
// training goes. It ends early, at a checkpoint, where the host wants it.
func (l *Loop) Serve(ctx context.Context, host sdk.TrainHost, o Served) (stopped bool, err error) {
	if len(o.Checkpoint) > 0 {
		if err := l.Restore(o.Checkpoint); err != nil {
			return false, fmt.Errorf("%s: restore: %w", o.Plugin, err)
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
	steps := l.config.Steps
	err = l.Run(running, Hooks{
		Every:      o.CheckpointEvery,
		Checkpoint: func(data []byte) error { return host.Checkpoint(ctx, data) },
		Progress: func(s Stats) error {
			if s.Step%max(o.ProgressEvery, 1) != 0 && s.Step < steps {
				return nil
			}
			metrics := map[string]float64{o.Loss: s.Loss, "gradient": s.Norm}
			if s.Best > 0 {
				metrics["held_out"], metrics["best"] = s.Value, s.Best
			}
			if o.Metrics != nil {
				o.Metrics(metrics)
			}
			return host.Progress(sdk.Progress{Step: uint64(s.Step), Steps: uint64(steps), Metrics: metrics})
		},
	})
	switch {
	case errors.Is(err, errStopped) && ctx.Err() == nil:
		return true, nil
	case err != nil:
		return false, fmt.Errorf("%s: %w", o.Plugin, err)
	}
	return false, nil
}

// Examples asks a host for all examples of a source, at most so many at once, and
// hands them on. What it says of a host begins with the name of the plugin.
func Examples(ctx context.Context, host sdk.TrainHost, plugin, source string, atOnce int, take func([]sdk.Example) error) error {
	for more := true; more; {
		part, m, err := host.Examples(ctx, source, atOnce)
		if err != nil {
			return err
		}
		if more = m; more && len(part) == 0 {
			return fmt.Errorf("%s: the host says that there are more examples %q, and gives none", plugin, source)
		}
		if err := take(part); err != nil {
			return err
		}
	}
	return nil
}
