package molfile

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
)

// lifted is the mark of a drawn atom by definition: the wedge is lifted out of
// the plane, the missing neighbour lies opposite to the sum of the others, and
// the sign of the volume of the first three, seen from the centre of the four,
// tells in which sense they run.
func lifted(arms []arm, ref int) chem.Chirality {
	var v []Point
	var sum Point
	for k, a := range arms {
		length := math.Sqrt(a.to.dot(a.to))
		p := Point{X: a.to.X / length, Y: a.to.Y / length}
		if k == ref {
			p.Z = 1
			if a.mark == hash {
				p.Z = -1
			}
		}
		v = append(v, p)
		sum = Point{sum.X + p.X, sum.Y + p.Y, sum.Z + p.Z}
	}
	if len(v) == 3 {
		v = append(v, Point{}.minus(sum))
	}
	// From the first neighbour, the others run counter-clockwise if their normal
	// points to it.
	normal := v[2].minus(v[1]).cross(v[3].minus(v[1]))
	if normal.dot(v[0].minus(v[1])) > 0 {
		return chem.CounterClockwise
	}
	return chem.Clockwise
}

// randomArms are bonds at random angles, one of them a wedge or hash.
func randomArms(r *rand.Rand) (arms []arm, ref int) {
	arms = make([]arm, 3+r.IntN(2))
	for k := range arms {
		angle, length := 2*math.Pi*r.Float64(), 0.5+r.Float64()
		arms[k] = arm{to: Point{X: length * math.Cos(angle), Y: length * math.Sin(angle), Z: r.NormFloat64()}, single: true}
	}
	ref = r.IntN(len(arms))
	arms[ref].mark = []mark{wedge, hash}[r.IntN(2)]
	return arms, ref
}

func TestAWedgeMeansWhatItLiftsOutOfThePlane(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[bool]int{}
	for range 20000 {
		arms, ref := randomArms(r)
		usable, plainly := legible(arms, ref)
		if !usable {
			continue
		}
		seen[plainly]++
		got := drawnChirality(6, arms, ref)
		if got == chem.Achiral {
			t.Fatalf("%v %d: nothing seen", arms, ref)
		}
		if plainly && got != lifted(arms, ref) {
			t.Fatalf("%v %d: got %d", arms, ref, got)
		}
		// The mirror image, the other mark and two neighbours in other places have
		// the opposite sense.
		other := append([]arm(nil), arms...)
		for k := range other {
			other[k].to.X = -other[k].to.X
		}
		if drawnChirality(6, other, ref) != chem.Mirror(got) {
			t.Fatalf("%v %d: the same in a mirror", arms, ref)
		}
		other = append(other[:0], arms...)
		other[ref].mark = wedge + hash - other[ref].mark
		if drawnChirality(6, other, ref) != chem.Mirror(got) {
			t.Fatalf("%v %d: the same for the other mark", arms, ref)
		}
		other = append(other[:0], arms...)
		x, y := r.IntN(len(arms)), r.IntN(len(arms))
		other[x], other[y] = other[y], other[x]
		at := ref
		switch ref {
		case x:
			at = y
		case y:
			at = x
		}
		if want := drawnChirality(6, other, at); x != y && want != chem.Mirror(got) || x == y && want != got {
			t.Fatalf("%v %d: not turned by an exchange", arms, ref)
		}
	}
	if seen[true] < 2000 || seen[false] < 2000 {
		t.Errorf("few cases: %v", seen)
	}
}

func TestWedgesOnWrongAtomsMeanNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		arms, ref := randomArms(r)
		arms = append(arms[:3:3], arms[ref])
		for len(arms) < 5 {
			arms = append(arms, arms[0])
		}
		if drawnChirality(6, arms, 3) != chem.Achiral {
			t.Error("five neighbours")
		}
		if drawnChirality(6, arms[2:4], 1) != chem.Achiral {
			t.Error("two neighbours")
		}
		three := arms[1:4:4]
		three[0].single = false
		if drawnChirality(6, three, 2) != chem.Achiral || drawnChirality(16, three, 2) == chem.Achiral {
			t.Error("a double bond, at carbon and sulfur")
		}
		three[0].single, three[0].proton = true, true
		if drawnChirality(6, three, 2) != chem.Achiral {
			t.Error("two hydrogens")
		}
	}
}

// TestContradictions goes through the cases of the InChI Technical Manual's
// table of drawings that cannot be.
func TestContradictions(t *testing.T) {
	t.Parallel()
	at := func(degrees float64, m mark) arm {
		a := degrees * math.Pi / 180
		return arm{to: Point{X: math.Cos(a), Y: math.Sin(a)}, mark: m, single: true}
	}
	for _, test := range []struct {
		arms []arm
		want bool // contradictory
	}{
		{[]arm{at(0, wedge), at(120, plain), at(240, plain)}, false},
		{[]arm{at(0, wedge), at(120, wedge), at(240, plain)}, false},
		{[]arm{at(0, wedge), at(120, wedge), at(240, wedge)}, false},
		{[]arm{at(0, wedge), at(120, hash), at(240, plain)}, true},
		{[]arm{at(0, wedge), at(60, plain), at(120, plain)}, false},
		{[]arm{at(0, wedge), at(60, hash), at(120, wedge)}, false},
		{[]arm{at(0, wedge), at(60, hash), at(120, hash)}, true},
		{[]arm{at(0, wedge), at(60, hash), at(120, plain)}, false},
		{[]arm{at(60, wedge), at(0, hash), at(120, hash)}, false},
		{[]arm{at(0, wedge), at(60, wedge), at(120, wedge)}, true},
		{[]arm{at(0, hash), at(60, plain), at(120, hash)}, true},
	} {
		if got := drawnChirality(6, test.arms, 0) == chem.Achiral; got != test.want {
			t.Errorf("%v: contradictory %v", test.arms, got)
		}
	}
}
