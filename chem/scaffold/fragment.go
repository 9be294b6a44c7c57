package scaffold

import (
	"cmp"
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/mass"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// LargestFragment gives the component of a perceived molecule with the most
// atoms, hydrogens among them; of several the one with the highest exact mass,
// of those the one whose canonical SMILES comes first. With preferOrganic,
// components without carbon count only where there are no others. It is RDKit's
// LargestFragmentChooser, which has RDKit's SMILES for the last choice.
//
// The result is m itself where there is only one component.
func LargestFragment(m *chem.Mol, preferOrganic bool) (*chem.Mol, error) {
	parts := chem.Components(m)
	if len(parts) <= 1 {
		return m, nil
	}
	var best []fragment
	for _, atoms := range parts {
		f := weigh(m, atoms, preferOrganic)
		order := 1
		if len(best) > 0 {
			order = f.compare(best[0])
		}
		if order > 0 {
			best = best[:0]
		}
		if order >= 0 {
			best = append(best, f)
		}
	}
	var largest *chem.Mol
	first := ""
	for _, f := range best {
		c := chem.Subset(m, f.atoms)
		if err := chem.Perceive(c); err != nil {
			return nil, fmt.Errorf("scaffold: take largest fragment: %w", err)
		}
		if len(best) == 1 {
			return c, nil
		}
		if s := smiles.Canonical(c); largest == nil || s < first {
			largest, first = c, s
		}
	}
	return largest, nil
}

// fragment is a component by what LargestFragment compares.
type fragment struct {
	atoms   []int
	organic int // 1 if it has carbon and that matters
	size    int // atoms and hydrogens
	mass    float64
}

func weigh(m *chem.Mol, atoms []int, preferOrganic bool) fragment {
	f := fragment{atoms: atoms}
	for _, i := range atoms {
		a := &m.Atoms[i]
		if a.Element == 6 && preferOrganic {
			f.organic = 1
		}
		f.size += 1 + a.Hydrogens()
		f.mass += float64(a.Hydrogens()) * mass.Common(1)
		if a.Isotope != 0 {
			f.mass += mass.Isotope(a.Element, a.Isotope)
		} else {
			f.mass += mass.Common(a.Element)
		}
	}
	return f
}

func (f fragment) compare(o fragment) int {
	return cmp.Or(cmp.Compare(f.organic, o.organic), cmp.Compare(f.size, o.size), f.compareMass(o))
}

// compareMass takes masses that differ by rounding as equal.
func (f fragment) compareMass(o fragment) int {
	if d := f.mass - o.mass; d < -1e-6 || d > 1e-6 {
		return cmp.Compare(f.mass, o.mass)
	}
	return 0
}
