package diagnose

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// costsOf are kinds of costs, of which ties and equal rows are the hard ones.
var costsOf = map[string]func(rng *rand.Rand, i, j int) float32{
	"uniform":  func(rng *rand.Rand, _, _ int) float32 { return rng.Float32() },
	"ties":     func(rng *rand.Rand, _, _ int) float32 { return float32(rng.IntN(3)) },
	"negative": func(rng *rand.Rand, _, _ int) float32 { return rng.Float32()*20 - 10 },
	"constant": func(*rand.Rand, int, int) float32 { return 7 },
	"rank one": func(_ *rand.Rand, i, j int) float32 { return float32(i * j) },
	"tanimoto": func(rng *rand.Rand, _, _ int) float32 {
		both := rng.IntN(20)
		return float32(TanimotoCost(float64(both) / float64(both+1+rng.IntN(60))))
	},
}

func randomCosts(rng *rand.Rand, kind string, n int) []float32 {
	out := make([]float32, n*n)
	for k := range out {
		out[k] = costsOf[kind](rng, k/n, k%n)
	}
	return out
}

// certify checks that a pairing is one, and by its duals that it is the best.
func certify(t *testing.T, what string, cost []float32, n int, a *Assignment) {
	t.Helper()
	seen := make([]bool, n)
	largest := 0.0
	for _, c := range cost {
		largest = math.Max(largest, math.Abs(float64(c)))
	}
	slack := 1e-9 * (1 + largest)
	var sum, dual float64
	for i, j := range a.Column {
		if seen[j] {
			t.Fatalf("%s: column %d is taken twice", what, j)
		}
		seen[j] = true
		sum += float64(cost[i*n+j])
		dual += a.U[i] + a.V[i]
		if d := float64(cost[i*n+j]) - a.U[i] - a.V[j]; math.Abs(d) > slack {
			t.Fatalf("%s: pair %d, %d has the reduced cost %g", what, i, j, d)
		}
	}
	for i := range n {
		for j := range n {
			if d := float64(cost[i*n+j]) - a.U[i] - a.V[j]; d < -slack {
				t.Fatalf("%s: row %d, column %d has the reduced cost %g", what, i, j, d)
			}
		}
	}
	if math.Abs(sum-dual) > slack*float64(n) || math.Abs(sum/float64(n)-a.Cost) > slack {
		t.Fatalf("%s: the pairs cost %g, the duals sum to %g, the mean is %g", what, sum, dual, a.Cost)
	}
}

func TestAssignmentsAreProvedBestByTheirDuals(t *testing.T) {
	t.Parallel()
	for kind := range costsOf {
		for _, n := range []int{1, 2, 3, 5, 17, 64, 150} {
			for seed := range uint64(6) {
				rng := rand.New(rand.NewPCG(seed, uint64(n)))
				cost := randomCosts(rng, kind, n)
				a, err := Assign(cost, n)
				if err != nil {
					t.Fatal(err)
				}
				certify(t, fmt.Sprint(kind, " ", n, " ", seed), cost, n, a)
			}
		}
	}
}

func TestAssignmentsAreTheBestOfAllPermutations(t *testing.T) {
	t.Parallel()
	for kind := range costsOf {
		for n := 1; n <= 7; n++ {
			rng := rand.New(rand.NewPCG(3, uint64(n)))
			cost := randomCosts(rng, kind, n)
			a, err := Assign(cost, n)
			if err != nil {
				t.Fatal(err)
			}
			best := math.Inf(1)
			var try func(i int, used []bool, sum float64)
			try = func(i int, used []bool, sum float64) {
				if i == n {
					best = math.Min(best, sum)
					return
				}
				for j := range n {
					if !used[j] {
						used[j] = true
						try(i+1, used, sum+float64(cost[i*n+j]))
						used[j] = false
					}
				}
			}
			try(0, make([]bool, n), 0)
			if math.Abs(best/float64(n)-a.Cost) > 1e-9*(1+math.Abs(best)) {
				t.Errorf("%s %d: %g, the best is %g", kind, n, a.Cost, best/float64(n))
			}
		}
	}
}

func TestAssignmentsCostWhatTransportCosts(t *testing.T) {
	t.Parallel()
	const n = 60
	for kind := range costsOf {
		rng := rand.New(rand.NewPCG(11, 0))
		cost := randomCosts(rng, kind, n)
		wide := make([]float64, n*n)
		for k, c := range cost {
			wide[k] = float64(c)
		}
		a, err := Assign(cost, n)
		if err != nil {
			t.Fatal(err)
		}
		moved, err := EarthMover(wide, n, n)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(moved-a.Cost) > 1e-8*(1+math.Abs(moved)) {
			t.Errorf("%s: %g as an assignment, %g as transport", kind, a.Cost, moved)
		}
	}
}

// A set is no way from itself in another order.
func TestAShuffledSampleIsNoWayFromItself(t *testing.T) {
	t.Parallel()
	const n = 200
	rng := rand.New(rand.NewPCG(5, 5))
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(rng.IntN(50)) // with duplicates
	}
	order := rng.Perm(n)
	cost := make([]float32, n*n)
	for i := range n {
		for j := range n {
			cost[i*n+j] = float32(math.Abs(x[i] - x[order[j]]))
		}
	}
	a, err := Assign(cost, n)
	if err != nil || a.Cost != 0 {
		t.Errorf("%v, %v", a.Cost, err)
	}
}

func TestAssignRefusesWhatIsNoCost(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, c := range map[string]struct {
		cost []float32
		n    int
	}{
		"none": {nil, 0}, "short": {make([]float32, 3), 2}, "negative": {nil, -1},
		"nan": {[]float32{1, nan, 1, 1}, 2}, "infinite": {[]float32{1, 1, inf, 1}, 2},
	} {
		if _, err := Assign(c.cost, c.n); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// BenchmarkAssign is the earth mover's distance of the fragment experiments.
func BenchmarkAssign(b *testing.B) {
	for _, kind := range []string{"uniform", "tanimoto"} {
		for _, n := range []int{1000, 5000} {
			cost := randomCosts(rand.New(rand.NewPCG(1, 1)), kind, n)
			b.Run(fmt.Sprint(kind, "/", n), func(b *testing.B) {
				for b.Loop() {
					if _, err := Assign(cost, n); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
