package gflownet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/spec"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// treeSpec is what a training file may say of a model of trees.
type treeSpec struct {
	Config
	pace
	ReportTrees int `json:"report_trees,omitempty"` // of each kind in the final report; 500
}

// treeTraining is the training of a model of trees.
type treeTraining struct {
	*Trainer
	spec treeSpec
	last Stats
}

func newTreeTraining(sp *space.Fragments, text []byte, seed uint64) (*treeTraining, error) {
	t := &treeTraining{spec: treeSpec{pace: pace{CheckpointEvery: 1000, ProgressEvery: 10}, ReportTrees: 500}}
	if err := spec.Read(text, &t.spec); err != nil {
		return nil, fmt.Errorf("gflownet: %w", err)
	}
	t.spec.Config.Threads = t.spec.threads()
	var err error
	t.Trainer, err = NewTrainer(sp, t.spec.Config, seed)
	return t, err
}

func (t *treeTraining) pace() pace { return t.spec.pace }

func (t *treeTraining) propose() ([]space.State, error) { return t.Propose() }

func (t *treeTraining) update(log []float64) (step int, err error) {
	if t.last, err = t.Update(log); err != nil {
		return 0, err
	}
	return t.last.Step, diverged(fmt.Sprintf("update %d", t.last.Step), t.last, t.config.Rate)
}

func (t *treeTraining) progress() sdk.Progress {
	s := t.last
	return sdk.Progress{Step: uint64(s.Step), Steps: uint64(t.config.Steps), Metrics: map[string]float64{
		"loss": s.Loss, "residual_sd": s.Residual, "reward": s.Reward, "fragments": s.Size,
		"clipped": s.Clipped, "log_z": s.LogZ, "gradient": s.Norm,
	}}
}

// treeCard is what the trainer says of its weights.
type treeCard struct {
	Architecture string `json:"architecture"`
	Parameters   int    `json:"parameters"`
	Config       Config `json:"config"`
	Seed         uint64 `json:"seed"`
	Space        string `json:"space"`
	Kernels      string `json:"kernels"` // instruction set and version: the numeric id of the training
	Trajectories int    `json:"trajectories"`
	Report       Report `json:"report"` // of the weights as stored
}

// finish rounds the weights as they are stored, measures them and writes them
// with their card.
func (t *treeTraining) finish(reward func([]space.State) ([]float64, error)) (sdk.Trained, error) {
	m, err := t.Model()
	if err != nil {
		return sdk.Trained{}, err
	}
	data, err := m.Encode(true, nil)
	if err != nil {
		return sdk.Trained{}, err
	}
	if m, err = Decode(data, t.space, t.config.Threads); err != nil {
		return sdk.Trained{}, err
	}
	c := treeCard{
		Architecture: fmt.Sprintf("graph transformer over fragment trees, %d layers, width %d", t.config.Layers, t.config.Width),
		Parameters:   m.Parameters(), Config: t.config, Seed: t.seed, Space: t.space.Descriptor().Digest,
		Kernels: fmt.Sprintf("%s/%d", kern.Active(), kern.Version), Trajectories: t.config.Steps * t.config.Batch,
	}
	if c.Report, err = NewReport(m, max(t.spec.ReportTrees, 2), 64, t.config.Floor, reward, rand.New(rand.NewPCG(t.seed, 1<<60))); err != nil {
		return sdk.Trained{}, err
	}
	if err := diverged("the final report", c.Report, t.config.Rate); err != nil {
		return sdk.Trained{}, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return sdk.Trained{}, fmt.Errorf("gflownet: write the card: %w", err)
	}
	weights, err := m.Encode(true, text)
	if err != nil {
		return sdk.Trained{}, err
	}
	return sdk.Trained{Weights: weights, Card: text}, nil
}
