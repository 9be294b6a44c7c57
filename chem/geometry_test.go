package chem_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// TestArrangementsAreNumberedAsInRDKit holds the number of an arrangement after
// its neighbours a, b, ... are listed in another order to what RDKit 2022.09.3
// finds for the same SMILES.
func TestArrangementsAreNumberedAsInRDKit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		geometry chem.Geometry
		number   uint8
		written  string // neighbours in the order in which number is meant
		want     uint8  // number for abcdef
	}{
		{chem.SquarePlanar, 1, "dacb", 2},
		{chem.SquarePlanar, 1, "dbac", 3},
		{chem.SquarePlanar, 2, "dbca", 1},
		{chem.SquarePlanar, 3, "cdba", 1},
		{chem.TrigonalBipyramidal, 1, "caebd", 19},
		{chem.TrigonalBipyramidal, 2, "caedb", 14},
		{chem.TrigonalBipyramidal, 5, "daceb", 16},
		{chem.TrigonalBipyramidal, 9, "bdeca", 3},
		{chem.TrigonalBipyramidal, 13, "edcab", 19},
		{chem.TrigonalBipyramidal, 20, "dabec", 13},
		{chem.Octahedral, 1, "cdfaeb", 12},
		{chem.Octahedral, 2, "dcbafe", 20},
		{chem.Octahedral, 4, "abecfd", 17},
		{chem.Octahedral, 8, "cefdba", 22},
		{chem.Octahedral, 14, "badfec", 9},
		{chem.Octahedral, 21, "fbdcea", 11},
		{chem.Octahedral, 26, "dfceba", 19},
		{chem.Octahedral, 30, "fcabed", 3},
	} {
		order := make([]int, len(c.written))
		for i, x := range c.written {
			order[x-'a'] = i
		}
		if got := c.geometry.Renumber(c.number, order); got != c.want {
			t.Errorf("geometry %d, %d for %s: %d, want %d", c.geometry, c.number, c.written, got, c.want)
		}
	}
}

func TestRenumberingIsAnAction(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9))
	for _, g := range []chem.Geometry{chem.SquarePlanar, chem.TrigonalBipyramidal, chem.Octahedral} {
		for n := 1; n <= g.Arrangements(); n++ {
			p, q := r.Perm(g.Places()), r.Perm(g.Places())
			both := make([]int, len(p))
			for i := range both {
				both[i] = p[q[i]]
			}
			if one, two := g.Renumber(uint8(n), both), g.Renumber(g.Renumber(uint8(n), p), q); one != two || one == 0 {
				t.Errorf("geometry %d, %d: %d at once, %d in two steps", g, n, one, two)
			}
		}
	}
}

// TestGeometricIsomers counts the canonical forms of complexes over all numbers.
func TestGeometricIsomers(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]int{
		"N[Pt@SP%d](N)(Cl)Cl":        2, // cis- and transplatin
		"N[Pt@SP%d](O)(F)Cl":         3,
		"N[Co@OH%d](N)(N)(Cl)(Cl)Cl": 2, // fac and mer
		"N[Co@OH%d](N)(N)(N)(Cl)Cl":  2,
		"N[Co@OH%d](N)(O)(O)(Cl)Cl":  6, // five, one of them chiral
		"N[Co@OH%d](O)(F)(Cl)(Br)I":  30,
		"F[As@TB%d](F)(F)(Cl)Cl":     3,
		"N[As@TB%d](O)(F)(Cl)Br":     20,
		"N1CCN[Co@OH%d]1(F)(F)(F)F":  2,
	} {
		most := map[byte]int{'S': 3, 'T': 20, 'O': 30}[pattern[indexOf(pattern, '@')+1]]
		seen := map[string]bool{}
		for n := 1; n <= most; n++ {
			seen[smiles.Canonical(chemtest.Parse(t, fmt.Sprintf(pattern, n)))] = true
		}
		if len(seen) != want {
			t.Errorf("%s: %d isomers, want %d: %v", pattern, len(seen), want, seen)
		}
	}
}

func indexOf(s string, c byte) int {
	for i := range len(s) {
		if s[i] == c {
			return i
		}
	}
	return -1
}
