package sample

import (
	"slices"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// kind is the kind of a site, on which alone it depends what may be joined to it.
type kind int

const (
	acyclicSite kind = iota
	ringSite
	kindNone kind = -1 // where the first fragment goes
)

// opening is the number of open sites of each kind.
type opening [2]int

// growth tells whether a tree can still become as large as is wanted. It depends
// on the tree's open sites only: a fragment takes one of them and brings its own.
type growth struct {
	sites   [][]kind // of every fragment, site by site
	columns []joint  // of every column
	joins   [2][2]bool
	most    int        // more open sites than this are as good as this
	can     [][][]bool // can[n][acyclic][ring]: whether n more fragments can follow
}

// joint is what a column attaches: a fragment by a site.
type joint struct {
	site  kind
	sites opening // of the fragment
}

// newGrowth is for trees that are to have that many fragments at least.
func newGrowth(sp *space.Fragments, forbidden []bool, least int) *growth {
	v := sp.Vocabulary()
	g := &growth{most: least}
	for i := range v.Len() {
		f := v.Fragment(i)
		kinds := make([]kind, len(f.Sites))
		for s, a := range f.Sites {
			if f.Mol.Atoms[a].InRing {
				kinds[s] = ringSite
			}
		}
		g.sites = append(g.sites, kinds)
	}
	var usable []joint
	for c := range v.Columns() {
		f, s := v.Column(c)
		j := joint{site: g.sites[f][s]}
		for _, k := range g.sites[f] {
			j.sites[k]++
		}
		g.columns = append(g.columns, j)
		if !forbidden[f] && !slices.Contains(usable, j) {
			usable = append(usable, j)
		}
	}
	g.learnRule(sp)
	size := least + 1
	for n := range size {
		table := make([][]bool, size)
		for a := range table {
			table[a] = make([]bool, size)
			for b := range table[a] {
				table[a][b] = n == 0 || g.step(opening{a, b}, usable, n)
			}
		}
		g.can = append(g.can, table)
	}
	return g
}

// learnRule asks the space, at trees of one fragment, which kinds may be joined.
func (g *growth) learnRule(sp *space.Fragments) {
	if sp.MaxFragments() < 2 {
		return // nothing is ever joined
	}
	w := sp.Columns()
	var known [2]bool
	for i := range sp.Vocabulary().Len() {
		one := sp.Child("", sp.Vocabulary().Fragment(i).FirstColumn)
		rows := sp.RowSites(one)
		legal := make([]bool, len(rows)*w)
		sp.Legal(one, legal)
		for r, at := range rows {
			k := g.sites[i][at.Site]
			known[k] = true
			for c := range w {
				g.joins[k][g.columns[c].site] = legal[r*w+c]
			}
		}
		if known[acyclicSite] && known[ringSite] {
			return
		}
	}
}

// step reports whether one of the fragments leads from open sites to where n-1
// more can follow.
func (g *growth) step(open opening, usable []joint, n int) bool {
	for _, j := range usable {
		for k := range open {
			if open[k] > 0 && g.joins[k][j.site] && g.reaches(join(open, kind(k), j), n-1) {
				return true
			}
		}
	}
	return false
}

// join is the open sites after a fragment took one of them.
func join(open opening, at kind, j joint) opening {
	for k := range open {
		open[k] += j.sites[k]
	}
	if at != kindNone {
		open[at]--
		open[j.site]--
	}
	return open
}

// attach is the open sites after the fragment of a column took one of a kind.
func (g *growth) attach(open opening, at kind, column int) opening {
	return join(open, at, g.columns[column])
}

// reaches reports whether n more fragments can be attached.
func (g *growth) reaches(open opening, n int) bool {
	if n <= 0 {
		return true
	}
	return g.can[n][min(open[0], g.most)][min(open[1], g.most)]
}
