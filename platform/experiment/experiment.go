// Package experiment repeats the experiments of Garipov et al. 2023
// (Compositional sculpting of iterative generative processes, arXiv 2309.16115)
// with this project's models and samplers, and writes what comes out as a report
// with the published figures beside ours.
//
// An [Experiment] is a folder of campaign and training files and a function that
// makes a report of them. [Run] writes the files into a folder, where they are
// not there yet, so that they can be opened and changed: what is read is the file
// in the folder. What takes long is a stage (see [Env.Stage]) or a training (see
// [Env.Train]): it is kept in the folder, and found there by a later run, so that
// an experiment can be interrupted. The same files give the same report.
package experiment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// Experiment is one experiment.
type Experiment struct {
	Name    string // as in "molsculpt experiment NAME"
	Summary string // one line, without a full stop

	// Files are the campaign and training files; Small are those of the reduced
	// form, which takes seconds. In a .yaml file the word {data} stands for the
	// folder of reference data, relative to the file where that can be.
	Files, Small fs.FS

	// Run makes the report. It reads the files in the folder.
	Run func(ctx context.Context, e *Env) (*report.Page, error)
}

// All lists the experiments.
func All() []Experiment {
	return []Experiment{gridTwo(), gridThree(), proxy(), fragmentsTwo(), fragmentsThree(), images()}
}

// Find is the experiment of a name.
func Find(name string) (Experiment, bool) {
	for _, x := range All() {
		if x.Name == name {
			return x, true
		}
	}
	return Experiment{}, false
}

// Env is where an experiment works, and with what.
type Env struct {
	Folder  string // for files, stages, pictures and the report
	Data    string // folder of reference data, which are no part of the project
	Small   bool   // the reduced form
	Catalog *catalog.Catalog
	Log     hclog.Logger

	// Say tells what is being done; Progress how much of it. Both may be nil.
	Say      func(format string, args ...any)
	Progress func(what string, done, total int)
}

// Path is the path of a file in the folder.
func (e *Env) Path(name string) string { return filepath.Join(e.Folder, name) }

// Run runs an experiment and writes its report: report.html and report.md, and
// the pictures of the latter. It returns the path of the former.
func Run(ctx context.Context, x Experiment, e *Env) (string, error) {
	files := x.Files
	if e.Small {
		files = x.Small
	}
	if err := e.writeFiles(files); err != nil {
		return "", fmt.Errorf("experiment: write the files of %s: %w", x.Name, err)
	}
	page, err := x.Run(ctx, e)
	if err != nil {
		return "", fmt.Errorf("experiment: run %s: %w", x.Name, err)
	}
	path, err := report.Write(e.Folder, page)
	if err != nil {
		return "", fmt.Errorf("experiment: %s: %w", x.Name, err)
	}
	return path, nil
}

// writeFiles puts files into the folder, but for those that are there.
func (e *Env) writeFiles(files fs.FS) error {
	if err := os.MkdirAll(e.Folder, 0o755); err != nil {
		return err
	}
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path := e.Path(filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(path, 0o755)
		}
		if _, err := os.Stat(path); err == nil {
			return nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err == nil && filepath.Ext(name) == ".yaml" && bytes.Contains(text, []byte("{data}")) {
			var data string
			data, err = e.dataFrom(filepath.Dir(path))
			text = bytes.ReplaceAll(text, []byte("{data}"), []byte(data))
		}
		if err != nil {
			return err
		}
		return report.WriteFile(path, text)
	})
}

// dataFrom is the folder of reference data as seen from another folder, with
// slashes: relative where there is a way, which stays right if both are moved.
func (e *Env) dataFrom(folder string) (string, error) {
	data, err := filepath.Abs(e.Data)
	if err != nil {
		return "", err
	}
	from, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	if to, err := filepath.Rel(from, data); err == nil {
		data = to
	}
	return filepath.ToSlash(data), nil
}
