package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/spf13/cobra"
)

func (a *app) pluginCommand() *cobra.Command {
	return parent("plugin", "The programs that base models run in",
		a.pluginListCommand(), a.pluginInfoCommand(), a.pluginTestCommand(), a.pluginLockCommand(), a.pluginServeCommand())
}

// dirFlag adds --dir, the folder that plugin paths and the lock file are
// relative to.
func dirFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "dir", ".", "folder of the campaign file, where the lock file stands")
}

func (a *app) pluginListCommand() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the plugins that campaigns can use here",
		Long:  "Lists the plugins that are a part of molsculpt, with their trained weights, and\nthose that the lock file of this folder allows to run.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cat, err := a.catalog()
			if err != nil {
				return err
			}
			lock, err := catalog.ReadLock(dir)
			if err != nil {
				return err
			}
			type row struct {
				Plugin  string   `json:"plugin"`
				Origin  string   `json:"origin"`
				Weights []string `json:"weights,omitempty"`
				Summary string   `json:"summary"`
			}
			var rows []row
			for _, b := range cat.Plugins {
				r := row{Plugin: b.ID, Origin: "bundled", Summary: b.Summary}
				for _, w := range cat.Weights {
					if w.Plugin == b.ID {
						r.Weights = append(r.Weights, "builtin:"+w.Name)
					}
				}
				rows = append(rows, r)
			}
			for _, ref := range lock.Refs() {
				e := lock.Plugins[ref]
				r := row{Plugin: ref, Origin: "locked", Summary: strings.TrimSpace(e.Name + " " + e.Version)}
				if _, err := cat.Plugin(ref, dir); err != nil {
					r.Origin = "cannot run"
					r.Summary = strings.SplitN(err.Error(), "\n", 2)[0]
				}
				rows = append(rows, r)
			}
			if asJSON {
				return writeJSON(a.Out, rows)
			}
			w := table(a.Out)
			fmt.Fprintln(w, "plugin\torigin\tweights\tsummary")
			for _, r := range rows {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Plugin, r.Origin, strings.Join(r.Weights, " "), r.Summary)
			}
			return w.Flush()
		},
	}
	dirFlag(c, &dir)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) pluginInfoCommand() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:     "info PLUGIN",
		Short:   "Start a plugin and show what it says of itself",
		Example: "  molsculpt plugin info core/gflownet\n  molsculpt plugin info ./our-model",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.startNamed(cmd.Context(), args[0], dir)
			if err != nil {
				return err
			}
			defer closePlugin(p)
			health, err := p.Health(cmd.Context())
			if err != nil {
				return err
			}
			d := p.Describe()
			if asJSON {
				return writeJSON(a.Out, struct {
					sdk.Description
					Health string `json:"health"`
					Device string `json:"device"`
					SHA256 string `json:"sha256"`
				}{d, health.State.String(), health.Device, p.SHA256()})
			}
			w := table(a.Out)
			for _, r := range [][2]string{
				{"name", d.Name},
				{"version", d.Version},
				{"about", d.Summary},
				{"can", join(d.Capabilities)},
				{"spaces", strings.Join(d.SpaceKinds, ", ")},
				{"protocols", join(d.Protocols)},
				{"health", strings.TrimSpace(health.State.String() + " " + health.Message)},
				{"device", health.Device},
				{"sha256", p.SHA256()},
			} {
				fmt.Fprintf(w, "%s\t%s\n", r[0], r[1])
			}
			if err := w.Flush(); err != nil {
				return err
			}
			if d.ConfigSchema != "" {
				fmt.Fprintf(a.Out, "options (JSON Schema):\n%s\n", d.ConfigSchema)
			}
			return nil
		},
	}
	dirFlag(c, &dir)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) pluginLockCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "lock ./PATH...",
		Short: "Allow plugin files to run, by their sha256",
		Long: `Writes the sha256 of plugin executables into molsculpt.lock, beside the campaign,
then starts each to learn its name and version. A plugin that is not a part of
molsculpt runs only if the lock file has it, and only as long as the file is the
one that was locked.`,
		Example: "  molsculpt plugin lock ./our-model",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lock, err := catalog.ReadLock(dir)
			if err != nil {
				return err
			}
			for _, ref := range args {
				path := ref
				if !filepath.IsAbs(path) {
					path = filepath.Join(dir, path)
				}
				if path, err = filepath.Abs(path); err != nil {
					return err
				}
				sum, err := host.HashFile(path)
				if err != nil {
					return fmt.Errorf("lock plugin: %w", err)
				}
				p, err := supervise.Start(cmd.Context(), supervise.Config{Name: ref, Path: path, SHA256: sum, Logger: a.logger()})
				if err != nil {
					return fmt.Errorf("lock plugin: %w", err)
				}
				d := p.Describe()
				closePlugin(p)
				lock.Set(ref, d.Name, d.Version, sum)
				fmt.Fprintf(a.Out, "%s  %s  %s %s\n", sum, ref, d.Name, d.Version)
			}
			return lock.Write(dir)
		},
	}
	dirFlag(c, &dir)
	return c
}

// pluginServeCommand is what this program runs as to serve a bundled plugin.
func (a *app) pluginServeCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "serve PLUGIN",
		Short:  "Serve a bundled plugin to the process that started this one",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, ok := bundledPlugin(args[0])
			if !ok {
				return usagef("no plugin %q is bundled", args[0])
			}
			sdk.Serve(p)
			return nil
		},
	}
}

// startNamed starts a plugin as a campaign in folder dir would.
func (a *app) startNamed(ctx context.Context, ref, dir string) (*supervise.Plugin, error) {
	cat, err := a.catalog()
	if err != nil {
		return nil, err
	}
	p, err := cat.Plugin(ref, dir)
	if err != nil {
		return nil, err
	}
	return supervise.Start(ctx, supervise.Config{Name: ref, Path: p.Path, Args: p.Args, SHA256: p.SHA256, Logger: a.logger()})
}

func closePlugin(p *supervise.Plugin) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = p.Close(ctx) // ends by force where it would not
}

func join[T any](list []T) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, ", ")
}
