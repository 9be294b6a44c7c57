package diagnose_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/diagnose"
)

// bruteForce is the least cost of matching units one to one, by trying all
// permutations: optimal for unit masses (Birkhoff).
func bruteForce(cost func(i, j int) float64, n int) float64 {
	best := math.Inf(1)
	used := make([]bool, n)
	var place func(i int, sum float64)
	place = func(i int, sum float64) {
		if i == n {
			best = math.Min(best, sum)
			return
		}
		for j := range n {
			if !used[j] {
				used[j] = true
				place(i+1, sum+cost(i, j))
				used[j] = false
			}
		}
	}
	place(0, 0)
	return best / float64(n)
}

func TestTransportIsTheBestOfAllAssignments(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for round := range 300 {
		// Masses are whole units, so that they can be split into equal points.
		units := 2 + rng.IntN(6)
		split := func() (mass []float64, owner []int) {
			for i := 0; len(owner) < units; i++ {
				k := min(1+rng.IntN(3), units-len(owner))
				mass = append(mass, float64(k))
				for range k {
					owner = append(owner, i)
				}
			}
			return mass, owner
		}
		a, rows := split()
		b, columns := split()
		cost := make([]float64, len(a)*len(b))
		for k := range cost {
			cost[k] = 10 * rng.Float64()
			if round%3 == 0 {
				cost[k] = float64(rng.IntN(3)) // ties
			}
			if round%5 == 0 {
				cost[k] -= 5
			}
		}
		got, err := diagnose.Move(cost, a, b)
		if err != nil {
			t.Fatal(err)
		}
		want := bruteForce(func(i, j int) float64 { return cost[rows[i]*len(b)+columns[j]] }, units)
		if math.Abs(got.Cost-want) > 1e-10 {
			t.Fatalf("masses %v and %v: cost %g, best of all %g", a, b, got.Cost, want)
		}
	}
}

// certify checks that a transport moves the masses and that its potentials prove
// that none is cheaper.
func certify(t *testing.T, cost, a, b []float64, move *diagnose.Transport) {
	t.Helper()
	var massA, massB, dual float64
	for _, v := range a {
		massA += v
	}
	for _, v := range b {
		massB += v
	}
	in := make([]float64, len(b))
	for i := range a {
		var out float64
		for j := range b {
			f := move.Flow[i*len(b)+j]
			slack := cost[i*len(b)+j] - move.U[i] - move.V[j]
			if f < 0 || slack < -1e-9 || f > 1e-12 && slack > 1e-9 {
				t.Fatalf("flow %g from %d to %d with reduced cost %g", f, i, j, slack)
			}
			out += f
			in[j] += f
		}
		if math.Abs(out-a[i]/massA) > 1e-9 {
			t.Fatalf("%g leaves %d, which has %g", out, i, a[i]/massA)
		}
		dual += move.U[i] * a[i] / massA
	}
	for j := range b {
		if math.Abs(in[j]-b[j]/massB) > 1e-9 {
			t.Fatalf("%g arrives at %d, which takes %g", in[j], j, b[j]/massB)
		}
		dual += move.V[j] * b[j] / massB
	}
	if math.Abs(dual-move.Cost) > 1e-8*(1+math.Abs(dual)) {
		t.Fatalf("cost %g, dual %g", move.Cost, dual)
	}
}

func TestTransportCarriesItsProof(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	for _, size := range [][2]int{{1, 1}, {1, 40}, {40, 1}, {30, 50}, {200, 200}, {150, 90}} {
		for kind := range 3 {
			a, b := make([]float64, size[0]), make([]float64, size[1])
			for i := range a {
				if a[i] = 1; kind > 0 {
					a[i] = math.Exp(3 * rng.NormFloat64())
				}
			}
			for j := range b {
				if b[j] = 1; kind > 0 {
					b[j] = math.Exp(3 * rng.NormFloat64())
				}
				if kind == 2 && j > 0 && rng.IntN(3) == 0 {
					b[j] = 0
				}
			}
			cost := make([]float64, len(a)*len(b))
			for k := range cost {
				cost[k] = diagnose.TanimotoCost(rng.Float64() * rng.Float64())
			}
			move, err := diagnose.Move(cost, a, b)
			if err != nil {
				t.Fatal(err)
			}
			certify(t, cost, a, b, move)
		}
	}
}

func TestEarthMoversDistanceOnALineIsTheAreaBetweenTheSortedPoints(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	n := 60
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		// Sorted by construction.
		x[i], y[i] = float64(i)+rng.Float64(), 2*float64(i)+rng.Float64()
	}
	cost := make([]float64, n*n)
	var want float64
	order := rng.Perm(n)
	for i := range x {
		want += math.Abs(x[i]-y[i]) / float64(n)
		for j := range y {
			cost[i*n+j] = math.Abs(x[i] - y[order[j]])
		}
	}
	got, err := diagnose.EarthMover(cost, n, n)
	if err != nil || math.Abs(got-want) > 1e-9 {
		t.Errorf("%g (%v), want %g", got, err, want)
	}
}

func TestMassesAndCostsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ cost, a, b []float64 }{
		{[]float64{1}, []float64{-1}, []float64{1}},
		{[]float64{1}, []float64{0}, []float64{1}},
		{[]float64{1}, []float64{1}, nil},
		{[]float64{math.NaN()}, []float64{1}, []float64{1}},
		{[]float64{math.Inf(1)}, []float64{1}, []float64{1}},
		{nil, nil, nil},
	} {
		if _, err := diagnose.Move(test.cost, test.a, test.b); err == nil {
			t.Errorf("%v moves", test)
		}
	}
}

func BenchmarkEarthMover300(b *testing.B) {
	rng := rand.New(rand.NewPCG(4, 4))
	n := 300
	cost := make([]float64, n*n)
	for k := range cost {
		cost[k] = diagnose.TanimotoCost(rng.Float64())
	}
	for b.Loop() {
		if _, err := diagnose.EarthMover(cost, n, n); err != nil {
			b.Fatal(err)
		}
	}
}
