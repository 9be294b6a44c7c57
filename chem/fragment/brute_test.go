package fragment

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// smallVocabulary makes a vocabulary of SMILES with sites.
func smallVocabulary(t testing.TB, rule Rule, list ...plainFragment) *Vocabulary {
	t.Helper()
	entries := make([]Entry, len(list))
	for i, f := range list {
		m, err := parseFragment(f.SMILES)
		if err != nil {
			t.Fatal(err)
		}
		entries[i] = Entry{SMILES: f.SMILES, Mol: m, Sites: f.Attach}
	}
	v, err := New("small", "", rule, entries)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// smallVocabularies have symmetric fragments and atoms with several sites.
func smallVocabularies(t testing.TB) map[string]*Vocabulary {
	return map[string]*Vocabulary{
		"benzene, oxygen, fluorine": smallVocabulary(t, Any,
			plainFragment{"c1ccccc1", []int{0, 1, 2, 3, 4, 5}}, plainFragment{"O", []int{0, 0}}, plainFragment{"F", []int{0}}),
		"carbon with four sites": smallVocabulary(t, Any,
			plainFragment{"C", []int{0, 0, 0, 0}}, plainFragment{"CO", []int{1, 0}}, plainFragment{"Cl", []int{0}}),
		"interleaved sites": smallVocabulary(t, Any,
			plainFragment{"C1CC1", []int{0, 1, 2, 0, 1, 2}}, plainFragment{"CC", []int{0, 1, 0, 1}}, plainFragment{"N", []int{0, 0, 0}}),
		"partly listed ring": smallVocabulary(t, Any,
			plainFragment{"C1CCCCC1", []int{5, 0, 1}}, plainFragment{"C1CCC1", []int{0, 2, 1, 3}}, plainFragment{"CNC", []int{0, 2}}),
		"rings and chains": smallVocabulary(t, RingAcyclic,
			plainFragment{"c1ccccc1", []int{0, 1, 2, 3, 4, 5}}, plainFragment{"C", []int{0, 0, 0}}, plainFragment{"CN", []int{0, 1, 1}}, plainFragment{"C1CC1", []int{0, 1, 2}}),
	}
}

// atomGraph is the molecule of a tree with everything marked that a state must
// keep: which fragment an atom belongs to, how many sites it has, which bonds
// are between fragments.
func atomGraph(v *Vocabulary, nodes []Node) (*graph, [][2]int) {
	const joint = 9
	g := &graph{}
	var owner [][2]int // node and atom of each vertex
	var base []int
	for i, n := range nodes {
		f := &v.fragments[n.Fragment]
		times := make([]int, len(f.Mol.Atoms))
		for _, a := range f.Sites {
			times[a]++
		}
		base = append(base, len(g.label))
		for a, l := range f.graph.label {
			g.label = append(g.label, l*1000003+uint64(n.Fragment)*1009+uint64(times[a])+1)
			owner = append(owner, [2]int{i, a})
			var arcs []arc
			for _, e := range f.graph.nbr[a] {
				arcs = append(arcs, arc{to: e.to + int32(base[i]), bond: e.bond})
			}
			g.nbr = append(g.nbr, arcs)
		}
		if n.Parent >= 0 {
			a := base[n.Parent] + v.fragments[nodes[n.Parent].Fragment].Sites[n.ParentSite]
			b := base[i] + f.Sites[n.Site]
			g.nbr[a] = append(g.nbr[a], arc{to: int32(b), bond: joint})
			g.nbr[b] = append(g.nbr[b], arc{to: int32(a), bond: joint})
		}
	}
	return g, owner
}

func isomorphic(g, h *graph) bool {
	same := false
	match(g, h, g.colours(), h.colours(), nil, func([]int32) bool {
		same = true
		return false
	})
	return same
}

// allTrees lists labelled trees of the given size in every way of building
// them, or a random part of them.
func allTrees(v *Vocabulary, size, atMost int, r *rand.Rand) [][]Node {
	level := [][]Node{}
	for f := range v.fragments {
		level = append(level, []Node{{Fragment: f, Parent: -1, ParentSite: -1, Site: -1}})
	}
	for range size - 1 {
		var next [][]Node
		for _, nodes := range level {
			used := make(map[Site]bool)
			for i, n := range nodes {
				used[Site{i, n.Site}] = true
				used[Site{n.Parent, n.ParentSite}] = true
			}
			for i, n := range nodes {
				for s := range v.fragments[n.Fragment].Sites {
					if used[Site{i, s}] {
						continue
					}
					for f := range v.fragments {
						for own := range v.fragments[f].Sites {
							if v.rule.joins(v.fragments[n.Fragment].ring[s], v.fragments[f].ring[own]) {
								next = append(next, append(slices.Clone(nodes), Node{f, i, s, own}))
							}
						}
					}
				}
			}
		}
		if len(next) > atMost {
			r.Shuffle(len(next), func(i, j int) { next[i], next[j] = next[j], next[i] })
			next = next[:atMost]
		}
		level = next
	}
	return level
}

func TestCanonicalFormsAreEqualExactlyForIsomorphicTrees(t *testing.T) {
	t.Parallel()
	for name, v := range smallVocabularies(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(3, 5))
			ts, err := NewTrees(v, 6)
			if err != nil {
				t.Fatal(err)
			}
			for size := 1; size <= 6; size++ {
				classes := make(map[uint64][]*graph) // by invariant: one graph for each class
				code := make(map[*graph]Tree)
				codes := make(map[Tree]bool)
				for _, nodes := range allTrees(v, size, 3000, r) {
					x, err := ts.Canonical(nodes)
					if err != nil {
						t.Fatal(err)
					}
					g, _ := atomGraph(v, nodes)
					key := g.invariant()
					var class *graph
					for _, h := range classes[key] {
						if isomorphic(g, h) {
							class = h
						}
					}
					if class == nil {
						if codes[x] {
							t.Fatalf("size %d: %v has the form of a tree that it is not isomorphic to", size, nodes)
						}
						codes[x] = true
						classes[key] = append(classes[key], g)
						code[g] = x
					} else if code[class] != x {
						t.Fatalf("size %d: %v has another form than an isomorphic tree:\n%v\n%v", size, nodes, x.Nodes(nil), code[class].Nodes(nil))
					}
					if err := ts.Validate(x); err != nil {
						t.Fatalf("size %d: canonical form is refused: %v", size, err)
					}
				}
			}
		})
	}
}

func TestRowsAreTheOrbitsOfOpenSites(t *testing.T) {
	t.Parallel()
	for name, v := range smallVocabularies(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(3, 7))
			ts, err := NewTrees(v, 8)
			if err != nil {
				t.Fatal(err)
			}
			for size := 1; size <= 7; size++ {
				for _, nodes := range allTrees(v, size, 150, r) {
					x, err := ts.Canonical(nodes)
					if err != nil {
						t.Fatal(err)
					}
					checkRows(t, ts, x)
				}
			}
		})
	}
}

// checkRows holds the rows of x against all automorphisms of its atom graph.
func checkRows(t *testing.T, ts *Trees, x Tree) {
	t.Helper()
	nodes := x.Nodes(nil)
	g, owner := atomGraph(ts.v, nodes)
	vertex := make(map[[2]int]int)
	for i, o := range owner {
		vertex[o] = i
	}
	orbit := make([]int, len(owner)) // least vertex that an automorphism carries each to
	for i := range orbit {
		orbit[i] = i
	}
	colours := g.colours()
	match(g, g, colours, colours, nil, func(image []int32) bool {
		for i, j := range image {
			orbit[i] = min(orbit[i], int(j))
		}
		return true
	})
	used := make(map[Site]bool)
	for i, n := range nodes {
		used[Site{i, n.Site}] = true
		used[Site{n.Parent, n.ParentSite}] = true
	}
	rowOf := make(map[int]int) // by orbit
	rows := 0
	for i, n := range nodes {
		for s, a := range ts.v.fragments[n.Fragment].Sites {
			row := ts.Row(x, Site{i, s})
			if used[Site{i, s}] {
				if row != -1 {
					t.Fatalf("%v: used site %d of node %d has row %d", nodes, s, i, row)
				}
				continue
			}
			o := orbit[vertex[[2]int{i, a}]]
			want, known := rowOf[o]
			if !known {
				want = rows
				rowOf[o] = rows
				if got := ts.Rows(x)[rows]; got != (Site{i, s}) {
					t.Fatalf("%v: row %d is of %v, want %v", nodes, rows, got, Site{i, s})
				}
				rows++
			}
			if row != want {
				t.Fatalf("%v: site %d of node %d is in row %d, want %d", nodes, s, i, row, want)
			}
		}
	}
	if got := len(ts.Rows(x)); got != rows {
		t.Fatalf("%v: %d rows, want %d", nodes, got, rows)
	}
}

func TestParentsAreTheLeafRemovalsWithAllTheirCells(t *testing.T) {
	t.Parallel()
	for name, v := range smallVocabularies(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ts, err := NewTrees(v, 4)
			if err != nil {
				t.Fatal(err)
			}
			// From the children's side: every edge with its cells.
			type edge struct{ parent, child Tree }
			cells := make(map[edge][]int)
			levels := states(t, ts)
			for _, l := range levels[:len(levels)-1] {
				for _, x := range l {
					legal := make([]bool, len(ts.Rows(x))*v.Columns())
					if ts.Legal(x, legal) != (x != "") {
						t.Fatalf("Stop at a tree of %d fragments", x.Size())
					}
					for c, ok := range legal {
						if ok {
							e := edge{x, ts.Child(x, c)}
							cells[e] = append(cells[e], c)
						}
					}
				}
			}
			found := 0
			for _, l := range levels[1:] {
				for _, y := range l {
					parents := ts.Parents(y)
					if !slices.IsSortedFunc(parents, func(a, b Parent) int { return cmp.Compare(a.Tree, b.Tree) }) {
						t.Fatalf("parents of %v are not in order", y.Nodes(nil))
					}
					for _, p := range parents {
						if want := cells[edge{p.Tree, y}]; !slices.Equal(p.Cells, want) {
							t.Fatalf("%v from %v: cells %v, want %v", y.Nodes(nil), p.Tree.Nodes(nil), p.Cells, want)
						}
						found++
					}
				}
			}
			if found != len(cells) {
				t.Errorf("%d edges seen from the children, %d from the parents", found, len(cells))
			}
		})
	}
}
