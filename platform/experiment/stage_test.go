package experiment

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

func TestAStageIsDoneOncePerKey(t *testing.T) {
	t.Parallel()
	e := &Env{Folder: t.TempDir()}
	done := 0
	stage := func(name string, key any) float64 {
		t.Helper()
		var out struct{ X float64 }
		if err := e.Stage(t.Context(), name, key, &out, func() error {
			done++
			out.X = 1/3. + float64(done)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out.X
	}
	first := stage("a & b", []int{1, 2})
	if again := stage("a & b", []int{1, 2}); again != first || done != 1 {
		t.Errorf("the same key: %v after %v, done %d times", again, first, done)
	}
	if other := stage("a - b", []int{1, 2}); other == first || done != 2 {
		t.Errorf("another stage was not done: %v", other)
	}
	if changed := stage("a & b", []int{1, 3}); changed == first || done != 3 {
		t.Errorf("another key was not done: %v", changed)
	}
	stage("a - b", []int{1, 2})
	if done != 3 {
		t.Errorf("a stage was done again as another one changed")
	}
}

func TestAStageThatFailsIsNotKept(t *testing.T) {
	t.Parallel()
	e := &Env{Folder: t.TempDir()}
	failed := errors.New("failed")
	var x float64
	if err := e.Stage(t.Context(), "s", 1, &x, func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("the error is %v", err)
	}
	if err := e.Stage(t.Context(), "s", 1, &x, func() error { x = math.NaN(); return nil }); err == nil {
		t.Error("NaN is kept")
	}
	ran := false
	if err := e.Stage(t.Context(), "s", 1, &x, func() error { ran, x = true, 2; return nil }); err != nil || !ran {
		t.Errorf("after a failure the stage is not done: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Stage(ctx, "s", 1, &x, func() error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted experiment goes on: %v", err)
	}
}

func TestRunKeepsChangedFiles(t *testing.T) {
	t.Parallel()
	var read string
	x := Experiment{
		Name: "x", Files: fstest.MapFS{"a.txt": {Data: []byte("full")}, "sub/b.txt": {Data: []byte("b")}}, Small: fstest.MapFS{"a.txt": {Data: []byte("small")}},
		Run: func(_ context.Context, e *Env) (*report.Page, error) {
			data, err := os.ReadFile(e.Path("a.txt"))
			read = string(data)
			return &report.Page{Title: read}, err
		},
	}
	e := &Env{Folder: t.TempDir()}
	if _, err := Run(t.Context(), x, e); err != nil || read != "full" {
		t.Fatalf("read %q, %v", read, err)
	}
	if err := os.WriteFile(e.Path("a.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), x, e); err != nil || read != "mine" {
		t.Errorf("a changed file is read as %q, %v", read, err)
	}
	if _, err := os.Stat(e.Path("sub/b.txt")); err != nil {
		t.Error(err)
	}
	e = &Env{Folder: t.TempDir(), Small: true}
	if _, err := Run(t.Context(), x, e); err != nil || read != "small" {
		t.Errorf("the reduced form reads %q, %v", read, err)
	}
}

func TestFilesNameTheFolderOfData(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	e := &Env{Folder: filepath.Join(root, "here", "x"), Data: filepath.Join(root, "data")}
	err := e.writeFiles(fstest.MapFS{
		"a.yaml":     {Data: []byte("weights: {data}/w.safetensors")},
		"sub/b.yaml": {Data: []byte("{data}")},
		"c.bin":      {Data: []byte("{data}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a.yaml": "weights: ../../data/w.safetensors", "sub/b.yaml": "../../../data", "c.bin": "{data}"} {
		if got, err := os.ReadFile(e.Path(name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, want %q (%v)", name, got, want, err)
		}
	}
}
