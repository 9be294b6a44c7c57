package smarts_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

var update = flag.Bool("update", false, "let RDKit compute the golden files anew")

// pair is a pattern and the SMILES of a molecule to find it in.
type pair struct{ pattern, smiles string }

// python is an interpreter that has RDKit, or "".
var python = sync.OnceValue(func() string {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import rdkit").Run() == nil {
			return name
		}
	}
	return ""
})

// reading is a way to read patterns, ours and the argument that asks RDKit for
// the same.
type reading struct {
	golden  string
	compile func(string) (*smarts.Pattern, error)
	args    []string
}

var readings = []reading{
	{"testdata/matches.tsv", smarts.Compile, nil},
	{"testdata/merged.tsv", smarts.CompileMergingH, []string{"merge"}},
}

// reference is what RDKit answers to the pairs, a row each.
func (x reading) reference(t *testing.T, pairs []pair) []string {
	t.Helper()
	if python() == "" {
		t.Skip("no python3 with RDKit here")
	}
	var in bytes.Buffer
	for _, p := range pairs {
		fmt.Fprintf(&in, "%s\t%s\n", p.pattern, p.smiles)
	}
	c := exec.Command(python(), append([]string{"testdata/reference.py"}, x.args...)...)
	c.Stdin, c.Stderr = &in, os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(rows) != len(pairs) {
		t.Fatalf("%d answers to %d pairs", len(rows), len(pairs))
	}
	return rows
}

// answer is our row for a pair, written like RDKit's.
func (x reading) answer(p pair) string {
	row := []string{p.pattern, p.smiles}
	m, err := smiles.Parse(p.smiles)
	q, syntax := x.compile(p.pattern)
	switch {
	case syntax != nil:
		row = append(row, "syntax")
	case err != nil:
		row = append(row, "molecule")
	default:
		t := smarts.NewTarget(m)
		for _, stereo := range []bool{false, true} {
			for _, symmetric := range []bool{false, true} {
				row = append(row, list(t, q, smarts.FindOptions{Symmetric: symmetric, Stereo: stereo, Max: 100000}))
			}
		}
	}
	return strings.Join(row, "\t")
}

func list(t *smarts.Target, q *smarts.Pattern, opt smarts.FindOptions) string {
	var b []byte
	t.Each(q, opt, func(atoms []int32) bool {
		if len(b) > 0 {
			b = append(b, ';')
		}
		for i, a := range atoms {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(a), 10)
		}
		return true
	})
	return string(b)
}

// The golden files hold patterns, molecules and the matches that RDKit 2022.09
// finds, in its order; see testdata/reference.py for the columns.
func TestMatchesAreAsRecorded(t *testing.T) {
	t.Parallel()
	for _, x := range readings {
		data, err := os.ReadFile(x.golden)
		if err != nil {
			t.Fatal(err)
		}
		rows := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		var pairs []pair
		for _, row := range rows {
			f := strings.Split(row, "\t")
			pairs = append(pairs, pair{f[0], f[1]})
		}
		if *update {
			rows = x.reference(t, pairs)
			if err := os.WriteFile(x.golden, []byte(strings.Join(rows, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for i, p := range pairs {
			if deliberate[p.pattern] {
				continue
			}
			if got := x.answer(p); got != rows[i] {
				t.Errorf("%s:\nwe    %s\nRDKit %s", x.golden, got, rows[i])
			}
		}
	}
}

// deliberate are the patterns of the golden files that we read otherwise than
// RDKit, which refuses language that Daylight defines, takes +++ for a charge
// of both 2 and 1, knows elements up to any number but not all symbols, and
// does not negate a dative bond.
var deliberate = map[string]bool{
	"[C@?H](F)Cl": true, "C/?C": true, "(C).(C)": true, "(C.C)": true, "(CC)": true,
	"[C+++]": true, "[N+++]": true, "[N---]": true, "C!->N": true, "C1CC%01": true, "[CH{1-2}]": true,
	"[#119]": true, "[#200]": true, "[#999]": true, "[C+1000]": true, "[C+100]": true, "[12345C]": true,
	"[Mc]": true, "[Og]": true, "C |$Q_e$|": true,
}

// sample is a number of molecules of the reference data that RDKit accepts.
func sample(t *testing.T, r *rand.Rand, n int) []string {
	t.Helper()
	var all []string
	for _, table := range []string{"zinc", "chembl", "drugs", "tricky", "diverse"} {
		for row := range chemtest.Rows(t, table) {
			if row["status"] == "ok" {
				all = append(all, row["smiles"])
			}
		}
	}
	out := make([]string, n)
	for i := range out {
		out[i] = all[r.IntN(len(all))]
	}
	return out
}

// check holds our answers to pairs against RDKit's. Where we and RDKit do not
// agree whether the SMILES is a molecule there is nothing to compare; share is
// the part of the other rows that may differ, because a molecule is understood
// otherwise (which of several smallest rings, which Kekule form).
func (x reading) check(t *testing.T, pairs []pair, share float64) {
	t.Helper()
	want := x.reference(t, pairs)
	found, differ := 0, 0
	for i, p := range pairs {
		got := x.answer(p)
		switch {
		case strings.HasSuffix(got, "\tmolecule"):
		case got != want[i]:
			if differ++; differ <= 10 {
				t.Logf("\nwe    %.500s\nRDKit %.500s", got, want[i])
			}
		case !strings.HasSuffix(got, "\t"):
			found++
		}
	}
	t.Logf("%d pairs, %d with matches, %d differ", len(pairs), found, differ)
	if float64(differ) > share*float64(len(pairs)) || found == 0 {
		t.Errorf("%d of %d rows differ", differ, len(pairs))
	}
}

func TestRandomPatternsMatchAsInRDKit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 4))
	n := 10000
	if testing.Short() {
		n = 1000
	}
	mols := sample(t, r, n)
	var pairs []pair
	for i, s := range mols {
		m, err := smiles.Parse(s)
		if err != nil || len(m.Atoms) == 0 {
			continue
		}
		p, _ := randomPattern(r, m, 9, false)
		pairs = append(pairs, pair{p, s}, pair{p, mols[(i+1)%len(mols)]})
	}
	readings[0].check(t, pairs, 0.001)
}

func TestPublishedPatternsMatchAsInRDKit(t *testing.T) {
	t.Parallel()
	texts := published(t)
	r := rand.New(rand.NewPCG(2, 4))
	n := 20000
	if testing.Short() {
		n = 1000
	}
	var pairs []pair
	for _, s := range sample(t, r, n) {
		pairs = append(pairs, pair{texts[r.IntN(len(texts))], s})
	}
	for _, x := range readings {
		x.check(t, pairs, 0.0002)
	}
}

// published are the patterns of the catalogues in RDKit's data files.
func published(t *testing.T) []string {
	t.Helper()
	if python() == "" {
		t.Skip("no python3 with RDKit here")
	}
	out, err := exec.Command(python(), "-c", "from rdkit import RDConfig as c; print(c.RDDataDir); print(c.RDContribDir)").Output()
	if err != nil {
		t.Fatal(err)
	}
	folders := strings.Split(strings.TrimSpace(string(out)), "\n")
	var texts []string
	for _, source := range []struct {
		path  string
		comma rune
		field int
	}{
		{filepath.Join(folders[0], "Pains", "wehi_pains.csv"), ',', 0},
		{filepath.Join(folders[0], "SmartsLib", "RLewis_smarts.txt"), ' ', 0},
		{filepath.Join(folders[0], "FragmentDescriptors.csv"), '\t', 2},
		{filepath.Join(folders[0], "Crippen.txt"), '\t', 1},
		{filepath.Join(folders[1], "NIBRSubstructureFilters", "SubstructureFilter_HitTriaging_wPubChemExamples.csv"), ',', 2},
	} {
		data, err := os.ReadFile(source.path)
		if err != nil {
			t.Skipf("RDKit's data absent: %v", err)
		}
		rows := csv.NewReader(bytes.NewReader(data))
		rows.Comma, rows.Comment, rows.FieldsPerRecord, rows.LazyQuotes = source.comma, '/', -1, true
		records, err := rows.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		before := len(texts)
		for _, f := range records {
			if len(f) > source.field && f[0] != "" && f[0][0] != '#' && f[source.field] != "" && f[source.field] != "SMARTS" {
				texts = append(texts, f[source.field])
			}
		}
		if len(texts) < before+10 {
			t.Fatalf("%d patterns in %s", len(texts)-before, source.path)
		}
	}
	return texts
}
