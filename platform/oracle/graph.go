package oracle

import (
	"context"
	"fmt"
	"slices"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// Graph is a space written out: its states up to a size, and its steps. It is
// immutable.
type Graph struct {
	Space    space.Space
	States   []space.State // by size, then by bytes; the initial state first
	Stop     []bool        // whether a path may end there
	Parents  []int         // number of distinct parents, 0 for the initial state
	Children [][]Edge      // the distinct children of each state

	index map[space.State]int
}

// Edge is a step to one child, over all cells that lead to it.
type Edge struct {
	Child int // index into States
	Cells []int
}

// Enumerate lists all states of at most maxSize steps (0 means every state),
// size by size. Cut off below the size of the space, laws on the graph hold
// exactly, but end points beyond it are missing from their sum. It fails where
// there are more than limit states (0 means 10 million), or where the space
// contradicts itself: a child that does not list its parent with exactly the
// cells that lead there.
func Enumerate(ctx context.Context, sp space.Space, maxSize, limit int) (*Graph, error) {
	if limit == 0 {
		limit = 10_000_000
	}
	g := &Graph{Space: sp, index: map[space.State]int{}}
	g.add("", limit)
	var legal []bool
	for from, size := 0, 0; ; size++ {
		to := len(g.States)
		if from == to {
			break
		}
		found := map[space.State]bool{}
		children := make([]map[space.State][]int, to-from)
		for s := from; s < to; s++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			state := g.States[s]
			legal = slices.Grow(legal[:0], sp.Rows(state)*sp.Columns())[:sp.Rows(state)*sp.Columns()]
			g.Stop = append(g.Stop, sp.Legal(state, legal))
			if maxSize > 0 && size == maxSize {
				continue
			}
			cells := map[space.State][]int{}
			for c, ok := range legal {
				if ok {
					child := sp.Child(state, c)
					cells[child] = append(cells[child], c)
					found[child] = true
				}
			}
			children[s-from] = cells
		}
		for _, child := range sorted(found) {
			if !g.add(child, limit) {
				return nil, fmt.Errorf("oracle: enumerate %s: more than %d states", sp.Descriptor().Kind, limit)
			}
		}
		for s := from; s < to; s++ {
			var edges []Edge
			for _, child := range sorted(children[s-from]) {
				edges = append(edges, Edge{g.index[child], children[s-from][child]})
			}
			g.Children = append(g.Children, edges)
		}
		from = to
	}
	return g, g.checkParents()
}

func (g *Graph) add(s space.State, limit int) bool {
	g.index[s] = len(g.States)
	g.States = append(g.States, s)
	return len(g.States) <= limit
}

func sorted[V any](set map[space.State]V) []space.State {
	out := make([]space.State, 0, len(set))
	for s := range set {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// checkParents counts the parents of every state and holds them against the
// children.
func (g *Graph) checkParents() error {
	g.Parents = make([]int, len(g.States))
	listed := make([]map[int][]int, len(g.States))
	for i, s := range g.States {
		parents := g.Space.Parents(s)
		g.Parents[i] = len(parents)
		listed[i] = make(map[int][]int, len(parents))
		for _, p := range parents {
			from, ok := g.index[p.State]
			if !ok {
				return fmt.Errorf("oracle: enumerate: state %x lists a parent %x that is not reachable", s, p.State)
			}
			listed[i][from] = p.Cells
		}
	}
	edges := 0
	for s, children := range g.Children {
		for _, e := range children {
			cells := slices.Sorted(slices.Values(listed[e.Child][s]))
			if !slices.Equal(cells, e.Cells) {
				return fmt.Errorf("oracle: enumerate: cells %v of state %x lead to %x, which lists %v", e.Cells, g.States[s], g.States[e.Child], cells)
			}
			edges++
		}
	}
	for _, n := range g.Parents {
		edges -= n
	}
	if edges != 0 {
		return fmt.Errorf("oracle: enumerate: children and parents differ by %d steps", edges)
	}
	return nil
}

// Index is the place of a state in States.
func (g *Graph) Index(s space.State) (int, bool) {
	i, ok := g.index[s]
	return i, ok
}
