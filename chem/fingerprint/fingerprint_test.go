package fingerprint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/fingerprint"
)

// The expected hashes are those of RDKit 2022.09.
func TestMorganHashesAreRDKits(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][]fingerprint.Count{
		"C":    {{2246733040, 1}},
		"CCC":  {{2068133184, 1}, {2245384272, 1}, {2246728737, 2}, {3542456614, 2}},
		"SCCl": {{198706261, 1}, {751130035, 1}, {1016841875, 1}, {1026924773, 1}, {1694862553, 1}, {2245384272, 1}},
	} {
		if diff := cmp.Diff(want, fingerprint.Morgan(chemtest.Parse(t, s), 2)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s, diff)
		}
	}
	want := []int{80, 294, 1057, 1344}
	if diff := cmp.Diff(want, fingerprint.MorganBits(chemtest.Parse(t, "CCC"), 2, 2048).On()); diff != "" {
		t.Errorf("bits of propane (-want +got):\n%s", diff)
	}
}

func TestALargerRadiusOnlyAddsEnvironments(t *testing.T) {
	t.Parallel()
	m := chemtest.Parse(t, "COc1ccc(NC(C)=O)c(NC(=O)CCc2cnn(-c3ccccc3)c2)c1")
	for r := range 4 {
		big := fingerprint.MorganBits(m, r+1, 4096)
		for _, b := range fingerprint.MorganBits(m, r, 4096).On() {
			if !big.Has(b) {
				t.Errorf("radius %d has bit %d, radius %d has not", r, b, r+1)
			}
		}
	}
}

// TestFingerprintIsInvariantUnderAtomOrder holds the fingerprint of a molecule
// against that of the same molecule written in a random order.
func TestFingerprintIsInvariantUnderAtomOrder(t *testing.T) {
	t.Parallel()
	n := 0
	for row := range chemtest.Rows(t, "zinc") {
		if n++; n > 1000 {
			break
		}
		a := fingerprint.Morgan(chemtest.Parse(t, row["smiles"]), 3)
		b := fingerprint.Morgan(chemtest.Parse(t, row["rand_smiles"]), 3)
		if !slices.Equal(a, b) {
			t.Errorf("%s and %s differ", row["smiles"], row["rand_smiles"])
		}
	}
}

func TestWorkspaceGivesTheSameAgain(t *testing.T) {
	t.Parallel()
	var w fingerprint.Workspace
	for range 2 {
		for _, s := range []string{strings.Repeat("C", 90), "c1ccccc1", "CCO", "[Na+].[Cl-]"} {
			m := chemtest.Parse(t, s)
			if !slices.Equal(w.Morgan(m, 2), fingerprint.Morgan(m, 2)) {
				t.Errorf("%s: the workspace gives something else", s)
			}
		}
	}
}

func TestTanimotoIsASimilarity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(r, "bits")
		draw := func(name string) fingerprint.Bits {
			b := fingerprint.NewBits(n)
			for _, i := range rapid.SliceOf(rapid.IntRange(0, n-1)).Draw(r, name) {
				b.Set(i)
			}
			return b
		}
		a, b := draw("a"), draw("b")
		s := fingerprint.Tanimoto(a, b)
		if s != fingerprint.Tanimoto(b, a) {
			r.Error("not symmetric")
		}
		if s < 0 || s > 1 {
			r.Errorf("%v is outside [0, 1]", s)
		}
		if (s == 1) != (slices.Equal(a.On(), b.On()) && a.Count() > 0) {
			r.Errorf("%v for %v and %v", s, a.On(), b.On())
		}
		common := 0
		for _, i := range a.On() {
			if b.Has(i) {
				common++
			}
		}
		if either := a.Count() + b.Count() - common; either > 0 && s != float64(common)/float64(either) {
			r.Errorf("%v, want %d/%d", s, common, either)
		}
	})
}

func BenchmarkMorgan(b *testing.B) {
	m := chemtest.Parse(b, "COc1ccc(NC(C)=O)c(NC(=O)CCc2cnn(-c3ccccc3)c2)c1")
	var w fingerprint.Workspace
	for b.Loop() {
		w.Morgan(m, 2)
	}
}

func BenchmarkTanimoto(b *testing.B) {
	x := fingerprint.MorganBits(chemtest.Parse(b, "COc1ccc(NC(C)=O)cc1"), 2, 2048)
	y := fingerprint.MorganBits(chemtest.Parse(b, "COc1ccc(NC(=O)CC)cc1"), 2, 2048)
	for b.Loop() {
		fingerprint.Tanimoto(x, y)
	}
}
