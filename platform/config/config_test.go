package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

func parse(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	name := filepath.Base(path)
	if strings.Contains(name, ".train.") {
		t, err := ParseTraining(name, data)
		if err != nil {
			return "", err
		}
		return string(t.Train.JSON) + "\n", nil
	}
	c, err := ParseCampaign(name, data)
	if err != nil {
		return "", err
	}
	return c.Plan(Identities{}), nil
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

func TestGoodFilesResolveToTheirPlan(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/*.good.yaml")
	if len(files) < 4 {
		t.Fatal("the corpus is gone")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			plan, err := parse(f)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(f, ".yaml")+".plan", plan)
		})
	}
}

func TestEachBadFileGivesItsOneError(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/*.bad.yaml")
	if len(files) < 25 {
		t.Fatal("the corpus is gone")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			_, err := parse(f)
			var one *Error
			if !errors.As(err, &one) {
				t.Fatalf("got %v, want one *Error", err)
			}
			var many Errors
			if errors.As(err, &many) {
				t.Errorf("%d errors where one mistake was made", len(many))
			}
			golden(t, strings.TrimSuffix(f, ".yaml")+".err", err.Error()+"\n")
		})
	}
}

func TestAPlanReadAgainIsTheSamePlan(t *testing.T) {
	t.Parallel()
	for _, f := range []string{"demo", "least", "everything"} {
		plan, err := parse("testdata/" + f + ".good.yaml")
		if err != nil {
			t.Fatal(err)
		}
		c, err := ParseCampaign("plan", []byte(plan))
		if err != nil {
			t.Fatalf("%s: %v\n%s", f, err, plan)
		}
		if again := c.Plan(Identities{}); again != plan {
			t.Errorf("%s: %s", f, cmp.Diff(plan, again))
		}
	}
}

func TestPlansThatDifferHaveDifferentDigests(t *testing.T) {
	t.Parallel()
	c, err := LoadCampaign("testdata/demo.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a := c.Plan(Identities{})
	c.Seed = 8
	b := c.Plan(Identities{})
	if Digest(a) == Digest(b) {
		t.Error("the seed is not in the digest")
	}
	if w := c.Plan(Identities{Models: map[string]string{"qed": "00"}}); Digest(w) == Digest(b) {
		t.Error("the weights are not in the digest")
	}
}

func TestAPlaceInsideATextIsThePlaceInTheFile(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"compose: qed & sa", "compose:   'qed & sa'", `compose: "qed & sa"`, "compose: |\n  qed & sa", "compose: >-\n    qed & sa",
	} {
		data := "version: 1\nname: x\nmodels: {qed: {plugin: ./p}}\n" + text + "\nobjectives: [{reward: qed}]\nbudget: {distinct: 1}\n"
		c, err := ParseCampaign("f", []byte(data))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		m := c.Compose.At(strings.Index(c.Compose.Value, "&"))
		line := strings.Split(data, "\n")[m.Line-1]
		if line[m.Column-1] != '&' {
			t.Errorf("%q: %d:%d is %q", text, m.Line, m.Column, line[m.Column-1:])
		}
	}
}

func TestNearestFindsASingleSlip(t *testing.T) {
	t.Parallel()
	words := []string{"objectives", "budget", "models", "compose", "sample"}
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SampledFrom(words).Draw(t, "word")
		i := rapid.IntRange(0, len(w)-2).Draw(t, "at")
		slip := w[:i] + string(w[i+1]) + string(w[i]) + w[i+2:]
		if got := Nearest(slip, words); got != w {
			t.Fatalf("%s: got %q", slip, got)
		}
	})
	if got := Nearest("zzzzzz", words); got != "" {
		t.Errorf("nothing is near zzzzzz, got %q", got)
	}
}

func FuzzParseCampaign(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, p := range files {
		data, _ := os.ReadFile(p)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCampaign("f", data)
		if err != nil {
			_ = err.Error()
			return
		}
		plan := c.Plan(Identities{})
		if _, err := ParseCampaign("plan", []byte(plan)); err != nil {
			t.Fatalf("the plan of a good file is not good: %v\n%s", err, plan)
		}
	})
}
