package catalog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/sdk/host"
)

func bundle() *Catalog {
	return &Catalog{
		Executable: "/bin/self",
		Plugins:    []Bundled{{ID: "core/gflownet", Args: []string{"plugin", "serve", "core/gflownet"}}},
		Weights:    []BundledWeights{{Name: "qed", Data: func() ([]byte, error) { return []byte("w"), nil }}},
	}
}

func message(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *catalog.Error", err)
	}
	return e.Error()
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func TestABundledPluginIsThisProgram(t *testing.T) {
	t.Parallel()
	p, err := bundle().Plugin("core/gflownet", ".")
	if err != nil {
		t.Fatal(err)
	}
	if p.Path != "/bin/self" || !p.Bundled || len(p.Args) != 3 {
		t.Errorf("got %+v", p)
	}
	_, err = bundle().Plugin("core/gflownot", ".")
	if m := message(t, err); !strings.Contains(m, "core/gflownet") {
		t.Errorf("the message offers no bundled plugin: %s", m)
	}
}

func TestAPluginFileRunsOnlyWhileItIsTheOneThatWasLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "ours")
	if _, err := bundle().Plugin("./ours", dir); err == nil {
		t.Fatal("a file that is not there was found")
	}
	write(t, file, "one", 0o644)
	_, err := bundle().Plugin("./ours", dir)
	if m := message(t, err); !strings.Contains(m, "chmod +x") {
		t.Error(m)
	}
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = bundle().Plugin("./ours", dir)
	if m := message(t, err); !strings.Contains(m, "not locked") || !strings.Contains(m, "molsculpt plugin lock ./ours") {
		t.Error(m)
	}

	sum, err := host.HashFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := ReadLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock.Set("ours", "acme/ours", "1.0.0", sum)
	if err := lock.Write(dir); err != nil {
		t.Fatal(err)
	}
	p, err := bundle().Plugin("./ours", dir)
	if err != nil {
		t.Fatal(err)
	}
	if p.SHA256 != sum || p.Bundled || !filepath.IsAbs(p.Path) {
		t.Errorf("got %+v", p)
	}

	write(t, file, "two", 0o755)
	_, err = bundle().Plugin("./ours", dir)
	if m := message(t, err); !strings.Contains(m, "not the file that was locked") {
		t.Error(m)
	}
}

func TestALockFileThatCannotBeReadIsAnErrorWithARemedy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "p"), "x", 0o755)
	for _, content := range []string{"version: 1\nplugin: {}\n", "version: 9\n", "{"} {
		write(t, filepath.Join(dir, LockFile), content, 0o644)
		_, err := bundle().Plugin("./p", dir)
		message(t, err)
	}
}

func TestWeightsAreBundledOrAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := bundle()
	w, err := c.Load("builtin:qed", dir)
	if err != nil || string(w.Data) != "w" {
		t.Fatal(w, err)
	}
	write(t, filepath.Join(dir, "f.safetensors"), "w", 0o644)
	f, err := c.Load("f.safetensors", dir)
	if err != nil || f.SHA256 != w.SHA256 {
		t.Fatal(f, err)
	}
	for _, ref := range []string{"builtin:sa", "absent.safetensors"} {
		_, err := c.Load(ref, dir)
		if m := message(t, err); !strings.Contains(m, "builtin:qed") {
			t.Error(m)
		}
	}
}

func TestWeightsThatCannotBeReadAreNotCalledAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := bundle().Load("./absent", dir)
	if m := message(t, err); !strings.Contains(m, "there are no weights at ./absent") {
		t.Errorf("got %s", m)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = bundle().Load("./folder", dir)
	if m := message(t, err); !strings.Contains(m, "the weights ./folder cannot be read: is a directory") {
		t.Errorf("the cause is lost: %s", m)
	}
}
