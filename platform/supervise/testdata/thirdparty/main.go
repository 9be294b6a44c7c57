// Command small is a molsculpt plugin whose one model likes molecules of a
// given number of fragments. It is not trained: it is a rule, written by hand.
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func main() {
	sdk.Serve(sdk.Plugin{
		Name:         "acme/small",
		Version:      "1.0.0",
		Summary:      "likes molecules of a given number of fragments",
		SpaceKinds:   []string{space.KindFragments},
		ConfigSchema: []byte(`{"type": "object", "properties": {"fragments": {"type": "integer", "minimum": 1}}}`),
		Policy:       policy{},
	})
}

type policy struct{}

// Load makes a model of the options in the campaign file and of the space that
// the host works in.
func (policy) Load(_ context.Context, req sdk.LoadRequest) (sdk.PolicyModel, error) {
	options := struct{ Fragments int }{Fragments: 3}
	if len(req.Options) > 0 {
		if err := json.Unmarshal(req.Options, &options); err != nil {
			return nil, fmt.Errorf("options: %w", err)
		}
	}
	sp, err := req.Space.Open()
	if err != nil {
		return nil, err
	}
	return &model{space: sp, fragments: options.Fragments}, nil
}

type model struct {
	space     space.Space
	fragments int
}

// Info says that the model can be asked to be more or less strict.
func (m *model) Info() sdk.PolicyInfo {
	return sdk.PolicyInfo{Conditions: []sdk.Condition{{Name: "beta", Min: 0, Max: 64, Default: 4}}}
}

// Step prefers to stop at the wanted size: beta nats for each fragment more or
// less. All attachments are equally good; they stay at zero.
func (m *model) Step(_ context.Context, req *sdk.StepRequest, reply *sdk.StepReply) error {
	for i, s := range req.States {
		reply.Stop[i] = float32(req.Condition["beta"] * float64(m.space.Size(s)-m.fragments))
	}
	return nil
}

func (m *model) Close() error { return nil }
