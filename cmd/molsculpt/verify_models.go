package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/verify"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// gridModels trains models and guides for `verify --full` and keeps their
// processes until it is closed.
type gridModels struct {
	app    *app
	cat    *catalog.Catalog
	folder string
	passes bool // the folder is removed in the end
	models []*platform.GridModel
	guides map[string]*platform.Guide
}

// newGridModels keeps models in a folder, where a later run finds them; "" is a
// passing one.
func (a *app) newGridModels(folder string) (*gridModels, error) {
	cat, err := a.catalog()
	if err != nil {
		return nil, err
	}
	m := &gridModels{app: a, cat: cat, folder: folder, passes: folder == "", guides: map[string]*platform.Guide{}}
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

// modelName is what the model of a reward is called.
func modelName(reward string, dim, side int) string {
	return fmt.Sprintf("%s-%dx%d", reward, side, dim)
}

// train is the model of a reward, trained if it is not there already.
func (m *gridModels) train(ctx context.Context, reward string, dim, side int) (space.Policy, error) {
	name := modelName(reward, dim, side)
	weights, err := m.weights(ctx, name, fmt.Sprintf("version: 1\nname: %s\nseed: 100\nspace: {grid: {dim: %d, side: %d}}\nplugin: core/gflownet\nreward: {function: grid/%s}\ntrain: {steps: 20000}\n",
		name, dim, side, reward))
	if err != nil {
		return nil, err
	}
	model, err := platform.LoadGridModel(ctx, m.cat, weights, m.app.logger())
	if err != nil {
		return nil, err
	}
	m.models = append(m.models, model)
	return model.Policy, nil
}

// guide is a guide for models that train gave, trained as long as Garipov et al.
// 2023 did if it is not there already.
func (m *gridModels) guide(ctx context.Context, g verify.GuideTraining) (verify.TrainedGuide, error) {
	name := fmt.Sprintf("guide-%s-%s-%s-%dx%d", strings.Join(g.Models, "-"), g.Head, g.Labels, g.Side, g.Dim)
	if open, ok := m.guides[name]; ok {
		return open, nil
	}
	file := fmt.Sprintf("version: 1\nname: %s\nkind: guide\nseed: 100\nspace: {grid: {dim: %d, side: %d}}\nmodels:\n", name, g.Dim, g.Side)
	for _, reward := range g.Models {
		file += fmt.Sprintf("  %s: {plugin: core/gflownet, weights: %s.safetensors}\n", reward, modelName(reward, g.Dim, g.Side))
	}
	file += fmt.Sprintf("train: {alpha: true, head: %s, labels: %s, steps: 15000}\n", g.Head, g.Labels)
	weights, err := m.weights(ctx, name, file)
	if err != nil {
		return nil, err
	}
	open, err := platform.LoadGuide(ctx, m.cat, weights, m.app.logger())
	if err != nil {
		return nil, err
	}
	m.guides[name] = open
	return open, nil
}

// weights trains as the text of a training file says, unless that was done
// before, and returns the file of the weights.
func (m *gridModels) weights(ctx context.Context, name, file string) (string, error) {
	t, err := config.ParseTraining(filepath.Join(m.folder, name+".yaml"), []byte(file))
	if err != nil {
		return "", err
	}
	m.app.say("training %s", name)
	trained, err := platform.Train(ctx, t, m.cat, platform.TrainOptions{Log: m.app.logger()})
	switch {
	case err != nil:
		return "", err
	case trained.Weights == "":
		return "", fmt.Errorf("train %s: stopped early", name)
	}
	return trained.Weights, nil
}

func (m *gridModels) close() error {
	for _, guide := range m.guides {
		guide.Close()
	}
	for _, model := range m.models {
		model.Close()
	}
	if m.passes {
		return os.RemoveAll(m.folder)
	}
	return nil
}
