package wedge

import (
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
)

// centres have neighbours that are centres, so that bonds are fought for.
var centres = []string{
	"C[C@H](O)[C@@H](F)[C@H](Cl)N",
	"OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
	"C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]43C)[C@@H]1CC[C@@H]2O",
	"[C@H]1([C@@H]2[C@H]3[C@@H]1O3)N2C",
	"F[C@](Cl)(Br)[C@](F)(Cl)[C@@](F)(Cl)Br",
	"C[S@](=O)C[P@](=O)(O)N",
	"CC[Se@](=O)C",
}

// most is how many centres can be shown at once: the largest matching.
func most(options [][]option, taken map[int32]bool) int {
	if len(options) == 0 {
		return 0
	}
	best := most(options[1:], taken)
	for _, o := range options[0] {
		if !taken[o.bond] {
			taken[o.bond] = true
			best = max(best, 1+most(options[1:], taken))
			taken[o.bond] = false
		}
	}
	return best
}

func TestChooseShowsAsManyCentresAsCanBe(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	contested := 0
	for _, s := range centres {
		m := chemtest.Parse(t, s)
		for range 100 {
			points := make([]Point, len(m.Atoms))
			for i := range points {
				points[i] = Point{r.NormFloat64(), r.NormFloat64()}
			}
			c := chooser{m: m, points: points, rank: chem.CanonicalRanks(m)}
			var options [][]option
			first := map[int32]bool{}
			for i := range m.Atoms {
				if m.Atoms[i].Chirality == chem.Achiral {
					continue
				}
				if list := c.list(i); len(list) > 0 {
					options = append(options, list)
					if first[list[0].bond] {
						contested++
					}
					first[list[0].bond] = true
				}
			}
			shown := 0
			for k, w := range Choose(m, points) {
				if w.Kind == Flat {
					continue
				}
				shown++
				var arms []Arm
				ref := -1
				for _, nb := range m.Neighbors(int(w.From)) {
					if int(nb.Bond) == k {
						ref = len(arms)
					}
					arms = append(arms, Arm{To: points[nb.Atom].minus(points[w.From])})
				}
				if ref < 0 {
					t.Fatalf("%s: bond %d begins elsewhere", s, k)
				}
				arms[ref].Kind = w.Kind
				if got := Chirality(arms, ref); got != m.Atoms[w.From].Chirality {
					t.Errorf("%s: atom %d is drawn as %d", s, w.From, got)
				}
			}
			if want := most(options, map[int32]bool{}); shown != want {
				t.Errorf("%s: %d centres are shown, want %d", s, shown, want)
			}
		}
	}
	if contested < 10 {
		t.Errorf("only %d bonds were wanted twice", contested)
	}
}

func TestMarkUnknownTakesABondOfItsOwn(t *testing.T) {
	t.Parallel()
	m := chemtest.Parse(t, "CC(F)[C@H](F)C(O)N")
	wedges := make([]Wedge, len(m.Bonds))
	taken := m.BondBetween(1, 2)
	wedges[taken] = Wedge{Up, 2}
	MarkUnknown(m, wedges)
	for _, i := range []int32{1, 5} {
		n := 0
		for k, w := range wedges {
			if w == (Wedge{Either, i}) {
				n++
				if b := m.Bonds[k]; b.A != i && b.B != i {
					t.Errorf("the bond of atom %d is elsewhere", i)
				}
			}
		}
		if n != 1 {
			t.Errorf("%d wavy bonds at atom %d", n, i)
		}
	}
	if wedges[taken].Kind != Up {
		t.Error("a wedge was overdrawn")
	}
}
