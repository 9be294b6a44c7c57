package space

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"pgregory.net/rapid"
)

// smallFragments is a fragment space that can be listed.
func smallFragments(t testing.TB) *Fragments {
	t.Helper()
	v, err := fragment.Parse([]byte(`[
		{"smiles":"c1ccccc1","attach":[0,1,2,3,4,5]},
		{"smiles":"C","attach":[0,0,0]},
		{"smiles":"CO","attach":[1,0]},
		{"smiles":"F","attach":[0]}]`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewFragments(v, 4)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newGrid(t testing.TB, dim, side int) *Grid {
	t.Helper()
	g, err := NewGrid(dim, side)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// spaces are the spaces that every law here is held against.
func spaces(t testing.TB) map[string]Defined {
	t.Helper()
	return map[string]Defined{
		"fragments":    smallFragments(t),
		"grid 2x8":     newGrid(t, 2, 8),
		"grid 3x4":     newGrid(t, 3, 4),
		"long grid":    newGrid(t, 1, 300),
		"grid of many": newGrid(t, 20, 2),
	}
}

// reach lists states from the initial one on, at most n.
func reach(sp Space, n int) []State {
	seen := map[State]bool{"": true}
	list := []State{""}
	for i := 0; i < len(list) && len(list) < n; i++ {
		legal := make([]bool, sp.Rows(list[i])*sp.Columns())
		sp.Legal(list[i], legal)
		for c, ok := range legal {
			if !ok {
				continue
			}
			if y := sp.Child(list[i], c); !seen[y] {
				seen[y] = true
				list = append(list, y)
			}
		}
	}
	return list
}

func TestChildrenAndParentsAgreeInEverySpace(t *testing.T) {
	t.Parallel()
	for name, sp := range spaces(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, x := range reach(sp, 3000) {
				if err := sp.Validate(x); err != nil {
					t.Fatalf("a state is refused: %v", err)
				}
				if (len(sp.Parents(x)) == 0) != (x == "") {
					t.Fatalf("%q has %d parents", x, len(sp.Parents(x)))
				}
				legal := make([]bool, sp.Rows(x)*sp.Columns())
				sp.Legal(x, legal)
				for c, ok := range legal {
					if !ok {
						continue
					}
					y := sp.Child(x, c)
					if sp.Size(y) != sp.Size(x)+1 {
						t.Fatalf("a step goes from size %d to %d", sp.Size(x), sp.Size(y))
					}
					cells := cellsFrom(sp.Parents(y), x)
					if !slices.Contains(cells, c) {
						t.Fatalf("cell %d leads from %q to %q, but its parents know cells %v", c, x, y, cells)
					}
				}
			}
		})
	}
}

func TestOpenBuildsTheSameSpace(t *testing.T) {
	t.Parallel()
	for name, sp := range spaces(t) {
		again, err := Open(sp.Descriptor().Kind, sp.Definition())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(sp.Descriptor(), again.Descriptor()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	builtin, err := NewFragments(fragment.Builtin(), 9)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(KindFragments, builtin.Definition())
	if err != nil || Difference(builtin.Descriptor(), again.Descriptor()) != "" {
		t.Errorf("the built-in space: %v", err)
	}
	for _, bad := range []struct{ kind, definition string }{
		{"nonsense/1", "{}"},
		{KindGrid, "{"},
		{KindGrid, `{"dim":0,"side":4}`},
		{KindFragments, `{"max_fragments":3}`},
		{KindFragments, `{"max_fragments":0,"vocabulary":[{"smiles":"C","attach":[0]}]}`},
	} {
		if _, err := Open(bad.kind, []byte(bad.definition)); err == nil {
			t.Errorf("%s %s is accepted", bad.kind, bad.definition)
		}
	}
}

func TestDescriptorsDifferWhereStatesOrActionsDo(t *testing.T) {
	t.Parallel()
	v := fragment.Builtin()
	nine, err := NewFragments(v, 9)
	if err != nil {
		t.Fatal(err)
	}
	eight, err := NewFragments(v, 8)
	if err != nil {
		t.Fatal(err)
	}
	all := []Descriptor{nine.Descriptor(), eight.Descriptor(), smallFragments(t).Descriptor(), newGrid(t, 2, 8).Descriptor(), newGrid(t, 3, 8).Descriptor()}
	for i, a := range all {
		for j, b := range all {
			if (Difference(a, b) == "") != (i == j) {
				t.Errorf("descriptors %d and %d: difference %q", i, j, Difference(a, b))
			}
		}
	}
}

func TestBackwardTrajectoriesEndWhereTheyShouldWithTheirProbability(t *testing.T) {
	t.Parallel()
	for name, sp := range spaces(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
				walk := Walk(sp, 0.1, r)
				back := Backward(sp, walk.Last(), r)
				if back.States[0] != "" || back.Last() != walk.Last() || len(back.States) != len(walk.States) {
					rt.Fatalf("from %q to %q in %d steps", back.States[0], back.Last(), len(back.States)-1)
				}
				for _, tr := range []Trajectory{walk, back} {
					again, ok := Retrace(sp, tr.States)
					if !ok || math.Abs(again.LogPB-tr.LogPB) > 1e-12 || !cmp.Equal(again.Cells, tr.Cells, cmpopts.EquateEmpty()) {
						rt.Fatalf("retraced with log P_B %g, was %g", again.LogPB, tr.LogPB)
					}
				}
			})
		})
	}
	if _, ok := Retrace(newGrid(t, 2, 8), []State{"", "\x02\x00\x00\x00"}); ok {
		t.Error("a jump over two points is taken for a step")
	}
}

func TestBackwardIsUniformOverParents(t *testing.T) {
	t.Parallel()
	// The point (2,1) has the parents (1,1) and (2,0).
	g := newGrid(t, 2, 8)
	end := g.At([]int{2, 1})
	r := rand.New(rand.NewPCG(5, 6))
	const n = 20000
	count := make(map[State]int)
	for range n {
		b := Backward(g, end, r)
		count[b.States[2]]++
	}
	for _, c := range [][]int{{1, 1}, {2, 0}} {
		p := float64(count[g.At(c)]) / n
		if math.Abs(p-0.5) > 4*math.Sqrt(0.25/n) {
			t.Errorf("the parent %v is taken with frequency %g", c, p)
		}
	}
}

func TestGridCountsItsStates(t *testing.T) {
	t.Parallel()
	g := newGrid(t, 3, 4)
	list := reach(g, 1000)
	if len(list) != 64 {
		t.Errorf("%d states, want 64", len(list))
	}
	for _, s := range list {
		c := g.Coordinates(s, nil)
		if g.At(c) != s || g.Size(s) != c[0]+c[1]+c[2] {
			t.Errorf("%v does not go there and back", c)
		}
		stop := g.Legal(s, make([]bool, g.Rows(s)*g.Columns()))
		if !stop {
			t.Errorf("Stop is not legal at %v", c)
		}
		if end := c[0] == 3 && c[1] == 3 && c[2] == 3; end != (g.Rows(s) == 0) {
			t.Errorf("%v has %d rows", c, g.Rows(s))
		}
	}
	for _, bad := range []State{"\x01", "\x00\x00\x00\x00\x00\x00", "\x04\x00\x00\x00\x00\x00", "\x00\x00\x00\x00\x00\x01"} {
		if g.Validate(bad) == nil {
			t.Errorf("%q is taken for a state", bad)
		}
	}
}

func TestStopIsLegalFromTheFirstFragmentOn(t *testing.T) {
	t.Parallel()
	s := smallFragments(t)
	for _, x := range reach(s, 2000) {
		rows := s.Rows(x)
		if rows != len(s.RowSites(x)) {
			t.Fatalf("%d rows, %d sites", rows, len(s.RowSites(x)))
		}
		if stop := s.Legal(x, make([]bool, rows*s.Columns())); stop != (x != "") {
			t.Fatalf("Stop at %d fragments: %v", s.Size(x), stop)
		}
		if n := len(s.Nodes(x, nil)); n != s.Size(x) || (n == s.MaxFragments() && rows != 0) {
			t.Fatalf("%d nodes, size %d, %d rows", n, s.Size(x), rows)
		}
	}
	// Of the empty tree one cell for each fragment.
	legal := make([]bool, s.Rows("")*s.Columns())
	s.Legal("", legal)
	n := 0
	for _, ok := range legal {
		if ok {
			n++
		}
	}
	if n != s.Vocabulary().Len() {
		t.Errorf("%d first steps, want %d", n, s.Vocabulary().Len())
	}
}
