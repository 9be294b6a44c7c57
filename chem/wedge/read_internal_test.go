package wedge

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
func lifted(arms []Arm, ref int) chem.Chirality {
	var v [][3]float64
	var sum [3]float64
	for k, a := range arms {
		length := math.Hypot(a.To.X, a.To.Y)
		p := [3]float64{a.To.X / length, a.To.Y / length, 0}
		if k == ref {
			p[2] = 1
			if a.Kind == Down {
				p[2] = -1
			}
		}
		v = append(v, p)
		sum = [3]float64{sum[0] - p[0], sum[1] - p[1], sum[2] - p[2]}
	}
	if len(v) == 3 {
		v = append(v, sum)
	}
	// From the first neighbour, the others run counter-clockwise if their normal
	// points to it.
	var p, q, r [3]float64
	for x := range 3 {
		p[x], q[x], r[x] = v[2][x]-v[1][x], v[3][x]-v[1][x], v[0][x]-v[1][x]
	}
	if (p[1]*q[2]-p[2]*q[1])*r[0]+(p[2]*q[0]-p[0]*q[2])*r[1]+(p[0]*q[1]-p[1]*q[0])*r[2] > 0 {
		return chem.CounterClockwise
	}
	return chem.Clockwise
}

// randomArms are bonds at random angles, one of them a wedge or hash.
func randomArms(r *rand.Rand) (arms []Arm, ref int) {
	arms = make([]Arm, 3+r.IntN(2))
	for k := range arms {
		angle, length := 2*math.Pi*r.Float64(), 0.5+r.Float64()
		arms[k] = Arm{To: Point{X: length * math.Cos(angle), Y: length * math.Sin(angle)}}
	}
	ref = r.IntN(len(arms))
	arms[ref].Kind = []Kind{Up, Down}[r.IntN(2)]
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
		got := Chirality(arms, ref)
		if got == chem.Achiral {
			t.Fatalf("%v %d: nothing seen", arms, ref)
		}
		if plainly && got != lifted(arms, ref) {
			t.Fatalf("%v %d: got %d", arms, ref, got)
		}
		// The mirror image, the other mark and two neighbours in other places have
		// the opposite sense.
		other := append([]Arm(nil), arms...)
		for k := range other {
			other[k].To.X = -other[k].To.X
		}
		if Chirality(other, ref) != chem.Mirror(got) {
			t.Fatalf("%v %d: the same in a mirror", arms, ref)
		}
		other = append(other[:0], arms...)
		other[ref].Kind = Up + Down - other[ref].Kind
		if Chirality(other, ref) != chem.Mirror(got) {
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
		if want := Chirality(other, at); x != y && want != chem.Mirror(got) || x == y && want != got {
			t.Fatalf("%v %d: not turned by an exchange", arms, ref)
		}
	}
	if seen[true] < 2000 || seen[false] < 2000 {
		t.Errorf("few cases: %v", seen)
	}
}

func TestOnlyThreeOrFourArmsShowACentre(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		arms, ref := randomArms(r)
		arms = append(arms[:3:3], arms[ref])
		for len(arms) < 5 {
			arms = append(arms, arms[0])
		}
		if Chirality(arms, 3) != chem.Achiral {
			t.Error("five arms")
		}
		if Chirality(arms[2:4], 1) != chem.Achiral {
			t.Error("two arms")
		}
	}
}

// TestContradictions goes through the cases of the InChI Technical Manual's
// table of drawings that cannot be.
func TestContradictions(t *testing.T) {
	t.Parallel()
	at := func(degrees float64, m Kind) Arm {
		a := degrees * math.Pi / 180
		return Arm{To: Point{X: math.Cos(a), Y: math.Sin(a)}, Kind: m}
	}
	for _, test := range []struct {
		arms []Arm
		want bool // contradictory
	}{
		{[]Arm{at(0, Up), at(120, Flat), at(240, Flat)}, false},
		{[]Arm{at(0, Up), at(120, Up), at(240, Flat)}, false},
		{[]Arm{at(0, Up), at(120, Up), at(240, Up)}, false},
		{[]Arm{at(0, Up), at(120, Down), at(240, Flat)}, true},
		{[]Arm{at(0, Up), at(60, Flat), at(120, Flat)}, false},
		{[]Arm{at(0, Up), at(60, Down), at(120, Up)}, false},
		{[]Arm{at(0, Up), at(60, Down), at(120, Down)}, true},
		{[]Arm{at(0, Up), at(60, Down), at(120, Flat)}, false},
		{[]Arm{at(60, Up), at(0, Down), at(120, Down)}, false},
		{[]Arm{at(0, Up), at(60, Up), at(120, Up)}, true},
		{[]Arm{at(0, Down), at(60, Flat), at(120, Down)}, true},
	} {
		if got := Chirality(test.arms, 0) == chem.Achiral; got != test.want {
			t.Errorf("%v: contradictory %v", test.arms, got)
		}
	}
}
