package diffusion

import (
	"context"
	"fmt"
	"runtime"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/spec"
	"github.com/molsculpt/molsculpt/plugins/internal/treemodel"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Name is the plugin's name in campaign and training files.
const Name = "core/diffusion"

// Version is the plugin's version.
const Version = "0.2.0"

// family is that of the models.
var family = treemodel.Family{Plugin: Name, Format: "molsculpt-diffusion/1"}

// Plugin is the diffusion as a plugin: policies and their trainer.
func Plugin() sdk.Plugin {
	return sdk.Plugin{
		Name: Name, Version: Version,
		Summary:    "discrete diffusions over fragment trees, learned from molecules",
		SpaceKinds: []string{space.KindFragments},
		Policy:     policy{}, Trainer: trainer{},
		// The device names what the numbers depend on: it enters a campaign's
		// numeric id.
		Health: func(context.Context) sdk.Health {
			return sdk.Health{State: sdk.Ready, Device: fmt.Sprintf("cpu %s/%d", kern.Active(), kern.Version)}
		},
	}
}

// openSpace builds the space that a host describes.
func openSpace(d sdk.SpaceDefinition) (*space.Fragments, error) {
	s, err := d.Open()
	if err != nil {
		return nil, fmt.Errorf("diffusion: %w", err)
	}
	trees, ok := s.(*space.Fragments)
	if !ok {
		return nil, fmt.Errorf("diffusion: it works on fragment trees (%s), not on %q", space.KindFragments, d.Kind)
	}
	return trees, nil
}

type policy struct{}

var _ sdk.Policy = policy{}

// Load implements sdk.Policy.
func (policy) Load(_ context.Context, req sdk.LoadRequest) (sdk.PolicyModel, error) {
	sp, err := openSpace(req.Space)
	if err != nil {
		return nil, err
	}
	if err := spec.None(Name, req.Options); err != nil {
		return nil, fmt.Errorf("diffusion: %w", err)
	}
	m, err := Decode(req.Weights, sp, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	return m.Serve()
}

// Model is a trained network over fragment trees. Its beta has no meaning.
type Model = treemodel.Model

// Decode reads a weights file for a space. Up to threads goroutines work on a
// call.
func Decode(data []byte, sp *space.Fragments, threads int) (*Model, error) {
	m, err := treemodel.Decode(family, data, sp, threads)
	if err != nil {
		return nil, fmt.Errorf("diffusion: %w", err)
	}
	return m, nil
}
