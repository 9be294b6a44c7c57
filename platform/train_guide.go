package platform

import (
	"context"
	"encoding/json"
	"path/filepath"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/guide"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// CardModel is a base model that a guide was trained for.
type CardModel struct {
	Name          string          `json:"name"`
	Plugin        string          `json:"plugin"`
	PluginSHA256  string          `json:"plugin_sha256,omitempty"`
	WeightsSHA256 string          `json:"weights_sha256,omitempty"`
	Options       json.RawMessage `json:"options,omitempty"`
	Conditions    []store.Setting `json:"conditions,omitempty"`
}

// openGuideTask opens the space of a training file and finds the base models of
// its guide.
func openGuideTask(t *config.Training, cat *catalog.Catalog) (*trainingTask, error) {
	task := &trainingTask{}
	var errs []error
	if t.Grid != nil {
		g, err := space.NewGrid(t.Grid.Dim, t.Grid.Side)
		if err != nil {
			errs = append(errs, t.Grid.Mark.Errorf("%v", err))
		} else {
			task.space, task.card.Grid = g, &CardGrid{Dim: g.Dim(), Side: g.Side()}
		}
	} else {
		sp, err := openSpace(t.Space, t.Path)
		errs = append(errs, err)
		if err == nil {
			task.space, task.card.Vocabulary = sp, t.Space.Vocabulary.Value
		}
	}
	dir := filepath.Dir(t.Path("x"))
	for _, m := range t.Models {
		p, err := findModel(&config.Campaign{Models: t.Models}, cat, m.Name, dir)
		errs = append(errs, err)
		card := CardModel{Name: m.Name, Plugin: p.Plugin.ID, PluginSHA256: p.Plugin.SHA256, WeightsSHA256: p.Weights.SHA256, Options: p.Options, Conditions: conditions(m)}
		task.models, task.card.Models = append(task.models, p), append(task.card.Models, card)
	}
	if err := config.Collect(errs...); err != nil {
		return nil, err
	}
	task.card.Space = store.Space(task.space.Descriptor())
	return task, nil
}

// giveModels starts the base models of a guide and lets the training ask for
// their paths. Close them after the training.
func (t *trainingTask) giveModels(ctx context.Context, training *host.Training, log hclog.Logger) (*models, error) {
	bases, err := startAll(ctx, t.models, t.space, log)
	if err != nil {
		return nil, err
	}
	for _, m := range t.models {
		training.Models = append(training.Models, m.Name)
	}
	training.Rewards = nil
	training.Paths = guide.NewPaths(t.space, bases.policies, training.Seed).Paths
	return bases, nil
}
