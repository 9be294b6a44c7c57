package chem_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
)

func TestRingFamiliesOfKnownMolecules(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"CCO":                      "",
		"c1ccc2ccccc2c1":           "6:6 6:6",
		"C12C3C4C1C5C4C3C25":       "4:4 4:4 4:4 4:4 4:4 4:4", // cubane
		"C1CC2CCC1CC2":             "6:6 6:6 6:6",             // one more than a basis has
		"C1CC2CCC1C2":              "5:5 5:5",
		"C1Cc2ccc(cc2)CCc2ccc1cc2": "6:6 6:6 12:16", // [2.2]paracyclophane
		"C1CCC1.C1CC1":             "3:3 4:4",
	} {
		got := ""
		for i, f := range families(t, chemtest.Parse(t, in)) {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprintf("%d:%d", f.Size, len(f.Atoms))
		}
		if got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestRingFamiliesAreWhatTheDefinitionSays compares with all cycles of small
// random graphs.
func TestRingFamiliesAreWhatTheDefinitionSays(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 400 {
		m := randomGraph(r, 4+r.IntN(5), 2.8)
		if err := chem.Perceive(m); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range families(t, m) {
			got = append(got, fmt.Sprint(f.Size, f.Bonds))
		}
		slices.Sort(got)
		if want := familiesByDefinition(m); !slices.Equal(got, want) {
			t.Fatalf("bonds %v:\n got %v\nwant %v", m.Bonds, got, want)
		}
	}
}

func families(t *testing.T, m *chem.Mol) []chem.RingFamily {
	t.Helper()
	f, err := chem.RingFamilies(m)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// randomGraph has n wildcards with about degree neighbours each.
func randomGraph(r *rand.Rand, n int, degree float64) *chem.Mol {
	m := &chem.Mol{}
	for range n {
		m.Atoms = append(m.Atoms, chem.Atom{NoImplicit: true})
	}
	for a := range n {
		for b := range a {
			if r.Float64() < degree/float64(n) {
				m.Bonds = append(m.Bonds, chem.Bond{A: int32(b), B: int32(a), Order: chem.Single})
			}
		}
	}
	return m
}

// familiesByDefinition lists all cycles as bits over bonds, keeps those that are
// no sum of shorter ones, and joins those of one size that share a bond and
// whose sum is one of shorter cycles.
func familiesByDefinition(m *chem.Mol) []string {
	var cycles []uint64
	for bits := uint64(1); bits < 1<<len(m.Bonds); bits++ {
		if isCycle(m, bits) {
			cycles = append(cycles, bits)
		}
	}
	size := func(c uint64) int { return len(ones(c)) }
	slices.SortFunc(cycles, func(a, b uint64) int { return size(a) - size(b) })
	var out []string
	var basis []uint64
	for start := 0; start < len(cycles); {
		end := start
		var relevant []uint64
		for end < len(cycles) && size(cycles[end]) == size(cycles[start]) {
			if remainder(basis, cycles[end]) != 0 {
				relevant = append(relevant, cycles[end])
			}
			end++
		}
		group := make([]int, len(relevant))
		for i := range group {
			group[i] = i
		}
		for range relevant {
			for i := range relevant {
				for j := range relevant {
					if relevant[i]&relevant[j] != 0 && remainder(basis, relevant[i]^relevant[j]) == 0 {
						group[i] = min(group[i], group[j])
						group[j] = group[i]
					}
				}
			}
		}
		bonds := map[int]uint64{}
		for i, c := range relevant {
			bonds[group[i]] |= c
		}
		for _, b := range bonds {
			out = append(out, fmt.Sprint(size(cycles[start]), ones(b)))
		}
		for _, c := range relevant {
			if x := remainder(basis, c); x != 0 {
				basis = append(basis, x)
			}
		}
		start = end
	}
	slices.Sort(out)
	return out
}

func ones(bits uint64) []int {
	out := []int{}
	for i := range 64 {
		if bits>>i&1 != 0 {
			out = append(out, i)
		}
	}
	return out
}

// isCycle tells whether bonds form one simple cycle: every atom has two or none,
// and they hang together.
func isCycle(m *chem.Mol, bits uint64) bool {
	degree := make([]int, len(m.Atoms))
	list := ones(bits)
	for _, k := range list {
		degree[m.Bonds[k].A]++
		degree[m.Bonds[k].B]++
	}
	for _, d := range degree {
		if d != 0 && d != 2 {
			return false
		}
	}
	first := m.Bonds[list[0]]
	at, used, steps := first.B, list[0], 1
	for at != first.A {
		for _, k := range list {
			if b := m.Bonds[k]; k != used && (b.A == at || b.B == at) {
				at, used = int32(b.Other(int(at))), k
				break
			}
		}
		steps++
	}
	return steps == len(list)
}

// remainder takes basis vectors, in the order in which they were found, out of v.
func remainder(basis []uint64, v uint64) uint64 {
	for _, b := range basis {
		if v^b < v {
			v ^= b
		}
	}
	return v
}

// TestSmallestRingsAreABasis proves that the smallest rings of cages are
// independent, as many as independent cycles there are, and together as short
// as can be, by all their cycles.
func TestSmallestRingsAreABasis(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"c1ccc2ccccc2c1", "C1CC2CCC1CC2", "C12C3C4C1C5C4C3C25", "C1C2CC3CC1CC(C2)C3", "C12C3C1C1C2C31",
		"C123C45C16C21C34C561",          // an octahedron: no atom has fewer than four ring bonds
		"C123C45C11C44C55C22C33C14C523", // nine atoms, eighteen bonds
	} {
		m := chemtest.Parse(t, s)
		var basis []uint64
		length := 0
		for _, ring := range chem.SmallestRings(m) {
			bits := uint64(0)
			for i, a := range ring {
				bits |= 1 << m.BondBetween(int(a), int(ring[(i+1)%len(ring)]))
			}
			x := remainder(basis, bits)
			if x == 0 {
				t.Fatalf("%s: ring %v is a sum of others", s, ring)
			}
			basis = append(basis, x)
			length += len(ring)
		}
		want, shortest := minimumBasisByDefinition(m)
		if len(basis) != want || length != shortest {
			t.Errorf("%s: %d rings with %d bonds, want %d with %d", s, len(basis), length, want, shortest)
		}
	}
}

// minimumBasisByDefinition takes all cycles, short ones first, that are no sum
// of those taken.
func minimumBasisByDefinition(m *chem.Mol) (count, length int) {
	var cycles, basis []uint64
	for bits := uint64(1); bits < 1<<len(m.Bonds); bits++ {
		if isCycle(m, bits) {
			cycles = append(cycles, bits)
		}
	}
	slices.SortFunc(cycles, func(a, b uint64) int { return len(ones(a)) - len(ones(b)) })
	for _, c := range cycles {
		if x := remainder(basis, c); x != 0 {
			basis = append(basis, x)
			length += len(ones(c))
		}
	}
	return len(basis), length
}
