// Package chemtest has what the tests of several packages share: molecules from
// SMILES, and reference data, which are no part of the repository but lie in
// the folder shared/data beside it. A test that asks for data that are absent is
// skipped.
package chemtest

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// Parse is smiles.Parse for input that is known to be right.
func Parse(t testing.TB, s string) *chem.Mol {
	t.Helper()
	m, err := smiles.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Benchmark times f on the molecules of a file of SMILES, one after the other and
// over again.
func Benchmark(b *testing.B, path string, f func(*chem.Mol) error) {
	b.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	var mols []*chem.Mol
	for s := range strings.FieldsSeq(string(text)) {
		mols = append(mols, Parse(b, s))
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := f(mols[n%len(mols)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "mol/s")
}

// Golden calls row with the values of each row of a table of expected values,
// tab separated below a line of names, and returns the names and the number of
// rows.
func Golden(t testing.TB, path string, row func(names, values []string)) (names []string, rows int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Scan()
	names = strings.Split(lines.Text(), "\t")
	for ; lines.Scan(); rows++ {
		row(names, strings.Split(lines.Text(), "\t"))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return names, rows
}

// File is the path of a file of the reference data.
func File(t testing.TB, name ...string) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(root)
		if up == root {
			t.Fatal("the test does not run inside the project")
		}
		root = up
	}
	path := filepath.Join(append([]string{root, "..", "shared", "data"}, name...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("reference data absent: %v", err)
	}
	return path
}

// Read is the content of a file of the reference data.
func Read(t testing.TB, name ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(File(t, name...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Rows are the rows of a table of values that RDKit computed, by the names of
// the columns; with -short every tenth of them.
func Rows(t testing.TB, table string) iter.Seq[map[string]string] {
	t.Helper()
	path := File(t, "oracle", table+".dev.tsv.gz")
	return func(yield func(map[string]string) bool) {
		t.Helper()
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(z)
		lines.Buffer(nil, 1<<20)
		lines.Scan()
		columns := strings.Split(lines.Text(), "\t")
		for n := 0; lines.Scan(); n++ {
			if testing.Short() && n%10 != 0 {
				continue
			}
			row := make(map[string]string, len(columns))
			for i, v := range strings.Split(lines.Text(), "\t") {
				row[columns[i]] = v
			}
			if !yield(row) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// Vocabulary24 is a vocabulary of 24 of the 72 published fragments, as JSON. Its
// 52,324 trees of up to three fragments, beside the empty one, are few
// enough for exact laws.
func Vocabulary24(t testing.TB) []byte {
	t.Helper()
	var all, pick []json.RawMessage
	if err := json.Unmarshal(Read(t, "fragments", "fragments_72.json"), &all); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, 2, 5, 7, 9, 11, 12, 19, 20, 27, 30, 31, 35, 36, 39, 41, 43, 49, 65, 66, 67, 68, 69, 70} {
		pick = append(pick, all[i])
	}
	data, err := json.Marshal(pick)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
