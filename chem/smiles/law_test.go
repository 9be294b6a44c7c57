package smiles_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// laws are what holds for the canonical form of every molecule. Each returns
// another way to the same form, or why there is none.
var laws = []struct {
	name string
	way  func(*chem.Mol, *rand.Rand) (string, error)
}{
	{"a canonical form is read back as the same", func(m *chem.Mol, _ *rand.Rand) (string, error) {
		return again(smiles.Canonical(m))
	}},
	{"the order of atoms does not matter", func(m *chem.Mol, r *rand.Rand) (string, error) {
		c := renumber(m, r)
		if err := chem.Perceive(c); err != nil {
			return "", err
		}
		return smiles.Canonical(c), nil
	}},
	{"what is written in any order is read back as the same", func(m *chem.Mol, r *rand.Rand) (string, error) {
		return again(smiles.Write(m, smiles.WriteOptions{Rand: r}))
	}},
	{"the localised form is read back as the same", func(m *chem.Mol, r *rand.Rand) (string, error) {
		return again(smiles.Write(m, smiles.WriteOptions{Rand: r, Kekule: true}))
	}},
	{"centres and configurations are neither lost nor made up", func(m *chem.Mol, _ *rand.Rand) (string, error) {
		s := smiles.Canonical(m)
		back, err := smiles.Parse(s)
		if err != nil {
			return "", err
		}
		if got, want := marked(back), marked(m); got != want {
			return s, fmt.Errorf("%v centres and configurations became %v", want, got)
		}
		return s, nil
	}},
	{"what was perceived is perceived again", func(m *chem.Mol, _ *rand.Rand) (string, error) {
		c := m.Clone()
		if err := chem.Perceive(c); err != nil {
			return "", err
		}
		return smiles.Canonical(c), nil
	}},
}

// marked counts the tetrahedral centres with a mark and the double bonds with a
// configuration.
func marked(m *chem.Mol) (n [2]int) {
	for _, a := range m.Atoms {
		if a.Chirality != chem.Achiral {
			n[0]++
		}
	}
	for _, b := range m.Bonds {
		if b.Stereo != chem.NoStereo {
			n[1]++
		}
	}
	return n
}

func again(s string) (string, error) {
	m, err := smiles.Parse(s)
	if err != nil {
		return "", err
	}
	return smiles.Canonical(m), nil
}

// renumber is a copy of m, not perceived, with its atoms in another order. The
// order of bonds, to which marks are relative, stays.
func renumber(m *chem.Mol, r *rand.Rand) *chem.Mol {
	c := &chem.Mol{Atoms: make([]chem.Atom, len(m.Atoms)), Bonds: append([]chem.Bond(nil), m.Bonds...)}
	to := r.Perm(len(m.Atoms))
	for i, a := range m.Atoms {
		c.Atoms[to[i]] = a
	}
	for k := range c.Bonds {
		b := &c.Bonds[k]
		b.A, b.B = int32(to[b.A]), int32(to[b.B])
		if b.Stereo != chem.NoStereo {
			for e := range b.StereoAtoms {
				b.StereoAtoms[e] = int32(to[b.StereoAtoms[e]])
			}
		}
	}
	return c
}

func TestLawsOfTheCanonicalForm(t *testing.T) {
	t.Parallel()
	// Broken in the table tricky by a cage of wildcards, by a hydrogen that stays
	// an atom, and by a fullerene with a configuration in a ring of eight, which
	// another smallest set of rings does not have.
	for table, allowed := range map[string]int{"zinc": 0, "chembl": 0, "drugs": 0, "frag72": 0, "diverse": 0, "tricky": 3} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 2))
			broken := make([][]string, len(laws))
			for row := range chemtest.Rows(t, table) {
				m, err := smiles.Parse(row["smiles"])
				if err != nil {
					continue
				}
				want := smiles.Canonical(m)
				for k, law := range laws {
					got, err := law.way(m, r)
					if err != nil || got != want {
						broken[k] = append(broken[k], fmt.Sprintf("%s: %s, not %s %v", row["smiles"], got, want, err))
					}
				}
			}
			for k, rows := range broken {
				if len(rows) > allowed {
					t.Errorf("%s: broken by %d rows, %d allowed:\n\t%s", laws[k].name, len(rows), allowed, strings.Join(rows[:min(len(rows), 8)], "\n\t"))
				}
			}
		})
	}
}
