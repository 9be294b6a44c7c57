package molfile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/molfile"
)

// FuzzParse: no input makes a panic, and what is read can be written in both
// formats and read again.
func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/examples.sdf")
	if err != nil {
		f.Fatal(err)
	}
	for rec := range strings.SplitAfterSeq(string(text), "$$$$\n") {
		f.Add([]byte(rec))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rec, err := molfile.Parse(text)
		if err != nil {
			_ = err.Error()
			return
		}
		for _, o := range formats {
			out, err := molfile.Append(nil, rec, o)
			if err != nil {
				continue
			}
			back, err := molfile.Parse(out)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if len(back.Mol.Atoms) != len(rec.Mol.Atoms) || len(back.Mol.Bonds) != len(rec.Mol.Bonds) {
				t.Fatalf("%d atoms, %d bonds became %d, %d", len(rec.Mol.Atoms), len(rec.Mol.Bonds), len(back.Mol.Atoms), len(back.Mol.Bonds))
			}
		}
	})
}

// FuzzRead: a stream ends, and has no more records than lines.
func FuzzRead(f *testing.F) {
	text, err := os.ReadFile("testdata/examples.sdf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("$$$$\n\n$$$$\r\n>")
	f.Fuzz(func(t *testing.T, text string) {
		n, last := 0, 0
		for rec, err := range molfile.Read(strings.NewReader(text)) {
			n++
			if err != nil {
				_ = err.Error()
				continue
			}
			if rec.Number != n || rec.Line <= last {
				t.Fatalf("record %d has number %d and line %d", n, rec.Number, rec.Line)
			}
			last = rec.Line
		}
		if n > strings.Count(text, "\n")+1 {
			t.Fatalf("%d records", n)
		}
	})
}
