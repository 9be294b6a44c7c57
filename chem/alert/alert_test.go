package alert_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/molsculpt/molsculpt/chem/alert"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

var update = flag.Bool("update", false, "let RDKit compute the golden file anew")

// python is an interpreter that has RDKit, or "".
var python = sync.OnceValue(func() string {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import rdkit").Run() == nil {
			return name
		}
	}
	return ""
})

// reference is what RDKit answers to the SMILES.
func reference(t testing.TB, list []string) []string {
	t.Helper()
	if python() == "" {
		t.Skip("no python3 with RDKit here")
	}
	c := exec.Command(python(), "testdata/reference.py")
	c.Stdin, c.Stderr = strings.NewReader(strings.Join(list, "\n")+"\n"), os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// get is alert.Get for names that exist.
func get(t testing.TB, name string) *alert.Catalogue {
	t.Helper()
	c, err := alert.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer is our row for a molecule and a catalogue, written like RDKit's. That
// gives all matches only of alerts that need more than one.
func answer(t testing.TB, s, name string) string {
	t.Helper()
	row := []string{s, name}
	m, err := smiles.Parse(s)
	if err != nil {
		return strings.Join(append(row, "molecule"), "\t")
	}
	c := get(t, name)
	target := smarts.NewTarget(m)
	hits := c.Hits(m)
	for k, i := range c.Fired(nil, target) {
		h := hits[k]
		if h.Alert != &c.Alerts[i] {
			t.Fatalf("%s: %s is the hit beside %s", s, h.Name, c.Alerts[i].Name)
		}
		n := 1
		if h.Min > 1 {
			n = len(h.Matches)
		}
		first := strings.Trim(strings.ReplaceAll(fmt.Sprint(h.Matches[0]), " ", ","), "[]")
		row = append(row, strconv.Itoa(i)+":"+first+":"+strconv.Itoa(n))
	}
	return strings.Join(row, "\t")
}

// The golden file holds what RDKit 2022.09 answers for the molecules on which
// something fires; see testdata/reference.py for the columns.
func TestFiresAsRecorded(t *testing.T) {
	t.Parallel()
	const golden = "testdata/fired.tsv"
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{} // by SMILES and catalogue
	var list []string
	for row := range strings.Lines(string(data)) {
		f := strings.Split(row, "\t")
		want[f[0]+"\t"+f[1]] = strings.TrimSuffix(row, "\n")
		if !slices.Contains(list, f[0]) {
			list = append(list, f[0])
		}
	}
	if *update {
		var out bytes.Buffer
		for _, row := range reference(t, list) {
			if strings.Count(row, "\t") > 1 {
				fmt.Fprintln(&out, row)
			}
		}
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range list {
		for _, name := range alert.Names() {
			expect := want[s+"\t"+name]
			if expect == "" {
				expect = s + "\t" + name
			}
			if got := answer(t, s, name); got != expect {
				t.Errorf("\nwe    %s\nRDKit %s", got, expect)
			}
		}
	}
}

// sample is a number of molecules of the reference data that RDKit accepts.
func sample(t testing.TB, n int, tables ...string) []string {
	t.Helper()
	var all []string
	for _, table := range tables {
		for row := range chemtest.Rows(t, table) {
			if row["status"] == "ok" {
				all = append(all, row["smiles"])
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 7))
	out := make([]string, n)
	for i := range out {
		out[i] = all[r.IntN(len(all))]
	}
	return out
}

func TestFiresAsInRDKit(t *testing.T) {
	t.Parallel()
	n := 2000
	if testing.Short() {
		n = 100
	}
	fired, differ, rows := 0, 0, 0
	for _, want := range reference(t, sample(t, n, "zinc", "chembl", "drugs", "diverse", "tricky")) {
		f := strings.Split(want, "\t")
		got := answer(t, f[0], f[1])
		rows++
		switch {
		case strings.HasSuffix(got, "\tmolecule"): // we and RDKit do not agree whether it is one
		case got != want:
			if differ++; differ <= 10 {
				t.Logf("\nwe    %s\nRDKit %s", got, want)
			}
		default:
			fired += strings.Count(got, ":") / 2
		}
	}
	t.Logf("%d rows, %d alerts fire, %d rows differ", rows, fired, differ)
	if differ*2000 > rows || fired == 0 {
		t.Errorf("%d of %d rows differ", differ, rows)
	}
}

func TestHitsHoldTheirAtoms(t *testing.T) {
	t.Parallel()
	// All atoms of catechol, and nothing on benzene.
	c := get(t, "pains_b")
	hits := c.Hits(chemtest.Parse(t, "Oc1ccccc1O"))
	if len(hits) != 1 || hits[0].Name != "catechol_A(92)" || hits[0].Catalogue != "pains_b" || len(hits[0].Matches) != 1 {
		t.Fatalf("hits of catechol: %+v", hits)
	}
	if got := slices.Sorted(slices.Values(hits[0].Matches[0])); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
		t.Errorf("atoms of catechol: %v", got)
	}
	if hits := c.Hits(chemtest.Parse(t, "c1ccccc1")); hits != nil {
		t.Errorf("hits of benzene: %+v", hits)
	}
	for _, s := range sample(t, 300, "diverse") {
		m, err := smiles.Parse(s)
		if err != nil {
			continue
		}
		for _, name := range alert.Names() {
			for _, h := range get(t, name).Hits(m) {
				if len(h.Matches) < h.Min || len(h.Matches) == 0 {
					t.Errorf("%s in %s: %d matches, needs %d", h.Name, s, len(h.Matches), h.Min)
				}
				for _, atoms := range h.Matches {
					if len(atoms) != h.Pattern.Len() || slices.Max(atoms) >= len(m.Atoms) {
						t.Errorf("%s in %s: match %v", h.Name, s, atoms)
					}
				}
			}
		}
	}
}

func TestJoinFiresWhatItsPartsFire(t *testing.T) {
	t.Parallel()
	var parts []*alert.Catalogue
	for _, name := range alert.Names() {
		parts = append(parts, get(t, name))
	}
	all := alert.Join("all", parts...)
	for _, s := range sample(t, 300, "diverse", "tricky") {
		m, err := smiles.Parse(s)
		if err != nil {
			continue
		}
		target := smarts.NewTarget(m)
		var want []int
		start := 0
		for _, p := range parts {
			for _, i := range p.Fired(nil, target) {
				want = append(want, start+i)
			}
			start += len(p.Alerts)
		}
		if got := all.Fired(nil, target); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
}

func TestCataloguesAreComplete(t *testing.T) {
	t.Parallel()
	size := map[string]int{"pains_a": 16, "pains_b": 55, "pains_c": 409, "brenk": 105, "nih": 180, "zinc": 50, "nibr": 444}
	for _, name := range alert.Names() {
		c := get(t, name)
		if len(c.Alerts) != size[name] || c.Scope == "" || c.Reference == "" || c.Name != name {
			t.Errorf("%s: %d alerts, scope %q, reference %q", c.Name, len(c.Alerts), c.Scope, c.Reference)
		}
		for _, a := range c.Alerts {
			if a.Catalogue != name || a.Name == "" || a.Pattern == nil || a.Min < 1 {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
	if _, err := alert.Get("none"); err == nil || errors.Unwrap(err) != nil || !strings.Contains(err.Error(), "pains_a") {
		t.Errorf("error for an unknown name: %v", err)
	}
}
