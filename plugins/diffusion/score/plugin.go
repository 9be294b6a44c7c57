package score

import (
	"context"
	"fmt"
	"runtime"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/spec"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Name is the plugin's name in training files.
const Name = "core/score"

// Version is the plugin's version.
const Version = "0.1.0"

// Plugin is continuous diffusions as a plugin: models, guides and their trainer.
func Plugin() sdk.Plugin {
	return sdk.Plugin{
		Name: Name, Version: Version,
		Summary:    "continuous diffusions over points, learned from examples, and guides for them",
		SpaceKinds: []string{space.KindPoints},
		Diffusion:  models{}, Guide: guides{}, Trainer: trainer{},
		// The device names what the numbers depend on: it enters a campaign's
		// numeric id.
		Health: func(context.Context) sdk.Health {
			return sdk.Health{State: sdk.Ready, Device: fmt.Sprintf("cpu %s/%d", kern.Active(), kern.Version)}
		},
	}
}

type models struct{}

var _ sdk.Diffusion = models{}

// Load implements sdk.Diffusion.
func (models) Load(_ context.Context, req sdk.LoadRequest) (sdk.DiffusionModel, error) {
	if err := spec.None(Name, req.Options); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	return Decode(req.Weights, runtime.GOMAXPROCS(0))
}

type guides struct{}

var _ sdk.Guide = guides{}

// Load implements sdk.Guide.
func (guides) Load(_ context.Context, req sdk.LoadRequest) (sdk.GuideModel, error) {
	if err := spec.None(Name, req.Options); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	return DecodeGuide(req.Weights, runtime.GOMAXPROCS(0))
}
