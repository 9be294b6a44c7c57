package fingerprint_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/chem/fingerprint"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// FuzzFingerprints computes all fingerprints of whatever can be read, and holds
// them against themselves: more radius has all bits of less, a longer vector
// folds to a shorter one, codes are as many as hashes.
func FuzzFingerprints(f *testing.F) {
	for _, s := range []string{
		"CC1CC1C(=O)[O-]", "c1ccc2[nH]ccc2c1.[Na+]", "F/C=C/[C@H](C)N", "*:1:*:*1", "C~C->[Fe]", "[2H]C#N",
		"C1C2CC3CC1CC(C2)C3", "C[Pt@OH5](N)(F)(Cl)(Br)I", "[H][H]", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := smiles.Parse(s)
		if err != nil || len(m.Atoms) > 40 || len(m.Bonds) > len(m.Atoms)+4 {
			return // a cage of many rings has too many subgraphs
		}
		small, large := fingerprint.MorganBits(m, 1, 1024), fingerprint.MorganBits(m, 3, 1024)
		if o := fingerprint.OverlapBits(small, large); o.Both != o.A {
			t.Errorf("%q: %d of %d bits of radius 1 are bits of radius 3", s, o.Both, o.A)
		}
		for _, variant := range []fingerprint.MorganOptions{{Features: true}, {Chirality: true}, {IgnoreBonds: true, Redundant: true}} {
			fingerprint.Environments(m, 3, variant)
		}
		for _, chirality := range []bool{false, true} {
			same(t, s, fingerprint.AtomPairs(m, chirality), fingerprint.HashedAtomPairs(m, chirality))
			same(t, s, fingerprint.Torsions(m, chirality), fingerprint.HashedTorsions(m, chirality))
		}
		fine, coarse := fingerprint.SubgraphBits(m, 1024), fingerprint.SubgraphBits(m, 512)
		for _, bit := range fine.On() {
			if !coarse.Has(bit % 512) {
				t.Errorf("%q: subgraph bit %d of 1024 is not folded", s, bit)
			}
		}
	})
}

// same holds the number of codes against that of hashes.
func same(t *testing.T, s string, codes []fingerprint.CodeCount, hashes []fingerprint.Count) {
	t.Helper()
	a, b := 0, 0
	for _, c := range codes {
		a += c.Count
	}
	for _, h := range hashes {
		b += h.Count
	}
	if a != b {
		t.Errorf("%q: %d codes, %d hashes", s, a, b)
	}
}
