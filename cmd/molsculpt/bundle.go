package main

import (
	"fmt"
	"os"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/sdk"
)

// bundle lists the plugins that are a part of this program. This is the one
// file that knows them; each is served by this program as a process of its own.
var bundle []sdk.Plugin

// bundledWeights are the trained parameters that are a part of this program.
var bundledWeights []catalog.BundledWeights

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
	c := &catalog.Catalog{Executable: self, Weights: bundledWeights}
	for _, p := range bundle {
		c.Plugins = append(c.Plugins, catalog.Bundled{ID: p.Name, Args: []string{"plugin", "serve", p.Name}, Summary: p.Summary})
	}
	return c, nil
}
