package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// gridRewards are the rewards that a training file may name on a grid: those of
// Garipov et al. 2023, and that of Bengio et al. 2021 with a base of 1e-3.
var gridRewards = map[string]oracle.GridReward{
	"grid/shubert": oracle.Shubert, "grid/diagonal": oracle.Diagonal,
	"grid/circle1": oracle.Circle(1), "grid/circle2": oracle.Circle(2), "grid/circle3": oracle.Circle(3),
	"grid/corners": oracle.Corners(1e-3),
}

// GridReward is the log reward of a name, as "grid/shubert"; false where there
// is none.
func GridReward(name string) (oracle.GridReward, bool) {
	r, ok := gridRewards[name]
	return r, ok
}

// CardGrid is the space of a model of a grid.
type CardGrid struct {
	Dim  int `json:"dim"`  // axes
	Side int `json:"side"` // points on an axis
}

// openGridTask opens the grid and the reward of a training file.
func openGridTask(t *config.Training) (*trainingTask, error) {
	reward, ok := GridReward(t.Reward.Reward.Value)
	var rewardErr, gridErr error
	if !ok {
		e := t.Reward.Reward.Errorf("there is no reward %q on a grid", t.Reward.Reward.Value)
		e.Hint = suggestion(t.Reward.Reward.Value, slices.Sorted(maps.Keys(gridRewards)))
		rewardErr = e
	}
	g, err := space.NewGrid(t.Grid.Dim, t.Grid.Side)
	if err != nil {
		gridErr = t.Grid.Mark.Errorf("%v", err)
	}
	if err := config.Collect(gridErr, rewardErr); err != nil {
		return nil, err
	}
	return &trainingTask{
		space: g,
		source: &rewardSource{cache: map[space.State]sdk.Reward{}, of: func(_ context.Context, states []space.State) []sdk.Reward {
			out := make([]sdk.Reward, len(states))
			for i, s := range states {
				log := reward(g.Coordinates(s, nil), g.Side())
				out[i] = sdk.Reward{Status: sdk.OK, Log: log, Raw: log}
			}
			return out
		}},
		card: ModelCard{
			Space: store.Space(g.Descriptor()), Grid: &CardGrid{Dim: g.Dim(), Side: g.Side()},
			Reward: CardReward{Function: t.Reward.Reward.Value},
		},
	}, nil
}

// GridModel is a trained model of a grid in a plugin process of its own.
type GridModel struct {
	Card   ModelCard
	Grid   *space.Grid
	Policy space.Policy // masked, normalised and checked by the host

	plugin *supervise.Plugin
}

// Close ends the model's process.
func (m *GridModel) Close() { closePlugin(m.plugin) }

// LoadGridModel loads weights that [Train] wrote for a grid, by the card beside
// them. Close the model where there is no error.
func LoadGridModel(ctx context.Context, cat *catalog.Catalog, weights string, log hclog.Logger) (*GridModel, error) {
	data, err := cat.Load(weights, ".")
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(cardFile(weights))
	if err != nil {
		return nil, fmt.Errorf("platform: read the card of %s: %w", weights, err)
	}
	m := &GridModel{}
	if err := json.Unmarshal(text, &m.Card); err != nil {
		return nil, fmt.Errorf("platform: read the card of %s: %w", weights, err)
	}
	if m.Card.Grid == nil {
		return nil, fmt.Errorf("platform: load %s: it is a model of %s, not of a grid", weights, m.Card.Space.Kind)
	}
	if m.Card.WeightsSHA256 != data.SHA256 {
		return nil, fmt.Errorf("platform: load %s: the card beside it is that of other weights", weights)
	}
	if m.Grid, err = space.NewGrid(m.Card.Grid.Dim, m.Card.Grid.Side); err != nil {
		return nil, fmt.Errorf("platform: load %s: %w", weights, err)
	}
	found, err := cat.Plugin(m.Card.Plugin, filepath.Dir(weights))
	if err != nil {
		return nil, err
	}
	if m.plugin, err = startPlugin(ctx, found, log); err != nil {
		return nil, fmt.Errorf("platform: load %s: %w", weights, err)
	}
	policy, err := m.plugin.LoadPolicy(ctx, host.Model{Space: m.Grid, Definition: m.Grid.Definition(), Weights: data.Data, SHA256: data.SHA256}, nil)
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("platform: load %s: %w", weights, err)
	}
	m.Policy = policy
	return m, nil
}
