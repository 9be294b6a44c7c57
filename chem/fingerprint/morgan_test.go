package fingerprint_test

import (
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	for row := range first(chemtest.Rows(t, "zinc"), 1000) {
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

func TestEnvironmentsAreWhatMorganCounts(t *testing.T) {
	t.Parallel()
	for row := range first(chemtest.Rows(t, "chembl"), 300) {
		m := chemtest.Parse(t, row["smiles"])
		list := fingerprint.Environments(m, 2, fingerprint.MorganOptions{})
		if diff := cmp.Diff(fingerprint.Morgan(m, 2), fingerprint.CountEnvironments(list)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row["smiles"], diff)
		}
		if x, y := fingerprint.FoldCounts(fingerprint.Morgan(m, 2), 512), fingerprint.MorganBits(m, 2, 512); !slices.Equal(x.Words(), y.Words()) {
			t.Errorf("%s: counts fold to %v, not %v", row["smiles"], x.On(), y.On())
		}
		folded := fingerprint.FoldEnvironments(list, 512).On()
		if diff := cmp.Diff(fingerprint.MorganBits(m, 2, 512).On(), folded); diff != "" {
			t.Errorf("%s, bits (-want +got):\n%s", row["smiles"], diff)
		}
		for i, e := range list {
			if i < len(m.Atoms) && (e.Atom != i || e.Radius != 0) || i > 0 && e.Radius < list[i-1].Radius {
				t.Errorf("%s: environment %d is %+v", row["smiles"], i, e)
			}
		}
	}
}

// Mirror images differ with chirality, and only with it.
func TestChiralityTellsMirrorImagesApart(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"},
		{"C[C@H](N)C(=O)NCCCl", "C[C@@H](N)C(=O)NCCCl"},
		{"CC/C=C/CO", "CC/C=C\\CO"},
	} {
		a, b := chemtest.Parse(t, pair[0]), chemtest.Parse(t, pair[1])
		for _, chirality := range []bool{false, true} {
			o := fingerprint.MorganOptions{Chirality: chirality}
			x := fingerprint.CountEnvironments(fingerprint.Environments(a, 2, o))
			y := fingerprint.CountEnvironments(fingerprint.Environments(b, 2, o))
			if slices.Equal(x, y) == chirality {
				t.Errorf("%s and %s, chirality %v: equal is %v", pair[0], pair[1], chirality, !chirality)
			}
		}
	}
}

func TestFeaturesOfAnAminoAcid(t *testing.T) {
	t.Parallel()
	got := fingerprint.Features(chemtest.Parse(t, "NC(Cc1ccc(F)cc1)C(=O)O"))
	const a = fingerprint.Aromatic
	want := []fingerprint.Feature{
		fingerprint.Donor | fingerprint.Acceptor | fingerprint.Basic, 0, 0, a, a, a, a, fingerprint.Halogen, a, a,
		fingerprint.Acidic, fingerprint.Acceptor, fingerprint.Donor,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// first is the first n values of a sequence.
func first[T any](all iter.Seq[T], n int) iter.Seq[T] {
	return func(yield func(T) bool) {
		k := 0
		for v := range all {
			if k++; k > n || !yield(v) {
				return
			}
		}
	}
}
