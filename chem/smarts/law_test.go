package smarts_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// goldenMolecules are the molecules of a golden file.
func goldenMolecules(t testing.TB) []*chem.Mol {
	t.Helper()
	data, err := os.ReadFile(readings[0].golden)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var mols []*chem.Mol
	for row := range strings.Lines(string(data)) {
		s := strings.Split(row, "\t")[1]
		if seen[s] {
			continue
		}
		seen[s] = true
		if m, err := smiles.Parse(s); err == nil && len(m.Atoms) > 0 {
			mols = append(mols, m)
		}
	}
	if len(mols) < 100 {
		t.Fatalf("%d molecules", len(mols))
	}
	return mols
}

func TestPatternOfAPartFindsThePart(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, m := range goldenMolecules(t) {
		for range 20 {
			text, part := randomPattern(r, m, 8, true)
			p, err := smarts.Compile(text)
			if err != nil {
				t.Fatal(err)
			}
			if p.Len() != len(part) {
				t.Fatalf("%s has %d atoms, want %d", text, p.Len(), len(part))
			}
			if strings.Contains(text, ".") {
				continue // many matches
			}
			all := p.FindAll(m, smarts.FindOptions{Symmetric: true})
			if !slices.ContainsFunc(all, func(match []int) bool { return slices.Equal(match, part) }) {
				t.Fatalf("%s is not found at %v of %s", text, part, smiles.Write(m, smiles.WriteOptions{}))
			}
			if !slices.Equal(p.Find(m, smarts.FindOptions{}), all[0]) {
				t.Fatalf("%s: Find gives another match than FindAll's first", text)
			}
		}
	}
}

// key writes the atoms of a match so that equal sets have equal keys.
func key(match []int) string { return fmt.Sprint(slices.Sorted(slices.Values(match))) }

func TestOptionsSelectMatches(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 4))
	for _, m := range goldenMolecules(t) {
		target := smarts.NewTarget(m)
		for range 10 {
			text, _ := randomPattern(r, m, 6, false)
			p := smarts.MustCompile(text)
			if strings.Contains(text, ".") {
				continue
			}
			for _, stereo := range []bool{false, true} {
				all := target.FindAll(p, smarts.FindOptions{Symmetric: true, Stereo: stereo})
				one := target.FindAll(p, smarts.FindOptions{Stereo: stereo})
				// The first of every set of atoms, in the same order.
				seen := map[string]bool{}
				var want [][]int
				for _, match := range all {
					if k := key(match); !seen[k] {
						seen[k] = true
						want = append(want, match)
					}
				}
				if !slices.EqualFunc(one, want, slices.Equal) {
					t.Fatalf("%s: one per set of atoms gives %v of %v", text, one, all)
				}
				for n := 1; n <= len(all); n++ {
					got := target.FindAll(p, smarts.FindOptions{Symmetric: true, Stereo: stereo, Max: n})
					if !slices.EqualFunc(got, all[:n], slices.Equal) {
						t.Fatalf("%s: Max %d gives %v of %v", text, n, got, all)
					}
				}
				if !stereo {
					if target.Count(p) != len(one) || target.Matches(p) != (len(one) > 0) {
						t.Fatalf("%s: Count %d, Matches %v, found %v", text, target.Count(p), target.Matches(p), one)
					}
					continue
				}
				// Comparing marks only takes matches away, unless $() is negated.
				found := target.FindAll(p, smarts.FindOptions{Symmetric: true})
				for _, match := range all {
					if !strings.Contains(text, "$") && !slices.ContainsFunc(found, func(x []int) bool { return slices.Equal(x, match) }) {
						t.Fatalf("%s: %v only with stereo", text, match)
					}
				}
			}
		}
	}
}

// A molecule without marks has no match for a pattern with one; a mark with a
// question mark does not mind.
func TestLooseMarksMatchAtomsWithoutMark(t *testing.T) {
	t.Parallel()
	stereo := smarts.FindOptions{Stereo: true}
	for _, x := range []struct {
		pattern, smiles string
		found           bool
	}{
		{"C[C@H](F)Cl", "C[C@H](F)Cl", true},
		{"C[C@H](F)Cl", "C[C@@H](F)Cl", false},
		{"C[C@H](F)Cl", "CC(F)Cl", false},
		{"C[C@?H](F)Cl", "C[C@H](F)Cl", true},
		{"C[C@?H](F)Cl", "C[C@@H](F)Cl", false},
		{"C[C@?H](F)Cl", "CC(F)Cl", true},
		{"C[C@@?H](F)Cl", "C[C@@H](F)Cl", true},
		{"F/C=C/F", "F/C=C/F", true},
		{"F/C=C/F", "F/C=C\\F", false},
		{"F/C=C/F", "FC=CF", false},
		{"F/?C=C/F", "FC=CF", true},
		{"F/?C=C/?F", "F/C=C/F", true},
		{"F/?C=C/?F", "F/C=C\\F", false},
	} {
		m := chemtest.Parse(t, x.smiles)
		if got := smarts.MustCompile(x.pattern).Find(m, stereo) != nil; got != x.found {
			t.Errorf("%s in %s: %v", x.pattern, x.smiles, got)
		}
	}
}

// Component groups by their definition: of the matches without grouping those
// whose atoms are in the same and in different components.
func TestComponentGroups(t *testing.T) {
	t.Parallel()
	parts := []string{"C", "O", "CC", "[!#6]", "CO", "*"}
	groupings := []struct {
		format string
		groups [3]int // of the parts, 0 for none
	}{
		{"(%s).(%s)", [3]int{1, 2, 0}},
		{"(%s.%s)", [3]int{1, 1, 0}},
		{"(%s).%s", [3]int{1, 0, 0}},
		{"%s.(%s)", [3]int{0, 1, 0}},
		{"(%s.%s).%s", [3]int{1, 1, 0}},
		{"(%s.%s).(%s)", [3]int{1, 1, 2}},
		{"(%s).(%s).(%s)", [3]int{1, 2, 3}},
		{"(%s.%s.%s)", [3]int{1, 1, 1}},
	}
	r := rand.New(rand.NewPCG(6, 4))
	kept := 0
	for _, s := range []string{"CCO.CO", "CCOC", "C.O.CO", "OCCO.[Na+].[Cl-]", "CO.CO"} {
		m := chemtest.Parse(t, s)
		component := make([]int, len(m.Atoms))
		for n, c := range chem.Components(m) {
			for _, a := range c {
				component[a] = n
			}
		}
		for _, g := range groupings {
			for range 10 {
				n := strings.Count(g.format, "%s")
				var names []any
				var group []int // of each atom
				var plain []string
				for i := range n {
					p := parts[r.IntN(len(parts))]
					names, plain = append(names, p), append(plain, p)
					for range smarts.MustCompile(p).Len() {
						group = append(group, g.groups[i])
					}
				}
				text := fmt.Sprintf(g.format, names...)
				all := smarts.MustCompile(strings.Join(plain, ".")).FindAll(m, smarts.FindOptions{Symmetric: true})
				want := slices.DeleteFunc(all, func(match []int) bool {
					for i, a := range match {
						for j, b := range match[:i] {
							if group[i] > 0 && group[j] > 0 && (group[i] == group[j]) != (component[a] == component[b]) {
								return true
							}
						}
					}
					return false
				})
				got := smarts.MustCompile(text).FindAll(m, smarts.FindOptions{Symmetric: true})
				if !slices.EqualFunc(got, want, slices.Equal) {
					t.Errorf("%s in %s: %v, want %v", text, s, got, want)
				}
				kept += len(want)
			}
		}
	}
	if kept == 0 {
		t.Error("nothing was found")
	}
}

// A search may be made for every match of another one.
func TestSearchesNest(t *testing.T) {
	t.Parallel()
	outer, inner := smarts.MustCompile("[C@]~*"), smarts.MustCompile("[$([C@@](F)(Cl)C)]~[#6,#9]")
	target := smarts.NewTarget(chemtest.Parse(t, "C[C@H](F)Cl.C[C@@H](F)Cl"))
	want := target.FindAll(inner, smarts.FindOptions{Symmetric: true})
	n := 0
	target.Each(outer, smarts.FindOptions{Stereo: true}, func(atoms []int32) bool {
		kept := slices.Clone(atoms)
		if got := target.FindAll(inner, smarts.FindOptions{Symmetric: true}); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("inside: %v, outside: %v", got, want)
		}
		if target.Count(inner) != len(want) || !target.Matches(inner) || !slices.Equal(atoms, kept) {
			t.Errorf("inside: %d matches of %d, atoms %v of %v", target.Count(inner), len(want), atoms, kept)
		}
		n++
		return true
	})
	if n != 6 || len(want) != 4 {
		t.Errorf("%d matches outside, %d inside", n, len(want))
	}
}

func TestSetFindsWhatItsPatternsFind(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 4))
	mols := goldenMolecules(t)
	var patterns []*smarts.Pattern
	for i := range 400 {
		text, _ := randomPattern(r, mols[r.IntN(len(mols))], 5, false)
		if i%4 == 0 { // the same text, read in two ways
			patterns = append(patterns, must(smarts.CompileMergingH("[$(*~[#1]),Cl]"+"~"+text)), smarts.MustCompile("[$(*~[#1]),Cl]"+"~"+text))
		}
		patterns = append(patterns, smarts.MustCompile(text))
	}
	set := smarts.NewSet(patterns)
	for _, m := range mols {
		target := smarts.NewTarget(m)
		var want []int
		for i, p := range patterns {
			if target.Matches(p) {
				want = append(want, i)
			}
		}
		if got := set.Find(nil, target); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", smiles.Write(m, smiles.WriteOptions{}), got, want)
		}
	}
}

func must(p *smarts.Pattern, err error) *smarts.Pattern {
	if err != nil {
		panic(err)
	}
	return p
}

func TestSearchesDoNotAllocate(t *testing.T) { //nolint:paralleltest // what other tests allocate would be counted
	m := chemtest.Parse(t, "C[C@H](N)C(=O)N[C@@H](Cc1ccc(O)cc1)C(=O)O")
	target := smarts.NewTarget(m)
	p := smarts.MustCompile("[$(N[C@@H]C(=O)),$(Oc)]~*~*")
	set := smarts.NewSet([]*smarts.Pattern{p, smarts.MustCompile("CC=O"), smarts.MustCompile("[$(C~[#8])]")})
	var found []int
	n := 0
	count := func([]int32) bool { n++; return true }
	for name, f := range map[string]func(){
		"Reset":   func() { target.Reset(m) },
		"Matches": func() { target.Matches(p) },
		"Each":    func() { target.Each(p, smarts.FindOptions{Stereo: true}, count) },
		"Count":   func() { target.Count(p) },
		"Find":    func() { found = set.Find(found[:0], target) },
	} {
		f()
		if a := testing.AllocsPerRun(100, f); a != 0 {
			t.Errorf("%s: %v allocations", name, a)
		}
	}
	if n == 0 || len(found) != 3 {
		t.Errorf("%d matches, patterns %v", n, found)
	}
}
