package smiles_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// tally counts rows and differences of one kind, and keeps a few examples.
type tally struct {
	rows, differ int
	examples     []string
}

func (c *tally) note(same bool, format string, args ...any) {
	c.rows++
	if !same {
		if c.differ++; len(c.examples) < 5 {
			c.examples = append(c.examples, fmt.Sprintf(format, args...))
		}
	}
}

func (c *tally) check(t *testing.T, what string, allowed int) {
	t.Helper()
	if c.differ > allowed {
		t.Errorf("%s: %d of %d rows differ from RDKit, %d allowed:\n%s", what, c.differ, c.rows, allowed, strings.Join(c.examples, "\n"))
	}
}

// The numbers are the differences known and looked at: RDKit forgets extra
// rings of all components but the last; some of its own SMILES, with marks at
// ring closures, read back as another molecule; it accepts a few aromatic
// atoms with impossible valences. Marks other than tetrahedral are not kept.
func TestPerceptionAgreesWithRDKit(t *testing.T) {
	t.Parallel()
	for _, table := range []struct {
		name                                          string
		status, atoms, rings, aromatic, stereo, canon int
	}{
		{name: "zinc"},
		{name: "chembl", canon: 1},
		{name: "drugs", rings: 2},
		{name: "frag72"},
		{name: "diverse"},
		{name: "tricky", status: 11, atoms: 1, rings: 5, aromatic: 4, stereo: 20, canon: 90},
	} {
		t.Run(table.name, func(t *testing.T) {
			t.Parallel()
			var status, atoms, rings, aromatic, stereo, canon tally
			for row := range chemtest.Rows(t, table.name) {
				s := row["smiles"]
				m, err := smiles.Parse(s)
				status.note((err == nil) == (row["status"] == "ok"), "%s: want %s, got %v", s, row["status"], err)
				if err != nil || row["status"] != "ok" {
					continue
				}
				h, flags := atomColumns(m)
				atoms.note(h == row["hcounts"], "%s: hydrogens %s, want %s", s, h, row["hcounts"])
				aromatic.note(flags == row["arom_atoms"], "%s: aromatic %s, want %s", s, flags, row["arom_atoms"])
				rings.note(fmt.Sprint(len(m.Rings)) == row["rings"], "%s: %d rings, want %s", s, len(m.Rings), row["rings"])
				got := stereoColumns(m)
				want := row["n_stereo"] + " " + row["n_stereo_assigned"] + " " + row["n_stereo_db"]
				stereo.note(got == want, "%s: stereo %s, want %s", s, got, want)
				c := smiles.Canonical(m)
				for _, column := range []string{"canonical", "rand_smiles", "kekule"} {
					other, err := smiles.Parse(row[column])
					if err != nil {
						canon.note(false, "%s: %s: %v", s, row[column], err)
						continue
					}
					o := smiles.Canonical(other)
					canon.note(o == c, "%s: canonical %s, from %s %s", s, c, row[column], o)
				}
			}
			status.check(t, "accepted", table.status)
			atoms.check(t, "hydrogen counts", table.atoms)
			rings.check(t, "rings", table.rings)
			aromatic.check(t, "aromatic atoms", table.aromatic)
			stereo.check(t, "stereocentres", table.stereo)
			canon.check(t, "one canonical form", table.canon)
		})
	}
}

// atomColumns writes the columns hcounts and arom_atoms.
func atomColumns(m *chem.Mol) (hydrogens, aromatic string) {
	var h []string
	var flags strings.Builder
	for _, a := range m.Atoms {
		h = append(h, fmt.Sprint(a.Hydrogens()))
		if a.Aromatic {
			flags.WriteByte('1')
		} else {
			flags.WriteByte('0')
		}
	}
	return strings.Join(h, ","), flags.String()
}

// stereoColumns writes n_stereo, n_stereo_assigned and n_stereo_db.
func stereoColumns(m *chem.Mol) string {
	centres := chem.StereoCentres(m)
	assigned, bonds := 0, 0
	for _, c := range centres {
		if c.Label != '?' {
			assigned++
		}
	}
	for _, b := range m.Bonds {
		if b.Stereo != chem.NoStereo {
			bonds++
		}
	}
	return fmt.Sprintf("%d %d %d", len(centres), assigned, bonds)
}
