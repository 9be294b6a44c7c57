package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func (s site) training(name, out string) string {
	file := name + ".yaml"
	s.write(file, `version: 1
name: model
seed: 5
space: {vocabulary: ./vocabulary.json, max_fragments: 4}
reward: {function: qed}
train: {steps: 60, batch: 16, report_trees: 4, checkpoint_every: 5}
out: `+out+"\n", 0o644)
	return file
}

func (s site) read(name string) []byte {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// stop starts a training and signals it as soon as a checkpoint is there, or
// after a while.
func (s site) stop(file, checkpoint string, sig syscall.Signal) (stderr string) {
	s.t.Helper()
	c := s.command("train", file)
	var out bytes.Buffer
	c.Stderr = &out
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if _, err := os.Stat(filepath.Join(s.dir, checkpoint)); err == nil {
			break
		}
	}
	_ = c.Process.Signal(sig)
	_ = c.Wait() // an exit status other than 0 is what is wanted
	return out.String()
}

func TestATrainingThatWasStoppedOrKilledEndsWithTheSameWeights(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains some seconds")
	}
	s := newSite(t)
	s.run("train", s.training("whole", "whole.safetensors"))
	whole := s.read("whole.safetensors")

	file := s.training("stopped", "stopped.safetensors")
	if got := s.stop(file, "stopped.safetensors.checkpoint", syscall.SIGINT); !strings.Contains(got, "Go on with the same command") {
		t.Errorf("after an interrupt it says:\n%s", got)
	}
	s.run("train", file)
	if !bytes.Equal(whole, s.read("stopped.safetensors")) {
		t.Error("the weights of a stopped training are others")
	}

	file = s.training("killed", "killed.safetensors")
	s.stop(file, "killed.safetensors.checkpoint", syscall.SIGKILL)
	s.run("train", file)
	if !bytes.Equal(whole, s.read("killed.safetensors")) {
		t.Error("the weights of a killed training are others")
	}
	if _, err := os.Stat(filepath.Join(s.dir, "killed.safetensors.checkpoint")); err == nil {
		t.Error("the checkpoint outlives the training")
	}

	// A checkpoint of another training is not gone on with.
	s.write("killed.safetensors.checkpoint", "molsculpt checkpoint 1 0000\n...", 0o644)
	out, err := s.command("train", file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the checkpoint of another training") {
		t.Errorf("%v\n%s", err, out)
	}
	s.run("train", file, "--fresh")
}

func TestMistakesOfATrainingAreShownInItsFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, c := range map[string]struct{ from, to, want string }{
		"reward":  {"function: qed", "function: qde", `.yaml:5:20: there is no reward "qde"`},
		"option":  {"steps: 60", "stepz: 60", ".yaml:6:9: training failed: plugin core/gflownet"},
		"plugin":  {"reward:", "plugin: core/gflownot\nreward:", `.yaml:5:9: no plugin "core/gflownot"`},
		"trainer": {"reward:", "plugin: ./tilted2\nreward:", `.yaml:5:9: there is no plugin at ./tilted2`},
	} {
		file := s.training(name, name+".safetensors")
		text := strings.Replace(string(s.read(file)), c.from, c.to, 1)
		s.write(file, text, 0o644)
		out, err := s.command("train", file).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestATrainingThatIsDoneIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("quick.yaml", strings.Replace(string(s.read(s.training("slow", "quick.safetensors"))), "reward:", "plugin: ./tilted\nreward:", 1), 0o644)
	for _, already := range []bool{false, true} {
		out, err := s.command("train", "quick.yaml", "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		for k := range got {
			if k != strings.ToLower(k) {
				t.Errorf("the key %q is not in lower case", k)
			}
		}
		if got["already"] != already {
			t.Errorf("it says\n%s", out)
		}
	}
	out, err := s.command("train", "quick.yaml").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "done already; --fresh") {
		t.Errorf("%v\n%s", err, out)
	}
}
