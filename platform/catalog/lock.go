package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/goccy/go-yaml"
)

// LockFile is the name of the lock file, which stands beside a campaign file.
const LockFile = "molsculpt.lock"

// Lock says which plugin files may run, by their sha256.
type Lock struct {
	Version int                    `yaml:"version"`
	Plugins map[string]LockedEntry `yaml:"plugins"`
}

// LockedEntry is a plugin in a lock file.
type LockedEntry struct {
	Name    string            `yaml:"name,omitempty"`    // as the plugin describes itself
	Version string            `yaml:"version,omitempty"` // of the plugin
	SHA256  map[string]string `yaml:"sha256"`            // by platform, "linux_amd64"
}

// Platform is this machine's key in a lock file.
func Platform() string { return runtime.GOOS + "_" + runtime.GOARCH }

// ReadLock reads the lock file of a folder; an absent one is empty.
func ReadLock(dir string) (*Lock, error) {
	l := &Lock{Version: 1, Plugins: map[string]LockedEntry{}}
	path := filepath.Join(dir, LockFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("catalog: read lock: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(data, l, yaml.Strict()); err != nil {
		return nil, &Error{Msg: fmt.Sprintf("%s cannot be read: %v", path, err), Hint: "delete it and lock the plugins again with molsculpt plugin lock"}
	}
	if l.Version != 1 {
		return nil, &Error{Msg: fmt.Sprintf("%s has version %d, which this program does not know", path, l.Version)}
	}
	if l.Plugins == nil {
		l.Plugins = map[string]LockedEntry{}
	}
	return l, nil
}

// SHA256 is what a plugin is locked to on this platform.
func (l *Lock) SHA256(ref string) (string, bool) {
	s, ok := l.Plugins[clean(ref)].SHA256[Platform()]
	return s, ok
}

// Set locks a plugin to a sha256 on this platform.
func (l *Lock) Set(ref, name, version, sha256 string) {
	e := l.Plugins[clean(ref)]
	e.Name, e.Version = name, version
	if e.SHA256 == nil {
		e.SHA256 = map[string]string{}
	}
	e.SHA256[Platform()] = sha256
	l.Plugins[clean(ref)] = e
}

// Write puts the lock file into a folder, whole or not at all.
func (l *Lock) Write(dir string) error {
	data, err := yaml.Marshal(l)
	if err != nil {
		return fmt.Errorf("catalog: write lock: %w", err)
	}
	head := []byte("# Plugins that may run from this folder, by sha256. Written by molsculpt plugin lock.\n")
	f, err := os.CreateTemp(dir, LockFile+".*")
	if err != nil {
		return fmt.Errorf("catalog: write lock: %w", err)
	}
	_, err = f.Write(append(head, data...))
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, LockFile))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("catalog: write lock: %w", err)
	}
	return nil
}

// clean is the one form of a path in the lock file.
func clean(ref string) string {
	if filepath.IsAbs(ref) {
		return filepath.Clean(ref)
	}
	return "./" + filepath.ToSlash(filepath.Clean(ref))
}

// Refs lists the locked plugins in order.
func (l *Lock) Refs() []string { return slices.Sorted(maps.Keys(l.Plugins)) }
