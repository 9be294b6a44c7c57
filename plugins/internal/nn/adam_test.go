package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
)

// reference is AdamW in float64 as its authors write it (Loshchilov and Hutter
// 2019, algorithm 2), with clipping by the global norm.
type reference struct {
	beta1, beta2, eps, decay, clip float64
	theta, m, v                    [][]float64
	t                              int
}

func (a *reference) step(rate []float64, decays []bool, grads [][]float64) (norm float64) {
	for _, g := range grads {
		for _, x := range g {
			norm += x * x
		}
	}
	norm = math.Sqrt(norm)
	scale := 1.0
	if a.clip > 0 {
		scale = math.Min(1, a.clip/norm)
	}
	a.t++
	for i := range a.theta {
		for k := range a.theta[i] {
			g := scale * grads[i][k]
			a.m[i][k] = a.beta1*a.m[i][k] + (1-a.beta1)*g
			a.v[i][k] = a.beta2*a.v[i][k] + (1-a.beta2)*g*g
			m := a.m[i][k] / (1 - math.Pow(a.beta1, float64(a.t)))
			v := a.v[i][k] / (1 - math.Pow(a.beta2, float64(a.t)))
			old := a.theta[i][k]
			a.theta[i][k] -= rate[i] * m / (math.Sqrt(v) + a.eps)
			if decays[i] {
				a.theta[i][k] -= rate[i] * a.decay * old
			}
		}
	}
	return norm
}

func TestAdamWIsItsDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		for name, a := range map[string]nn.AdamW{
			"defaults":      {},
			"decay":         {Decay: 0.1, Threads: 2},
			"clipping":      {Clip: 1.5, Decay: 0.02},
			"other rates":   {Beta1: 0.7, Beta2: 0.95, Eps: 1e-3, Clip: 2},
			"never clips":   {Clip: 1e6},
			"large epsilon": {Eps: 0.5},
		} {
			t.Run(name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				list := []*nn.Param{
					{Name: "a", Rows: 1, Cols: 16, Rate: 1, Decay: true, Data: normal(r, 16, 1)},
					{Name: "b", Rows: 3, Cols: 32, Rate: 0.5, Data: normal(r, 96, 1)},
					{Name: "c", Rows: 600, Cols: 64, Rate: 2, Decay: true, Data: normal(r, 600*64, 1)},
				}
				or := func(v, def float64) float64 {
					if v == 0 {
						return def
					}
					return v
				}
				ref := &reference{beta1: or(a.Beta1, 0.9), beta2: or(a.Beta2, 0.999), eps: or(a.Eps, 1e-8), decay: a.Decay, clip: a.Clip}
				var decays []bool
				for _, p := range list {
					ref.theta = append(ref.theta, widen(p.Data))
					ref.m, ref.v = append(ref.m, make([]float64, len(p.Data))), append(ref.v, make([]float64, len(p.Data)))
					decays = append(decays, p.Decay)
				}
				for step := range 40 {
					a.Rate = 0.01 / float64(1+step/10)
					var rates []float64
					var grads [][]float64
					for _, p := range list {
						p.Grad = normal(r, len(p.Data), 0.01*float64(1+step%7))
						grads = append(grads, widen(p.Grad))
						rates = append(rates, a.Rate*float64(p.Rate))
					}
					norm := a.Step(list)
					want := ref.step(rates, decays, grads)
					near(t, "the norm", norm, want, 1e-5*want)
				}
				if a.Steps != 40 {
					t.Errorf("%d steps were counted", a.Steps)
				}
				for i, p := range list {
					for k, v := range p.Data {
						near(t, p.Name, float64(v), ref.theta[i][k], 2e-5)
						near(t, "m of "+p.Name, float64(a.M[i][k]), ref.m[i][k], 1e-7)
						near(t, "v of "+p.Name, float64(a.V[i][k]), ref.v[i][k], 1e-7)
					}
				}
			})
		}
	})
}

func TestAGradientThatIsNotFiniteChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	p := &nn.Param{Name: "a", Rows: 1, Cols: 32, Rate: 1, Decay: true, Data: normal(r, 32, 1), Grad: normal(r, 32, 1)}
	a := nn.AdamW{Rate: 0.1, Decay: 0.1, Clip: 1}
	a.Step([]*nn.Param{p})
	data, m, v := slices.Clone(p.Data), slices.Clone(a.M[0]), slices.Clone(a.V[0])
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		p.Grad[17] = float32(bad)
		if norm := a.Step([]*nn.Param{p}); !math.IsNaN(norm) && !math.IsInf(norm, 0) {
			t.Errorf("a gradient of %v has norm %v", bad, norm)
		}
		if a.Steps != 1 || !slices.Equal(p.Data, data) || !slices.Equal(a.M[0], m) || !slices.Equal(a.V[0], v) {
			t.Errorf("a gradient of %v made a step", bad)
		}
	}
}
