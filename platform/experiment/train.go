package experiment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/sdk"
)

// Train trains a base model or a guide as a training file in the folder says,
// goes on with that from its checkpoint, or finds it done. Where the file, or the
// weights of a model that it names, are not those of the last time, the training
// begins anew. Ctx interrupts it at a checkpoint.
func (e *Env) Train(ctx context.Context, file string) (*platform.Trained, error) {
	path := e.Path(file)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("experiment: read training file: %w", err)
	}
	t, err := config.ParseTraining(path, text)
	if err != nil {
		return nil, err
	}
	key := []string{string(text)}
	for _, m := range t.Models {
		w, err := e.Catalog.Load(m.Weights.Value, filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		key = append(key, w.SHA256)
	}
	sum, err := digest(key)
	if err != nil {
		return nil, err
	}
	name := "train " + t.Name
	last, err := e.kept(name)
	if err != nil {
		return nil, err
	}
	if last.Key != sum {
		if last.Key != "" {
			err = forget(t.Path(t.Out.Value))
		}
		if err == nil {
			err = e.keep(name, stageRecord{Key: sum})
		}
		if err != nil {
			return nil, err
		}
	}
	begun := false
	trained, err := platform.Train(context.WithoutCancel(ctx), t, e.Catalog, platform.TrainOptions{
		Stop: ctx.Done(),
		Log:  e.Log,
		Progress: func(p sdk.Progress, _ platform.RewardStats) {
			if !begun {
				begun = true
				e.say("%s", name)
			}
			e.progress(name, int(p.Step), int(p.Steps))
		},
	})
	if err != nil {
		return nil, err
	}
	if trained.Stopped {
		return nil, ctx.Err()
	}
	return trained, nil
}

// forget removes weights and the checkpoint on the way to them.
func forget(weights string) error {
	for _, path := range []string{weights, weights + ".checkpoint"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("experiment: remove what another training file made: %w", err)
		}
	}
	return nil
}
