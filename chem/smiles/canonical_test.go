package smiles_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// known is what RDKit 2022.09 finds in some molecules; hydrogens and aromatic
// atoms as in the oracle tables, the canonical form is ours.
var known = []struct {
	name, in, canonical, hydrogens, aromatic string
	rings                                    int
}{
	{"ethanol", "OCC", "CCO", "1,2,3", "000", 0},
	{"toluene from its localised form", "CC1=CC=CC=C1", "Cc1ccccc1", "3,0,1,1,1,1,1", "0111111", 1},
	{"pyrrole", "C1=CNC=C1", "c1ccc[nH]1", "1,1,1,1,1", "11111", 1},
	{"nitro group", "CN(=O)=O", "C[N+]([O-])=O", "3,0,0,0", "0000", 0},
	{"azulene", "C1=CC2=CC=CC=CC2=C1", "c1ccccc-2cccc12", "1,1,0,1,1,1,1,1,0,1", "1111111111", 2},
	{"cubane", "C12C3C4C1C5C4C3C25", "C12C3C4C5C(C24)C1C53", "1,1,1,1,1,1,1,1", "00000000", 6},
	{"pyridone", "O=C1NC=CC=C1", "O=c1cccc[nH]1", "0,0,1,1,1,1,1", "0111111", 1},
	{"tropylium", "C1=CC=C[CH+]C=C1", "c1ccccc[cH+]1", "1,1,1,1,1,1,1", "1111111", 1},
	{"selenophene", "[Se]1C=CC=C1", "c1ccc[se]1", "0,1,1,1,1", "11111", 1},
	{"explicit hydrogens", "[H]C([H])([H])O[H]", "CO", "3,1", "00", 0},
	{"D-alanine", "C[C@@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "3,1,2,0,0,1", "000000", 0},
	{"mark on no centre", "C[C@H](C)O", "CC(C)O", "3,1,3,1", "0000", 0},
	{"trans-difluoroethene", "F/C=C/F", "F/C=C/F", "0,1,1,0", "0000", 0},
	{"bond between like neighbours", "F/C=C(/C)C", "CC(C)=CF", "0,1,0,3,3", "00000", 0},
	{"cis-1,4-dimethylcyclohexane", "C[C@H]1CC[C@@H](C)CC1", "C[C@@H]1CC[C@H](C)CC1", "3,1,2,2,1,3,2,2", "00000000", 1},
	{"salt", "[Na+].CC(=O)[O-]", "CC([O-])=O.[Na+]", "0,3,0,0,0", "00000", 0},
	{"perchlorate", "OCl(=O)(=O)=O", "[O-][Cl+3]([O-])([O-])O", "1,0,0,0,0", "00000", 0},
}

func TestParseFindsWhatRDKitFinds(t *testing.T) {
	t.Parallel()
	for _, k := range known {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			m := chemtest.Parse(t, k.in)
			if c := smiles.Canonical(m); c != k.canonical {
				t.Errorf("canonical form %s, want %s", c, k.canonical)
			}
			h, aromatic := atomColumns(m)
			if h != k.hydrogens || aromatic != k.aromatic || len(m.Rings) != k.rings {
				t.Errorf("got hydrogens %s, aromatic %s, %d rings; want %s, %s, %d", h, aromatic, len(m.Rings), k.hydrogens, k.aromatic, k.rings)
			}
		})
	}
}

// rich are molecules with much symmetry or stereo.
var rich = []string{
	"c1ccc(-c2ccccc2)cc1",
	"CC(C)(C)c1cc(C(C)(C)C)cc(C(C)(C)C)c1",
	"C12C3C4C1C5C4C3C25",
	"C1C2CC3CC1CC(C2)C3",
	"C12C3C4C5C1C1C4C5C3C21",
	"C1CCCCC1.C1CC1.C1CC1",
	"C[C@H]1CC[C@@H](C)CC1",
	"C[C@H]1CC[C@H](C)CC1",
	"O[C@H]1[C@H](O)[C@@H](O)[C@H](O)[C@H](O)[C@@H]1O",
	"C/C=C/C=C\\C(/C=C/F)=C/Cl",
	"CC(C)C[C@H](NC(=O)[C@@H](N)CC(=O)O)C(=O)N1CCC[C@H]1C(N)=O",
	"C[S@](=O)c1ccccc1",
	"F/C=C1/CC[C@@H](C)CC1",
	"C[N+]1(C)CCC2(CC1)OCCO2.[Br-]",
	"OC[C@H]1O[C@@H](O[C@H]2[C@H](O)[C@@H](O)C(O)O[C@@H]2CO)[C@H](O)[C@@H](O)[C@@H]1O",
	"C1=CC2=CC3=CC=C(N3)C=C3C=CC(=N3)C=C3C=CC(=CC1=N2)N3",
	"C/1=C/CCCCCCCC1",
	"CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5",
	"[13CH3][C@H](C)[2H]",
	"c1cc2ccc3cccc4ccc(c1)c2c34",
}

func TestCanonicalDoesNotDependOnTheOrderOfAtoms(t *testing.T) {
	t.Parallel()
	for _, s := range rich {
		t.Run(s, func(t *testing.T) {
			t.Parallel()
			m := chemtest.Parse(t, s)
			want := smiles.Canonical(m)
			r := rand.New(rand.NewPCG(1, 2))
			for range 60 {
				w := smiles.Write(m, smiles.WriteOptions{Rand: r})
				if got := smiles.Canonical(chemtest.Parse(t, w)); got != want {
					t.Fatalf("canonical form of %s is %s, of %s it is %s", s, want, w, got)
				}
			}
			k := smiles.Write(m, smiles.WriteOptions{Kekule: true})
			if got := smiles.Canonical(chemtest.Parse(t, k)); got != want {
				t.Errorf("canonical form of the localised %s is %s, want %s", k, got, want)
			}
		})
	}
}

func TestCanonicalTellsStereoisomersApart(t *testing.T) {
	t.Parallel()
	for _, group := range [][]string{
		{"C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CC(N)C(=O)O"},
		{"C[C@H]1CC[C@@H](C)CC1", "C[C@H]1CC[C@H](C)CC1", "CC1CCC(C)CC1"},
		{"F/C=C/Cl", "F/C=C\\Cl", "FC=CCl"},
		{"C[S@](=O)CC", "C[S@@](=O)CC"},
		{"O[C@H](F)[C@H](F)O", "O[C@H](F)[C@@H](F)O", "O[C@@H](F)[C@@H](F)O"},
	} {
		seen := map[string]string{}
		for _, s := range group {
			c := smiles.Canonical(chemtest.Parse(t, s))
			if other, ok := seen[c]; ok && s != "O[C@@H](F)[C@@H](F)O" {
				t.Errorf("%s and %s have the same canonical form %s", s, other, c)
			}
			seen[c] = s
		}
	}
}

func TestStripStereoLeavesTheConstitution(t *testing.T) {
	t.Parallel()
	for _, s := range rich {
		m := chemtest.Parse(t, s)
		plain := smiles.Write(m, smiles.WriteOptions{NoStereo: true})
		want := smiles.Canonical(chemtest.Parse(t, plain))
		if got := smiles.Canonical(chem.StripStereo(m)); got != want {
			t.Errorf("stripped %s is %s, want %s", s, got, want)
		}
	}
}

// atomColumns writes the columns hcounts and arom_atoms.
func atomColumns(m *chem.Mol) (hydrogens, aromatic string) {
	var h []string
	var flags strings.Builder
	for _, a := range m.Atoms {
		h = append(h, fmt.Sprint(a.Hydrogens()))
		if a.Aromatic {
			flags.WriteByte('1')
		} else {
			flags.WriteByte('0')
		}
	}
	return strings.Join(h, ","), flags.String()
}
