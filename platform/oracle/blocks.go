package oracle

import (
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// Blocks groups the points of a grid into blocks of side edge, so that a law can
// be compared with samples that are too few for single points. It returns the
// block of every state of the graph and the number of blocks. Other spaces than
// grids are an error.
func Blocks(g *Graph, edge int) (of []int, n int, err error) {
	sp, ok := g.Space.(*space.Grid)
	if !ok || edge < 1 {
		return nil, 0, fmt.Errorf("oracle: make blocks of edge %d: the space is %s; blocks are those of a grid", edge, g.Space.Descriptor().Kind)
	}
	along := (sp.Side() + edge - 1) / edge
	n = 1
	for range sp.Dim() {
		n *= along
	}
	of = make([]int, len(g.States))
	var z []int
	for i, s := range g.States {
		z = sp.Coordinates(s, z[:0])
		for _, c := range z {
			of[i] = of[i]*along + c/edge
		}
	}
	return of, n, nil
}

// Coarse is a law summed over groups of states: the logarithm of the probability
// of each of n groups, of[s] being the group of state s.
func Coarse(p []float64, of []int, n int) []float64 {
	out := make([]float64, n)
	for s, l := range p {
		out[of[s]] += math.Exp(l)
	}
	for i := range out {
		out[i] = math.Log(out[i])
	}
	return out
}
