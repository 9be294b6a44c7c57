package scaffold

import (
	"fmt"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// Parent gives the compound that a perceived molecule is a salt, a solvate or a
// charged form of, as a new perceived molecule:
//
//  1. Bonds between metals of groups 1 and 2 and nitrogen, oxygen, sulphur or a
//     halogen become ionic: CC(=O)O[Na] is CC(=O)[O-].[Na+].
//  2. A single bond from a cation of phosphorus, sulphur, arsenic, selenium or
//     tellurium to an anion of oxygen, its relatives, nitrogen or carbon becomes
//     a double bond: C[S+]([O-])C is CS(=O)C.
//  3. Cations of nitrogen, phosphorus, oxygen, sulphur and their heavier
//     relatives lose hydrogens, anions gain them, as far as that takes charges
//     away. Unlike in chem.Neutralize, no anion stays to balance a cation that
//     cannot lose its charge: a betaine and its hydrochloride have one parent.
//     Charges beside opposite ones stay (N-oxides, nitro groups, diazo groups).
//  4. The largest organic fragment is taken; see LargestFragment.
//
// Atom-map numbers go, with what only they tell apart.
//
// Tautomers stay apart. So do the forms of a charge that is spread over several
// atoms, which lose or gain their hydrogen where the charge is written.
func Parent(m *chem.Mol) (*chem.Mol, error) {
	c := m.Clone()
	for i := range c.Atoms {
		c.Atoms[i].Map = 0
	}
	ionize(c)
	recombine(c)
	discharge(c)
	if err := chem.Perceive(c); err != nil {
		return nil, fmt.Errorf("scaffold: find parent: %w", err)
	}
	return LargestFragment(c, true)
}

// ionize breaks the bonds of metals that are salts in truth.
func ionize(m *chem.Mol) {
	m.Bonds = slices.DeleteFunc(m.Bonds, func(b chem.Bond) bool {
		if b.Kekule != chem.Single {
			return false
		}
		for _, ends := range [2][2]int32{{b.A, b.B}, {b.B, b.A}} {
			metal, anion := &m.Atoms[ends[0]], &m.Atoms[ends[1]]
			if isSaltMetal(metal.Element) && isAnionElement(anion.Element) {
				metal.Charge++
				anion.Charge--
				keepHydrogens(metal)
				keepHydrogens(anion)
				return true
			}
		}
		return false
	})
	m.Connect()
}

func isSaltMetal(z uint8) bool {
	switch z {
	case 3, 11, 19, 37, 55, 12, 20, 38, 56: // Li to Cs, Mg to Ba
		return true
	}
	return false
}

func isAnionElement(z uint8) bool {
	switch z {
	case 7, 8, 9, 16, 17, 35, 53:
		return true
	}
	return false
}

// keepHydrogens makes the hydrogens of an atom those that it has now.
func keepHydrogens(a *chem.Atom) {
	a.ExplicitH, a.ImplicitH, a.NoImplicit = uint8(a.Hydrogens()), 0, true
}

// partners are the elements whose negative charge recombine takes, the first
// first.
var partners = [...]uint8{8, 16, 34, 52, 7, 6}

// recombine turns X+-Y- into X=Y where X is of the third period or below.
func recombine(m *chem.Mol) {
	for i := range m.Atoms {
		x := &m.Atoms[i]
		switch x.Element {
		case 15, 16, 33, 34, 52:
		default:
			continue
		}
		for _, element := range partners {
			for _, nb := range m.Neighbors(i) {
				y, b := &m.Atoms[nb.Atom], &m.Bonds[nb.Bond]
				if y.Element == element && x.Charge > 0 && y.Charge < 0 && b.Order == chem.Single {
					x.Charge--
					y.Charge++
					keepHydrogens(x)
					keepHydrogens(y)
					b.Order, b.Kekule = chem.Double, chem.Double
				}
			}
		}
	}
}

// discharge adds and removes hydrogens.
func discharge(m *chem.Mol) {
	for i := range m.Atoms {
		a := &m.Atoms[i]
		if a.Charge == 0 || besideOpposite(m, i) {
			continue
		}
		keepHydrogens(a)
		for a.Charge > 0 && a.ExplicitH > 0 && losesHydrogen(a.Element) {
			a.Charge--
			a.ExplicitH--
		}
		for a.Charge < 0 && takesHydrogen(m, i) {
			a.Charge++
			a.ExplicitH++
		}
	}
}

func besideOpposite(m *chem.Mol, i int) bool {
	for _, nb := range m.Neighbors(i) {
		if int(m.Atoms[nb.Atom].Charge)*int(m.Atoms[i].Charge) < 0 {
			return true
		}
	}
	return false
}

func losesHydrogen(z uint8) bool {
	switch z {
	case 7, 8, 15, 16, 33, 34, 52:
		return true
	}
	return false
}

// takesHydrogen says whether one more hydrogen and one charge less bring an
// anion nearer to the lowest valence of the neutral element. That of BF4- and
// PF6- is exceeded already.
func takesHydrogen(m *chem.Mol, i int) bool {
	twice := 2 * (int(m.Atoms[i].ExplicitH) + 1)
	for _, nb := range m.Neighbors(i) {
		b := &m.Bonds[nb.Bond]
		twice += b.TwiceValence(b.Kekule, int32(i))
	}
	list := chem.Valences(m.Atoms[i].Element)
	return len(list) > 0 && twice == 2*(int(list[0])+int(m.Atoms[i].Charge)+1)
}
