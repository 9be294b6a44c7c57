package chem_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

func TestPerceiveBuildsMoleculesFromAtomsAndBonds(t *testing.T) {
	t.Parallel()
	// Pyridine-3-carboxamide with localised bonds.
	m := &chem.Mol{}
	for _, z := range []uint8{6, 6, 7, 6, 6, 6, 6, 8, 7} {
		m.Atoms = append(m.Atoms, chem.Atom{Element: z})
	}
	for _, b := range [][3]int32{{0, 1, 2}, {1, 2, 1}, {2, 3, 2}, {3, 4, 1}, {4, 5, 2}, {5, 0, 1}, {0, 6, 1}, {6, 7, 2}, {6, 8, 1}} {
		m.Bonds = append(m.Bonds, chem.Bond{A: b[0], B: b[1], Order: chem.Order(b[2])})
	}
	if err := chem.Perceive(m); err != nil {
		t.Fatal(err)
	}
	if got, want := smiles.Canonical(m), smiles.Canonical(chemtest.Parse(t, "NC(=O)c1cccnc1")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPerceivingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"c1cc[nH]c1", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "C[N+](=O)[O-]", "O=c1cccc[nH]1", "C[C@H](N)C(=O)O",
		"F/C=C/C=C\\Cl", "c1ccc2c(c1)[nH]c1ccccc12", "C[S@](=O)CC", "[nH]1nnc(C)n1",
	} {
		m := chemtest.Parse(t, s)
		want := smiles.Canonical(m)
		for range 2 {
			if err := chem.Perceive(m); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
			if got := smiles.Canonical(m); got != want {
				t.Errorf("%s: %s became %s", s, want, got)
			}
		}
	}
}

func TestNeutralize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"CC[NH3+]":                   "CCN",
		"CC(=O)[O-]":                 "CC(=O)O",
		"C[N+](=O)[O-]":              "C[N+](=O)[O-]",
		"C[N+](C)(C)C":               "C[N+](C)(C)C",
		"C[N+](C)(C)CC(=O)[O-]":      "C[N+](C)(C)CC(=O)[O-]",
		"C[n+]1ccccc1[O-]":           "C[n+]1ccccc1[O-]",
		"[O-][n+]1ccccc1":            "[O-][n+]1ccccc1",
		"[NH3+]CC(=O)[O-]":           "NCC(=O)O",
		"c1c[nH]c[nH+]1":             "c1c[nH]cn1",
		"[nH+]1ccccc1.[Cl-]":         "n1ccccc1.Cl",
		"[Na+].CC(=O)[O-]":           "[Na+].CC(=O)[O-]",
		"F[B-](F)(F)F":               "F[B-](F)(F)F",
		"[O-]c1ccccc1C(=O)[O-].[K+]": "Oc1ccccc1C(=O)[O-].[K+]",
		"C[C@H]([NH3+])C(=O)[O-]":    "C[C@H](N)C(=O)O",
		"c1nn[n-]n1":                 "c1nn[nH]n1",
		"[S-]c1ccccc1":               "Sc1ccccc1",
		"CC(=O)[CH-]C(C)=O":          "CC(=O)CC(C)=O",

		// As RDKit's Uncharger has it.
		"[BH4-]":                               "B",
		"C[CH+]C":                              "CCC",
		"[CH2+]C[CH+2]":                        "CCC",
		"[BH2+]":                               "B",
		"F[Sb-](F)(F)(F)(F)F":                  "F[Sb-](F)(F)(F)(F)F",
		"[O-]Cl(=O)(=O)=O":                     "[O-][Cl+3]([O-])([O-])O",
		"[O-][N+](=O)[O-]":                     "[O-][N+](=O)O",
		"[Na+].[O-][N+](=O)[O-]":               "[Na+].[O-][N+](=O)[O-]",
		"CC[NH3+].F[B-](F)(F)F":                "CC[NH3+].F[B-](F)(F)F",
		"[NH3+]CC[NH3+].F[B-](F)(F)F":          "NCC[NH3+].F[B-](F)(F)F",
		"[S-]C(=S)N.C[N+](C)(C)C.[O-]c1ccccc1": "[S-]C(=S)N.C[N+](C)(C)C.Oc1ccccc1",
		"C[N+](C)(C)CC[N+](C)(C)C.CC(=O)[O-]":  "C[N+](C)(C)CC[N+](C)(C)C.CC(=O)[O-]",
		"[cH-]1cccc1.[Fe+2].[cH-]1cccc1":       "[cH-]1cccc1.[Fe+2].[cH-]1cccc1",
		"C[N+](C)(C)CCOP(=O)([O-])[O-]":        "C[N+](C)(C)CCOP(=O)(O)[O-]",
		"C[B-](F)(F)F.[K+]":                    "C[B-](F)(F)F.[K+]",
		"O[B-](O)(O)c1ccccc1":                  "O[B-](O)(O)c1ccccc1",
		"[Mg+2].[O-]C(=O)CC([NH3+])C(=O)[O-]":  "[Mg+2].[O-]C(=O)CC(N)C(=O)[O-]",
		"[O-]c1cc[n+](C)cc1":                   "[O-]c1cc[n+](C)cc1",
		"[C-]#[N+]C":                           "[C-]#[N+]C",
		"[N-]=[N+]=NC":                         "[N-]=[N+]=NC",
		"CS(=O)(=O)[N-]c1ccccc1":               "CS(=O)(=O)Nc1ccccc1",

		// Where RDKit does otherwise.
		"[N-]=[N+]=[N-]":                    "[N-]=[N+]=N",
		"C[S+]([O-])c1nc2ccccc2[n-]1.[Na+]": "C[S+]([O-])c1nc2ccccc2[n-]1.[Na+]",
		"[S-2]":                             "S",
		"[cH-]1cccc1":                       "C1C=CC=C1",
		"C[S+2]([O-])([O-])[O-]":            "C[S+2]([O-])([O-])O",
		"[O-2].[Ca+2]":                      "[O-2].[Ca+2]",
	} {
		m, err := chem.Neutralize(chemtest.Parse(t, in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got, want := smiles.Canonical(m), smiles.Canonical(chemtest.Parse(t, want)); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

// TestNeutralizeDoesNotDependOnTheOrderOfAtoms writes ions of which only some
// can give way in many orders.
func TestNeutralizeDoesNotDependOnTheOrderOfAtoms(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	for _, in := range []string{
		"[O-]C(=O)CC(O)(CC(=O)[O-])C(=O)[O-].[Na+]", "[n-]1nnnc1C(=O)[O-].[K+]", "[O-]C=C.[O-]c1ccccc1.C[N+](C)(C)C",
		"[NH3+]CCC[NH2+]C.F[B-](F)(F)F", "[O-][N+](=O)[O-]", "[O-]P(=O)([O-])OP(=O)([O-])[O-].[Mg+2]",
		"[O-]C(=O)C[C@H]([NH3+])C(=O)[O-].[K+]",
	} {
		m := chemtest.Parse(t, in)
		n, err := chem.Neutralize(m)
		if err != nil {
			t.Fatal(err)
		}
		want := smiles.Canonical(n)
		for range 30 {
			w := smiles.Write(m, smiles.WriteOptions{Rand: r})
			n, err := chem.Neutralize(chemtest.Parse(t, w))
			if err != nil {
				t.Fatal(err)
			}
			if got := smiles.Canonical(n); got != want {
				t.Errorf("%s became %s, written as %s %s", in, want, w, got)
			}
		}
	}
}

func TestSymmetryClasses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		"c1ccccc1": 1, "Cc1ccccc1": 5, "CC(C)(C)O": 3, "C12C3C4C1C5C4C3C25": 1, "CCO": 3, "C[C@H](F)C[C@@H](F)C": 4,
	} {
		classes := chem.SymmetryClasses(chemtest.Parse(t, in))
		if got := slices.Max(classes) + 1; got != want {
			t.Errorf("%s: %d classes %v, want %d", in, got, classes, want)
		}
	}
}

func TestCanonicalRanksAreAPermutation(t *testing.T) {
	t.Parallel()
	m := chemtest.Parse(t, "CC(C)(C)c1cc(C(C)(C)C)cc(C(C)(C)C)c1.C1CC1.C1CC1")
	ranks := chem.CanonicalRanks(m)
	slices.Sort(ranks)
	for i, r := range ranks {
		if i != r {
			t.Fatalf("rank %d is missing in %v", i, ranks)
		}
	}
}

func TestStereoCentres(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"CC(N)C(=O)O":                "[{1 ?}]",
		"C[C@H](N)C(=O)O":            "[{1 S}]",
		"CCC":                        "[]",
		"C[S@](=O)CC":                "[{1 R}]",
		"C[P@@H]C1CCCCC1":            "[{1 R}]",
		"C1CCCCC1[P@@H]C":            "[{6 S}]",
		"C[As@H]CC":                  "[{1 S}]",
		"CC[As@H]C":                  "[{2 R}]",
		"C[P@@](F)C1CCCCC1":          "[{1 S}]",
		"C[P@@H](F)C1CCCCC1":         "[{1 R}]",
		"C[C@H](F)C(O)[C@@H](F)C":    "[{1 S} {5 S}]",
		"C[C@H](F)C(O)[C@H](F)C":     "[{1 S} {3 ?} {5 R}]",
		"CC1CCC(C)CC1":               "[]",
		"Cn1c(=O)n2n(c1=O)C1CCC2CC1": "[{4 ?} {5 ?}]",
	} {
		m := chemtest.Parse(t, in)
		got := "["
		for i, c := range chem.StereoCentres(m) {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprintf("{%d %c}", c.Atom, c.Label)
		}
		if got += "]"; got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestRingSystemsJoinFusedSpiroAndBridged(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		"c1ccc2ccccc2c1": 1, "C1CCC2(CC1)OCCO2": 1, "C1CC2CCC1C2": 1, "c1ccccc1-c1ccccc1": 2, "CCO": 0,
	} {
		if got := len(chem.RingSystems(chemtest.Parse(t, in))); got != want {
			t.Errorf("%s: %d ring systems, want %d", in, got, want)
		}
	}
}

func TestLargestComponentDropsCounterions(t *testing.T) {
	t.Parallel()
	m, err := chem.LargestComponent(chemtest.Parse(t, "[Na+].C[C@H](N)C(=O)[O-].O"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := smiles.Canonical(m), smiles.Canonical(chemtest.Parse(t, "C[C@H](N)C(=O)[O-]")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKekulizeMatchesLargePolycycles(t *testing.T) {
	t.Parallel()
	// Graphite-like flakes and fullerene pieces make a greedy matching fail.
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range []string{
		"c1cc2ccc3ccc4ccc5ccc6ccc1c1c2c3c4c5c61",
		"c1cc2cc3ccc4cc5cccc6c7cccc8c1c2c1c3c4c(c56)c1c78",
		"c1ccc2c(c1)c1ccccc1c1ccccc21",
	} {
		m, err := smiles.Parse(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		want := smiles.Canonical(m)
		for range 20 {
			w := smiles.Write(m, smiles.WriteOptions{Rand: r})
			if got := smiles.Canonical(chemtest.Parse(t, w)); got != want {
				t.Fatalf("%s: %s, want %s", w, got, want)
			}
		}
	}
}
