package chem_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
)

// TestPerceptionTable holds what perception finds on atoms and bonds to a table
// that RDKit 2022.09.3 made: hydrogens, unpaired electrons, aromatic atoms,
// hybridisation, conjugated bonds, ring sizes, and symmetry classes, numbered
// in the order of their first atoms.
func TestPerceptionTable(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/perception.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	columns := strings.Split(lines[0], "\t")
	for _, line := range lines[1:] {
		want := strings.Split(line, "\t")
		for i, got := range perceived(chemtest.Parse(t, want[0])) {
			if got != want[i+1] {
				t.Errorf("%s: %s %s, want %s", want[0], columns[i+1], got, want[i+1])
			}
		}
	}
}

func perceived(m *chem.Mol) []string {
	var hydrogens, radicals, hybrids, sizes, classes []string
	var aromatic, conjugated strings.Builder
	for _, a := range m.Atoms {
		hydrogens = append(hydrogens, fmt.Sprint(a.Hydrogens()))
		radicals = append(radicals, fmt.Sprint(a.Radical))
		hybrids = append(hybrids, a.Hybridization.String())
		aromatic.WriteString(flag(a.Aromatic))
	}
	for _, b := range m.Bonds {
		conjugated.WriteString(flag(b.Conjugated))
	}
	var lengths []int
	for _, r := range m.Rings {
		lengths = append(lengths, len(r))
	}
	slices.Sort(lengths)
	for _, n := range lengths {
		sizes = append(sizes, fmt.Sprint(n))
	}
	number := map[int]int{}
	for _, c := range chem.SymmetryClasses(m) {
		if _, ok := number[c]; !ok {
			number[c] = len(number)
		}
		classes = append(classes, fmt.Sprint(number[c]))
	}
	list := func(s []string) string { return strings.Join(s, ",") }
	return []string{
		list(hydrogens), list(radicals), aromatic.String(), list(hybrids),
		orDash(conjugated.String()), orDash(list(sizes)), list(classes),
	}
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
