package scaffold_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/scaffold"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// columns are the functions whose values are in testdata/golden.tsv.
var columns = map[string]func(*chem.Mol) (*chem.Mol, error){
	"murcko": scaffold.Murcko,
	"generic_scaffold": func(m *chem.Mol) (*chem.Mol, error) {
		s, err := scaffold.Murcko(m)
		if err != nil {
			return nil, err
		}
		return scaffold.Generic(s)
	},
	"generic":         scaffold.Generic,
	"largest":         func(m *chem.Mol) (*chem.Mol, error) { return scaffold.LargestFragment(m, false) },
	"largest_organic": func(m *chem.Mol) (*chem.Mol, error) { return scaffold.LargestFragment(m, true) },
	"stripped": func(m *chem.Mol) (*chem.Mol, error) {
		rest, _, err := scaffold.StripSalts(m)
		return rest, err
	},
	"uncharged": chem.Neutralize,
}

// TestGoldenTable compares everything with RDKit's answers, which
// testdata/golden.py computed. Both are compared in canonical form.
func TestGoldenTable(t *testing.T) {
	t.Parallel()
	names, rows := chemtest.Golden(t, "testdata/golden.tsv", func(names, values []string) {
		for i, name := range names[1:] {
			got, want := "-", values[i+1]
			if want != "-" {
				want = smiles.Canonical(chemtest.Parse(t, want))
			}
			if c, err := columns[name](chemtest.Parse(t, values[0])); err == nil {
				got = smiles.Canonical(c)
			}
			if got != want {
				t.Errorf("%s of %s is %s, want %s (%s)", name, values[0], got, want, values[i+1])
			}
		}
	})
	if rows < 100 || len(names)-1 != len(columns) {
		t.Errorf("%d rows of %d columns", rows, len(names)-1)
	}
}
