package fragment

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestVocabularyFileReadsBackWithTheSameDigest(t *testing.T) {
	t.Parallel()
	for name, v := range smallVocabularies(t) {
		w, err := Parse(v.Marshal())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if w.Digest() != v.Digest() || w.Columns() != v.Columns() || w.Name() != v.Name() {
			t.Errorf("%s: digest %s and %d columns became %s and %d", name, v.Digest(), v.Columns(), w.Digest(), w.Columns())
		}
	}
}

func TestDigestCoversRuleAtomsBondsAndSitesAlone(t *testing.T) {
	t.Parallel()
	base := []plainFragment{{"Cc1ccccc1", []int{0, 2}}, {"OC", []int{1}}}
	digest := func(rule Rule, list ...plainFragment) string {
		return smallVocabulary(t, rule, list...).Digest()
	}
	want := digest(Any, base...)
	if got := digest(Any, plainFragment{"CC1=CC=CC=C1", []int{0, 2}}, base[1]); got != want {
		t.Errorf("another spelling of the same atoms in the same order changes the digest")
	}
	for name, got := range map[string]string{
		"order of fragments": digest(Any, base[1], base[0]),
		"a site more":        digest(Any, plainFragment{"Cc1ccccc1", []int{0, 2, 3}}, base[1]),
		"another atom":       digest(Any, plainFragment{"Cc1ccccc1", []int{0, 2}}, plainFragment{"SC", []int{1}}),
		"another bond order": digest(Any, plainFragment{"CC1CCCCC1", []int{0, 2}}, base[1]),
	} {
		if got == want {
			t.Errorf("%s does not change the digest", name)
		}
	}
	ring := []plainFragment{{"c1ccccc1", []int{0, 1, 2, 3, 4, 5}}, {"C", []int{0}}}
	if digest(Any, ring...) == digest(RingAcyclic, ring...) {
		t.Errorf("the rule does not change the digest")
	}
}

func TestSitesThatSymmetryExchangesShareAColumn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		smiles  string
		sites   []int
		classes []int
	}{
		{"c1ccccc1", []int{0, 1, 2, 3, 4, 5}, []int{0, 0, 0, 0, 0, 0}},
		{"c1ccncc1", []int{0, 1, 2, 4, 5}, []int{0, 1, 2, 2, 1}},
		{"c1cn[nH]c1", []int{0, 1, 3, 4}, []int{0, 1, 2, 3}},
		{"CC", []int{1, 0, 0, 1}, []int{0, 0, 0, 0}},
		{"CO", []int{1, 0, 0}, []int{0, 1, 1}},
		{"C12C3C4C1C5C2C3C45", []int{0, 1, 2, 3, 4, 5, 6, 7}, []int{0, 0, 0, 0, 0, 0, 0, 0}},
		{"C1CC2CCC1CC2", []int{2, 5, 0, 1}, []int{0, 0, 1, 1}},
		{"FC(F)(F)C(C(F)(F)F)(C(F)(F)F)CC", []int{13, 14}, []int{0, 1}},
		{"CC(C)(C)c1ccc(cc1)C(C)(C)C", []int{0, 2, 3, 11, 12, 13}, []int{0, 0, 0, 0, 0, 0}},
		{"CC(C)(C)c1ccc(cc1)C(C)(C)C", []int{0, 2, 3, 11, 12, 13, 5}, []int{0, 0, 0, 1, 1, 1, 2}},
		// More than three million automorphisms, two of them on sites.
		{"FC(F)(F)C(C(F)(F)F)(C(F)(F)F)CCC(C(F)(F)F)(C(F)(F)F)C(F)(F)F", []int{13, 14}, []int{0, 0}},
	} {
		v := smallVocabulary(t, Any, plainFragment{c.smiles, c.sites})
		for s, want := range c.classes {
			if got := v.Fragment(0).Classes[s]; got != want {
				t.Errorf("%s: site %d is in class %d, want %d", c.smiles, s, got, want)
			}
		}
	}
}

func TestBadVocabulariesNameTheEntryAndTheRemedy(t *testing.T) {
	t.Parallel()
	ours := func(rule, fragments string) string {
		return `{"format":"molsculpt-vocabulary","version":1,"name":"x","rule":"` + rule + `","fragments":[` + fragments + `]}`
	}
	for _, c := range []struct {
		name, text, want string
		entry            int // -1 where no entry is at fault
	}{
		{"empty text", ``, "line 1", -1},
		{"no JSON", `hello`, "line 1", -1},
		{"empty list", `[]`, "from 1 to", -1},
		{"other JSON", `{"a": 1}`, `unknown field "a"`, -1},
		{"text after", `[{"smiles":"C","attach":[0]}] x`, "after the end", -1},
		{"other format", `{"format":"cookbook","version":1}`, "is this a vocabulary file?", -1},
		{"later version", `{"format":"molsculpt-vocabulary","version":2}`, "reads version 1", -1},
		{"unknown rule", ours("ring", `{"smiles":"C","sites":[0]}`), `use "any" or "ring-acyclic"`, -1},
		{"no site", `[{"smiles":"C","attach":[0]},{"smiles":"CC","attach":[]}]`, "at least one atom index", 1},
		{"no SMILES", `[{"attach":[0]}]`, "give one", 0},
		{"bad SMILES", `[{"smiles":"C(","attach":[0]}]`, "smiles", 0},
		{"site out of range", `[{"smiles":"CO","attach":[2]}]`, "numbered 0 to 1", 0},
		{"negative site", `[{"smiles":"CO","attach":[-1]}]`, "numbered 0 to 1", 0},
		{"too many bonds", `[{"smiles":"O","attach":[0,0,0]}]`, "list it less often", 0},
		{"no hydrogens", `[{"smiles":"FC(F)(F)F","attach":[1]}]`, "0 hydrogens", 0},
		{"the same twice", `[{"smiles":"OC","attach":[0]},{"smiles":"CO","attach":[1]}]`, "the same as fragment 0", 1},
		{"the same molecule", ours("ring-acyclic", `{"smiles":"CO","sites":[0]},{"smiles":"OC","sites":[0]}`), "the same as fragment 0", 1},
		{"two parts", `[{"smiles":"C.C","attach":[0]}]`, "keep one", 0},
		{"cuttable bond", ours("ring-acyclic", `{"smiles":"Cc1ccccc1","sites":[0]}`), "would be cut", 0},
		{"half of the equivalent sites", ours("ring-acyclic", `{"smiles":"c1ccccc1","sites":[0,1]}`), "list both equally often", 0},
		{"hydrogens not written", ours("ring-acyclic", `{"smiles":"O=S=O","sites":[1]}`), "O=[SH2]=O", 0},
		{"wrong stored atom", ours("any", `{"smiles":"CO","sites":[0],"atoms":[[6,0,3,0],[7,0,1,0]],"bonds":[[0,1,1]]}`), "leave \"atoms\"", 0},
		{"wrong stored bond", ours("any", `{"smiles":"CO","sites":[0],"atoms":[[6,0,3,0],[8,0,1,0]],"bonds":[[0,1,2]]}`), "order 2", 0},
		{"missing stored bond", ours("any", `{"smiles":"CO","sites":[0],"atoms":[[6,0,3,0],[8,0,1,0]],"bonds":[]}`), "0 bonds", 0},
		{"misspelt key", ours("any", `{"smiles":"CO","site":[0]}`), `unknown field "site"`, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(c.text))
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
			var e *EntryError
			if errors.As(err, &e) != (c.entry >= 0) || e != nil && e.Index != c.entry {
				t.Errorf("error %q does not name entry %d", err, c.entry)
			}
		})
	}
}

func FuzzParseVocabulary(f *testing.F) {
	f.Add([]byte(`[{"smiles":"C1CC1","attach":[0,1,2]}]`))
	f.Add([]byte(`{"format":"molsculpt-vocabulary","version":1,"name":"x","rule":"any","fragments":[{"smiles":"CO","sites":[0],"atoms":[[6,0,3,0],[8,0,1,0]],"bonds":[[0,1,1]]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Parse(data)
		if err != nil {
			return
		}
		w, err := Parse(v.Marshal())
		if err != nil {
			t.Fatalf("cannot read back what was written: %v", err)
		}
		if w.Digest() != v.Digest() {
			t.Fatal("reading back changes the digest")
		}
	})
}

func FuzzValidateTree(f *testing.F) {
	data, err := json.Marshal([]plainFragment{{"c1ccccc1", []int{0, 1, 2, 3, 4, 5}}, {"C", []int{0, 0, 0}}, {"CO", []int{1, 0}}})
	if err != nil {
		f.Fatal(err)
	}
	v, err := Parse(data)
	if err != nil {
		f.Fatal(err)
	}
	ts, err := NewTrees(v, 5)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{0, 0, 255, 255, 255})
	f.Add([]byte{0, 0, 255, 255, 255, 1, 0, 0, 0, 0})
	f.Add([]byte{1, 0, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		x := Tree(b)
		if ts.Validate(x) != nil {
			return
		}
		ts.Rows(x)
		ts.Parents(x)
		if len(x) > 0 {
			if _, err := ts.Assemble(x); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := ts.Canonical(x.Nodes(nil)); err != nil || c != x {
			t.Fatalf("a valid tree is not its own canonical form: %v", err)
		}
	})
}
