package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/store"
)

func TestNumbersThatMakeNoSenseAreWrongUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"show", "x", "--top", "-1"},
		{"export", "x", "--top", "-5"},
		{"vocab", "build", "x", "--size", "-3"},
		{"vocab", "build", "x", "--max-atoms", "-1"},
		{"vocab", "build", "x", "--max-fragments", "0"},
		{"vocab", "build", "x", "--min-site", "-1"},
		{"vocab", "show", "builtin", "--list", "-1"},
		{"bench", "--time", "-1s"},
		{"sample", "qed", "--particles", "0"},
		{"sample", "qed", "--particles", "10000000"},
	} {
		flag := args[len(args)-2]
		if code, out, err := run(t, "", args...); code != 2 || out != "" || !strings.Contains(err, flag+" is ") {
			t.Errorf("%v: exit %d, out %q, err %q", args, code, out, err)
		}
	}
}

func TestAByteOrderMarkIsNotAPartOfTheFirstMolecule(t *testing.T) {
	t.Parallel()
	code, out, _ := run(t, "\ufeffCCO\nCC\n", "props", "-", "--no-header", "--columns", "heavy")
	if want := "CCO\tCCO\tok\t3\t\nCC\tCC\tok\t2\t\n"; code != 0 || out != want {
		t.Errorf("exit %d\n%s", code, cmp.Diff(want, out))
	}
	a := &app{Stdio: Stdio{In: strings.NewReader("\ufeffCCO\nCC\n")}}
	var got []string
	for s, err := range a.smilesLines([]string{"-"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	if d := cmp.Diff([]string{"CCO", "CC"}, got); d != "" {
		t.Error(d)
	}
}

func TestAMoleculeWithTooManyAtomsIsNotReadAndDoesNotStopTheRun(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("C", 20*maxAtoms)
	code, out, _ := run(t, large+"\nCCO\n", "props", "-", "--no-header", "--columns", "heavy")
	want := large + "\t\tother\t\tthe molecule has more than 2000 atoms\nCCO\tCCO\tok\t3\t\n"
	if code != 0 || out != want {
		t.Errorf("exit %d, the rows end with %q", code, out[len(out)-min(len(out), 100):])
	}
}

func TestAVocabularyCountsALargeMoleculeAsNone(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "v.json")
	in := strings.Repeat("C", 20*maxAtoms) + "\nCCOc1ccccc1\nCCOc1ccccc1\n" + strings.Repeat("C", 2*maxLine) + "\n"
	code, _, err := run(t, in, "vocab", "build", "-", "--size", "2", "--out", out)
	if code != 0 || !strings.Contains(err, "4 lines, 2 not molecules") {
		t.Errorf("exit %d\n%s", code, err)
	}
}

func TestAtomsAreCountedAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for smi, want := range map[string]int{
		"CCO": 3, "ClCBr": 3, "c1ccccc1": 6, "[13CH3][NH3+]": 2, "[Cl-].[Na+]": 2, "*C(=O)C%12CC%12": 6, "Cn1cnc2c1": 6, "": 0,
	} {
		if got := countAtoms(smi); got != want {
			t.Errorf("%s: %d atoms, want %d", smi, got, want)
		}
	}
}

func TestAFileIsReplacedWholeOrLeftAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, link := filepath.Join(dir, "out.csv"), filepath.Join(dir, "link.csv")
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	if replaced, err := replaceFile(path, text("old")); replaced || err != nil {
		t.Fatal(replaced, err)
	}
	broken := errors.New("broken")
	_, err := replaceFile(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if data, err := os.ReadFile(path); string(data) != "old" {
		t.Errorf("after a failure it holds %q (%v)", data, err)
	}
	if err := os.Symlink("out.csv", link); err != nil {
		t.Skip(err)
	}
	if replaced, err := replaceFile(link, text("new")); !replaced || err != nil {
		t.Error(replaced, err)
	}
	if data, err := os.ReadFile(path); string(data) != "new" {
		t.Errorf("it holds %q (%v)", data, err)
	}
	if entries, err := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left %v (%v)", entries, err)
	}
}

func TestTheDefaultBenchmarkIsOfQEDAndSA(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ bundled, want []string }{
		{[]string{"esol", "qed", "sa"}, []string{"builtin:qed", "builtin:sa"}},
		{[]string{"a", "sa"}, []string{"builtin:sa", "builtin:a"}},
		{nil, nil},
	} {
		var c catalog.Catalog
		for _, n := range test.bundled {
			c.Weights = append(c.Weights, catalog.BundledWeights{Name: n})
		}
		if d := cmp.Diff(test.want, benchWeights(&c)); d != "" {
			t.Errorf("%v: %s", test.bundled, d)
		}
	}
}

// Standard errors are taken over populations, per base at least 20 of them.
func TestTheDemosCampaignsHaveEnoughPopulations(t *testing.T) {
	t.Parallel()
	for _, r := range demoRuns {
		c, err := config.ParseCampaign(r.name, []byte(r.file()))
		if err != nil {
			t.Error(err)
			continue
		}
		p := c.Sample.Particles
		if c.Budget.Molecules%p != 0 || c.Budget.Molecules/p < 10 {
			t.Errorf("%s: %d molecules in populations of %d", r.name, c.Budget.Molecules, p)
		}
		var betas []float64
		for _, m := range c.Models {
			betas = append(betas, m.Conditions[0].Value)
		}
		if d := cmp.Diff([]float64{qedBeta, saBeta}, betas); d != "" {
			t.Errorf("%s: %s", r.name, d)
		}
	}
}

func TestTheDemosAdviceWorks(t *testing.T) {
	t.Parallel()
	st := filepath.Join(demoFolder, defaultStore)
	next := demoNext(st)
	if strings.Contains(next, "change molsculpt-demo/both.yaml") || !strings.Contains(next, "run molsculpt-demo/mine.yaml --store molsculpt-demo/molsculpt.db") {
		t.Error(next)
	}
	e := demoChanged(filepath.Join(demoFolder, "both.yaml"), st, &store.PlanChangedError{
		Name: "both", Stored: store.Plan{Resolved: "seed: 7\n"}, Given: store.Plan{Resolved: "seed: 8\n"},
	}).Error()
	for _, want := range []string{"- seed: 7", "+ seed: 8", "molsculpt run molsculpt-demo/both.yaml --store molsculpt-demo/molsculpt.db --new", "delete the file"} {
		if !strings.Contains(e, want) {
			t.Errorf("it lacks %q:\n%s", want, e)
		}
	}
}

func TestTheTableHasAcceptanceAndTheSmallestSampleSize(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := writeSummaries(&out, []*platform.Summary{
		{Campaign: "a", MinESS: 0.25, Acceptance: &sample.Estimate{Value: 0.000123456, SE: 0.0000021}},
		{Campaign: "b", MinESS: 1},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`min ESS +log evidence +acceptance`, `(?m)^a .* 25% .* 0\.000123 ±2\.1e-06 `, `(?m)^b .* 100% .* - `} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}
