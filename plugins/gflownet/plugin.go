package gflownet

import (
	"context"
	"fmt"
	"runtime"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/spec"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Name is the plugin's name in campaign and training files.
const Name = "core/gflownet"

// Version is the plugin's version.
const Version = "0.2.0"

// Plugin is the GFlowNet as a plugin: policies and their trainer.
func Plugin() sdk.Plugin {
	return sdk.Plugin{
		Name: Name, Version: Version,
		Summary:    "generative flow networks: over fragment trees, conditioned on beta; over grids",
		SpaceKinds: []string{space.KindFragments, space.KindGrid},
		Policy:     policy{}, Trainer: trainer{},
		// The device names what the numbers depend on: it enters a campaign's
		// numeric id.
		Health: func(context.Context) sdk.Health {
			return sdk.Health{State: sdk.Ready, Device: fmt.Sprintf("cpu %s/%d", kern.Active(), kern.Version)}
		},
	}
}

// openSpace builds the space that a host describes: a *space.Fragments or a
// *space.Grid.
func openSpace(d sdk.SpaceDefinition) (space.Defined, error) {
	if d.Kind != space.KindFragments && d.Kind != space.KindGrid {
		return nil, fmt.Errorf("gflownet: it works on fragment trees (%s) and grids (%s), not on %q", space.KindFragments, space.KindGrid, d.Kind)
	}
	s, err := d.Open()
	if err != nil {
		return nil, fmt.Errorf("gflownet: %w", err)
	}
	return s, nil
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
		return nil, fmt.Errorf("gflownet: %w", err)
	}
	switch sp := sp.(type) {
	case *space.Fragments:
		m, err := Decode(req.Weights, sp, runtime.GOMAXPROCS(0))
		if err != nil {
			return nil, err
		}
		return m.Serve()
	case *space.Grid:
		m, err := DecodeGrid(req.Weights, sp, runtime.GOMAXPROCS(0))
		if err != nil {
			return nil, err
		}
		return gridServed{m}, nil
	}
	panic("gflownet: a space of a kind that was refused")
}
