package verify

import (
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
)

// Composites of exact models are the same on trees and on molecules; those of
// models that tell trees of one molecule apart are not, but by less than these
// models' errors.
func TestMoleculesAreCompositesWhereModelsSeeMolecules(t *testing.T) {
	t.Parallel()
	d, err := Fragments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.Graph.States); d.molecules >= n || d.molecules < n/2 {
		t.Fatalf("%d trees are %d molecules: nothing is tested", n, d.molecules)
	}
	noisy, err := d.Perturbed("noisy", .1, 4)
	if err != nil {
		t.Fatal(err)
	}
	noisy.mostBase = .2
	for _, text := range []string{"size & hetero", "hetero - size", "qed & sa", "0.3 qed | 0.7 sa", "qed & sa & size"} {
		for _, domain := range []*Domain{d, noisy} {
			tg, err := NewTarget(domain, text)
			if err != nil {
				t.Fatal(err)
			}
			results, err := molecules.Check(t.Context(), tg, &Run{})
			if err != nil {
				t.Fatal(err)
			}
			l1 := results[len(results)-1]
			if domain == noisy && !tg.Mixture() && l1.Error < 1e-10 {
				t.Errorf("%s: noise does not show on molecules: %g", text, l1.Error)
			}
			if domain == noisy {
				more, err := learned.Check(t.Context(), tg, &Run{})
				if err != nil {
					t.Fatal(err)
				}
				results = append(results, more...)
			}
			for _, x := range results {
				if !x.Passed() {
					t.Errorf("%s on %s: %s %g, bound %g", text, domain.Name, x.Quantity, x.Error, x.Bound)
				}
			}
		}
	}
}

// A model's errors are its distance to its reward, and a bad model is told.
func TestTrainedModelsAreHeldAgainstTheirRewards(t *testing.T) {
	t.Parallel()
	d, err := Fragments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for noise, good := range map[float64]bool{.02: true, .5: false} {
		noisy, err := d.Perturbed("noisy", noise, 4)
		if err != nil {
			t.Fatal(err)
		}
		noisy.mostBase = .1
		tg, err := NewTarget(noisy, "qed")
		if err != nil {
			t.Fatal(err)
		}
		results, err := learning.Check(t.Context(), tg, &Run{})
		if err != nil {
			t.Fatal(err)
		}
		if want := oracle.L1(noisy.Models["qed"].Law.Terminal, d.Models["qed"].Law.Terminal); math.Abs(results[0].Error-want) > 1e-12 || results[0].Passed() != good {
			t.Errorf("noise of %g nats: error %g, want %g; bound %g", noise, results[0].Error, want, results[0].Bound)
		}
		both, err := NewTarget(noisy, "qed & sa")
		if err != nil {
			t.Fatal(err)
		}
		swapped := *both.Models[1] // a model that learned the other reward
		swapped.Law = both.Models[0].Law
		both.Models[1], both.Laws[1] = &swapped, swapped.Law
		if both.baseErrors() < .5 {
			t.Errorf("a model of another reward is off by %g only", both.baseErrors())
		}
	}
}
