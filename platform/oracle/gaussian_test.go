package oracle_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// The mixtures of the golden numbers.
func line() (p1, p2 *oracle.Gaussians) {
	return &oracle.Gaussians{Weights: []float64{.5, .5}, Means: [][]float64{{-2}, {.5}}, SDs: []float64{.35, .5}},
		&oracle.Gaussians{Weights: []float64{.6, .4}, Means: [][]float64{{.9}, {3}}, SDs: []float64{.5, .4}}
}

func plane() []*oracle.Gaussians {
	return []*oracle.Gaussians{
		{Weights: []float64{.5, .5}, Means: [][]float64{{-1, -.5}, {.5, .5}}, SDs: []float64{.4, .5}},
		{Weights: []float64{.3, .7}, Means: [][]float64{{.8, -.2}, {.2, 1.4}}, SDs: []float64{.5, .35}},
	}
}

func composition(t *testing.T, text string, models ...string) *compose.Composition {
	t.Helper()
	e, err := compose.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := compose.Compile(e, models, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func law(t *testing.T, text string, nodes int, models ...*oracle.Gaussians) *oracle.PointLaw {
	t.Helper()
	l, err := oracle.NewPointLaw(composition(t, text, "a", "b"), models, nodes)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func process(t *testing.T, name string) noise.Process {
	t.Helper()
	p, err := noise.New(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCompositesOfNormalsHaveTheirGoldenNumbers(t *testing.T) {
	t.Parallel()
	p1, p2 := line()
	for _, c := range []struct {
		text              string
		z, mean, variance float64
	}{
		{"a & b", .235005, .686114, .219483},
		{"a - b", .764995, -1.191172, 1.390333},
		{"b - a", .764995, 2.063752, 1.149841},
	} {
		l := law(t, c.text, 4000, p1, p2)
		mean, variance := l.Moments()
		// The evidence is that of observations of an even mixture: half the integral
		// of p1 p2 / (p1 + p2), or of p1^2 / (p1 + p2).
		for _, v := range []struct{ got, want float64 }{{2 * math.Exp(l.LogEvidence), c.z}, {mean[0], c.mean}, {variance[0], c.variance}} {
			if math.Abs(v.got-v.want) > .5e-6 {
				t.Errorf("%s: %.7f, want %.6f", c.text, v.got, v.want)
			}
		}
		half := law(t, c.text, 2000, p1, p2)
		if d := math.Abs(half.LogEvidence - l.LogEvidence); d > 1e-10 {
			t.Errorf("%s: half the nodes change the evidence by %g", c.text, d)
		}
	}
}

func TestObservationsOfNormalsAddUp(t *testing.T) {
	t.Parallel()
	p1, p2 := line()
	for _, models := range [][]*oracle.Gaussians{{p1, p2}, plane()} {
		var sum float64
		for text, times := range map[string]float64{"a & b": 2, "a - b": 1, "b - a": 1} {
			sum += times * math.Exp(law(t, text, 300, models...).LogEvidence)
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("the probabilities of all observations add up to %v", sum)
		}
	}
	l := law(t, "a & b", 400, plane()...)
	var all float64
	for _, v := range l.Bins(20) {
		all += math.Exp(v)
	}
	if math.Abs(all-1) > 1e-9 {
		t.Errorf("the bins add up to %v", all)
	}
	if l.Bin([]float64{100, 0}, 20) != -1 || l.Bin(l.Low, 20) != 0 {
		t.Error("points are in the wrong bins")
	}
}

func TestScoresOfNormalsAreGradients(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{noise.VP, noise.VE} {
		p := process(t, name)
		for _, g := range plane() {
			if err := g.Check(); err != nil {
				t.Fatal(err)
			}
			for range 50 {
				at := 1e-3 + r.Float64()*(1-1e-3)
				x, s := []float64{2 * r.NormFloat64(), 2 * r.NormFloat64()}, make([]float64, 2)
				g.Noised(p, at).Score(x, s)
				noisy := g.Noised(p, at)
				clean := g.Clean(p, at, x)
				if err := clean.Check(); err != nil {
					t.Fatal(err)
				}
				for j := range x {
					const h = 1e-5
					keep := x[j]
					x[j] = keep + h
					up := noisy.LogDensity(x)
					x[j] = keep - h
					down := noisy.LogDensity(x)
					x[j] = keep
					if want := (up - down) / (2 * h); math.Abs(s[j]-want) > 1e-5*max(1, math.Abs(want)) {
						t.Fatalf("%s at %g: score %v, difference %v", name, at, s[j], want)
					}
					// Tweedie's formula (Efron 2011).
					var mean float64
					for k, w := range clean.Weights {
						mean += w * clean.Means[k][j]
					}
					if got := (x[j] + p.Sigma(at)*p.Sigma(at)*s[j]) / p.Alpha(at); math.Abs(got-mean) > 1e-8*max(1, math.Abs(mean)) {
						t.Fatalf("%s at %g: E x0 is %v by the score, %v by the components", name, at, got, mean)
					}
				}
			}
		}
	}
}

func TestNoisyCompositionsAreWhatTheObservationsMakeOfTheMixture(t *testing.T) {
	t.Parallel()
	p1, p2 := line()
	models := []*oracle.Gaussians{p1, p2}
	for _, name := range []string{noise.VP, noise.VE} {
		p := process(t, name)
		mixture := law(t, "a | b", 4000, p1, p2)
		one := law(t, "obs(a; over a, b)", 4000, p1, p2)
		r := rand.New(rand.NewPCG(3, 1))
		q := make([]float64, 2)
		for range 60 {
			at := 1e-3 + r.Float64()*(1-1e-3)
			x := []float64{p.Alpha(at)*(4*r.Float64()-1.5) + p.Sigma(at)*r.NormFloat64()}
			all, score := mixture.Noised(p, at, x[0])
			seen, slope := one.Noised(p, at, x[0])
			oracle.ModelPosterior(models, p, at, x, q)
			if got := math.Exp(seen - all); math.Abs(got-q[0]) > 1e-7 {
				t.Fatalf("%s at %g, %v: the posterior is %v by quadrature, %v by components", name, at, x, got, q[0])
			}
			// s~ + grad log Q(1) is the score of the first model.
			want, s2 := make([]float64, 1), make([]float64, 1)
			p1.Noised(p, at).Score(x, want)
			p2.Noised(p, at).Score(x, s2)
			if mix := q[0]*want[0] + q[1]*s2[0]; math.Abs(score-mix) > 1e-6*max(1, math.Abs(mix)) || math.Abs(slope-want[0]) > 1e-6*max(1, math.Abs(want[0])) {
				t.Fatalf("%s at %g, %v: scores %v and %v by quadrature, %v and %v by components", name, at, x, score, slope, mix, want[0])
			}
		}
	}
}

func TestWhatIsNoMixtureOfNormalsIsRefused(t *testing.T) {
	t.Parallel()
	for _, g := range []oracle.Gaussians{
		{},
		{Weights: []float64{1}, Means: [][]float64{{0}}, SDs: []float64{0}},
		{Weights: []float64{.5}, Means: [][]float64{{0}}, SDs: []float64{1}},
		{Weights: []float64{.5, .5}, Means: [][]float64{{0}, {1, 2}}, SDs: []float64{1, 1}},
	} {
		if g.Check() == nil {
			t.Errorf("%+v is a mixture", g)
		}
	}
	three := &oracle.Gaussians{Weights: []float64{1}, Means: [][]float64{{0, 0, 0}}, SDs: []float64{1}}
	if _, err := oracle.NewPointLaw(composition(t, "a & b", "a", "b"), []*oracle.Gaussians{three, three}, 10); err == nil || !strings.Contains(err.Error(), "3 dimensions") {
		t.Errorf("error %v", err)
	}
}

func TestThePerfectGuideIsAProbabilityWithItsGradient(t *testing.T) {
	t.Parallel()
	p1, p2 := line()
	g, err := oracle.NewLineGuide(process(t, noise.VP), []string{"a", "b"}, []*oracle.Gaussians{p1, p2}, 4000)
	if err != nil {
		t.Fatal(err)
	}
	const h = 1e-2
	for _, at := range []float64{1e-3, .05, .3, .8} {
		var req sdk.GuideRequest
		for x := -3.; x < 4; x += .37 {
			for _, off := range []float64{0, h, -h} {
				req.Points, req.Times = append(req.Points, float32(x+off)), append(req.Times, at)
			}
		}
		req.Gradient = true
		r, err := g.LogQ(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(req.Times); i += 3 {
			q := r.LogQ[3*i:]
			if sum := math.Exp(float64(q[0])) + 2*math.Exp(float64(q[1])) + math.Exp(float64(q[2])); math.Abs(sum-1) > 1e-4 {
				t.Errorf("at %g, %v: all observations together have %v", at, req.Points[i], sum)
			}
			for k := range 3 {
				want := float64(q[3+k]-q[6+k]) / float64(req.Points[i+1]-req.Points[i+2])
				if got := float64(r.Gradient[3*i+k]); math.Abs(got-want) > 2e-2*max(1, math.Abs(want)) {
					t.Errorf("at %g, %v, outcome %d: slope %v, difference %v", at, req.Points[i], k, got, want)
				}
			}
		}
	}
}
