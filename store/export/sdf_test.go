package export_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/molfile"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/store"
	"github.com/molsculpt/molsculpt/store/export"
)

// TestSDFHasTheColumnsOfCSV reads an SD file back: its molecules are drawn and
// those of the campaign, stereo included, and its fields the cells of the table.
func TestSDFHasTheColumnsOfCSV(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := campaign(t,
		molecule("C[C@H](N)C(=O)O", 0, ok(0.8, 0.8), ok(2, 0.8), ok(89, 1)),
		molecule("OC(=O)/C=C\\C(=O)O", 0, ok(0.5, 0.5), failed("two\n\nlines"), ok(116, 1)),
		molecule("c1ccc2[nH]ccc2c1", -1, ok(0.8, 0.8), ok(2, 0.8), store.Score{Status: store.TimedOut}),
		molecule("C[N+](C)(C)CC([O-])=O", 2, failed("x"), failed("y"), ok(117, 0)),
	)
	s, err := export.Select(ctx, c, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out [2]bytes.Buffer
	for i, name := range []string{"csv", "sdf"} {
		f, err := export.FindFormat(name)
		if err != nil || f.Binary {
			t.Fatal(err)
		}
		if err := s.Write(ctx, &out[i], f); err != nil {
			t.Fatal(err)
		}
	}
	table, err := csv.NewReader(&out[0]).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rec, err := range molfile.Read(&out[1]) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if want := fmt.Sprintf("my_run-%d", n); rec.Name != want {
			t.Errorf("name %q, want %q", rec.Name, want)
		}
		fields := 0
		for i, value := range table[n] {
			got, found := rec.Field(table[0][i])
			if value = strings.ReplaceAll(value, "\n", " "); got != value || found != (value != "") {
				t.Errorf("%s: %s is %q, want %q", rec.Name, table[0][i], got, value)
			}
			if found {
				fields++
			}
		}
		if len(rec.Fields) != fields {
			t.Errorf("%s: other fields among %v", rec.Name, rec.Fields)
		}
		smi, _ := rec.Field("smiles")
		if got, want := smiles.Canonical(rec.Mol), smiles.Canonical(chemtest.Parse(t, smi)); got != want {
			t.Errorf("%s: drawn as %s, want %s", rec.Name, got, want)
		}
		for i, p := range rec.Points {
			for j, q := range rec.Points[:i] {
				if dx, dy := p.X-q.X, p.Y-q.Y; dx*dx+dy*dy < 0.5 {
					t.Errorf("%s: atoms %d and %d overlap", rec.Name, i, j)
				}
			}
		}
	}
	if n != len(table)-1 {
		t.Errorf("%d records for %d rows", n, len(table)-1)
	}
}
