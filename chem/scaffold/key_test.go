package scaffold_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/scaffold"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

var zero scaffold.KeyOptions

func key(t *testing.T, m *chem.Mol, o scaffold.KeyOptions) string {
	t.Helper()
	k, err := scaffold.Key(m, o)
	if err != nil {
		t.Errorf("%s: %v", smiles.Write(m, smiles.WriteOptions{}), err)
	}
	return k
}

// TestWhatIsOneCompound: the molecules of a line are one compound, those of
// different lines are not.
func TestWhatIsOneCompound(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, line := range []string{
		"CC(=O)O CC(=O)[O-] CC(=O)[O-].[Na+] CC(=O)O[Na] [K]OC(C)=O CC(=O)O.O CC(=O)[O-].CC(=O)[O-].[Ca+2] CC(=O)O[Mg]OC(C)=O",
		"NCC(=O)O [NH3+]CC(=O)[O-] [NH3+]CC(=O)O.[Cl-] NCC(=O)[O-].[K+] Cl.NCC(O)=O [CH2:1](N)[C:2](=O)O",
		"C[N+](C)(C)CC(=O)[O-] C[N+](C)(C)CC(=O)O C[N+](C)(C)CC(=O)O.[Cl-]",
		"CS(C)=O C[S+](C)[O-]",
		"CP(C)(C)=O C[P+](C)(C)[O-]",
		"CN(=O)=O C[N+](=O)[O-]",
		"C[N+](C)(C)[O-] CN(C)(C)=O",
		"c1ccccc1[O-].[Na+] c1ccccc1O OC1=CC=CC=C1 [Na]Oc1ccccc1",
		"CC[N-]S(=O)(=O)C.[Na+] CCNS(C)(=O)=O",
		"[O-][n+]1ccccc1 O=n1ccccc1",
		"C[n+]1ccccc1.[I-] C[n+]1ccccc1 C[N+]1=CC=CC=C1.[Cl-]",
		"OP(O)(=O)OC [O-]P([O-])(=O)OC.[Na+].[Na+] OP([O-])(=O)OC",
		"Oc1ccncc1", // a tautomer of the next
		"O=c1cc[nH]cc1",
		"C[C@H](N)C(=O)O C[C@H]([NH3+])C(=O)[O-] OC(=O)[C@H](C)N.Cl",
		"C[C@@H](N)C(=O)O",
		"CC(N)C(=O)O",
		"[13CH3]C(=O)O",
		"[Na+].[Cl-] Cl [Cl-].[K+]", // nothing organic
		"F[P-](F)(F)(F)(F)F.[Na+] F[P-](F)(F)(F)(F)F",
	} {
		first := ""
		for s := range strings.FieldsSeq(line) {
			k := key(t, chemtest.Parse(t, s), zero)
			if first == "" {
				first = k
				if other, ok := seen[k]; ok {
					t.Errorf("%s and %s have one key, %s", s, other, k)
				}
				seen[k] = s
			}
			if k != first {
				t.Errorf("%s has key %s, not %s", s, k, first)
			}
		}
	}
}

// TestKeyLaws: the key of real molecules depends neither on the order of atoms
// nor on counter-ions, solvents and charges, and is its own key.
func TestKeyLaws(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for _, table := range []string{"zinc", "drugs", "diverse"} {
		n := 0
		for row := range chemtest.Rows(t, table) {
			if row["status"] != "ok" {
				continue
			}
			if n++; n > 500 {
				break
			}
			m := chemtest.Parse(t, row["smiles"])
			want := key(t, m, zero)
			same := func(what string, other *chem.Mol) {
				if got := key(t, other, zero); got != want {
					t.Errorf("%s, %s: key %s, not %s", row["smiles"], what, got, want)
				}
			}
			same("in another order", chemtest.Parse(t, smiles.Write(m, smiles.WriteOptions{Rand: random})))
			same("its own key", chemtest.Parse(t, want))
			if hasCarbon(m) {
				for _, salt := range []string{".[Na+]", ".Cl", ".O.O", ".[O-]S(=O)(=O)[O-]"} {
					same("with "+salt, chemtest.Parse(t, smiles.Write(m, smiles.WriteOptions{})+salt))
				}
			}
			if c := ionized(random, m); chem.Perceive(c) == nil {
				same("as "+smiles.Write(c, smiles.WriteOptions{}), c)
			}
		}
	}
}

func hasCarbon(m *chem.Mol) bool {
	for i := range m.Atoms {
		if m.Atoms[i].Element == 6 {
			return true
		}
	}
	return false
}

// ionized is a copy of m, not perceived, with charges on some of those atoms
// where that names no tautomer: amines take up a proton, oxygen and sulphur on
// single bonds lose one.
func ionized(random *rand.Rand, m *chem.Mol) *chem.Mol {
	c := m.Clone()
	for i := range c.Atoms {
		a := &c.Atoms[i]
		h := a.Hydrogens()
		if a.Charge != 0 || a.Aromatic || a.Chirality != chem.Achiral || chargedNeighbor(c, i) || random.IntN(2) == 0 {
			continue
		}
		switch {
		case a.Element == 7 && m.Degree(i)+h == 3:
			a.ExplicitH, a.ImplicitH, a.NoImplicit, a.Charge = uint8(h+1), 0, true, 1
		case (a.Element == 8 || a.Element == 16) && h > 0 && m.Degree(i) == 1:
			a.ExplicitH, a.ImplicitH, a.NoImplicit, a.Charge = uint8(h-1), 0, true, -1
		}
	}
	return c
}

func chargedNeighbor(m *chem.Mol, i int) bool {
	for _, nb := range m.Neighbors(i) {
		if m.Atoms[nb.Atom].Charge != 0 {
			return true
		}
	}
	return false
}

func TestStereoCountsOnRequest(t *testing.T) {
	t.Parallel()
	for row := range chemtest.Rows(t, "chembl") {
		m := chemtest.Parse(t, row["smiles"])
		with, without := key(t, m, zero), key(t, m, scaffold.KeyOptions{IgnoreStereo: true})
		if flat := key(t, chem.StripStereo(m), zero); flat != without {
			t.Errorf("%s: key %s without stereo, %s of what has none", row["smiles"], without, flat)
		}
		if marked := strings.ContainsAny(with, "@/\\"); marked != (with != without) {
			t.Errorf("%s: key %s, without stereo %s", row["smiles"], with, without)
		}
	}
}

func TestIsotopesCountOnRequest(t *testing.T) {
	t.Parallel()
	o := scaffold.KeyOptions{IgnoreIsotopes: true}
	for plain, labelled := range map[string][]string{
		"CC(O)c1ccccc1": {"[13CH3]C(O)c1ccccc1", "CC([2H])(O)c1ccccc1", "[2H]OC(C)c1cc[14cH]cc1", "[2H]C([2H])([2H])C(O)c1ccccc1"},
		"CC(O)C":        {"[13CH3][C@H](O)C", "C[C@@]([2H])(O)[13CH3]", "C[C@H](O)C[2H]"},
		"C=CC":          {"[2H]C=CC"},
	} {
		want := key(t, chemtest.Parse(t, plain), o)
		for _, s := range labelled {
			m := chemtest.Parse(t, s)
			if got := key(t, m, o); got != want {
				t.Errorf("%s: key %s, not %s", s, got, want)
			}
			if key(t, m, zero) == want {
				t.Errorf("%s has the key of the natural mixture", s)
			}
		}
	}
}
