package smarts

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/molsculpt/molsculpt/chem"
)

// Pattern is a compiled SMARTS pattern. It is immutable and may be shared.
type Pattern struct {
	text    string
	atoms   []queryAtom
	bonds   []queryBond
	classes []class                  // the rarest first
	bonding []bondSet                // the distinct bond sets of bonds
	doubles []doubleBond             // double bonds with a configuration
	merged  bool                     // hydrogens were merged, here and inside $()
	marked  bool                     // an atom or a bond, here or inside $(), has a stereo mark
	grouped bool                     // components are grouped
	dative  bool                     // a bond is dative
	written []step                   // the search order in which matches are given
	plans   []atomic.Pointer[[]step] // plans[i] is the search order from atom i, made when first needed
}

// queryAtom is an atom of a pattern.
type queryAtom struct {
	expr  expr
	share float64 // expr.share()
	class int     // index into Pattern.classes
	bonds []int   // indices into Pattern.bonds
	label uint32  // atom-map number
	group int     // component group, 0 for none

	mark     mark
	joined   bool  // has a preceding atom
	closures int   // ring-closure digits
	written  []int // neighbours: the preceding atom, ring closures, branches
}

// class is what query atoms with the same conditions have in common.
type class struct {
	expr    expr
	degree  int       // neighbours that the pattern asks for
	bonding []bondSet // of its uncommon bonds: a match has a bond in each
	number  int       // query atoms of this class
}

// alike tells whether two classes allow the same atoms.
func (c *class) alike(d *class) bool {
	return c.degree == d.degree && slices.Equal(c.bonding, d.bonding) && c.expr.equal(&d.expr)
}

// Compile reads a SMARTS pattern. The error is a *SyntaxError. A name or a
// CXSMARTS extension may follow after white space; it is not looked at.
func Compile(text string) (*Pattern, error) { return compile(text, false) }

// CompileMergingH is Compile for patterns in which hydrogens are written as
// atoms, while those of molecules are counts: a hydrogen with one neighbour
// becomes a condition on that, so that C([#1])[#1] is read as [C;!H0;!H1]. It
// does what RDKit does for SMARTS with mergeHs, inside $() as well; hydrogens
// among alternatives, as in [#1,C], stay atoms.
func CompileMergingH(text string) (*Pattern, error) { return compile(text, true) }

func compile(text string, merge bool) (*Pattern, error) {
	start, pattern := trim(text)
	s := scanner{text: text[:start+len(pattern)], pos: start, full: text, merge: merge}
	p, err := s.pattern(0)
	if err != nil {
		return nil, err
	}
	if s.pos < len(s.text) {
		return nil, s.fail(s.pos, "no parenthesis is open here")
	}
	p.text = text
	return p, nil
}

// MustCompile is Compile for patterns known to be right; it panics otherwise.
func MustCompile(text string) *Pattern {
	p, err := Compile(text)
	if err != nil {
		panic(err)
	}
	return p
}

// String is the text that the pattern was compiled from.
func (p *Pattern) String() string { return p.text }

// Len is the number of atoms of the pattern.
func (p *Pattern) Len() int { return len(p.atoms) }

// Label is the atom-map number written on atom i of the pattern, or 0.
func (p *Pattern) Label(i int) uint32 { return p.atoms[i].label }

// finish computes everything that matching needs from atoms and bonds.
func (p *Pattern) finish() {
	rare := make([][]bondSet, len(p.atoms))
	for k, b := range p.bonds {
		p.atoms[b.a].bonds = append(p.atoms[b.a].bonds, k)
		p.atoms[b.b].bonds = append(p.atoms[b.b].bonds, k)
		if b.set&implicit == 0 {
			rare[b.a] = addSet(rare[b.a], b.set)
			rare[b.b] = addSet(rare[b.b], b.set)
		}
		p.bonding = addSet(p.bonding, b.set)
		p.dative = p.dative || b.order == chem.Dative
	}
	for i := range p.atoms {
		a := &p.atoms[i]
		slices.Sort(rare[i])
		a.share = a.expr.share()
		a.class = p.classOf(a.expr, len(a.bonds), rare[i])
		p.grouped = p.grouped || a.group > 0
	}
	p.sortClasses()
	p.plans = make([]atomic.Pointer[[]step], len(p.atoms))
	p.written = p.writtenPlan()
}

// classOf finds or adds the class with these conditions and counts it.
func (p *Pattern) classOf(e expr, degree int, bonding []bondSet) int {
	c := class{expr: e, degree: degree, bonding: bonding, number: 1}
	for i := range p.classes {
		if p.classes[i].alike(&c) {
			p.classes[i].number++
			return i
		}
	}
	p.classes = append(p.classes, c)
	return len(p.classes) - 1
}

// sortClasses puts the classes first that few molecules have enough atoms of.
func (p *Pattern) sortClasses() {
	order := make([]int, len(p.classes))
	for i := range order {
		order[i] = i
	}
	rank := func(c *class) float64 {
		x := c.expr.share() / float64(c.number)
		for range c.bonding {
			x *= 0.2
		}
		return x
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Compare(rank(&p.classes[i]), rank(&p.classes[j]))
	})
	sorted := make([]class, len(order))
	place := make([]int, len(order))
	for to, from := range order {
		sorted[to], place[from] = p.classes[from], to
	}
	p.classes = sorted
	for i := range p.atoms {
		p.atoms[i].class = place[p.atoms[i].class]
	}
}

func addSet(sets []bondSet, s bondSet) []bondSet {
	if slices.Contains(sets, s) {
		return sets
	}
	return append(sets, s)
}
