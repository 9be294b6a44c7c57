package main

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform"
)

func TestTheFitOfModelsIsMeasuredThroughTheirPlugins(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains two small models")
	}
	s := newSite(t)
	for _, name := range []string{"a", "b"} {
		s.write(name+".yaml", `version: 1
name: `+name+`
space: {vocabulary: ./vocabulary.json, max_fragments: 4}
reward: {function: qed}
train: {steps: 10, batch: 8, report_trees: 4}
seed: `+map[string]string{"a": "1", "b": "2"}[name]+"\n", 0o644)
		s.run("train", name+".yaml")
	}
	args := []string{"fit", "a.safetensors", "b.safetensors", "--molecules", "60", "--paths", "8", "--seed", "4"}
	out, err := s.command(append(args, "--json", "--write")...).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var reports []platform.FitReport
	if err := json.Unmarshal(out, &reports); err != nil || len(reports) != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, r := range reports {
		f := r.Fit
		a := f.At[0]
		if a.Own.N != 30 || a.Other.N != 15 || a.Walk.N != 15 || a.All.N != 60 || a.TBN != 60 || a.TB <= 0 || a.All.RMS <= 0 {
			t.Errorf("%s: %+v", r.Name, a)
		}
		if len(f.Others) != 1 || f.Others[0].WeightsSHA256 != reports[1-i].Fit.WeightsSHA256 || f.Clip == nil || *f.Clip != -75 {
			t.Errorf("%s: %+v", r.Name, f)
		}
		if n := len(f.ByBeta); n != 5 || f.ByBeta[0].Beta != 8 || f.ByBeta[n-1].Beta != 64 || math.Abs(f.ByBeta[2].TB-a.TB) > 0 {
			t.Errorf("%s: %+v", r.Name, f.ByBeta)
		}
	}
	card := s.read("a.card.json")
	var written struct{ Fit platform.Fit }
	if err := json.Unmarshal(card, &written); err != nil || written.Fit.Seed != 4 || written.Fit.At[0].TB != reports[0].Fit.At[0].TB {
		t.Errorf("the card holds %+v (%v)", written, err)
	}

	// A card with a fit is still a card, and the same seed gives the same fit.
	s.run(append(args, "--write", "--quiet")...)
	if !bytes.Equal(card, s.read("a.card.json")) {
		t.Error("measuring again changes the card")
	}
	text, err := s.command(append(args, "--check")...).Output()
	if err == nil || !strings.Contains(string(text), "a at beta 32 misses ") {
		t.Errorf("models that were hardly trained pass (%v):\n%s", err, text)
	}
	for _, c := range []struct{ args, want string }{
		{"fit a.safetensors --beta 65", "beta 65 is outside of what model a.safetensors was trained for"},
		{"fit c.safetensors", "there are no weights at c.safetensors"},
		{"fit vocabulary.json", "there is no card of vocabulary.json"},
		{"fit a.safetensors --vocab compounds.smi", "read vocabulary compounds.smi"},
		{"fit builtin:a --write", "is a part of this program"},
	} {
		if out, err := s.command(strings.Fields(c.args)...).CombinedOutput(); err == nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v\n%s", c.args, err, out)
		}
	}
	swapped := bytes.ReplaceAll(card, []byte(reports[0].Fit.WeightsSHA256), []byte(strings.Repeat("0", 64)))
	s.write("a.card.json", string(swapped), 0o644)
	if out, err := s.command("fit", "a.safetensors").CombinedOutput(); err == nil || !strings.Contains(string(out), "is that of other weights") {
		t.Errorf("the card of other weights: %v\n%s", err, out)
	}
	s.write("a.card.json", strings.Replace(string(card), `"core/gflownet"`, `"them/theirs"`, 1), 0o644)
	if out, err := s.command("fit", "a.safetensors").CombinedOutput(); err == nil || !strings.Contains(string(out), "--plugin ./PATH") {
		t.Errorf("the card of another plugin: %v\n%s", err, out)
	}
	if out, err := s.command("fit", "a.safetensors", "--plugin", "./tilted").CombinedOutput(); err == nil || !strings.Contains(string(out), "is one of the plugin them/theirs") {
		t.Errorf("another plugin: %v\n%s", err, out)
	}

	// A third party's model, which knows no beta and names no clip.
	s.write("c.yaml", `version: 1
name: c
space: {vocabulary: ./vocabulary.json, max_fragments: 4}
plugin: ./tilted
reward: {function: logp}
train: {steps: 1}
`, 0o644)
	s.run("train", "c.yaml")
	out, err = s.command("fit", "c.safetensors", "b.safetensors", "--plugin", "./tilted", "--molecules", "40", "--paths", "4", "--json").Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	reports = nil
	if err := json.Unmarshal(out, &reports); err != nil || len(reports) != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	if f := reports[0].Fit; f.Clip != nil || len(f.ByBeta) != 1 || f.At[0].All.N < 20 || reports[0].Plugin != "test/tilted@1.0.0" {
		t.Errorf("%+v", reports[0])
	}
	s.gone()
}
