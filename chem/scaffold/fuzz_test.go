package scaffold_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/scaffold"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// FuzzReductions puts all kinds of molecules through the functions of the
// package. They may fail, but not panic, and what they return can be written.
func FuzzReductions(f *testing.F) {
	for _, s := range []string{
		"CC(=O)O[Na]", "C[N+](C)(C)CC([O-])=O.Cl", "c1ccc2[n-]ccc2c1.[K+]", "C/C=C(\\F)c1ccccc1",
		"C[S@@+]([O-])c1ccccc1", "[2H]N=C(C)[O-]", "*1**~*1", "N->[Cu]<-n1ccccc1", "C[Pt@SP1](N)(Cl)Br", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := smiles.Parse(s)
		if err != nil || len(m.Atoms) > 60 {
			return
		}
		for _, reduce := range []func(*chem.Mol) (*chem.Mol, error){
			scaffold.Murcko, scaffold.Generic, scaffold.Parent,
			func(m *chem.Mol) (*chem.Mol, error) { return scaffold.LargestFragment(m, true) },
			func(m *chem.Mol) (*chem.Mol, error) {
				rest, _, err := scaffold.StripSalts(m)
				return rest, err
			},
		} {
			if c, err := reduce(m); err == nil {
				smiles.Canonical(c)
			}
		}
		for _, o := range []scaffold.KeyOptions{{}, {IgnoreStereo: true}, {IgnoreIsotopes: true}} {
			k, err := scaffold.Key(m, o)
			if err != nil {
				continue
			}
			if _, err := smiles.Parse(k); err != nil {
				t.Errorf("the key of %q, %s, cannot be read: %v", s, k, err)
			}
		}
	})
}
