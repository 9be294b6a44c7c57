package assay

import (
	"bytes"
	"compress/gzip"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
)

const header = `"Molecule ChEMBL ID";"Smiles";"Standard Type";"Standard Relation";"Standard Value";"Standard Units";"Data Validity Comment";"Potential Duplicate"` + "\n"

func read(t *testing.T, rows ...string) Table {
	t.Helper()
	table, err := Read(strings.NewReader(header + strings.Join(rows, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestReadTakesPotencies(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		rows []string
		want []Compound
		skip Skipped
	}{
		"a value":           {[]string{`"a";"OCC";"IC50";"'='";"100.0";"nM";"";"False"`}, []Compound{{"CCO", Potency{7, 7}, 1}}, Skipped{}},
		"a bound above":     {[]string{`"a";"OCC";"IC50";"'>'";"10000";"nM";"";"False"`}, []Compound{{"CCO", Potency{-inf, 5}, 1}}, Skipped{}},
		"a bound below":     {[]string{`"a";"OCC";"IC50";"'<'";"1";"nM";"";"False"`}, []Compound{{"CCO", Potency{9, inf}, 1}}, Skipped{}},
		"the median of two": {[]string{`"a";"CCO";"IC50";"'='";"100";"nM";"";"False"`, `"b";"OCC";"IC50";"'='";"1";"nM";"";"False"`}, []Compound{{"CCO", Potency{8, 8}, 2}}, Skipped{}},
		"a value beats a bound": {
			[]string{`"a";"CCO";"IC50";"'='";"100";"nM";"";"False"`, `"a";"CCO";"IC50";"'>'";"1000";"nM";"";"False"`},
			[]Compound{{"CCO", Potency{7, 7}, 2}},
			Skipped{},
		},
		"bounds narrow": {
			[]string{`"a";"CCO";"IC50";"'>'";"100";"nM";"";"False"`, `"a";"CCO";"IC50";"'>'";"1000";"nM";"";"False"`, `"a";"CCO";"IC50";"'<'";"10000";"nM";"";"False"`},
			[]Compound{{"CCO", Potency{5, 6}, 3}},
			Skipped{},
		},
		"bounds exclude each other": {
			[]string{`"a";"CCO";"IC50";"'>'";"1000";"nM";"";"False"`, `"a";"CCO";"IC50";"'<'";"100";"nM";"";"False"`}, nil, Skipped{Contrary: 2},
		},
		"a salt is its largest part": {[]string{`"a";"CC(=O)[O-].[Na+]";"IC50";"'='";"100";"nM";"";"False"`}, []Compound{{"CC([O-])=O", Potency{7, 7}, 1}}, Skipped{}},
		"other kinds": {
			[]string{
				`"a";"CCO";"Ki";"'='";"100";"nM";"";"False"`, `"a";"CCO";"IC50";"'='";"100";"";"";"False"`, `"a";"CCO";"IC50";"";"";"nM";"";"False"`,
				`"a";"CCO";"IC50";"'~'";"100";"nM";"";"False"`, `"a";"CCO";"IC50";"'='";"0";"nM";"";"False"`, `"a";"CCO";"IC50";"'='";"-3";"nM";"";"False"`,
			}, nil, Skipped{Kind: 6},
		},
		"doubtful":   {[]string{`"a";"CCO";"IC50";"'='";"100";"nM";"Outside typical range";"False"`, `"a";"CCO";"IC50";"'='";"100";"nM";"";"True"`}, nil, Skipped{Doubtful: 2}},
		"unreadable": {[]string{`"a";"";"IC50";"'='";"100";"nM";"";"False"`, `"a";"C(";"IC50";"'='";"100";"nM";"";"False"`}, nil, Skipped{Unreadable: 2}},
	} {
		got := read(t, c.rows...)
		if got.Skipped != c.skip {
			t.Errorf("%s: skipped %+v, want %+v", name, got.Skipped, c.skip)
		}
		if len(got.Compounds) != len(c.want) {
			t.Errorf("%s: %+v, want %+v", name, got.Compounds, c.want)
			continue
		}
		for i, w := range c.want {
			g := got.Compounds[i]
			if g.SMILES != w.SMILES || g.Measurements != w.Measurements || !same(g.Potency.Low, w.Potency.Low) || !same(g.Potency.High, w.Potency.High) {
				t.Errorf("%s: %+v, want %+v", name, g, w)
			}
		}
	}
}

func same(a, b float64) bool { return a == b || math.Abs(a-b) < 1e-12 }

func TestReadRefusesAnotherTable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                  "assay: read the names of columns: EOF",
		"Smiles;Potency\n":  `there is no "Standard Type"`,
		header + `"a";"CC"`: "assay: read a row",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want %q", text, err, want)
		}
	}
}

// The counts were made by another program, which compares SMILES as they are
// written.
func TestReadOfTheTableOfSEH(t *testing.T) {
	t.Parallel()
	z, err := gzip.NewReader(bytes.NewReader(chemtest.Read(t, "seh_proxy", "seh_chembl.csv.gz")))
	if err != nil {
		t.Fatal(err)
	}
	table, err := Read(z)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Skipped{Kind: 2858 - 2304, Doubtful: 2304 - 2128, Unreadable: 6}); table.Skipped != want {
		t.Errorf("skipped %+v, want %+v", table.Skipped, want)
	}
	exact, rows := 0, 0
	for _, c := range table.Compounds {
		rows += c.Measurements
		if c.Potency.Exact() {
			exact++
		}
	}
	if rows != 2128-6 || exact != 1786 {
		t.Errorf("%d rows and %d compounds with a value, want 2122 and 1786", rows, exact)
	}
}
