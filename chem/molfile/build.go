package molfile

import (
	"errors"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// builder makes a molecule of a connection table.
type builder struct {
	*table
	raw   *chem.Mol // the molecule of the table, with all its hydrogens, not perceived
	mol   *chem.Mol
	index []int32 // by atom of the table: its atom in mol, -1 for a merged hydrogen
	atom  []int32 // by atom of mol: its atom in the table
	bond  []int32 // by bond of mol: its bond in the table
}

// build makes a perceived molecule and gives the coordinates of its atoms, nil
// where the table has none.
func (t *table) build() (*chem.Mol, []Point, error) {
	b := builder{table: t, raw: new(chem.Mol)}
	for i := range t.atoms {
		b.raw.Atoms = append(b.raw.Atoms, t.atoms[i].Atom)
	}
	for i := range t.bonds {
		b.raw.Bonds = append(b.raw.Bonds, chem.Bond{A: t.bonds[i].a, B: t.bonds[i].b, Order: t.bonds[i].order})
	}
	b.raw.Connect()
	b.setHydrogens()
	b.mergeHydrogens()
	if err := b.perceive(); err != nil {
		return nil, nil, err
	}
	if b.readStereo() {
		if err := b.perceive(); err != nil {
			return nil, nil, err
		}
	}
	if !t.spread() {
		return b.mol, nil, nil
	}
	return b.mol, b.points(), nil
}

// perceive perceives the molecule and names atoms as the file does in errors.
func (b *builder) perceive() error {
	err := chem.Perceive(b.mol)
	var v *chem.ValenceError
	var k *chem.KekulizeError
	switch {
	case errors.As(err, &v):
		v.Atom = int(b.atom[v.Atom])
		return &Error{Line: b.atoms[v.Atom].line, Err: v}
	case errors.As(err, &k):
		line := 0
		for i, a := range k.Atoms {
			k.Atoms[i] = int(b.atom[a])
			if i == 0 {
				line = b.atoms[k.Atoms[0]].line
			}
		}
		return &Error{Line: line, Err: k}
	}
	return err
}

// setHydrogens gives atoms with a valence field the hydrogens that it asks for.
func (b *builder) setHydrogens() {
	for i := range b.atoms {
		from, a := &b.atoms[i], &b.raw.Atoms[i]
		switch {
		case from.given > 0:
			a.ExplicitH = uint8(from.given - 1)
		case from.valence == noValence:
			a.NoImplicit, a.ExplicitH = true, 0
		case from.valence > 0:
			a.NoImplicit = true
			a.ExplicitH = uint8(min(max(from.valence-bondsOf(b.raw, i), 0), 100))
		}
	}
}

// mergeHydrogens makes the molecule without the hydrogen atoms that say nothing.
// Their neighbours get them back as implicit ones, or as explicit ones where the
// valence model would not give them.
func (b *builder) mergeHydrogens() {
	raw := b.raw
	drop := make([]bool, len(raw.Atoms))
	for i := range raw.Atoms {
		drop[i] = b.mergeable(i)
	}
	for i := range raw.Atoms {
		merged := 0
		for _, nb := range raw.Neighbors(i) {
			if drop[nb.Atom] {
				merged++
			}
		}
		if a := &raw.Atoms[i]; merged > 0 && (a.NoImplicit || unusualValence(b.raw, i)) {
			a.ExplicitH = uint8(min(int(a.ExplicitH)+merged, 100))
		}
	}
	b.mol = &chem.Mol{Atoms: make([]chem.Atom, 0, len(raw.Atoms)), Bonds: make([]chem.Bond, 0, len(raw.Bonds))}
	b.index = make([]int32, len(raw.Atoms))
	for i, a := range raw.Atoms {
		if drop[i] {
			b.index[i] = -1
			continue
		}
		b.index[i] = int32(len(b.atom))
		b.atom = append(b.atom, int32(i))
		b.mol.Atoms = append(b.mol.Atoms, a)
	}
	for k, bond := range raw.Bonds {
		if drop[bond.A] || drop[bond.B] {
			continue
		}
		bond.A, bond.B = b.index[bond.A], b.index[bond.B]
		b.bond = append(b.bond, int32(k))
		b.mol.Bonds = append(b.mol.Bonds, bond)
	}
}

// mergeable tells whether atom i is a hydrogen that says nothing: not an
// isotope, a bridge, H2 or on a wildcard, nor the only substituent of a double
// bond whose bond is drawn in a special way.
func (b *builder) mergeable(i int) bool {
	if h := &b.raw.Atoms[i]; h.Element != 1 || h.Isotope != 0 || b.raw.Degree(i) != 1 {
		return false
	}
	nb := b.raw.Neighbors(i)[0]
	if b.raw.Atoms[nb.Atom].Element <= 1 {
		return false
	}
	if b.bonds[nb.Bond].mark != wedge.Flat && b.raw.Degree(int(nb.Atom)) == 2 {
		for _, other := range b.raw.Neighbors(int(nb.Atom)) {
			if b.raw.Bonds[other.Bond].Order == chem.Double {
				return false
			}
		}
	}
	return true
}
