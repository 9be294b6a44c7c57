package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// gridModels trains models for `verify --full` and keeps their processes until
// it is closed.
type gridModels struct {
	app    *app
	cat    *catalog.Catalog
	folder string
	passes bool // the folder is removed in the end
	open   []*platform.GridModel
}

// newGridModels keeps models in a folder, where a later run finds them; "" is a
// passing one.
func (a *app) newGridModels(folder string) (*gridModels, error) {
	cat, err := a.catalog()
	if err != nil {
		return nil, err
	}
	m := &gridModels{app: a, cat: cat, folder: folder, passes: folder == ""}
	if m.passes {
		m.folder, err = os.MkdirTemp("", "molsculpt-verify-")
	} else {
		err = os.MkdirAll(folder, 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("make folder for models: %w", err)
	}
	return m, nil
}

// train is the model of a reward, trained if it is not there already.
func (m *gridModels) train(ctx context.Context, reward string, dim, side int) (space.Policy, error) {
	name := fmt.Sprintf("%s-%dx%d", reward, side, dim)
	path := filepath.Join(m.folder, name+".yaml")
	file := fmt.Sprintf("version: 1\nname: %s\nseed: 100\nspace: {grid: {dim: %d, side: %d}}\nplugin: core/gflownet\nreward: {function: grid/%s}\ntrain: {steps: 20000}\n",
		name, dim, side, reward)
	t, err := config.ParseTraining(path, []byte(file))
	if err != nil {
		return nil, err
	}
	m.app.say("training %s", name)
	trained, err := platform.Train(ctx, t, m.cat, platform.TrainOptions{Log: m.app.logger()})
	switch {
	case err != nil:
		return nil, err
	case trained.Weights == "":
		return nil, fmt.Errorf("train %s: stopped early", name)
	}
	model, err := platform.LoadGridModel(ctx, m.cat, trained.Weights, m.app.logger())
	if err != nil {
		return nil, err
	}
	m.open = append(m.open, model)
	return model.Policy, nil
}

func (m *gridModels) close() error {
	var errs []error
	for _, model := range m.open {
		model.Close()
	}
	if m.passes {
		errs = append(errs, os.RemoveAll(m.folder))
	}
	return errors.Join(errs...)
}
