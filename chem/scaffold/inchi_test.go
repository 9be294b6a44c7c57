package scaffold_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/scaffold"
)

// labelled is a molecule by two names.
type labelled struct{ smiles, key, inchi string }

// TestKeyAgreesWithInChI compares, for pairs of molecules of one component in
// the tables, whether their keys are equal with whether their standard InChIKeys
// are: the first block of the latter, the constitution, with keys without stereo
// and isotopes, and all but its charge with full keys. They cannot always agree:
// InChI merges many tautomers.
func TestKeyAgreesWithInChI(t *testing.T) {
	t.Parallel()
	flat := scaffold.KeyOptions{IgnoreStereo: true, IgnoreIsotopes: true}
	var constitutions, wholes []labelled
	for _, table := range []string{"zinc", "chembl", "drugs", "diverse"} {
		for row := range chemtest.Rows(t, table) {
			if s, k := row["smiles"], row["inchikey"]; row["status"] == "ok" && row["nfrag"] == "1" && len(k) == 27 {
				m := chemtest.Parse(t, s)
				constitutions = append(constitutions, labelled{s, key(t, m, flat), k[:14]})
				wholes = append(wholes, labelled{s, key(t, m, zero), k[:25]})
			}
		}
	}
	byKey := func(x labelled) string { return x.key }
	byInChI := func(x labelled) string { return x.inchi }
	agree(t, "constitutions of one InChIKey, one key", constitutions, byInChI, byKey, 0.9)
	agree(t, "constitutions of one key, one InChIKey", constitutions, byKey, byInChI, 0.99)
	agree(t, "compounds of one InChIKey, one key", wholes, byInChI, byKey, 0.8)
	agree(t, "compounds of one key, one InChIKey", wholes, byKey, byInChI, 0.99)
}

// agree counts the pairs that one name says are equal and asks how many of them
// are by the other one.
func agree(t *testing.T, what string, list []labelled, one, other func(labelled) string, limit float64) {
	t.Helper()
	groups := map[string][]labelled{}
	for _, x := range list {
		groups[one(x)] = append(groups[one(x)], x)
	}
	all, same := 0, 0
	for _, g := range groups {
		for i, x := range g {
			for _, y := range g[:i] {
				all++
				if other(x) == other(y) {
					same++
				} else {
					t.Logf("%s: %v but %v", what, y, x)
				}
			}
		}
	}
	t.Logf("%s: %d of %d pairs among %d molecules", what, same, all, len(list))
	if all >= 20 && float64(same) < limit*float64(all) {
		t.Errorf("%s: only %d of %d pairs", what, same, all)
	}
}
