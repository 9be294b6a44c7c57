package guide

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// lists is all lists of n observations of m models.
func lists(m, n int) [][]int {
	out := [][]int{nil}
	for range n {
		var longer [][]int
		for _, l := range out {
			for y := range m {
				longer = append(longer, append(slices.Clone(l), y))
			}
		}
		out = longer
	}
	return out
}

// outcomeOf is the outcome that a list is.
func outcomeOf(o *outcomes, list []int) int {
	if !o.alpha {
		list = slices.Sorted(slices.Values(list))
	}
	return slices.IndexFunc(o.lists, func(l []int) bool { return slices.Equal(l, list) })
}

// simplex draws probabilities.
func simplex(r *rand.Rand, m int) []float64 {
	q, sum := make([]float64, m), 0.0
	for i := range q {
		q[i] = r.ExpFloat64()
		sum += q[i]
	}
	for i := range q {
		q[i] /= sum
	}
	return q
}

// TestLabelsAreSumsOverAllLists holds the labels of multisets against the sum
// over all m^n lists of observations that defines them.
func TestLabelsAreSumsOverAllLists(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for _, test := range []struct {
		m, n, classes int
		alpha         bool
	}{{2, 1, 2, false}, {2, 2, 3, false}, {3, 2, 6, false}, {3, 3, 10, false}, {2, 5, 6, false}, {4, 3, 20, false}, {2, 2, 4, true}} {
		o, err := newOutcomes(test.m, test.n, test.alpha)
		if err != nil {
			t.Fatal(err)
		}
		if len(o.lists) != test.classes {
			t.Errorf("%d observations of %d models have %d outcomes, want %d", test.n, test.m, len(o.lists), test.classes)
		}
		for range 20 {
			q, alpha := simplex(r, test.m), 0.0
			second := q
			if test.alpha {
				alpha = 6 * (r.Float64() - .5)
				a := 1 / (1 + math.Exp(-alpha))
				z := a*q[0] + (1-a)*q[1]
				second = []float64{a * q[0] / z, (1 - a) * q[1] / z}
			}
			probability := func(list []int, from int) float64 {
				p := 1.0
				for k := from; k < len(list); k++ {
					if k == 1 {
						p *= second[list[k]]
					} else {
						p *= q[list[k]]
					}
				}
				return p
			}
			first := r.IntN(test.m)
			label, expected := make([]float64, len(o.lists)), make([]float64, len(o.lists))
			wantLabel, wantExpected := make([]float64, len(o.lists)), make([]float64, len(o.lists))
			shares := make([]float64, len(o.lists))
			logQ, log := make([]float64, test.m), make([]float64, len(o.lists))
			for i := range q {
				logQ[i] = math.Log(q[i])
			}
			o.addLabel(label, .5, first, q, alpha)
			o.addExpected(expected, .5, q, alpha)
			o.logLikelihood(log, logQ, alpha)
			for _, list := range lists(test.m, test.n) {
				k := outcomeOf(o, list)
				shares[k]++
				wantExpected[k] += .5 * probability(list, 0)
				if list[0] == first {
					wantLabel[k] += .5 * probability(list, 1)
				}
				if d := log[k] - math.Log(probability(list, 0)); math.Abs(d) > 1e-10 {
					t.Errorf("list %v: log-likelihood off by %g", list, d)
				}
			}
			for k := range o.lists {
				if math.Abs(label[k]-wantLabel[k]) > 1e-12 || math.Abs(expected[k]-wantExpected[k]) > 1e-12 || shares[k] != o.share[k] {
					t.Errorf("m %d, n %d, outcome %v: label %g, want %g; expected %g, want %g; share %g, want %g",
						test.m, test.n, o.lists[k], label[k], wantLabel[k], expected[k], wantExpected[k], o.share[k], shares[k])
				}
			}
		}
	}
}

func TestLikelihoodsOfImpossibleModelsAreZeroNotNaN(t *testing.T) {
	t.Parallel()
	none := math.Inf(-1)
	for _, alpha := range []bool{false, true} {
		o, err := newOutcomes(2, 2, alpha)
		if err != nil {
			t.Fatal(err)
		}
		for _, logQ := range [][]float64{{0, none}, {none, 0}, {-700, 0}, {0, -1e5}} {
			dst := make([]float64, len(o.lists))
			o.logLikelihood(dst, logQ, .3)
			sum := 0.0
			for k, v := range dst {
				sum += o.share[k] * math.Exp(v)
			}
			if !(math.Abs(sum-1) < 1e-12) {
				t.Errorf("alpha %v, log q %v: %v", alpha, logQ, dst)
			}
			label := make([]float64, len(o.lists))
			o.addExpected(label, 1, []float64{math.Exp(logQ[0]), math.Exp(logQ[1])}, .3)
			for k, v := range label {
				if d := v - o.share[k]*math.Exp(dst[k]); !(math.Abs(d) < 1e-12) {
					t.Errorf("alpha %v, log q %v: label %v", alpha, logQ, label)
				}
			}
		}
	}
}

func TestOutcomesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		m, n  int
		alpha bool
		want  string
	}{
		{1, 2, false, "guide: 1 models; a guide tells two apart at least"},
		{2, 0, false, "guide: observations is 0; give 1 to 8"},
		{3, 2, true, "guide: alpha is on, with 2 observations of 3 models; it is for two of two"},
		{9, 8, false, "guide: 8 observations of 9 models have more than 64 outcomes; observe less"},
	} {
		_, err := newOutcomes(test.m, test.n, test.alpha)
		if got := fmt.Sprint(err); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
