package fingerprint_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/fingerprint"
)

// columns give the texts whose digests are in testdata/golden.tsv.
var columns = map[string]func(*chem.Mol) string{
	"morgan":      func(m *chem.Mol) string { return counts(fingerprint.Morgan(m, 3)) },
	"morgan_bits": func(m *chem.Mol) string { return on(fingerprint.MorganBits(m, 2, 1024)) },
	"features":    variant(2, fingerprint.MorganOptions{Features: true}),
	"chirality":   variant(3, fingerprint.MorganOptions{Chirality: true}),
	"no_bonds":    variant(2, fingerprint.MorganOptions{IgnoreBonds: true}),
	"redundant":   variant(2, fingerprint.MorganOptions{Redundant: true}),
	"environments": func(m *chem.Mol) string {
		list := fingerprint.Environments(m, 2, fingerprint.MorganOptions{})
		slices.SortFunc(list, func(a, b fingerprint.Environment) int {
			return slices.Compare([]int{int(a.Hash), a.Atom, a.Radius}, []int{int(b.Hash), b.Atom, b.Radius})
		})
		return join(list, func(e fingerprint.Environment) string { return fmt.Sprintf("%d:%d:%d", e.Hash, e.Atom, e.Radius) })
	},
	"subgraphs":                 func(m *chem.Mol) string { return on(fingerprint.SubgraphBits(m, 2048)) },
	"pairs":                     func(m *chem.Mol) string { return codes(fingerprint.AtomPairs(m, false)) },
	"pairs_chirality":           func(m *chem.Mol) string { return codes(fingerprint.AtomPairs(m, true)) },
	"hashed_pairs":              func(m *chem.Mol) string { return hashed(fingerprint.HashedAtomPairs(m, false)) },
	"hashed_pairs_chirality":    func(m *chem.Mol) string { return hashed(fingerprint.HashedAtomPairs(m, true)) },
	"pair_bits":                 func(m *chem.Mol) string { return on(fingerprint.AtomPairBits(m, 2048, false)) },
	"pair_bits_chirality":       func(m *chem.Mol) string { return on(fingerprint.AtomPairBits(m, 2048, true)) },
	"torsions":                  func(m *chem.Mol) string { return codes(fingerprint.Torsions(m, false)) },
	"torsions_chirality":        func(m *chem.Mol) string { return codes(fingerprint.Torsions(m, true)) },
	"hashed_torsions":           func(m *chem.Mol) string { return hashed(fingerprint.HashedTorsions(m, false)) },
	"hashed_torsions_chirality": func(m *chem.Mol) string { return hashed(fingerprint.HashedTorsions(m, true)) },
	"torsion_bits":              func(m *chem.Mol) string { return on(fingerprint.TorsionBits(m, 2048, false)) },
	"torsion_bits_chirality":    func(m *chem.Mol) string { return on(fingerprint.TorsionBits(m, 2048, true)) },
}

func variant(radius int, o fingerprint.MorganOptions) func(*chem.Mol) string {
	return func(m *chem.Mol) string {
		return counts(fingerprint.CountEnvironments(fingerprint.Environments(m, radius, o)))
	}
}

func join[T any](list []T, text func(T) string) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = text(x)
	}
	return strings.Join(words, " ")
}

func counts(list []fingerprint.Count) string {
	return join(list, func(c fingerprint.Count) string { return fmt.Sprintf("%d:%d", c.Hash, c.Count) })
}

func codes(list []fingerprint.CodeCount) string {
	return join(list, func(c fingerprint.CodeCount) string { return fmt.Sprintf("%d:%d", c.Code, c.Count) })
}

// hashed is a list of counts in RDKit's hashed form of 2^20 places.
func hashed(list []fingerprint.Count) string {
	sum := map[uint32]int{}
	for _, c := range list {
		sum[c.Hash%(1<<20)] += c.Count
	}
	var folded []fingerprint.Count
	for h, n := range sum {
		folded = append(folded, fingerprint.Count{Hash: h, Count: n})
	}
	slices.SortFunc(folded, func(a, b fingerprint.Count) int { return int(a.Hash) - int(b.Hash) })
	return counts(folded)
}

func on(b fingerprint.Bits) string { return join(b.On(), func(i int) string { return fmt.Sprint(i) }) }

// TestGoldenTable compares all fingerprints with those of RDKit, which
// testdata/golden.py computed.
func TestGoldenTable(t *testing.T) {
	t.Parallel()
	names, rows := chemtest.Golden(t, "testdata/golden.tsv", func(names, values []string) {
		m := chemtest.Parse(t, values[0])
		for i, name := range names[1:] {
			text := columns[name](m)
			if digest := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:16]; digest != values[i+1] {
				t.Errorf("%s of %s differs: %s", name, values[0], text)
			}
		}
	})
	if rows < 100 || len(names)-1 != len(columns) {
		t.Errorf("%d rows of %d columns", rows, len(names)-1)
	}
}

// TestMorganIsRDKits compares Morgan fingerprints with those of the tables.
func TestMorganIsRDKits(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"zinc", "chembl", "drugs", "frag72", "diverse"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			compared := 0
			for row := range chemtest.Rows(t, table) {
				if row["status"] != "ok" {
					continue
				}
				m := chemtest.Parse(t, row["smiles"])
				for name, got := range map[string]func() string{
					"morgan2_2048":   func() string { return on(fingerprint.MorganBits(m, 2, 2048)) },
					"morgan3_2048":   func() string { return on(fingerprint.MorganBits(m, 3, 2048)) },
					"morgan2_counts": func() string { return counts(fingerprint.Morgan(m, 2)) },
				} {
					if want := row[name]; want != "" {
						compared++
						if diff := cmp.Diff(want, strings.ReplaceAll(got(), " ", ",")); diff != "" {
							t.Errorf("%s of %s (-want +got):\n%s", name, row["smiles"], diff)
						}
					}
				}
			}
			t.Logf("%d fingerprints are compared", compared)
		})
	}
}

// The codes are those of RDKit 2022.09.
func TestCodesOfSmallMolecules(t *testing.T) {
	t.Parallel()
	type list = []fingerprint.CodeCount
	for s, want := range map[string][2]list{
		"CCC":         {{{541730, 1}, {558113, 2}}, nil},
		"C1CC1":       {{{558145, 3}}, {{4437590049, 1}}},
		"C1CCC1":      {{{558145, 4}, {558146, 2}}, {{4437590049, 4}}},
		"CC1CC1":      {{{558114, 2}, {558145, 1}, {574497, 1}, {574529, 2}}, {{4437590560, 2}, {4571807778, 1}}},
		"[Na+].[Cl-]": {nil, nil},
	} {
		m := chemtest.Parse(t, s)
		got := [2]list{fingerprint.AtomPairs(m, false), fingerprint.Torsions(m, false)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s, diff)
		}
	}
}
