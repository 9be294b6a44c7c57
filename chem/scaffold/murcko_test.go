package scaffold_test

import (
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/scaffold"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// TestMurckoIsRDKits compares scaffolds with those of the tables. Two rows of
// tricky differ: C1=CC=NC=N1->[Fe], where RDKit puts a hydrogen on the nitrogen
// that has lost the iron and cannot read its own answer, c1cnc[nH]c1; and a ring
// with wildcards, whose bonds it reads back as other ones.
func TestMurckoIsRDKits(t *testing.T) {
	t.Parallel()
	for table, differ := range map[string]int{"zinc": 0, "chembl": 0, "drugs": 0, "frag72": 0, "diverse": 0, "tricky": 2} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			rows, wrong := 0, 0
			for row := range chemtest.Rows(t, table) {
				m, err := smiles.Parse(row["smiles"])
				if err != nil || row["status"] != "ok" {
					continue
				}
				rows++
				got, err := scaffold.MurckoSMILES(m)
				if err != nil {
					got = err.Error()
				}
				want := row["murcko"] + " cannot be read"
				if ref, err := smiles.Parse(row["murcko"]); err == nil {
					want = smiles.Canonical(ref)
				}
				if got != want {
					wrong++
					t.Logf("%s: got %s, want %s (%s)", row["smiles"], got, want, row["murcko"])
				}
			}
			if wrong > differ {
				t.Errorf("%d of %d scaffolds differ, not at most %d", wrong, rows, differ)
			}
		})
	}
}

// TestDoublyBondedAtomsOfMurckoScaffolds has RDKit's answers for atoms that hang
// on the core by a double bond and lose a neighbour.
func TestDoublyBondedAtomsOfMurckoScaffolds(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"O[PH]=C1CCCC1": "P=C1CCCC1", "O[P]=C1CCCC1": "P=C1CCCC1", "C[N]=C1CCCC1": "N=C1CCCC1",
		"C[CH]=C1CCCC1": "[CH]=C1CCCC1", "C[C](F)=C1CCCC1": "C=C1CCCC1", "C[C]=C1CCCC1": "[C]=C1CCCC1",
		"C[C-]=C1CCCC1": "[C-]=C1CCCC1", "[C]=C1CCCC1": "[C]=C1CCCC1", "C[Si](C)=C1CCCC1": "[Si]=C1CCCC1",
		"C[N+]=C1CCCC1": "[N+]=C1CCCC1", "C[13C](F)=C1CCCC1": "C=C1CCCC1", "F[B]=C1CCCC1": "B=C1CCCC1",
		"C=[C]=[Si]1CCCC1": "C=[Si]1CCCC1", "CN=S1CCCC1": "N=S1CCCC1",
	} {
		got, err := scaffold.MurckoSMILES(chemtest.Parse(t, in))
		if err != nil {
			t.Fatal(err)
		}
		if want := smiles.Canonical(chemtest.Parse(t, want)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// TestMurckoLaws: a scaffold is its own scaffold, has all rings of the molecule,
// and does not depend on the order of the atoms.
func TestMurckoLaws(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, table := range []string{"drugs", "chembl", "diverse"} {
		n := 0
		for row := range chemtest.Rows(t, table) {
			if row["status"] != "ok" {
				continue
			}
			if n++; n > 1000 {
				break
			}
			m := chemtest.Parse(t, row["smiles"])
			s, err := scaffold.Murcko(m)
			if err != nil {
				t.Errorf("%s: %v", row["smiles"], err)
				continue
			}
			if len(s.Rings) != len(m.Rings) {
				t.Errorf("%s: %d rings, its scaffold has %d", row["smiles"], len(m.Rings), len(s.Rings))
			}
			want := smiles.Canonical(s)
			again, err := scaffold.Murcko(s)
			if err != nil || smiles.Canonical(again) != want {
				t.Errorf("%s: the scaffold of %s is %s, %v", row["smiles"], want, smiles.Canonical(again), err)
			}
			other, err := scaffold.Murcko(chemtest.Parse(t, smiles.Write(m, smiles.WriteOptions{Rand: random})))
			if err != nil || smiles.Canonical(other) != want {
				t.Errorf("%s: the scaffold is %s, in another order %s, %v", row["smiles"], want, smiles.Canonical(other), err)
			}
		}
	}
}

func TestScaffoldLeavesTheMoleculeAlone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"C[C@H](F)c1ccc(C(=O)[O-])[n+](C)c1", "C/C(=C\\c1ccccc1)C(=O)N1CCCC1", "CC[S@](=O)c1cc[nH]c1.[Na+].[2H]OC"} {
		m := chemtest.Parse(t, s)
		before := smiles.Write(m, smiles.WriteOptions{})
		for _, f := range []func(*chem.Mol) (*chem.Mol, error){scaffold.Murcko, scaffold.Generic, scaffold.Parent} {
			if _, err := f(m); err != nil {
				t.Errorf("%s: %v", s, err)
			}
			if after := smiles.Write(m, smiles.WriteOptions{}); after != before {
				t.Errorf("%s became %s", before, after)
			}
		}
		if _, err := scaffold.Key(m, scaffold.KeyOptions{IgnoreStereo: true, IgnoreIsotopes: true}); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if after := smiles.Write(m, smiles.WriteOptions{}); after != before {
			t.Errorf("%s became %s by its key", before, after)
		}
	}
}

// Five neighbours are too many for a carbon.
func TestGenericNeedsCarbonsToDo(t *testing.T) {
	t.Parallel()
	_, err := scaffold.Generic(chemtest.Parse(t, "FS(F)(F)(F)(F)c1ccccc1"))
	if err == nil {
		t.Error("a carbon with six neighbours passes")
	}
}
