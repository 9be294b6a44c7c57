package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A third party's plugin, built in a Go module of its own that imports the SDK
// alone, is locked, named by its path, and composed with a bundled model, whose
// weights are trained for the occasion.
func TestAThirdPartysPluginComposesWithABundledModel(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a plugin and trains a model")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go tool is not on this machine, a third party's plugin cannot be built")
	}
	s := newSite(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	module := filepath.Join(s.dir, "small-src")
	if err := os.Mkdir(module, 0o755); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{
		"main.go": "platform/supervise/testdata/thirdparty/main.go",
		"go.mod":  "platform/supervise/testdata/thirdparty/go.mod",
		"go.sum":  "go.sum",
	} {
		data, err := os.ReadFile(filepath.Join(root, from))
		if err != nil {
			t.Fatal(err)
		}
		s.write(filepath.Join("small-src", to), strings.ReplaceAll(string(data), "=> ../../../..", "=> "+root), 0o644)
	}
	build := exec.Command("go", "build", "-o", "../small", ".")
	build.Dir = module
	build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	s.write("train.yaml", `version: 1
name: model
space: {vocabulary: ./vocabulary.json, max_fragments: 4}
reward: {function: qed}
train: {steps: 3, batch: 8, report_trees: 4}
`, 0o644)
	s.run("train", "train.yaml")
	s.write("both.yaml", `version: 1
name: both
space: {vocabulary: ./vocabulary.json, max_fragments: 4}
models:
  ours: {plugin: ./small, beta: 6, options: {fragments: 2}}
  qed: {plugin: core/gflownet, weights: model.safetensors, beta: 4}
compose: ours & qed
sample: {particles: 32}
objectives: [{reward: qed}]
budget: {molecules: 96}
`, 0o644)
	if out, err := s.command("run", "both.yaml").CombinedOutput(); err == nil || !strings.Contains(string(out), "not locked") {
		t.Fatalf("a plugin that is not locked: %v\n%s", err, out)
	}
	s.run("plugin", "lock", "./small")
	s.run("plugin", "test", "./small", "--vocab", "vocabulary.json", "--max-fragments", "4")
	s.run("run", "both.yaml")
	out, err := s.command("show", "both", "--json", "--top", "0").Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(out), `"rank"`); n < 10 {
		t.Errorf("%d candidates:\n%.500s", n, out)
	}

	// Another file under the same name does not run.
	s.write("small", "#!/bin/sh\n", 0o755)
	if out, err := s.command("run", "both.yaml", "--new", "--seed", "9").CombinedOutput(); err == nil || !strings.Contains(string(out), "not the file that was locked") {
		t.Errorf("an exchanged plugin: %v\n%s", err, out)
	}
}
