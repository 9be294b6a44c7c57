package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/plugins/diffusion"
	"github.com/molsculpt/molsculpt/plugins/diffusion/score"
	"github.com/molsculpt/molsculpt/plugins/gflownet"
	"github.com/molsculpt/molsculpt/plugins/guide"
	"github.com/molsculpt/molsculpt/plugins/seh"
	"github.com/molsculpt/molsculpt/sdk"
)

// bundle lists the plugins that are a part of this program. This is the one
// file that knows them; each is served by this program as a process of its own.
var bundle = []sdk.Plugin{diffusion.Plugin(), gflownet.Plugin(), guide.Plugin(), score.Plugin(), seh.Plugin()}

// weights are the trained models that are a part of this program, each with its
// training file, NAME.yaml, and its card, NAME.card.json.
//
//go:embed weights
var weights embed.FS

func bundledPlugin(name string) (sdk.Plugin, bool) {
	for _, p := range bundle {
		if p.Name == name {
			return p, true
		}
	}
	return sdk.Plugin{}, false
}

// catalog is what this program bundles.
func (a *app) catalog() (*catalog.Catalog, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program's own file: %w", err)
	}
	c := &catalog.Catalog{Executable: self}
	for _, p := range bundle {
		c.Plugins = append(c.Plugins, catalog.Bundled{ID: p.Name, Args: []string{"plugin", "serve", p.Name}, Summary: p.Summary})
	}
	files, err := fs.Glob(weights, "weights/*.safetensors")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".safetensors")
		text, err := weights.ReadFile(path.Join("weights", name+".card.json"))
		if err != nil {
			return nil, fmt.Errorf("bundled model %s: %w", name, err)
		}
		var card platform.ModelCard
		if err := json.Unmarshal(text, &card); err != nil {
			return nil, fmt.Errorf("bundled model %s: %w", name, err)
		}
		c.Weights = append(c.Weights, catalog.BundledWeights{
			Name: name, Plugin: card.Plugin,
			Data: func() ([]byte, error) { return weights.ReadFile(f) },
			Card: func() ([]byte, error) { return text, nil },
		})
	}
	return c, nil
}
