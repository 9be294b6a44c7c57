package molfile

import (
	"bytes"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
)

// groups are the data S-groups of a molfile by their numbers. Two kinds, which
// Marvin made, change the molecule: MRV_COORDINATE_BOND_TYPE names a bond that is
// dative, MRV_IMPLICIT_H the hydrogens on an atom with aromatic bonds.
type groups map[int]*group

type group struct {
	field string
	data  string
	atoms []int
	line  int
}

func (g groups) at(number, line int) *group {
	if g[number] == nil {
		g[number] = &group{line: line}
	}
	return g[number]
}

// read reads the lines M  SDT, M  SED, M  SCD and M  SAL of the V2000 format.
func (g groups) read(line []byte, at int) error {
	kind := string(column(line, 3, 3))
	switch kind {
	case "SDT", "SED", "SCD", "SAL":
	default:
		return nil
	}
	n, ok := number(line, 7, 3)
	if !ok {
		return formatError(at, "%s names no S-group", clip(line))
	}
	s := g.at(n, at)
	switch kind {
	case "SDT":
		s.field = string(bytes.TrimSpace(column(line, 11, 30)))
		if q := string(bytes.TrimSpace(column(line, 63, 2))); q != "" {
			return queryError(at, "an S-group with query %s", q)
		}
	case "SED", "SCD":
		s.data += string(bytes.TrimSpace(column(line, 11, len(line))))
	case "SAL":
		count, ok := number(line, 10, 3)
		if !ok {
			return formatError(at, "%s does not say how many atoms it has", clip(line))
		}
		for k := range min(count, len(line)/4) {
			atom, ok := number(line, 13+4*k, 4)
			if !ok {
				return formatError(at, "%s is no atom", clip(column(line, 13+4*k, 4)))
			}
			s.atoms = append(s.atoms, atom-1)
		}
	}
	return nil
}

// apply changes the molecule as the groups say.
func (g groups) apply(t *table) error {
	if len(g) == 0 {
		return nil
	}
	aromatic := make([]bool, len(t.atoms))
	for k := range t.bonds {
		if b := &t.bonds[k]; b.order == chem.Aromatic {
			aromatic[b.a], aromatic[b.b] = true, true
		}
	}
	for _, s := range g {
		switch s.field {
		case "MRV_COORDINATE_BOND_TYPE":
			n, ok := integer(s.data)
			if !ok {
				return formatError(s.line, "%s is no bond", clip([]byte(s.data)))
			}
			if n >= 1 && n <= len(t.bonds) && t.bonds[n-1].order == chem.Zero {
				t.bonds[n-1].order = chem.Dative
			}
		case "MRV_IMPLICIT_H":
			text, found := strings.CutPrefix(s.data, "IMPL_H")
			n, ok := integer(text)
			if !found || !ok || n < 0 || n > 100 {
				return formatError(s.line, "%s gives no hydrogens", clip([]byte(s.data)))
			}
			for _, i := range s.atoms {
				if i >= 0 && i < len(t.atoms) && aromatic[i] {
					t.atoms[i].ExplicitH = uint8(n)
				}
			}
		}
	}
	return nil
}
