package depict_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/depict"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

func distance(p, q depict.Point) float64 { return math.Hypot(p.X-q.X, p.Y-q.Y) }

// rows are the molecules of a table that can be read.
func rows(t *testing.T, table string, yield func(m *chem.Mol, row map[string]string)) {
	t.Helper()
	for row := range chemtest.Rows(t, table) {
		if m, err := smiles.Parse(row["smiles"]); err == nil && len(m.Atoms) > 0 {
			yield(m, row)
		}
	}
}

// overlaps counts pairs of atoms nearer than 0.4, and of atoms not bound to each
// other nearer than 0.5.
func overlaps(m *chem.Mol, c depict.Coordinates) (n int) {
	for i := range m.Atoms {
		for j := range i {
			d := distance(c.Points[i], c.Points[j])
			if d < 0.4 || d < 0.5 && m.BondBetween(i, j) < 0 {
				n++
			}
		}
	}
	return n
}

// crossings counts pairs of bonds that cross.
func crossings(m *chem.Mol, c depict.Coordinates) (n int) {
	cross := func(a, b, p depict.Point) float64 { return (b.X-a.X)*(p.Y-a.Y) - (b.Y-a.Y)*(p.X-a.X) }
	for i, b := range m.Bonds {
		for _, e := range m.Bonds[:i] {
			if b.A == e.A || b.A == e.B || b.B == e.A || b.B == e.B {
				continue
			}
			p, q, r, s := c.Points[b.A], c.Points[b.B], c.Points[e.A], c.Points[e.B]
			if cross(p, q, r)*cross(p, q, s) < -1e-9 && cross(r, s, p)*cross(r, s, q) < -1e-9 {
				n++
			}
		}
	}
	return n
}

// ordinary tells whether a ring is of usual size and shares no more than single
// bonds with other rings, and no bridgehead.
func ordinary(m *chem.Mol, ring []int32) bool {
	for _, a := range ring {
		if m.Bridgehead(int(a)) {
			return false
		}
	}
	return len(ring) <= 8
}

func TestDrawingsOfTheTablesAreClear(t *testing.T) {
	t.Parallel()
	for _, table := range []struct {
		name             string
		overlap, crossed float64 // allowed shares of molecules
	}{{"zinc", 0.01, 0.02}, {"chembl", 0.015, 0.04}, {"drugs", 0.02, 0.04}} {
		t.Run(table.name, func(t *testing.T) {
			t.Parallel()
			n, overlapping, crossed := 0, 0, 0
			acyclic, badAcyclic, ring, badRing, irregular := 0, 0, 0, 0, 0
			rows(t, table.name, func(m *chem.Mol, row map[string]string) {
				c := depict.Layout(m)
				n++
				if overlaps(m, c) > 0 {
					overlapping++
				}
				if crossings(m, c) > 0 {
					crossed++
				}
				for _, b := range m.Bonds {
					if !b.InRing {
						acyclic++
						if math.Abs(distance(c.Points[b.A], c.Points[b.B])-1) > 0.1 {
							badAcyclic++
						}
					}
				}
				for _, r := range m.Rings {
					if !ordinary(m, r) {
						continue
					}
					ring++
					worst, regular := roundness(c, r)
					if worst > 0.1 {
						badRing++
					}
					if !regular {
						irregular++
					}
				}
			})
			t.Logf("%d molecules: %d with overlaps, %d with crossings; %d of %d acyclic bonds and %d of %d rings off by 10 %%; %d rings irregular",
				n, overlapping, crossed, badAcyclic, acyclic, badRing, ring, irregular)
			for _, share := range []struct {
				what     string
				bad, all int
				most     float64
			}{
				{"overlaps", overlapping, n, table.overlap},
				{"crossings", crossed, n, table.crossed},
				{"lengths of acyclic bonds", badAcyclic, acyclic, 0},
				{"lengths in ordinary rings", badRing, ring, 0.005},
				{"irregular ordinary rings", irregular, ring, 0.01},
			} {
				if float64(share.bad) > share.most*float64(share.all) {
					t.Errorf("%s: %d of %d, more than %.1f %%", share.what, share.bad, share.all, 100*share.most)
				}
			}
		})
	}
}

// roundness is by how much a ring's bonds miss length 1 at worst, and whether
// its atoms lie on a circle within 5 %.
func roundness(c depict.Coordinates, ring []int32) (worst float64, regular bool) {
	var centre depict.Point
	for k, a := range ring {
		p, q := c.Points[a], c.Points[ring[(k+1)%len(ring)]]
		centre.X += p.X / float64(len(ring))
		centre.Y += p.Y / float64(len(ring))
		worst = max(worst, math.Abs(distance(p, q)-1))
	}
	radius := 0.5 / math.Sin(math.Pi/float64(len(ring)))
	for _, a := range ring {
		if math.Abs(distance(c.Points[a], centre)-radius) > 0.05 {
			return worst, false
		}
	}
	return worst, true
}

// asDrawn is the tetrahedral mark of atom i that a reader of the drawing sees,
// found by angles: from a wedge towards the reader the others are seen as they
// stand on the page.
func asDrawn(m *chem.Mol, c depict.Coordinates, i int) chem.Chirality {
	type leg struct {
		number int
		angle  float64
	}
	var legs []leg
	narrow := -1
	up := false
	for k, nb := range m.Neighbors(i) {
		d := c.Points[nb.Atom]
		legs = append(legs, leg{k, math.Atan2(d.Y-c.Points[i].Y, d.X-c.Points[i].X)})
		if w := c.Wedges[nb.Bond]; w.Kind != wedge.Flat && int(w.From) == i {
			narrow, up = k, w.Kind == wedge.Up
		}
	}
	if narrow < 0 || len(legs) < 3 {
		return chem.Achiral
	}
	if len(legs) == 4 {
		legs = slices.DeleteFunc(legs, func(l leg) bool { return l.number == narrow })
	} else {
		narrow = 3 // the hydrogen that is not drawn points the other way
		up = !up
	}
	slices.SortFunc(legs, func(a, b leg) int {
		if a.angle < b.angle {
			return -1
		}
		return 1
	})
	// Seen from the wedge's atom the others run anticlockwise if that is up.
	order := []int{narrow, legs[0].number, legs[1].number, legs[2].number}
	odd := !up
	for x := range order {
		for y := range x {
			if order[y] > order[x] {
				odd = !odd
			}
		}
	}
	if odd {
		return chem.Clockwise
	}
	return chem.CounterClockwise
}

func TestStereochemistryCanBeReadFromTheDrawing(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"zinc", "chembl", "drugs", "tricky"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			centres, bonds, wrongBonds := 0, 0, 0
			rows(t, table, func(m *chem.Mol, row map[string]string) {
				c := depict.Layout(m)
				for i, a := range m.Atoms {
					if a.Chirality == chem.Achiral || m.Degree(i) < 3 {
						continue
					}
					centres++
					if got := asDrawn(m, c, i); got != a.Chirality {
						t.Errorf("%s: atom %d is drawn as %d, but is %d", row["smiles"], i, got, a.Chirality)
					}
				}
				for _, b := range m.Bonds {
					if b.Stereo == chem.NoStereo {
						continue
					}
					bonds++
					side := func(p depict.Point) float64 {
						a, q := c.Points[b.A], c.Points[b.B]
						return (q.X-a.X)*(p.Y-a.Y) - (q.Y-a.Y)*(p.X-a.X)
					}
					same := side(c.Points[b.StereoAtoms[0]])*side(c.Points[b.StereoAtoms[1]]) > 0
					if same != (b.Stereo == chem.Cis) {
						wrongBonds++
						if !b.InRing {
							t.Errorf("%s: the double bond between %d and %d is turned round", row["smiles"], b.A, b.B)
						}
					}
				}
			})
			t.Logf("%d centres, %d double bonds, %d of them in rings wrong", centres, bonds, wrongBonds)
			if wrongBonds > bonds/500 {
				t.Errorf("%d of %d double bonds are wrong", wrongBonds, bonds)
			}
		})
	}
}

func TestCoordinatesDoNotDependOnTheOrderOfAtoms(t *testing.T) {
	t.Parallel()
	inOrder := func(m *chem.Mol) []depict.Point {
		c := depict.Layout(m)
		out := make([]depict.Point, len(m.Atoms))
		for i, r := range chem.CanonicalRanks(m) {
			out[r] = c.Points[i]
		}
		return out
	}
	for _, table := range []string{"chembl", "drugs"} {
		n := 0
		rows(t, table, func(m *chem.Mol, row map[string]string) {
			other, err := smiles.Parse(row["rand_smiles"])
			if n++; err != nil || n > 1500 || smiles.Canonical(m) != smiles.Canonical(other) {
				return
			}
			p, q := inOrder(m), inOrder(other)
			for i := range p {
				if distance(p[i], q[i]) > 1e-6 {
					t.Errorf("%s and %s are drawn differently", row["smiles"], row["rand_smiles"])
					return
				}
			}
		})
	}
}

func TestRenumberedMoleculesGetTheSameWedges(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range []string{
		"C[C@H](N)C(=O)O", "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O", "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]43C)[C@@H]1CC[C@@H]2O",
	} {
		m := chemtest.Parse(t, s)
		want := marks(m)
		for range 20 {
			other := chemtest.Parse(t, smiles.Write(m, smiles.WriteOptions{Rand: rng}))
			if got := marks(other); !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", s, got, want)
			}
		}
	}
}

// marks lists the wedges by canonical numbers of their atoms.
func marks(m *chem.Mol) [][3]int {
	rank := chem.CanonicalRanks(m)
	var out [][3]int
	for i, w := range depict.Layout(m).Wedges {
		if w.Kind != wedge.Flat {
			out = append(out, [3]int{rank[w.From], rank[m.Bonds[i].Other(int(w.From))], int(w.Kind)})
		}
	}
	slices.SortFunc(out, func(a, b [3]int) int { return slices.Compare(a[:], b[:]) })
	return out
}

func TestShapes(t *testing.T) {
	t.Parallel()
	t.Run("a chain is a zigzag along x", func(t *testing.T) {
		t.Parallel()
		c := depict.Layout(chemtest.Parse(t, "CCCCCC"))
		for i := 2; i < 6; i++ {
			if d := distance(c.Points[i], c.Points[i-2]); math.Abs(d-math.Sqrt(3)) > 1e-6 {
				t.Errorf("atoms %d and %d are %g apart", i-2, i, d)
			}
			if dy := c.Points[i].Y - c.Points[i-2].Y; math.Abs(dy) > 1e-6 {
				t.Errorf("the chain rises by %g", dy)
			}
		}
	})
	t.Run("triple bonds are straight", func(t *testing.T) {
		t.Parallel()
		for _, s := range []string{"CC#CC", "CC=C=CC"} {
			c := depict.Layout(chemtest.Parse(t, s))
			if d := distance(c.Points[1], c.Points[3]); s == "CC=C=CC" && math.Abs(d-2) > 1e-6 {
				t.Errorf("%s: %g", s, d)
			}
			if d := distance(c.Points[0], c.Points[3]); s == "CC#CC" && math.Abs(d-3) > 1e-6 {
				t.Errorf("%s: %g", s, d)
			}
		}
	})
	t.Run("components lie side by side", func(t *testing.T) {
		t.Parallel()
		m := chemtest.Parse(t, "c1ccccc1CCN.Cl.OC(=O)C=CC(=O)O")
		if n := overlaps(m, depict.Layout(m)); n > 0 {
			t.Errorf("%d overlaps", n)
		}
		c := depict.Layout(m)
		for _, a := range chem.Components(m)[1] {
			for i := range m.Atoms {
				if i != a && distance(c.Points[a], c.Points[i]) < 1.2 {
					t.Errorf("the chloride is near atom %d", i)
				}
			}
		}
	})
	t.Run("short bridges are not folded", func(t *testing.T) {
		t.Parallel()
		for _, s := range []string{"C1CCC2CCC(C1)N2", "C1CC2CCC(N2)C=C1c1ccccc1", "CC(=O)C1=CCCC2CCC1N2", "C1CC2CCC(C1)N2C"} {
			m := chemtest.Parse(t, s)
			at := depict.Layout(m).Points
			for i := range m.Atoms {
				nbrs := m.Neighbors(i)
				if !m.Atoms[i].InRing || len(nbrs) != 2 {
					continue
				}
				// Two bond lengths at an angle of 80 degrees.
				if d := distance(at[nbrs[0].Atom], at[nbrs[1].Atom]); d < 2*math.Sin(40*math.Pi/180)*min(distance(at[i], at[nbrs[0].Atom]), distance(at[i], at[nbrs[1].Atom])) {
					t.Errorf("%s: the neighbours of atom %d are %.2f apart", s, i, d)
				}
			}
		}
	})
	t.Run("condensed hexagons are regular", func(t *testing.T) {
		t.Parallel()
		for _, s := range []string{"c1cc2ccc3cccc4ccc(c1)c2c34", "c1cc2ccc3ccc4ccc5ccc6ccc1c1c2c3c4c5c61", "c1ccc2cc3ccccc3cc2c1"} {
			m := chemtest.Parse(t, s)
			c := depict.Layout(m)
			for _, r := range m.Rings {
				if worst, regular := roundness(c, r); len(r) == 6 && (worst > 1e-6 || !regular) {
					t.Errorf("%s: ring %v is off by %g", s, r, worst)
				}
			}
		}
	})
	t.Run("steroids have ring A on the left and ring D on the right above", func(t *testing.T) {
		t.Parallel()
		// Testosterone, estradiol, cholesterol, prednisolone: C3 of ring A, C17 of D.
		for _, s := range []string{
			"C[C@]12CC[C@H]3[C@@H](CCC4=C[C:3](=O)CC[C@]34C)[C@@H]1CC[C@@:17]2O",
			"C[C@]12CC[C@@H]3c4cc[c:3](O)cc4CC[C@H]3[C@@H]1CC[C@@:17]2O",
			"C[C@H](CCCC(C)C)[C@:17]1CC[C@@H]2[C@@]1(CC[C@H]3[C@H]2CC=C4[C@@]3(CC[C@@:3](C4)O)C)C",
		} {
			s = strings.NewReplacer("[C@@:17]2O", "[CH:17]2O", "[C@:17]1", "[CH:17]1", "[C@@:3]", "[CH:3]").Replace(s)
			m := chemtest.Parse(t, s)
			c := depict.Layout(m)
			var at [18]depict.Point
			for i, a := range m.Atoms {
				if a.Map > 0 {
					at[a.Map] = c.Points[i]
				}
			}
			if at[3].X > at[17].X-3 || at[3].Y > at[17].Y {
				t.Errorf("%s: C3 is at %v, C17 at %v", s, at[3], at[17])
			}
		}
	})
	t.Run("helicenes do not lie on themselves", func(t *testing.T) {
		t.Parallel()
		m := chemtest.Parse(t, odd["helicene"])
		if n := overlaps(m, depict.Layout(m)); n > 0 {
			t.Errorf("%d overlaps", n)
		}
	})
	t.Run("nothing and single atoms", func(t *testing.T) {
		t.Parallel()
		if c := depict.Layout(&chem.Mol{}); len(c.Points) != 0 {
			t.Error("points of nothing")
		}
		for _, s := range []string{"C", "[Na+].[Cl-]", "*", "[H][H]", "OO"} {
			m := chemtest.Parse(t, s)
			if c := depict.Layout(m); len(c.Points) != len(m.Atoms) || overlaps(m, c) > 0 {
				t.Errorf("%s: %v", s, c.Points)
			}
		}
	})
}

// odd are molecules that try a layout's patience.
var odd = map[string]string{
	"fullerene":    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3c8c4c4c9c5c1c1c6c2c3c41",
	"porphyrin":    "c1cc2cc3ccc(cc4ccc(cc5ccc(cc1n2)[nH]5)n4)[nH]3",
	"crown":        "C1COCCOCCOCCOCCOCCO1",
	"cyclophane":   "C1Cc2ccc(cc2)CCc2ccc1cc2",
	"catenated":    "C1CC2CC1CC2.C1CCCCCCCCCCC1",
	"star":         "FS(F)(F)(F)(F)F",
	"quaternaries": "CC(C)(C)C(C(C)(C)C)(C(C)(C)C)C(C)(C)C",
	"prismane":     "C12C3C1C1C2C31",
	"tetrahedrane": "C12C3C1C23",
	"dodecahedron": "C12C3C4C5C1C1C6C7C2C2C3C3C4C4C5C1C1C6C6C7C2C2C3C4C1C62",
	"propellane":   "C1CC23CCC(C1)(CC2)C3",
	"cyclooctyne":  "C1CCCC#CCC1",
	"ferrocene":    "[Fe+2].c1cc[cH-]c1.c1cc[cH-]c1",
	"helicene":     "c1ccc2c(c1)ccc1ccc3ccc4ccc5ccccc5c4c3c12",
}

// peptide has 485 atoms.
var peptide = "N" + strings.Repeat("[C@@H](CC(C)C)C(=O)N", 60) + "CC(=O)O"

func TestOddMoleculesAreDrawn(t *testing.T) {
	t.Parallel()
	long := map[string]string{"peptide": peptide, "polymer": strings.Repeat("CCO", 300)}
	for name, s := range odd {
		long[name] = s
	}
	for name, s := range long {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := chemtest.Parse(t, s)
			start := time.Now()
			c := depict.Layout(m)
			t.Logf("%d atoms: %v, %d overlaps, %d crossings", len(m.Atoms), time.Since(start), overlaps(m, c), crossings(m, c))
			for i, p := range c.Points {
				if math.IsNaN(p.X) || math.IsNaN(p.Y) || math.Abs(p.X)+math.Abs(p.Y) > 2000 {
					t.Fatalf("atom %d is at %v", i, p)
				}
			}
		})
	}
}

func BenchmarkLayout(b *testing.B) {
	for name, s := range map[string]string{
		"imatinib":  "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
		"morphine":  "CN1CCC23c4c5ccc(O)c4OC2C(O)C=CC3C1C5",
		"fullerene": odd["fullerene"],
		"peptide":   peptide,
	} {
		b.Run(name, func(b *testing.B) {
			m := chemtest.Parse(b, s)
			for b.Loop() {
				depict.Layout(m)
			}
		})
	}
}
