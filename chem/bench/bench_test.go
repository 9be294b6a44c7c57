package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
)

// withRDKit is a bench with RDKit, or skips the test.
func withRDKit(t *testing.T) *bench {
	t.Helper()
	python, err := findPython(t.Context(), "/usr/bin/python3", "python3")
	if errors.Is(err, errNoRDKit) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	theirs, err := startRDKit(context.WithoutCancel(t.Context()), python)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := theirs.close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{theirs: theirs, repetitions: 2, time: 1e-3, progress: t.Output()}
}

// TestBothSidesComputeTheSame is the program in small. It changes GOMAXPROCS,
// as the program does.
func TestBothSidesComputeTheSame(t *testing.T) { //nolint:paralleltest // it sets the number of threads of the process
	list, err := readMolecules(chemtest.File(t, "molsets", "zinc250k.smi.gz"), 40, 3)
	if err != nil {
		t.Fatal(err)
	}
	r, err := withRDKit(t).measure(works, list)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != len(works) || r.RDKit == "" || r.Molecules != 40 {
		t.Fatalf("%d rows for %d works, rdkit %q, %d molecules", len(r.Rows), len(works), r.RDKit, r.Molecules)
	}
	for _, x := range r.Rows {
		if len(x.OurSeconds) != 2 || len(x.RDKitSeconds) != 2 || x.Differ != 0 || x.Ours <= 0 || x.RDKit <= 0 {
			t.Errorf("%+v", x)
		}
		// The median of two is their mean.
		if want := (x.RDKitSeconds[0] + x.RDKitSeconds[1]) / (x.OurSeconds[0] + x.OurSeconds[1]); x.Ratio < 0.999*want || x.Ratio > 1.001*want {
			t.Errorf("%s: the ratio is %g, of the times %g", x.Name, x.Ratio, want)
		}
	}
	for _, x := range r.Threads {
		if x.One <= 0 || x.Two <= 0 || x.Bar != 1.8 || len(x.OneSeconds) != 2 {
			t.Errorf("%+v", x)
		}
	}
	var text, raw bytes.Buffer
	if err := r.table(&text); err != nil {
		t.Fatal(err)
	}
	for _, w := range works {
		if !strings.Contains(text.String(), w.about) {
			t.Errorf("the table lacks %q:\n%s", w.about, &text)
		}
	}
	if err := r.json(&raw); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal(raw.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(back.Rows[1].OurSeconds, r.Rows[1].OurSeconds) {
		t.Error("the JSON holds other times than the report")
	}
}

func TestSidesThatDisagreeAreNotTimed(t *testing.T) { //nolint:paralleltest // as above
	b := withRDKit(t)
	wrong := works[slices.IndexFunc(works, func(w work) bool { return w.name == "morgan" })]
	wrong.name = "pairs" // RDKit makes other bits than we
	if _, err := b.row(wrong, []string{"CCO", "c1ccccc1N", "CC(=O)O"}); err == nil || !strings.Contains(err.Error(), "molecules differ") {
		t.Errorf("error %v", err)
	}
	for _, bad := range []request{{Do: "fly"}, {Do: "answers", Work: "none", List: []string{"C"}}, {Do: "time", Work: "none", Count: 1}} {
		if _, err := b.theirs.ask(bad); err == nil || !strings.Contains(err.Error(), "rdkit") {
			t.Errorf("%+v: error %v", bad, err)
		}
	}
	if a, err := b.theirs.ask(request{Do: "about"}); err != nil || a.Version == "" {
		t.Errorf("after errors it says %+v, %v", a, err)
	}
}

func TestAgreement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		agree        func(string, string) bool
		ours, theirs string
		want         bool
	}{
		{equal, "3", "3", true},
		{equal, "3", "4", false},
		{near, "0.5 3 17", "0.5000001 3.0 17", true},
		{near, "0.5 3 17", "0.502 3 17", false},
		{near, "1000", "1000.5", true},
		{near, "1", "1 2", false},
		{near, "one", "1", false},
		{sameMolecule, "CCO", "OCC", true},
		{sameMolecule, "CCO", "CCN", false},
		{sameMolecule, "CCO", "CC(", false},
	} {
		if got := c.agree(c.ours, c.theirs); got != c.want {
			t.Errorf("%q and %q agree: %v", c.ours, c.theirs, got)
		}
	}
}

func TestFlagsAreChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := filepath.Join(dir, "one.smi")
	if err := os.WriteFile(one, []byte("CCO\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	two := filepath.Join(dir, "two.smi")
	if err := os.WriteFile(two, []byte("CCO\nCCN amine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--repetitions", "0"}, "repetitions at least 1"},
		{[]string{"--count", "1"}, "count is at least 2"},
		{[]string{"more"}, "no arguments"},
		{[]string{"--fast"}, "-fast"},
		{[]string{"--rows", "canonical,speed"}, `"speed" (have parse, canonical`},
		{[]string{"--molecules", filepath.Join(dir, "none.smi")}, "--molecules"},
		{[]string{"--molecules", one}, "it has 1"},
		{[]string{"--molecules", two, "--python", "no-such-python"}, "python3-rdkit"},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), c.args, &out, &out); err == nil || !strings.HasPrefix(err.Error(), "bench: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v", c.args, err)
		}
	}
}

func TestThePartsOfAllThreadsAreTheWhole(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 7} {
		seen := make([][]int, 2)
		jobs := make([]job, 2)
		for k := range jobs {
			jobs[k] = func(i int, _ bool) (string, error) {
				seen[k] = append(seen[k], i)
				return "", nil
			}
		}
		if err := wide(jobs, n, 1); err != nil {
			t.Fatal(err)
		}
		all := slices.Concat(seen...)
		for i := range n {
			if all[i] != i || len(all) != n {
				t.Errorf("%d molecules: %v", n, all)
				break
			}
		}
	}
	failed := errors.New("failed")
	if err := wide([]job{func(int, bool) (string, error) { return "", failed }}, 3, 2); !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
}

func TestMedianIsTheMiddle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x    []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 5}, 5}, {[]float64{8, 1, 3, 2}, 2.5}} {
		if got := median(c.x); got != c.want {
			t.Errorf("%v: %g", c.x, got)
		}
	}
}

func TestAllocationsAreFew(t *testing.T) { //nolint:paralleltest // what other tests allocate would be counted
	list, err := readMolecules(chemtest.File(t, "molsets", "zinc250k.smi.gz"), 500, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, most := range map[string]float64{"canonical": 16, "properties": 34, "pains": 0.1, "tanimoto": 1} {
		w := works[slices.IndexFunc(works, func(w work) bool { return w.name == name })]
		worker, err := w.prepare(list)
		if err != nil {
			t.Fatal(err)
		}
		do := worker()
		per := testing.AllocsPerRun(2, func() {
			if err := repeat(do, len(list), 1); err != nil {
				t.Fatal(err)
			}
		}) / float64(len(list))
		if per > most {
			t.Errorf("%s: %.1f allocations per molecule, want at most %g", name, per, most)
		}
	}
}
