package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/plugins/internal/treetest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// wholeNet is the network of package treenet with the loss of trajectories, in
// float64 and written anew from its description: from the nodes of trees and
// the tables of features to the loss.
type wholeNet struct {
	width, layers int
	betaMax       float64
	space         *space.Fragments
	features      *treenet.Features
	first         []int // site of each fragment's first

	trees  op.Trees
	nodes  op.Nodes
	table  op.Table
	choice op.Choice
	paths  op.Paths
	input  []float64 // of the trees
}

func newWholeNet(sp *space.Fragments, f *treenet.Features, width, layers int, betaMax float64) *wholeNet {
	n := &wholeNet{width: width, layers: layers, betaMax: betaMax, space: sp, features: f}
	sites := 0
	for i := range sp.Vocabulary().Len() {
		n.first = append(n.first, sites)
		sites += len(sp.Vocabulary().Fragment(i).Sites)
	}
	n.trees = op.Trees{Trees: &op.Rows{}, Tokens: &op.Rows{}, Start: []int32{0}}
	n.nodes = op.Nodes{Trees: &n.trees, EndStart: []int32{0}}
	n.table = op.Table{Trees: &n.trees, Rows: &op.Rows{}, RowStart: []int32{0}}
	n.choice = op.Choice{Table: &n.table, States: n.trees.Trees, Width: sp.Columns()}
	n.paths = op.Paths{States: n.trees.Trees, Paths: &op.Rows{}, Start: []int32{0}}
	return n
}

// site is a row of the table of sites.
func (n *wholeNet) site(fragment, site int) int { return n.first[fragment] + site }

// state adds a state of a trajectory at beta, the cells taken there and its
// target.
func (n *wholeNet) state(s space.State, beta float64, cells []int, target float64) {
	nodes, rows := n.space.Nodes(s, nil), n.space.RowSites(s)
	f := n.features
	first := n.trees.Tokens.Live
	n.trees.Trees.Live++
	n.trees.Tokens.Live += 1 + len(nodes)
	n.table.Rows.Live += 1 + len(rows)
	n.trees.Start = append(n.trees.Start, int32(n.trees.Tokens.Live))

	// Tokens: first the tree, then its fragments.
	sums := make([]float64, treenet.SumWidth)
	add := func(at int, row []float32) {
		for k, v := range row {
			sums[at+k] += float64(v)
		}
	}
	siteRow := func(site int) []float32 { return f.Site[site*treenet.SiteWidth:][:treenet.SiteWidth] }
	const openSums, usedSums = treenet.FragmentSums, treenet.FragmentSums + treenet.SiteWidth
	n.nodes.Kind = append(n.nodes.Kind, int32(f.Fragments))
	for i, x := range nodes {
		n.nodes.Kind = append(n.nodes.Kind, int32(x.Fragment))
		add(0, f.Fragment[x.Fragment*treenet.FragmentWidth:][:treenet.FragmentSums])
		if x.Parent < 0 {
			continue
		}
		own, up := n.site(x.Fragment, x.Site), n.site(nodes[x.Parent].Fragment, x.ParentSite)
		n.nodes.Token = append(n.nodes.Token, int32(first+1+i), int32(first+1+x.Parent))
		n.nodes.Own = append(n.nodes.Own, int32(own), int32(up))
		n.nodes.Other = append(n.nodes.Other, int32(up), int32(own))
		add(usedSums, siteRow(own))
		add(usedSums, siteRow(up))
	}
	n.nodes.EndStart = append(n.nodes.EndStart, int32(len(n.nodes.Token)))
	n.trees.Rel = append(n.trees.Rel, relations(nodes))

	// Rows of the action table.
	for _, r := range rows {
		token, site := 0, f.Sites // of the empty tree
		if r.Node >= 0 {
			token, site = 1+r.Node, n.site(nodes[r.Node].Fragment, r.Site)
		}
		n.table.Token, n.table.Site = append(n.table.Token, int32(first+token)), append(n.table.Site, int32(site))
		if r.Node >= 0 {
			add(openSums, siteRow(site))
		} else {
			add(openSums, siteRow(f.Sites))
		}
	}
	n.table.RowStart = append(n.table.RowStart, int32(len(n.table.Token)))
	legal := make([]bool, len(rows)*n.space.Columns())
	n.choice.Stop = append(n.choice.Stop, n.space.Legal(s, legal))
	for r := range rows {
		mask := make([]float32, n.space.Columns())
		for c := range mask {
			if !legal[r*n.space.Columns()+c] {
				mask[c] = op.Illegal
			}
		}
		n.choice.Mask = append(n.choice.Mask, int32(len(n.choice.Masks)))
		n.choice.Masks = append(n.choice.Masks, mask)
	}
	var taken []int32
	for _, c := range cells {
		taken = append(taken, int32(c))
	}
	n.choice.Taken = append(n.choice.Taken, taken)
	n.paths.Target = append(n.paths.Target, target)
	n.input = append(n.input, n.wholeTree(beta, len(nodes), sums)...)
}

// wholeTree is the input of the tree's token: beta as a thermometer, the size,
// and each sum as it is and as twelve bins of a quarter from -1/2 up.
func (n *wholeNet) wholeTree(beta float64, size int, sums []float64) (x []float64) {
	unit := func(v float64) float64 { return min(max(v, 0), 1) }
	for j := range treenet.Bins {
		x = append(x, unit(beta/n.betaMax*treenet.Bins-float64(j)))
	}
	for j := range treenet.MaxFragments + 1 {
		if j == size {
			x = append(x, 1)
		} else {
			x = append(x, 0)
		}
	}
	for k, v := range sums {
		s := v / float64(n.features.Scale[k])
		x = append(x, s)
		for j := range 12 {
			x = append(x, unit((s+0.5)*4-float64(j)))
		}
	}
	for len(x)%16 != 0 {
		x = append(x, 0)
	}
	return x
}

// relations tell distances in the tree: 3 for a fragment itself, one more for
// every bond on the way, 14 at most. The tree's token has relations of its own.
func relations(nodes []fragment.Node) []int32 {
	path := func(i int) (up []int) { // from the root
		for ; i >= 0; i = nodes[i].Parent {
			up = append([]int{i}, up...)
		}
		return up
	}
	rel := make([]int32, 16*(len(nodes)+1))
	for i := range rel {
		rel[i] = op.Padding
	}
	rel[0] = 0
	for i := range nodes {
		rel[1+i], rel[16*(1+i)] = 1, 2
		for j := range nodes {
			a, b := path(i), path(j)
			for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
				a, b = a[1:], b[1:]
			}
			rel[16*(1+i)+1+j] = int32(min(3+len(a)+len(b), 14))
		}
	}
	return rel
}

// endPath ends a trajectory.
func (n *wholeNet) endPath(beta float64, group int) {
	n.paths.Paths.Live++
	n.paths.Start = append(n.paths.Start, int32(n.trees.Trees.Live))
	code := make([]float32, treenet.ZWidth) // log Z is linear between knots
	for k := range treenet.Knots {
		code[k] = float32(max(1-math.Abs(beta/n.betaMax*treenet.Bins-float64(k)), 0))
	}
	n.paths.Code, n.paths.Group = append(n.paths.Code, code), append(n.paths.Group, int32(group))
}

// loss runs the network on parameters by name.
func (n *wholeNet) loss(p map[string][]float64, objective op.Objective, knee float64) (total float64, residual []float64) {
	f, d := n.features, n.width
	linear := func(name string, x []float64, k int, gelu bool, r []float64) []float64 {
		return optest.Linear(x, p[name+".w"], p[name+".b"], r, k, gelu)
	}
	sites := widen(f.Site)
	fragments := linear("fragment.features", widen(f.Fragment), treenet.FragmentWidth, false, p["fragment.learned"])
	bonds := linear("bond.features", sites, treenet.SiteWidth, false, p["bond.learned"])
	places := linear("row.features", sites, treenet.SiteWidth, false, p["row.learned"])
	const columnWidth = treenet.FragmentWidth + treenet.SiteWidth
	keys := linear("key.narrow", linear("key.wide", widen(f.Column), columnWidth, true, nil), 2*d, false, p["key.learned"])

	inputWidth := len(n.input) / n.trees.Trees.Live
	tree := linear("tree.narrow", linear("tree.wide", n.input, inputWidth, true, nil), 2*d, false, nil)
	h := optest.Tokens(&n.nodes, fragments, bonds, tree, d)
	for i := range n.layers {
		var list [][]float64
		for _, name := range []string{"norm1.gamma", "norm1.beta", "qkv.w", "qkv.b", "relation", "project.w", "project.b", "norm2.gamma", "norm2.beta", "widen.w", "widen.b", "narrow.w", "narrow.b"} {
			list = append(list, p[fmt.Sprintf("layer%d.%s", i, name)])
		}
		h = optest.Block(&n.trees, h, list, d)
	}
	h = linear("row.project", optest.Norm(h, p["norm.gamma"], p["norm.beta"]), d, false, nil)
	q := linear("query", optest.Hidden(&n.table, h, places, d), d, false, nil)
	logp := optest.LogProb(&n.choice, q, keys, p["column.bias"], p["stop.key"], p["stop.bias"][0])
	losses, residual := optest.Balance(&n.paths, objective, knee, logp, p[treenet.LogZName])
	for _, v := range losses {
		total += v
	}
	return total, residual
}

// The loss of the whole network is that of its definition to six digits, and
// the gradient of every parameter that by central differences to four.
func TestTheWholeNetworkIsItsDefinition(t *testing.T) {
	const knee, betaMax, lossError, gradientError = 4, 32, 1e-5, 1e-4
	sp := treetest.Toy(t, 4)
	f := treenet.NewFeatures(sp.Vocabulary())
	each(t, func(t *testing.T) {
		for _, objective := range []op.Objective{op.TrajectoryBalance, op.Variance, op.SubTrajectories, op.Likelihood} {
			t.Run(fmt.Sprint("objective ", objective), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				masks, encoder := treenet.NewMasks(sp.Columns()), treenet.NewEncoder(f)
				p := params(3)
				c := treenet.Config{Width: 32, Layers: 2, BetaMax: betaMax}
				l, err := treenet.NewLearner(c, treenet.LearnerConfig{Objective: objective, Knee: knee, Stop: 1, Threads: 2}, f, p, masks)
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range p.All() { // nothing is zero or one that may be otherwise
					for i := range x.Data {
						x.Data[i] += float32(0.1 * r.NormFloat64())
					}
				}
				net := newWholeNet(sp, f, c.Width, c.Layers, betaMax)
				var paths []treenet.Path
				for i := range 4 {
					beta := 0.7 + 9*float64(i/2)
					path := treenet.Path{Beta: beta, Group: i / 2}
					walk := space.Walk(sp, 0.3, r)
					for k, s := range walk.States {
						legal := make([]bool, sp.Rows(s)*sp.Columns())
						step := treenet.Step{Tree: encoder.Encode(sp.Nodes(s, nil), sp.RowSites(s)), Stops: sp.Legal(s, legal), Masks: masks.Number(legal), Target: 3 * r.NormFloat64()}
						if k < len(walk.Cells) {
							step.Cells = walk.Cells[k]
						}
						path.Steps = append(path.Steps, step)
						net.state(s, beta, step.Cells, step.Target)
					}
					net.endPath(beta, i/2)
					paths = append(paths, path)
				}
				cost, residuals, err := l.Run(paths, 1)
				if err != nil {
					t.Fatal(err)
				}
				values := map[string][]float64{}
				for _, x := range p.All() {
					values[x.Name] = widen(x.Data)
				}
				want, residual := net.loss(values, objective, knee)
				near(t, "the loss", cost, want, lossError*(1+want))
				for i, v := range residual {
					near(t, fmt.Sprint("residual ", i), residuals[i], v, lossError*(1+math.Abs(v)))
				}
				learned := l.Params()
				if objective != op.Variance && objective != op.Likelihood { // else it is fitted beside the loss, or there is none
					learned = append(learned, l.LogZ())
				}
				if len(learned) < len(p.All())-1 {
					t.Fatalf("%d of %d parameters are learned", len(learned), len(p.All()))
				}
				checkGradients(t, r, learned, values, gradientError, func() float64 {
					v, _ := net.loss(values, objective, knee)
					return v
				})
			})
		}
	})
}

// checkGradients holds the gradient of each parameter against differences of f,
// which reads values: along itself and along a random direction, both of length
// one. Errors count in units of the gradient's length.
func checkGradients(t *testing.T, r *rand.Rand, list []*nn.Param, values map[string][]float64, tolerance float64, f func() float64) {
	t.Helper()
	for _, p := range list {
		grad := widen(p.Grad)
		along, random := make([]float64, len(grad)), make([]float64, len(grad))
		var length float64
		for i, g := range grad {
			random[i] = r.NormFloat64()
			along[i] = g
			length += g * g
		}
		length = math.Sqrt(length)
		for _, dir := range [][]float64{along, random} {
			var norm, slope float64
			for _, v := range dir {
				norm += v * v
			}
			if norm == 0 {
				continue
			}
			for i := range dir {
				dir[i] /= math.Sqrt(norm)
				slope += dir[i] * grad[i]
			}
			want := optest.Slope(f, values[p.Name], dir)
			near(t, "the slope of "+p.Name, slope, want, tolerance*max(length, 1e-3))
		}
	}
}
