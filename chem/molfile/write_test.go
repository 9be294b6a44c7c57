package molfile_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/depict"
	"github.com/molsculpt/molsculpt/chem/molfile"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// formats are both formats by name.
var formats = map[string]molfile.Options{"V2000": {}, "V3000": {V3000: true}}

// again writes a record and reads it.
func again(t testing.TB, rec *molfile.Record, o molfile.Options) *molfile.Record {
	t.Helper()
	text, err := molfile.Append(nil, rec, o)
	if err != nil {
		t.Fatalf("%s: %v", smiles.Canonical(rec.Mol), err)
	}
	for line := range bytes.Lines(text) {
		if len(line) > 81 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	out, err := molfile.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v\n%s", smiles.Canonical(rec.Mol), err, text)
	}
	return out
}

// scattered are random places in the plane.
func scattered(r *rand.Rand, n int) []molfile.Point {
	points := make([]molfile.Point, n)
	for i := range points {
		points[i] = molfile.Point{X: 20 * r.Float64(), Y: 20*r.Float64() - 10}
	}
	return points
}

// drawn are the places of a drawing, with bonds of 1.5 angstroms.
func drawn(m *chem.Mol) []molfile.Point {
	var points []molfile.Point
	for _, p := range depict.Layout(m).Points {
		points = append(points, molfile.Point{X: 1.5 * p.X, Y: 1.5 * p.Y})
	}
	return points
}

var tables = []string{"zinc", "chembl", "drugs", "frag72", "diverse", "tricky"}

// sample calls use with molecules of all tables, up to most of each.
func sample(t *testing.T, most int, use func(row map[string]string, m *chem.Mol)) {
	t.Helper()
	for _, table := range tables {
		sampleOf(t, table, most, use)
	}
}

// sampleOf calls use with the first molecules of a table that can be written.
func sampleOf(t *testing.T, table string, most int, use func(row map[string]string, m *chem.Mol)) {
	t.Helper()
	n := 0
	for row := range chemtest.Rows(t, table) {
		m, err := smiles.Parse(row["smiles"])
		if err != nil || unwritable(m) {
			continue
		}
		if n++; n > most {
			return
		}
		use(row, m)
	}
}

// unwritable tells whether the format has no word for something in a molecule: a
// quadruple bond or a geometry that is not tetrahedral.
func unwritable(m *chem.Mol) bool {
	for _, a := range m.Atoms {
		if a.Geometry != chem.NoGeometry {
			return true
		}
	}
	for _, b := range m.Bonds {
		if b.Kekule == chem.Quadruple {
			return true
		}
	}
	return false
}

// TestAMoleculeSurvivesWithoutCoordinates: all but the configuration of double
// bonds comes back from a file without coordinates.
func TestAMoleculeSurvivesWithoutCoordinates(t *testing.T) {
	t.Parallel()
	sample(t, 300, func(row map[string]string, m *chem.Mol) {
		want := m.Clone()
		for i := range want.Bonds {
			want.Bonds[i].Direction = chem.NoDirection
			want.Bonds[i].Stereo = chem.NoStereo
		}
		if err := chem.Perceive(want); err != nil {
			t.Fatal(err)
		}
		for name, o := range formats {
			got := again(t, &molfile.Record{Mol: m}, o)
			if a, b := smiles.Canonical(got.Mol), smiles.Canonical(want); a != b {
				t.Errorf("%s: %s: got %s, want %s", name, row["smiles"], a, b)
			}
			if got.Points != nil {
				t.Error("coordinates out of nothing")
			}
		}
	})
}

// TestADrawingShowsTheWholeMolecule: with the coordinates of a drawing all of
// its stereo survives, of drug-like molecules always.
func TestADrawingShowsTheWholeMolecule(t *testing.T) {
	t.Parallel()
	for _, table := range tables {
		n, lost := 0, 0
		sampleOf(t, table, 400, func(row map[string]string, m *chem.Mol) {
			n++
			for name, o := range formats {
				got := again(t, &molfile.Record{Mol: m, Points: drawn(m)}, o)
				if a, b := smiles.Canonical(got.Mol), smiles.Canonical(m); a != b {
					t.Logf("%s: %s: got %s, want %s", name, row["smiles"], a, b)
					lost++
				}
			}
		})
		if limit := map[string]int{"tricky": n / 50}[table]; lost > 2*limit {
			t.Errorf("%s: %d of %d differ", table, lost, 2*n)
		}
	}
}

func TestAnImineKeepsItsHydrogen(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"[H]/N=C(/C)CC", "[H]/N=C(\\C)CC", "[H]/N=C/C=N\\[H]", "[H]N=C(C)CC", "[2H]/N=C/C"} {
		m := chemtest.Parse(t, text)
		got := again(t, &molfile.Record{Mol: m, Points: drawn(m)}, molfile.Options{})
		if a, b := smiles.Canonical(got.Mol), smiles.Canonical(m); a != b {
			t.Errorf("got %s, want %s", a, b)
		}
	}
}

// TestADrawingNeverSaysSomethingElse: however bad the coordinates, a centre or
// double bond is read as it was or as unknown, and most centres are kept.
func TestADrawingNeverSaysSomethingElse(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	centres, kept, bonds, keptBonds := 0, 0, 0, 0
	sample(t, 300, func(row map[string]string, m *chem.Mol) {
		rec := &molfile.Record{Mol: m, Points: scattered(r, len(m.Atoms))}
		if len(m.Atoms) < 2 {
			return
		}
		for name, o := range formats {
			got := again(t, rec, o)
			if a, b := smiles.Canonical(chem.StripStereo(got.Mol)), smiles.Canonical(chem.StripStereo(m)); a != b {
				t.Errorf("%s: %s: got %s, want %s", name, row["smiles"], a, b)
			}
			for i, a := range m.Atoms {
				b := got.Mol.Atoms[i]
				if b.Chirality != chem.Achiral && b.Chirality != a.Chirality {
					t.Errorf("%s: %s: atom %d is %d, was %d", name, row["smiles"], i, b.Chirality, a.Chirality)
				}
				if a.Chirality != chem.Achiral {
					centres++
					if b.Chirality == a.Chirality {
						kept++
					}
				}
			}
			for k, a := range m.Bonds {
				b := got.Mol.Bonds[k]
				if b.Stereo != chem.NoStereo && side(m, k, a) != side(m, k, b) {
					t.Errorf("%s: %s: bond %d is %d, was %d", name, row["smiles"], k, b.Stereo, a.Stereo)
				}
				if a.Stereo != chem.NoStereo {
					bonds++
					if b.Stereo != chem.NoStereo {
						keptBonds++
					}
				}
			}
			for i, p := range got.Points {
				if q := rec.Points[i]; math.Abs(p.X-q.X) > 6e-5 || math.Abs(p.Y-q.Y) > 6e-5 || p.Z != 0 {
					t.Errorf("%s: point %d moved from %v to %v", row["smiles"], i, q, p)
				}
			}
		}
	})
	t.Logf("kept %d of %d centres, %d of %d double bonds", kept, centres, keptBonds, bonds)
	if float64(kept) < 0.98*float64(centres) || bonds < 100 || float64(keptBonds) < 0.4*float64(bonds) {
		t.Errorf("kept %d of %d centres, %d of %d double bonds", kept, centres, keptBonds, bonds)
	}
}

// side is the configuration of a bond as told by the neighbours of least index.
func side(m *chem.Mol, k int, b chem.Bond) chem.BondStereo {
	stereo := b.Stereo
	for end, at := range [2]int32{b.A, b.B} {
		least := int32(math.MaxInt32)
		for _, nb := range m.Neighbors(int(at)) {
			if int(nb.Bond) != k {
				least = min(least, nb.Atom)
			}
		}
		if least != b.StereoAtoms[end] && stereo != chem.NoStereo {
			stereo = chem.Cis + chem.Trans - stereo
		}
	}
	return stereo
}

// TestEveryAtomKeepsItsHydrogens goes through bracket atoms of all elements,
// charges and hydrogen counts that are accepted, alone and with a neighbour.
func TestEveryAtomKeepsItsHydrogens(t *testing.T) {
	t.Parallel()
	n := 0
	for z := uint8(2); z <= 118; z++ {
		for charge := -4; charge <= 6; charge++ {
			for h := range 7 {
				for _, neighbours := range []string{"", "C", "O=", "*->"} {
					hydrogens := ""
					if h > 0 {
						hydrogens = fmt.Sprintf("H%d", h)
					}
					text := fmt.Sprintf("%s[%s%s%+d]", neighbours, chem.Symbol(z), hydrogens, charge)
					m, err := smiles.Parse(text)
					if err != nil {
						continue
					}
					n++
					for name, o := range formats {
						if got := again(t, &molfile.Record{Mol: m}, o); smiles.Canonical(got.Mol) != smiles.Canonical(m) {
							t.Errorf("%s: %s became %s", name, smiles.Canonical(m), smiles.Canonical(got.Mol))
						}
					}
				}
			}
		}
	}
	if n < 5000 {
		t.Errorf("only %d atoms", n)
	}
}

func TestV3000WhereV2000HasNoRoom(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"CC":                        "V2000",
		strings.Repeat("C", 999):    "V2000",
		strings.Repeat("C", 1000):   "V3000",
		"[CH3:999]C":                "V2000",
		"[CH3:1000]C":               "V3000",
		"N->[Cu]":                   "V3000",
		"C~C":                       "V2000",
		"[Na+].[Cl-].[13CH4].[CH3]": "V2000",
	} {
		m := chemtest.Parse(t, text)
		out, err := molfile.Append(nil, &molfile.Record{Mol: m}, molfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Split(string(out), "\n")[3], want) {
			t.Errorf("%.20s is not written as %s", text, want)
		}
		rec, err := molfile.Parse(out)
		if err != nil || smiles.Canonical(rec.Mol) != smiles.Canonical(m) {
			t.Errorf("%.20s: %v", text, err)
		}
	}
	far := &molfile.Record{Mol: chemtest.Parse(t, "CC"), Points: []molfile.Point{{X: -123456.5}, {Y: 1}}}
	got := again(t, far, molfile.Options{})
	if got.Points[0].X != -123456.5 {
		t.Errorf("%v", got.Points)
	}
}

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	m := chemtest.Parse(t, "CC")
	for _, rec := range []*molfile.Record{
		{},
		{Mol: &chem.Mol{Atoms: []chem.Atom{{Element: 6}, {Element: 6}}, Bonds: []chem.Bond{{A: 0, B: 1, Order: chem.Single}}}},
		{Mol: chemtest.Parse(t, "C$C")},
		{Mol: m, Name: "two\nlines"},
		{Mol: m, Name: "$$$$"},
		{Mol: m, Points: []molfile.Point{{}}},
		{Mol: m, Points: []molfile.Point{{X: math.NaN()}, {}}},
		{Mol: m, Points: []molfile.Point{{X: math.Inf(1)}, {}}},
	} {
		if _, err := molfile.Append(nil, rec, molfile.Options{}); err == nil || !strings.HasPrefix(err.Error(), "molfile: write: ") {
			t.Errorf("%+v: %v", rec, err)
		}
	}
}

func TestCentresThatCompeteForBondsAllGetOne(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	// Chains and cages of centres, where nearly every bond joins two of them.
	for _, text := range []string{
		"C[C@H](F)[C@@H](F)[C@H](F)[C@H](F)[C@@H](F)C",
		"[C@]12(F)[C@]3(Cl)[C@@]4(Br)[C@]1(I)[C@@]5(C)[C@@]2(N)[C@]3(O)[C@]45S",
		"F[C@]1(Cl)[C@](F)(Br)[C@@]1(I)Br",
	} {
		m := chemtest.Parse(t, text)
		want := smiles.Canonical(m)
		for range 200 {
			got := again(t, &molfile.Record{Mol: m, Points: scattered(r, len(m.Atoms))}, molfile.Options{})
			if s := smiles.Canonical(got.Mol); s != want && strings.Count(s, "@") > strings.Count(want, "@") {
				t.Errorf("got %s, want %s", s, want)
			}
		}
	}
}
