package smarts_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smarts"
)

func TestMatchesComeInOrderWithoutRepetition(t *testing.T) {
	t.Parallel()
	m := chemtest.Parse(t, "CC(C)C")
	p := smarts.MustCompile("CC")
	if diff := cmp.Diff([][]int{{0, 1}, {1, 2}, {1, 3}}, p.FindAll(m, smarts.FindOptions{})); diff != "" {
		t.Error(diff)
	}
	all := p.FindAll(m, smarts.FindOptions{Symmetric: true})
	if diff := cmp.Diff([][]int{{0, 1}, {1, 0}, {1, 2}, {1, 3}, {2, 1}, {3, 1}}, all); diff != "" {
		t.Error(diff)
	}
	if n := len(p.FindAll(m, smarts.FindOptions{Max: 2})); n != 2 {
		t.Errorf("Max 2 gave %d matches", n)
	}
}

// A molecule of more than 64 atoms needs bit sets of several words.
func TestLongMoleculesMatchLikeShortOnes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 63, 64, 65, 130, 200} {
		m := chemtest.Parse(t, strings.Repeat("C", n)+"O")
		for p, want := range map[string]int{"CC": n - 1, "CO": 1, "CCC": n - 2, "[$(CO)]": 1, "[CH2]": n - 1, "O.[CH3]": 1, "OCCC": 1} {
			if got := smarts.MustCompile(p).Count(m); got != want {
				t.Errorf("%s in a chain of %d: %d matches, want %d", p, n, got, want)
			}
		}
	}
}

// bruteForce is the plain definition of a match, held against FindAll.
func bruteForce(m *chem.Mol, atoms []*smarts.Pattern, bonds [][2]int) int {
	n := 0
	image := make([]int, len(atoms))
	var place func(k int)
	place = func(k int) {
		if k == len(atoms) {
			n++
			return
		}
	next:
		for i := range m.Atoms {
			if slices.Contains(image[:k], i) {
				continue
			}
			head := smarts.NewTarget(m).Heads(nil, atoms[k], nil)
			if head[i>>6]>>(i&63)&1 == 0 {
				continue
			}
			image[k] = i
			for _, b := range bonds {
				if max(b[0], b[1]) == k && m.BondBetween(image[b[0]], image[b[1]]) < 0 {
					continue next
				}
			}
			place(k + 1)
		}
	}
	place(0)
	return n
}

func TestFindAllAgreesWithBruteForce(t *testing.T) {
	t.Parallel()
	parts := []string{"[#6]", "[#7,#8]", "[R]", "[D2]", "*", "[!#6]", "a", "[!H0]"}
	mols := []string{"CC1CC1N", "c1ccncc1", "OC1CC2CC1O2", "NCC(=O)O"}
	rapid.Check(t, func(r *rapid.T) {
		m := chemtest.Parse(t, rapid.SampledFrom(mols).Draw(r, "molecule"))
		n := rapid.IntRange(1, 4).Draw(r, "atoms")
		var atoms []*smarts.Pattern
		var bonds [][2]int
		children := make([][]int, n)
		labels := make([]string, n)
		for i := range n {
			labels[i] = rapid.SampledFrom(parts).Draw(r, "atom")
			atoms = append(atoms, smarts.MustCompile(labels[i]))
			if i > 0 {
				p := rapid.IntRange(0, i-1).Draw(r, "parent")
				bonds = append(bonds, [2]int{p, i})
				children[p] = append(children[p], i)
			}
		}
		ring := n > 2 && !slices.Contains(bonds, [2]int{0, n - 1}) && rapid.Bool().Draw(r, "ring")
		if ring {
			bonds = append(bonds, [2]int{0, n - 1})
		}
		var order []int
		var write func(i int) string
		write = func(i int) string {
			order = append(order, i)
			s := labels[i]
			if ring && (i == 0 || i == n-1) {
				s += "~1"
			}
			for _, c := range children[i] {
				s += "(~" + write(c) + ")"
			}
			return s
		}
		text := write(0)
		got := smarts.MustCompile(text).FindAll(m, smarts.FindOptions{Symmetric: true})
		if want := bruteForce(m, atoms, bonds); len(got) != want {
			r.Errorf("%s: %d mappings, want %d", text, len(got), want)
		}
	})
}

func TestSyntaxErrorsSayWhere(t *testing.T) {
	t.Parallel()
	for text, offset := range map[string]int{
		"":           0,
		"C(":         1,
		"C(C":        1,
		"C)":         1,
		"C1CC":       1,
		"[C":         0,
		"[]":         1,
		"[C&]":       3,
		"[#119]":     1,
		"[#]":        1,
		"[$(C]":      4,
		"[$C]":       1,
		"[^7]":       1,
		"[D{3-2}]":   2,
		"[C:x]":      3,
		"[Q]":        1,
		"CQ":         1,
		"C=":         1,
		"=C":         0,
		"C!C":        2,
		"C..C":       2,
		"C.":         2,
		"((C).C)":    1,
		"(C)C":       3,
		"(C.)":       3,
		"(C":         0,
		"C.(C).":     6,
		"C>>C":       1,
		"C11":        2,
		"C1C1":       3,
		"C&&C":       1,
		"C((C))C":    2,
		"C%1C":       1,
		"C()C":       2,
		"[C+1000]":   2,
		"[12345C]":   1,
		"[$(C)](=":   7,
		"[C;,N]":     3,
		"CC(=O)[OH!": 10,
	} {
		_, err := smarts.Compile(text)
		var syntax *smarts.SyntaxError
		switch {
		case !errors.As(err, &syntax):
			t.Errorf("%q: error %v, want a *SyntaxError", text, err)
		case syntax.Offset != offset:
			t.Errorf("%q: offset %d (%s), want %d", text, syntax.Offset, syntax.Reason, offset)
		}
	}
}

func TestHeadsStayWithinTheGivenAtoms(t *testing.T) {
	t.Parallel()
	target := smarts.NewTarget(chemtest.Parse(t, "CCCO"))
	p := smarts.MustCompile("[#6]~[#6]")
	if got := target.Heads(nil, p, nil)[0]; got != 0b0111 {
		t.Errorf("all heads: %04b", got)
	}
	if got := target.Heads(nil, p, []uint64{0b1010})[0]; got != 0b0010 {
		t.Errorf("heads within 1010: %04b", got)
	}
}

func FuzzCompile(f *testing.F) {
	data, err := os.ReadFile(readings[0].golden)
	if err != nil {
		f.Fatal(err)
	}
	for row := range strings.Lines(string(data)) {
		f.Add(row[:strings.IndexByte(row, '\t')])
	}
	m := chemtest.Parse(f, "CC(=O)Nc1ccc(O)cc1")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := smarts.Compile(text)
		if err != nil {
			var syntax *smarts.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(text) {
				t.Fatalf("%q: bad error %#v", text, err)
			}
			return
		}
		if p.String() != text {
			t.Fatalf("%q compiled to %q", text, p)
		}
		if p.Len() > 12 || strings.Contains(text, ".") {
			return // matching is exponential in the worst case
		}
		if p.Matches(m) != (len(p.FindAll(m, smarts.FindOptions{Symmetric: true, Max: 1})) == 1) {
			t.Fatalf("%q: Matches and FindAll disagree", text)
		}
	})
}
