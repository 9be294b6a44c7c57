package descriptor

import (
	"slices"
	"sync"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smarts"
)

// crippenTables are the compiled types. Hydrogens have two tables, since most
// of them are no atoms of the molecule: bearers types a hydrogen by the atom
// that bears it, nodes types one that is an atom.
type crippenTables struct {
	heavy, bearers, nodes []crippenType
}

// hydrogenTypes are the published types of hydrogens, in order. In patterns of
// bearer the hydrogen itself is left out; [O;!H0;!H1] is an oxygen whose
// hydrogen has another hydrogen beside it.
var hydrogenTypes = []struct {
	name         string
	bearer, node []string
	logP, refrac float64
}{
	{"H1", []string{"[#6,#1]"}, []string{"[#1][#6,#1]", "[#1;!H0]"}, 0.123, 1.057},
	{
		"H2",
		[]string{"O[CX4,c]", "O[!#6;!#7;!#8;!#16]", "[O;!H0;!H1]", "[!#6;!#7;!#8]"},
		[]string{"[#1]O[CX4,c]", "[#1]O[!#6;!#7;!#8;!#16]", "[#1][O;!H0;!H1]", "[#1][!#6;!#7;!#8]"},
		-0.2677, 1.395,
	},
	{"H3", []string{"[#7]", "O[#7]"}, []string{"[#1][#7]", "[#1]O[#7]"}, 0.2142, 0.9627},
	{"H4", []string{"OC=[#6,#7,O,S]", "O[O,S]"}, []string{"[#1]OC=[#6,#7,O,S]", "[#1]O[O,S]"}, 0.298, 1.805},
	{"HS", []string{"*"}, []string{"[#1]"}, 0.1125, 1.112},
}

var crippen = sync.OnceValue(func() *crippenTables {
	t := &crippenTables{}
	for _, x := range heavyTypes {
		t.heavy = append(t.heavy, crippenType{x.name, smarts.MustCompile(x.pattern), x.logP, x.refrac})
	}
	for _, x := range hydrogenTypes {
		for _, p := range x.bearer {
			t.bearers = append(t.bearers, crippenType{x.name, smarts.MustCompile(p), x.logP, x.refrac})
		}
		for _, p := range x.node {
			t.nodes = append(t.nodes, crippenType{x.name, smarts.MustCompile(p), x.logP, x.refrac})
		}
	}
	return t
})

// LogP is the octanol-water partition coefficient (its decimal logarithm) by
// atom contributions (Wildman and Crippen, J. Chem. Inf. Comput. Sci. 1999, 39,
// 868).
func LogP(m *chem.Mol) float64 { return New(m).LogP() }

// LogP is the function of that name.
func (a *Analysis) LogP() float64 {
	a.crippen()
	return a.logP
}

// Refractivity is the molar refractivity in cm3/mol by the same method as LogP.
func Refractivity(m *chem.Mol) float64 { return New(m).Refractivity() }

// Refractivity is the function of that name.
func (a *Analysis) Refractivity() float64 {
	a.crippen()
	return a.refractivity
}

// crippen types each atom by the first pattern that fits and adds up.
func (a *Analysis) crippen() {
	if a.done.crippen {
		return
	}
	a.done.crippen = true
	a.logP, a.refractivity = 0, 0
	types := crippen()
	words := (len(a.mol.Atoms) + 63) / 64
	left := resize(a.atoms2, words)
	a.atoms2 = left

	clear(left)
	hydrogens := 0
	for i := range a.mol.Atoms {
		if a.mol.Atoms[i].Element != 1 {
			left[i>>6] |= 1 << (i & 63)
		} else {
			hydrogens++
		}
	}
	a.assign(types.heavy, left, func(int) float64 { return 1 })

	clear(left)
	for i := range a.mol.Atoms {
		if a.mol.Atoms[i].Hydrogens() > 0 {
			left[i>>6] |= 1 << (i & 63)
		}
	}
	a.assign(types.bearers, left, func(i int) float64 { return float64(a.mol.Atoms[i].Hydrogens()) })

	if hydrogens == 0 {
		return
	}
	clear(left)
	for i := range a.mol.Atoms {
		if a.mol.Atoms[i].Element == 1 {
			left[i>>6] |= 1 << (i & 63)
		}
	}
	a.assign(types.nodes, left, func(int) float64 { return 1 })
}

// assign gives each atom of left the first type that fits it and adds the
// type's contributions, weighted; left is used up.
func (a *Analysis) assign(types []crippenType, left []uint64, weight func(i int) float64) {
	t := a.Target()
	for k := range types {
		x := &types[k]
		a.atoms = t.Heads(a.atoms, x.pattern, left)
		rest := uint64(0)
		for i, set := range a.atoms {
			left[i] &^= set
			rest |= left[i]
			for b := range members(set) {
				w := weight(i*64 + b)
				a.logP += w * x.logP
				a.refractivity += w * x.refrac
			}
		}
		if rest == 0 {
			return
		}
	}
}

func resize(s []uint64, n int) []uint64 { return slices.Grow(s[:0], n)[:n] }
