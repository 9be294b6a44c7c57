package chem_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/chem"
)

// patience is far more than the search for rings takes on a busy machine.
const patience = 2 * time.Minute

// TestRingSearchIsBounded perceives graphs with far more rings than molecules
// have: those within the bound are searched, the others named in the error.
func TestRingSearchIsBounded(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct {
		name     string
		m        *chem.Mol
		tooDense bool
	}{
		{"300 atoms with 20 bonds each", randomGraph(r, 300, 20), true},
		{"1000 atoms with 40 bonds each", randomGraph(r, 1000, 40), true},
		{"2 atoms joined by 2000 others", bipartite(2, 2000), true},
		{"40 atoms bonded to 40 others", bipartite(40, 40), false},
		{"60 atoms with 10 bonds each", randomGraph(r, 60, 10), false},
		{"300 atoms with 4 bonds each", randomGraph(r, 300, 4), false},
		{"2 atoms joined by 40 others", bipartite(2, 40), false},
		{"2500 fused squares", sheet(50), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			err := chem.Perceive(c.m)
			var e *chem.RingError
			if c.tooDense != errors.As(err, &e) || !c.tooDense && err != nil {
				t.Fatalf("got %v, want a RingError: %t", err, c.tooDense)
			}
			if c.tooDense && (e.Bonds > len(c.m.Bonds) || e.Bonds < e.Atoms || e.Atoms > len(c.m.Atoms)) {
				t.Errorf("%v, of a molecule with %d atoms and %d bonds", err, len(c.m.Atoms), len(c.m.Bonds))
			}
			if err == nil {
				if _, err := chem.RingFamilies(c.m); err != nil && !errors.As(err, &e) {
					t.Error(err)
				}
			}
			if d := time.Since(begin); d > patience {
				t.Errorf("took %v", d)
			}
		})
	}
}

// TestFusedRingsAreBounded perceives aromatic candidates that share one bond:
// there are more sets of six than could be tried one by one.
func TestFusedRingsAreBounded(t *testing.T) {
	t.Parallel()
	for _, n := range []int{5, 40, 200} {
		m := &chem.Mol{Atoms: []chem.Atom{{}, {}}, Bonds: []chem.Bond{{A: 0, B: 1, Order: chem.Single}}}
		for range n {
			i := int32(len(m.Atoms))
			m.Atoms = append(m.Atoms, chem.Atom{Element: 6}, chem.Atom{Element: 6})
			m.Bonds = append(m.Bonds, chem.Bond{A: 0, B: i, Order: chem.Single},
				chem.Bond{A: i, B: i + 1, Order: chem.Double}, chem.Bond{A: i + 1, B: 1, Order: chem.Single})
		}
		begin := time.Now()
		if err := chem.Perceive(m); err != nil {
			t.Fatal(err)
		}
		if len(m.Rings) < n {
			t.Errorf("%d rings, want at least %d", len(m.Rings), n)
		}
		if d := time.Since(begin); d > patience {
			t.Errorf("%d rings took %v", n, d)
		}
	}
}

// bipartite bonds each of a wildcards to each of b others.
func bipartite(a, b int) *chem.Mol {
	m := &chem.Mol{Atoms: make([]chem.Atom, a+b)}
	for i := range a {
		for j := range b {
			m.Bonds = append(m.Bonds, chem.Bond{A: int32(i), B: int32(a + j), Order: chem.Single})
		}
	}
	return m
}

// sheet is a square lattice of n by n cells.
func sheet(n int) *chem.Mol {
	side := int32(n + 1)
	m := &chem.Mol{Atoms: make([]chem.Atom, side*side)}
	for i := range side * side {
		if i%side < side-1 {
			m.Bonds = append(m.Bonds, chem.Bond{A: i, B: i + 1, Order: chem.Single})
		}
		if i+side < side*side {
			m.Bonds = append(m.Bonds, chem.Bond{A: i, B: i + side, Order: chem.Single})
		}
	}
	return m
}

func Example_ringError() {
	m := bipartite(2, 300)
	fmt.Println(chem.Perceive(m))
	// Output: chem: find rings: 302 atoms with 600 bonds between them have too many rings
}
