package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// normals writes points of the plane around a mean on the first axis.
func (s site) normals(name string, mean float64) {
	r := rand.New(rand.NewPCG(math.Float64bits(mean), 1))
	var b strings.Builder
	b.WriteString("x,y\n")
	for range 4000 {
		fmt.Fprintf(&b, "%.4f,%.4f\n", mean+0.5*r.NormFloat64(), 0.8*r.NormFloat64())
	}
	s.write(name, b.String(), 0o644)
}

// output is what a command writes to standard output.
func (s site) output(args ...string) string {
	s.t.Helper()
	var stderr bytes.Buffer
	c := s.command(args...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		s.t.Fatalf("%v: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

// weightedMean is the mean of the first column, with the weights of the last of
// columns where there are three.
func weightedMean(t *testing.T, table string, columns int) (mean float64, rows int) {
	t.Helper()
	var sum, all float64
	for line := range strings.Lines(table) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != columns {
			t.Fatalf("%q has %d columns, want %d", line, len(f), columns)
		}
		v := make([]float64, len(f))
		for i, word := range f {
			var err error
			if v[i], err = strconv.ParseFloat(word, 64); err != nil {
				t.Fatal(err)
			}
		}
		w := 1.0
		if columns == 3 {
			w = math.Exp(v[2])
		}
		sum, all, rows = sum+w*v[0], all+w, rows+1
	}
	return sum / all, rows
}

// Two models are trained on files of points, composed without and with a guide that
// is trained for them, all through plugin processes.
func TestPointsAreLearnedSampledAndComposed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains some seconds")
	}
	s := newSite(t)
	for name, mean := range map[string]float64{"a": -0.5, "b": 0.5} {
		s.normals(name+".csv", mean)
		s.write(name+".yaml", "version: 1\nname: "+name+"\nseed: 3\ndata: {points: ["+name+".csv]}\n"+
			"train: {steps: 500, batch: 128, average: 0.99, threads: 1, network: {kind: mlp, width: 32, layers: 1}}\n", 0o644)
		s.run("train", name+".yaml")
	}
	a := s.output("points", "a", "a=a.safetensors", "-n", "500", "--steps", "60")
	mean, rows := weightedMean(t, a, 2)
	if rows != 500 || math.Abs(mean+0.5) > 0.15 {
		t.Errorf("%d points of a, with the mean %.3f", rows, mean)
	}
	if again := s.output("points", "a", "a=a.safetensors", "-n", "100", "--steps", "60"); !strings.HasPrefix(a, again) {
		t.Error("fewer points of the same seed are others")
	}
	for _, solver := range []string{"dpm", "flow"} {
		if mean, _ := weightedMean(t, s.output("points", "b", "b=b.safetensors", "-n", "400", "--solver", solver), 2); math.Abs(mean-0.5) > 0.15 {
			t.Errorf("%s: the mean of b is %.3f", solver, mean)
		}
	}
	// a and b lie to both sides of 0, their harmonic mean in the middle, a less b
	// farther out.
	models := []string{"a=a.safetensors", "b=b.safetensors", "-n", "640", "--steps", "60"}
	both, _ := weightedMean(t, s.output(append([]string{"points", "a & b"}, models...)...), 3)
	less, _ := weightedMean(t, s.output(append([]string{"points", "a - b"}, models...)...), 3)
	if math.Abs(both) > 0.12 || less > -0.55 {
		t.Errorf("the mean of a & b is %.3f, of a - b %.3f", both, less)
	}

	guide := "version: 1\nkind: guide\nname: g\nspace: {points: 2}\nmodels:\n" +
		"  a: {plugin: core/score, weights: a.safetensors}\n  b: {plugin: core/score, weights: b.safetensors}\n" +
		"train: {steps: 300, batch: 128, samples: 500, average: 0.99, threads: 1, network: {kind: mlp, width: 32, layers: 1}}\nout: %s.safetensors\n"
	s.write("g.yaml", fmt.Sprintf(guide, "g"), 0o644)
	s.write("h.yaml", fmt.Sprintf(guide, "h"), 0o644)
	s.run("train", "g.yaml")
	s.run("train", "h.yaml")
	if !bytes.Equal(s.read("g.safetensors"), s.read("h.safetensors")) {
		t.Error("the same training gives other weights")
	}
	guided, _ := weightedMean(t, s.output(append([]string{"points", "a - b", "--guide", "g.safetensors"}, models...)...), 3)
	if math.Abs(guided-less) > 0.2 {
		t.Errorf("the mean of a - b is %.3f with a guide, %.3f without", guided, less)
	}
	baseline := s.output(append([]string{"points", "a - b", "--guide", "g.safetensors", "--method", "guided", "--scale", "4"}, models...)...)
	if mean, _ := weightedMean(t, baseline, 2); mean > less {
		t.Errorf("pulled by four times the guide, a - b has the mean %.3f, and %.3f without", mean, less)
	}
	for _, c := range []struct{ args, want string }{
		{"points|a & c|a=a.safetensors", `unknown model "c"`},
		{"points|a &|a=a.safetensors", "^"},
		{"points|a|a", "is not NAME=WEIGHTS"},
		{"points|a|a=g.safetensors", "not of a model"},
		{"points|a & b|a=a.safetensors|b=b.safetensors|--scale|3", "those of no composition"},
		{"points|a|a=a.safetensors|--solver|heun", "no solver"},
	} {
		out, err := s.command(strings.Split(c.args, "|")...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v\n%s", c.args, err, out)
		}
	}
	s.write("bad.csv", "1,2\n3\n", 0o644)
	s.write("bad.yaml", "version: 1\nname: bad\ndata: {points: [bad.csv]}\n", 0o644)
	if out, err := s.command("train", "bad.yaml").CombinedOutput(); err == nil || !strings.Contains(string(out), "line 2 of bad.csv has 1 numbers, the first point has 2") {
		t.Errorf("%v\n%s", err, out)
	}
}
