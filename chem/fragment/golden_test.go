package fragment

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// dataFile is a file of the shared data next to the project, or skips the test.
func dataFile(t testing.TB, name ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{"..", "..", "..", "shared", "data"}, name...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("shared data absent: %v", err)
	}
	return p
}

// list72 is the published list of 72 fragments.
func list72(t testing.TB) []plainFragment {
	t.Helper()
	data, err := os.ReadFile(dataFile(t, "fragments", "fragments_72.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []plainFragment
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// golden24 is the vocabulary of METHODS.md 7.2b.
func golden24(t testing.TB) *Vocabulary {
	t.Helper()
	all := list72(t)
	var pick []plainFragment
	for _, i := range []int{1, 2, 5, 7, 9, 11, 12, 19, 20, 27, 30, 31, 35, 36, 39, 41, 43, 49, 65, 66, 67, 68, 69, 70} {
		pick = append(pick, all[i])
	}
	data, err := json.Marshal(pick)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// states lists all trees by size, following children.
func states(t testing.TB, ts *Trees) [][]Tree {
	t.Helper()
	levels := [][]Tree{{""}}
	for size := 0; size < ts.Max(); size++ {
		seen := make(map[Tree]bool)
		var next []Tree
		for _, x := range levels[size] {
			rows := len(ts.Rows(x))
			legal := make([]bool, rows*ts.v.Columns())
			ts.Legal(x, legal)
			for c, ok := range legal {
				if !ok {
					continue
				}
				if y := ts.Child(x, c); !seen[y] {
					seen[y] = true
					next = append(next, y)
				}
			}
		}
		levels = append(levels, next)
	}
	return levels
}

func TestGoldenSpaceHasTheKnownStatesAndEdges(t *testing.T) {
	t.Parallel()
	v := golden24(t)
	if v.Columns() != 40 {
		t.Errorf("site classes: got %d, want 40", v.Columns())
	}
	ts, err := NewTrees(v, 3)
	if err != nil {
		t.Fatal(err)
	}
	levels := states(t, ts)
	for n, want := range []int{1, 24, 820, 51480} {
		if got := len(levels[n]); got != want {
			t.Errorf("trees of %d fragments: got %d, want %d", n, got, want)
		}
	}
	edges := 0
	children := make(map[Tree]int)
	for _, l := range levels[1:] {
		for _, x := range l {
			p := ts.Parents(x)
			edges += len(p)
			for _, y := range p {
				children[y.Tree]++
			}
		}
	}
	most := 0
	for _, n := range children {
		most = max(most, n)
	}
	if edges != 103976 || most != 320 {
		t.Errorf("got %d edges and at most %d children, want 103976 and 320", edges, most)
	}
}
