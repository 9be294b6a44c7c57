package main

import (
	"fmt"
	"os"

	"github.com/molsculpt/molsculpt/platform/catalog"
)

// catalog is what this program bundles. This is the one file that knows the
// bundled plugins; they are served by this program as a process of its own.
func (a *app) catalog() (*catalog.Catalog, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program's own file: %w", err)
	}
	return &catalog.Catalog{Executable: self}, nil
}
