package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/platform/verify"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// trainedModels trains models and guides for `verify --full` and keeps their
// processes until it is closed.
type trainedModels struct {
	app    *app
	cat    *catalog.Catalog
	folder string
	passes bool     // the folder is removed in the end
	ends   []func() // of the models' processes
	guides map[string]*platform.Guide
}

// newTrainedModels keeps models in a folder, where a later run finds them; "" is a
// passing one.
func (a *app) newTrainedModels(folder string) (*trainedModels, error) {
	cat, err := a.catalog()
	if err != nil {
		return nil, err
	}
	m := &trainedModels{app: a, cat: cat, folder: folder, passes: folder == "", guides: map[string]*platform.Guide{}}
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

// train is a model, trained if it is not there already.
func (m *trainedModels) train(ctx context.Context, t verify.ModelTraining) (space.Policy, error) {
	if t.Vocabulary != "" {
		return m.trainTrees(ctx, t)
	}
	name := modelName(t.Reward, t.Dim, t.Side)
	weights, err := m.weights(ctx, name, fmt.Sprintf("version: 1\nname: %s\nseed: 100\nspace: {grid: {dim: %d, side: %d}}\nplugin: core/gflownet\nreward: {function: grid/%s}\ntrain: {steps: 20000}\n",
		name, t.Dim, t.Side, t.Reward))
	if err != nil {
		return nil, err
	}
	model, err := platform.LoadGridModel(ctx, m.cat, weights, m.app.logger())
	if err != nil {
		return nil, err
	}
	m.ends = append(m.ends, model.Close)
	return model.Policy, nil
}

// trainTrees is train of a model of fragment trees.
func (m *trainedModels) trainTrees(ctx context.Context, t verify.ModelTraining) (space.Policy, error) {
	sp, err := treeSpace(t.Vocabulary, t.MaxFragments)
	if err != nil {
		return nil, err
	}
	const plugin = "core/gflownet"
	fragments := sp.Vocabulary().Len()
	name := fmt.Sprintf("%s-%dx%d", t.Reward, fragments, t.MaxFragments)
	vocabulary := fmt.Sprintf("fragments-%d.json", fragments)
	if err := os.WriteFile(filepath.Join(m.folder, vocabulary), []byte(t.Vocabulary), 0o644); err != nil {
		return nil, fmt.Errorf("write vocabulary: %w", err)
	}
	path, err := m.weights(ctx, name, fmt.Sprintf(`version: 1
name: %s
seed: 1
space: {vocabulary: %s, max_fragments: %d}
plugin: %s
reward: {function: %s}
train: {width: 64, layers: 2, steps: 8000, batch: 64, beta_max: %g, beta_focus: %g, focus_share: 0.5, mean_size: 2, rate: 0.002, average: 0.99, knee: -1}
`, name, vocabulary, t.MaxFragments, plugin, t.Reward, 2*t.Beta, t.Beta))
	if err != nil {
		return nil, err
	}
	process, err := m.start(ctx, plugin)
	if err != nil {
		return nil, err
	}
	return m.policy(ctx, process, sp, path, map[string]float64{"beta": t.Beta})
}

// treeSpace is the space of trees of a vocabulary file's content.
func treeSpace(vocabulary string, maxFragments int) (*space.Fragments, error) {
	v, err := fragment.Parse([]byte(vocabulary))
	if err != nil {
		return nil, err
	}
	return space.NewFragments(v, maxFragments)
}

// policy is a model of trees whose weights are in a file.
func (m *trainedModels) policy(ctx context.Context, process *supervise.Plugin, sp *space.Fragments, path string, conditions map[string]float64) (space.Policy, error) {
	weights, err := m.cat.Load(path, ".")
	if err != nil {
		return nil, err
	}
	return process.LoadPolicy(ctx, host.Model{
		Space: sp, Definition: sp.Definition(), Weights: weights.Data, SHA256: weights.SHA256,
	}, conditions)
}

// start starts a plugin's process, which runs until the models are closed.
func (m *trainedModels) start(ctx context.Context, plugin string) (*supervise.Plugin, error) {
	found, err := m.cat.Plugin(plugin, m.folder)
	if err != nil {
		return nil, err
	}
	process, err := supervise.Start(ctx, supervise.Config{Name: found.ID, Path: found.Path, Args: found.Args, SHA256: found.SHA256, Logger: m.app.logger()})
	if err != nil {
		return nil, err
	}
	m.ends = append(m.ends, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = process.Close(ctx)
	})
	return process, nil
}

// guide is a guide for models that train gave, trained as long as Garipov et al.
// 2023 did if it is not there already.
func (m *trainedModels) guide(ctx context.Context, g verify.GuideTraining) (verify.TrainedGuide, error) {
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
func (m *trainedModels) weights(ctx context.Context, name, file string) (string, error) {
	t, err := config.ParseTraining(filepath.Join(m.folder, name+".yaml"), []byte(file))
	if err != nil {
		return "", err
	}
	m.app.say("training %s", name)
	trained, err := platform.Train(ctx, t, m.cat, platform.TrainOptions{Log: m.app.logger(), Lines: m.app.wholeLines})
	switch {
	case err != nil:
		return "", err
	case trained.Weights == "":
		return "", fmt.Errorf("train %s: stopped early", name)
	}
	return trained.Weights, nil
}

func (m *trainedModels) close() error {
	for _, guide := range m.guides {
		guide.Close()
	}
	for _, end := range m.ends {
		end()
	}
	if m.passes {
		return os.RemoveAll(m.folder)
	}
	return nil
}
