package smarts_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
)

// writer writes a random pattern that is like a part of a molecule: conditions
// that hold for the atoms and bonds of the part and some that do not.
type writer struct {
	r      *rand.Rand
	m      *chem.Mol
	honest bool // only conditions that hold
	depth  int

	part  []int // atoms of the part
	order []int // the same in the order they are written in
	rings map[int]string
	b     strings.Builder
}

// randomPattern is a pattern of at most size atoms like a part of m, and the
// atoms of that part in the pattern's order.
func randomPattern(r *rand.Rand, m *chem.Mol, size int, honest bool) (string, []int) {
	w := writer{r: r, m: m, honest: honest}
	for range 1 + r.IntN(40)/35 {
		w.component(r.IntN(len(m.Atoms)), size)
	}
	return w.b.String(), w.order
}

// component grows a part from an atom that is free and writes it.
func (w *writer) component(root, size int) {
	if slices.Contains(w.order, root) {
		return
	}
	if w.b.Len() > 0 {
		w.b.WriteByte('.')
	}
	w.part, w.rings = []int{root}, map[int]string{}
	for n := 1 + w.r.IntN(size); len(w.part) < n; {
		from := w.part[w.r.IntN(len(w.part))]
		nbrs := w.m.Neighbors(from)
		if len(nbrs) == 0 {
			break
		}
		to := int(nbrs[w.r.IntN(len(nbrs))].Atom)
		if slices.Contains(w.order, to) {
			break
		}
		if !slices.Contains(w.part, to) {
			w.part = append(w.part, to)
		} else if w.r.IntN(10) == 0 {
			break
		}
	}
	// A spanning tree; the other bonds of the part are ring closures or left out.
	parent := map[int]int{root: -1}
	children := map[int][]int{}
	digits := map[int][]int{} // bonds closed at an atom
	var span func(i int)
	span = func(i int) {
		nbrs := slices.Clone(w.m.Neighbors(i))
		w.r.Shuffle(len(nbrs), func(a, b int) { nbrs[a], nbrs[b] = nbrs[b], nbrs[a] })
		for _, nb := range nbrs {
			to := int(nb.Atom)
			if !slices.Contains(w.part, to) {
				continue
			}
			if _, ok := parent[to]; !ok {
				parent[to] = i
				children[i] = append(children[i], to)
				span(to)
			} else if to != parent[i] && parent[to] != i && !slices.Contains(digits[i], int(nb.Bond)) && w.r.IntN(4) > 0 {
				digits[i] = append(digits[i], int(nb.Bond))
				digits[to] = append(digits[to], int(nb.Bond))
			}
		}
	}
	span(root)
	var write func(i int)
	write = func(i int) {
		w.order = append(w.order, i)
		w.atom(i)
		after := 0 // branches before the ring closures
		if w.r.IntN(4) == 0 {
			after = w.r.IntN(len(children[i]) + 1)
		}
		for k, to := range children[i] {
			if k == after {
				w.closures(i, digits[i])
			}
			last := k+1 == len(children[i]) && after <= k
			if !last {
				w.b.WriteByte('(')
			}
			w.bond(w.m.BondBetween(i, to), i)
			write(to)
			if !last {
				w.b.WriteByte(')')
			}
		}
		if after == len(children[i]) {
			w.closures(i, digits[i])
		}
	}
	write(root)
}

// closures writes the ring closures of atom i.
func (w *writer) closures(i int, bonds []int) {
	for _, bond := range bonds {
		label, open := w.rings[bond]
		if !open {
			label = fmt.Sprintf("%d", 1+len(w.rings))
			if len(w.rings) > 8 {
				label = fmt.Sprintf("%%%d", 1+len(w.rings))
			}
			w.rings[bond] = label
		}
		plain := w.m.Bonds[bond].Order == chem.Single || w.m.Bonds[bond].Order == chem.Aromatic
		if w.r.IntN(2) == 0 || w.honest && !plain {
			w.bond(bond, i)
		}
		w.b.WriteString(label)
	}
}

// pick is one of the given texts.
func (w *writer) pick(s ...string) string { return s[w.r.IntN(len(s))] }

// bond writes a condition on a bond, seen from an atom.
func (w *writer) bond(k, from int) {
	b := &w.m.Bonds[k]
	symbol := map[chem.Order]string{
		chem.Single: "-", chem.Double: "=", chem.Triple: "#", chem.Quadruple: "$",
		chem.Aromatic: ":", chem.Dative: "->", chem.Zero: "~",
	}[b.Order]
	if b.Order == chem.Dative && int(b.B) == from {
		symbol = "<-"
	}
	ring := "!@"
	if b.InRing {
		ring = "@"
	}
	hold := []string{"~", symbol, symbol, symbol + ",#", "~;" + ring, "#," + symbol + ";" + ring, symbol + ring, ring}
	if b.Order == chem.Single || b.Order == chem.Aromatic {
		hold = append(hold, "", "", "", "", "", "", "")
	}
	if b.Order == chem.Single && !w.honest {
		hold = append(hold, "/", "\\", "/", "\\", "/", "\\")
	}
	if !w.honest && w.r.IntN(30) == 0 {
		hold = []string{"=", "!" + symbol, "-,=;!@", ":,-&@", "!#", "!-;!:", "=,:;@"}
	}
	w.b.WriteString(w.pick(hold...))
}

// atom writes a condition on an atom.
func (w *writer) atom(i int) {
	a := &w.m.Atoms[i]
	symbol := chem.Symbol(a.Element)
	organic := slices.Contains([]string{"B", "C", "N", "O", "P", "S", "F", "Cl", "Br", "I"}, symbol)
	if a.Aromatic {
		symbol = strings.ToLower(symbol)
	}
	chiral := a.Chirality != chem.Achiral
	if organic && w.r.IntN(3) > 0 && !chiral {
		w.b.WriteString(symbol)
		return
	}
	if a.Element == 1 || w.r.IntN(8) == 0 {
		symbol = "*"
	}
	if w.r.IntN(6) == 0 || a.Element > 112 { // newer symbols are not known to RDKit
		symbol = fmt.Sprintf("#%d", a.Element)
	}
	w.b.WriteString("[" + symbol)
	if !w.honest && (chiral && w.r.IntN(4) > 0 || w.r.IntN(60) == 0) {
		w.b.WriteString(w.pick("@", "@@"))
	}
	for range w.r.IntN(4) {
		joint := w.pick("", "&", ";")
		if !w.honest && w.r.IntN(8) == 0 {
			joint = w.pick(",", "&!", ";!", ",!")
		}
		text := w.condition(i)
		if c := text[0]; joint == "" && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9') {
			joint = "&" // lest C and r become chromium, #6 and 13 an element 613
		}
		w.b.WriteString(joint + text)
	}
	if w.r.IntN(20) == 0 {
		fmt.Fprintf(&w.b, ":%d", w.r.IntN(30))
	}
	w.b.WriteByte(']')
}

// condition is one more condition that holds for atom i, or is a little off.
func (w *writer) condition(i int) string {
	a := &w.m.Atoms[i]
	if w.depth < 2 && w.r.IntN(8) == 0 {
		inner := writer{r: w.r, m: w.m, honest: w.honest, depth: w.depth + 1}
		inner.component(i, 4)
		return "$(" + inner.b.String() + ")"
	}
	heavy, hydrogens, ringBonds, hetero, aliphatic, heavyDegree := 0, a.Hydrogens(), 0, 0, 0, 0
	for _, nb := range w.m.Neighbors(i) {
		o := &w.m.Atoms[nb.Atom]
		if o.Element == 1 {
			hydrogens++
		} else {
			heavy++
		}
		if o.Element != 1 || o.Isotope > 1 {
			heavyDegree++
		}
		if o.Element != 1 && o.Element != 6 {
			hetero++
			if !o.Aromatic {
				aliphatic++
			}
		}
		if w.m.Bonds[nb.Bond].InRing {
			ringBonds++
		}
	}
	rings, smallest := 0, 0
	for _, ring := range w.m.Rings {
		if slices.Contains(ring, int32(i)) {
			if rings++; smallest == 0 || len(ring) < smallest {
				smallest = len(ring)
			}
		}
	}
	off := 0
	if !w.honest && w.r.IntN(10) == 0 {
		off = w.r.IntN(3) - 1
	}
	counts := []struct {
		letter string
		value  int
		ranges bool
	}{
		{"D", w.m.Degree(i), true},
		{"d", heavyDegree, true},
		{"X", w.m.Degree(i) + a.Hydrogens(), true},
		{"H", hydrogens, false},
		{"h", a.Hydrogens(), true},
		{"R", rings, true},
		{"r", smallest, true},
		{"x", ringBonds, true},
		{"z", hetero, true},
		{"Z", aliphatic, true},
	}
	c := counts[w.r.IntN(len(counts))]
	n := max(0, c.value+off)
	switch w.r.IntN(12) {
	case 0, 1:
		if c.ranges {
			return c.letter + w.pick(fmt.Sprintf("{%d-%d}", max(0, n-1), n+1), fmt.Sprintf("{%d-}", n), fmt.Sprintf("{-%d}", n))
		}
	case 2:
		return fmt.Sprintf("%+d", int(a.Charge)+off)
	case 3:
		if a.Isotope > 0 {
			return strconv.Itoa(int(a.Isotope))
		}
		return "!13"
	case 4:
		if a.Aromatic {
			return w.pick("a", "!A")
		}
		return w.pick("A", "!a")
	case 5:
		hybrids := map[chem.Hybridization]string{
			chem.HybridS: "^0", chem.SP: "^1", chem.SP2: "^2", chem.SP3: "^3", chem.SP3D: "^4", chem.SP3D2: "^5",
		}
		if s, ok := hybrids[a.Hybridization]; ok {
			return s
		}
		return "*"
	case 6:
		return w.pick(fmt.Sprintf("#%d", a.Element), "*", fmt.Sprintf("!#%d", int(a.Element)+1))
	}
	return fmt.Sprintf("%s%d", c.letter, n)
}
