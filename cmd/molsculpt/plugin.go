package main

import (
	"fmt"
	"path/filepath"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/spf13/cobra"
)

func (a *app) pluginCommand() *cobra.Command {
	return parent("plugin", "The programs that base models run in", a.pluginLockCommand())
}

func (a *app) pluginLockCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "lock ./PATH...",
		Short: "Allow plugin files to run, by their sha256",
		Long: `Writes the sha256 of plugin executables into molsculpt.lock, beside the campaign.
A plugin that is not a part of molsculpt runs only if the lock file has it, and
only as long as the file is the one that was locked.`,
		Example: "  molsculpt plugin lock ./our-model",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			lock, err := catalog.ReadLock(dir)
			if err != nil {
				return err
			}
			for _, ref := range args {
				path := ref
				if !filepath.IsAbs(path) {
					path = filepath.Join(dir, path)
				}
				sum, err := catalog.HashFile(path)
				if err != nil {
					return fmt.Errorf("lock plugin: %w", err)
				}
				lock.Set(ref, "", "", sum)
				fmt.Fprintf(a.Out, "%s  %s\n", sum, ref)
			}
			return lock.Write(dir)
		},
	}
	c.Flags().StringVar(&dir, "dir", ".", "folder of the campaign file, where the lock file stands")
	return c
}
