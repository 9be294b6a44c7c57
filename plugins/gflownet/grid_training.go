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

// gridSpec is what a training file may say of a model of a grid.
type gridSpec struct {
	GridConfig
	pace
	ReportPoints int `json:"report_points,omitempty"` // own samples in the final report; 1000
}

// gridTraining is the training of a model of a grid.
type gridTraining struct {
	*GridTrainer
	spec gridSpec
	last GridStats
}

func newGridTraining(g *space.Grid, text []byte, seed uint64) (*gridTraining, error) {
	t := &gridTraining{spec: gridSpec{pace: pace{CheckpointEvery: 5000, ProgressEvery: 200}, ReportPoints: 1000}}
	if err := spec.Read(text, &t.spec); err != nil {
		return nil, fmt.Errorf("gflownet: %w", err)
	}
	t.spec.GridConfig.Threads = t.spec.threads()
	var err error
	t.GridTrainer, err = NewGridTrainer(g, t.spec.GridConfig, seed)
	return t, err
}

func (t *gridTraining) pace() pace { return t.spec.pace }

func (t *gridTraining) propose() ([]space.State, error) { return t.Propose(), nil }

func (t *gridTraining) update(log []float64) (step int, err error) {
	if t.last, err = t.Update(log); err != nil {
		return 0, err
	}
	return t.last.Step, diverged(fmt.Sprintf("update %d", t.last.Step), t.last, t.config.Rate)
}

func (t *gridTraining) progress() sdk.Progress {
	s := t.last
	return sdk.Progress{Step: uint64(s.Step), Steps: uint64(t.config.Steps), Metrics: map[string]float64{
		"loss": s.Loss, "residual_sd": s.Residual, "log_reward": s.LogReward, "length": s.Length, "log_z": s.LogZ, "gradient": s.Norm,
	}}
}

// gridCard is what the trainer says of its weights.
type gridCard struct {
	Architecture string     `json:"architecture"`
	Parameters   int        `json:"parameters"`
	Config       GridConfig `json:"config"`
	Seed         uint64     `json:"seed"`
	Space        string     `json:"space"`
	Kernels      string     `json:"kernels"` // instruction set and version: the numeric id of the training
	Trajectories int        `json:"trajectories"`
	Report       GridReport `json:"report"`
}

func (t *gridTraining) finish(reward func([]space.State) ([]float64, error)) (sdk.Trained, error) {
	m, err := t.Model()
	if err != nil {
		return sdk.Trained{}, err
	}
	c := gridCard{
		Architecture: fmt.Sprintf("perceptron on one-hot coordinates, two layers of %d LeakyReLU units", t.config.Width),
		Parameters:   m.params.Count(), Config: t.config, Seed: t.seed, Space: t.grid.Descriptor().Digest,
		Kernels: fmt.Sprintf("%s/%d", kern.Active(), kern.Version), Trajectories: t.config.Steps * t.config.Batch,
	}
	if c.Report, err = m.Report(max(t.spec.ReportPoints, 2), reward, rand.New(rand.NewPCG(t.seed, 1<<60))); err != nil {
		return sdk.Trained{}, err
	}
	if err := diverged("the final report", c.Report, t.config.Rate); err != nil {
		return sdk.Trained{}, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return sdk.Trained{}, fmt.Errorf("gflownet: write the card: %w", err)
	}
	weights, err := m.Encode(text)
	if err != nil {
		return sdk.Trained{}, err
	}
	return sdk.Trained{Weights: weights, Card: text}, nil
}
