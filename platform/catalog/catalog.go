// Package catalog finds what a campaign names: plugins and weights. A plugin is
// bundled ("core/gflownet": this program starts itself to serve it) or an
// executable file ("./path"), which runs only if its sha256 stands in the lock
// file beside the campaign. Weights are bundled ("builtin:qed") or a file.
package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/sdk/host"
)

// Catalog is what this program bundles. Its zero value bundles nothing.
type Catalog struct {
	// Executable is the path of this program, which serves the bundled plugins.
	Executable string
	Plugins    []Bundled
	Weights    []BundledWeights
}

// Bundled is a plugin inside this program.
type Bundled struct {
	ID      string   // "core/gflownet"
	Args    []string // that make the program serve it
	Summary string
}

// BundledWeights are trained parameters inside this program.
type BundledWeights struct {
	Name    string // "qed", named builtin:qed in a campaign
	Plugin  string // that reads them
	Summary string
	Data    func() ([]byte, error)
	Card    func() ([]byte, error) // the model card, nil for none
}

// Error is a name that leads nowhere, with a remedy.
type Error struct {
	Msg  string
	Hint string
}

// Error is the message and the remedy.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + "\ntry: " + e.Hint
}

// Plugin is an executable that serves a plugin.
type Plugin struct {
	ID      string // as the campaign names it
	Path    string
	Args    []string
	SHA256  string // of the file, hexadecimal; "" for a bundled one
	Bundled bool
}

// Plugin finds the plugin that a campaign in folder dir names.
func (c *Catalog) Plugin(ref, dir string) (Plugin, error) {
	if !isPath(ref) {
		for _, b := range c.Plugins {
			if b.ID == ref {
				return Plugin{ID: ref, Path: c.Executable, Args: b.Args, Bundled: true}, nil
			}
		}
		return Plugin{}, &Error{
			Msg:  fmt.Sprintf("no plugin %q is bundled", ref),
			Hint: "one of " + strings.Join(c.pluginIDs(), ", ") + ", or ./path of an executable",
		}
	}
	path := ref
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return Plugin{}, &Error{Msg: fmt.Sprintf("there is no plugin at %s", ref), Hint: "a path relative to the campaign file, to the plugin's executable"}
	case info.IsDir():
		return Plugin{}, &Error{Msg: ref + " is a folder", Hint: "the path of the plugin's executable"}
	case info.Mode()&0o111 == 0:
		return Plugin{}, &Error{Msg: ref + " is not executable", Hint: "chmod +x " + ref}
	}
	sum, err := host.HashFile(path)
	if err != nil {
		return Plugin{}, fmt.Errorf("catalog: hash %s: %w", ref, err)
	}
	lock, err := ReadLock(dir)
	if err != nil {
		return Plugin{}, err
	}
	remedy := "molsculpt plugin lock " + ref + ", after you have made sure where the file comes from"
	switch want, ok := lock.SHA256(ref); {
	case !ok:
		return Plugin{}, &Error{Msg: fmt.Sprintf("the plugin %s is not locked, so it does not run", ref), Hint: remedy}
	case want != sum:
		return Plugin{}, &Error{
			Msg:  fmt.Sprintf("the plugin %s is not the file that was locked: its sha256 is %s..., the lock file has %s...", ref, sum[:12], want[:min(12, len(want))]),
			Hint: remedy,
		}
	}
	return Plugin{ID: ref, Path: path, SHA256: sum}, nil
}

// Weights are the parameters of a model.
type Weights struct {
	Ref    string // as the campaign names them
	Data   []byte
	SHA256 string // hexadecimal
}

// Load reads the weights that a campaign in folder dir names.
func (c *Catalog) Load(ref, dir string) (Weights, error) {
	if name, ok := strings.CutPrefix(ref, "builtin:"); ok {
		for _, w := range c.Weights {
			if w.Name == name {
				data, err := w.Data()
				if err != nil {
					return Weights{}, fmt.Errorf("catalog: read weights %s: %w", ref, err)
				}
				return Weights{Ref: ref, Data: data, SHA256: hash(data)}, nil
			}
		}
		return Weights{}, &Error{Msg: fmt.Sprintf("no weights %q are bundled", ref), Hint: strings.Join(append(c.weightNames(), "a file that molsculpt train wrote"), ", ")}
	}
	path := ref
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Weights{}, &Error{Msg: fmt.Sprintf("the weights %s cannot be read: %v", ref, cause(err)), Hint: "a file that molsculpt train wrote and that you may read"}
	}
	if err != nil {
		return Weights{}, &Error{Msg: "there are no weights at " + ref, Hint: strings.Join(append(c.weightNames(), "a file that molsculpt train wrote"), ", ")}
	}
	if len(data) == 0 {
		return Weights{}, &Error{Msg: "the weights file " + ref + " is empty", Hint: "a file that molsculpt train wrote"}
	}
	return Weights{Ref: ref, Data: data, SHA256: hash(data)}, nil
}

// cause is a file error without the path, which the message has.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (c *Catalog) pluginIDs() []string {
	var out []string
	for _, b := range c.Plugins {
		out = append(out, b.ID)
	}
	slices.Sort(out)
	return out
}

func (c *Catalog) weightNames() []string {
	var out []string
	for _, w := range c.Weights {
		out = append(out, "builtin:"+w.Name)
	}
	return out
}

func isPath(ref string) bool {
	return strings.HasPrefix(ref, ".") || filepath.IsAbs(ref)
}

func hash(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}
