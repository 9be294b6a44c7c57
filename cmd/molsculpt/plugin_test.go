package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/molsculpt/molsculpt/sdk"
)

// tilted is a base model for tests: it prefers columns with a low or a high
// number, by its condition tilt, and stops with the log-preference stop. It is
// served by the test's own program under the name "tilted".
type tilted struct{ columns int }

var tiltedPlugin = sdk.Plugin{
	Name: "test/tilted", Version: "1.0.0", Summary: "a model for tests",
	SpaceKinds: []string{"fragment-tree/1"}, Policy: tilted{}, Trainer: tilted{},
}

func (tilted) Load(_ context.Context, req sdk.LoadRequest) (sdk.PolicyModel, error) {
	if len(req.Weights) > 0 && string(req.Weights) != "tilted weights\n" {
		return nil, errors.New("these are not weights of this model")
	}
	return tilted{req.Space.Columns}, nil
}

func (tilted) Info() sdk.PolicyInfo {
	return sdk.PolicyInfo{Conditions: []sdk.Condition{
		{Name: "tilt", Min: -10, Max: 10, Summary: "preference for columns of high number"},
		{Name: "stop", Min: -10, Max: 10, Default: 2, Summary: "log-preference of Stop"},
	}}
}

func (t tilted) Step(_ context.Context, req *sdk.StepRequest, reply *sdk.StepReply) error {
	for i := range req.States {
		reply.Stop[i] = float32(req.Condition["stop"])
		cells := reply.Cells(i)
		for k := range cells {
			cells[k] = float32(req.Condition["tilt"]*float64(k%req.Columns)/float64(req.Columns) + 0.5*math.Sin(float64(len(req.States[i])+k)))
		}
	}
	return nil
}

func (tilted) Close() error { return nil }

// Train proposes the molecules of one fragment and remembers their mean reward.
func (tilted) Train(ctx context.Context, start sdk.TrainStart, host sdk.TrainHost) (sdk.Trained, error) {
	var spec struct {
		Steps int `json:"steps"`
	}
	if err := json.Unmarshal(start.Spec, &spec); err != nil {
		return sdk.Trained{}, err
	}
	return sdk.Trained{Weights: []byte("tilted weights\n"), Card: []byte(`{"steps": 1}`)}, nil
}
