package chem_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/alert"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fingerprint"
	"github.com/molsculpt/molsculpt/chem/molfile"
	"github.com/molsculpt/molsculpt/chem/scaffold"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// Bounds on one input of FuzzChain.
const (
	longestInput = 300
	mostMemory   = 64 << 20 // bytes allocated on the way through the whole chain
)

// FuzzChain takes a string through everything that package chem and those below
// do with a molecule: none may panic, hang or allocate without bound, every
// SMILES written must be read again as the same formula, and every error have
// its type. Aromatic rings with wildcards or boron need not be readable: which of
// their atoms are aromatic, and which of these have hydrogens, depends on the
// localised form in RDKit's model.
func FuzzChain(f *testing.F) {
	for _, s := range []string{
		"CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)[O-].[Na+]", "F/C=C/C=C\\Cl", "C1CC2CCC1CC2", "c1ccc2c(c1)[nH]c1ccccc12",
		"[O-][n+]1ccccc1", "N->[Pt](<-N)(Cl)Cl", "C12C3C4C1C5C4C3C25", "OB(O)c1ccccc1", "*C1CC(*)C1", "[Pt@SP1](F)(Cl)(Br)I",
		"C%12CC%12.[13CH3:7][C:1]", "S(=O)(=O)(N)c1ccc(N=[N+]=[N-])cc1", "C[P@@H]C1CCCCC1", "CCC |^1:0,$a;b;c$|",
		"C123C45C16C21C34C561", "c1:c:c:c:c:c:1", "C~1CC1", "[Fe+2].[cH-]1cccc1.[cH-]1cccc1", "*12*%10*3*1*2*3%10",
	} {
		f.Add(s)
	}
	// Tables that are made once are not counted.
	if m, err := smiles.Parse("CC(=O)Oc1ccccc1C(=O)O"); err != nil {
		f.Fatal(err)
	} else if err := describe(m); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > longestInput {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := smiles.Parse(s)
		if err != nil {
			var syntax *smiles.SyntaxError
			if !errors.As(err, &syntax) && !typed(err) {
				t.Fatalf("%q: %T %v", s, err, err)
			}
			return
		}
		if err := describe(m); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		again, err := smiles.Parse(smiles.Canonical(m))
		switch {
		case ambiguous(m):
		case err != nil:
			t.Fatalf("%q: canonical form: %v", s, err)
		case descriptor.Formula(again) != descriptor.Formula(m):
			t.Fatalf("%q: formula %s became %s", s, descriptor.Formula(m), descriptor.Formula(again))
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > mostMemory {
			t.Fatalf("%q: %d bytes allocated", s, n)
		}
	})
}

// ambiguous tells whether a molecule has an aromatic ring with a wildcard or
// boron.
func ambiguous(m *chem.Mol) bool {
	aromatic, strange := false, false
	for _, a := range m.Atoms {
		aromatic = aromatic || a.Aromatic
		strange = strange || a.InRing && (a.Element == 0 || a.Element == 5)
	}
	return aromatic && strange
}

// describe computes all there is of a molecule. Reductions may leave a valence
// that the model does not allow; other errors are returned.
func describe(m *chem.Mol) error {
	a := descriptor.New(m)
	for _, c := range descriptor.Columns() {
		c.Text(a)
	}
	chem.StereoCentres(m)
	chem.CanonicalRanks(m)
	fingerprint.MorganBits(m, 3, 2048)
	for _, name := range alert.Names() {
		c, err := alert.Get(name)
		if err != nil {
			return err
		}
		c.Fired(nil, a.Target())
	}
	for _, v3000 := range []bool{false, true} {
		text, err := molfile.Append(nil, &molfile.Record{Mol: m}, molfile.Options{V3000: v3000})
		if err != nil {
			continue // a geometry or a number that the format has no place for
		}
		if _, err := molfile.Parse(text); err != nil {
			return err
		}
	}
	var ring *chem.RingError
	if _, err := chem.RingFamilies(m); err != nil && !errors.As(err, &ring) {
		return err
	}
	for _, reduce := range []func(*chem.Mol) (*chem.Mol, error){chem.Neutralize, chem.LargestComponent, scaffold.Murcko, scaffold.Generic} {
		if out, err := reduce(m); err == nil {
			if _, err := smiles.Parse(smiles.Canonical(out)); err != nil && !ambiguous(out) {
				return err
			}
		}
	}
	if _, err := scaffold.Key(m, scaffold.KeyOptions{}); err != nil && !typed(err) {
		return err
	}
	return nil
}

// typed tells whether an error is one of those of package chem.
func typed(err error) bool {
	var valence *chem.ValenceError
	var kekulize *chem.KekulizeError
	var ring *chem.RingError
	return errors.As(err, &valence) || errors.As(err, &kekulize) || errors.As(err, &ring)
}
