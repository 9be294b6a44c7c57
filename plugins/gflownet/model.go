package gflownet

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/treemodel"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Model is a trained network over fragment trees.
type Model = treemodel.Model

// family is that of the models of trees.
var family = treemodel.Family{Plugin: Name, Format: "molsculpt-gflownet/1", Beta: true}

// Model is the network as trained so far: the running average of the weights.
func (t *Trainer) Model() (*Model, error) {
	return treemodel.New(family, t.config.net(), t.space, t.features, t.average.Clone(), t.config.BetaFocus, t.config.Threads)
}

// Decode reads a weights file for a space. Up to threads goroutines work on a
// call.
func Decode(data []byte, sp *space.Fragments, threads int) (*Model, error) {
	m, err := treemodel.Decode(family, data, sp, threads)
	if err != nil {
		return nil, fmt.Errorf("gflownet: %w", err)
	}
	return m, nil
}
