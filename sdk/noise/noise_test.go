package noise_test

import (
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/sdk/noise"
)

// processes are some of each kind.
func processes(t *testing.T) []noise.Process {
	t.Helper()
	var out []noise.Process
	for _, c := range []struct {
		name   string
		values map[string]float64
	}{
		{noise.VP, nil},
		{noise.VP, map[string]float64{noise.BetaMin: 0.5, noise.BetaMax: 0.5}},
		{noise.VP, map[string]float64{noise.BetaMax: 10}},
		{noise.VE, nil},
		{noise.VE, map[string]float64{noise.Sigma: 1.5}},
	} {
		p, err := noise.New(c.name, c.values)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestMomentsSolveTheEquation(t *testing.T) {
	t.Parallel()
	// d alpha/dt = a alpha, and d sigma^2/dt = 2 a sigma^2 + g^2.
	for _, p := range processes(t) {
		const h = 1e-5
		for _, at := range []float64{0.01, 0.3, 0.77, 1} {
			da := (p.Alpha(at+h) - p.Alpha(at-h)) / (2 * h)
			near(t, p.String()+": d alpha", da, p.Drift(at)*p.Alpha(at), 1e-6)
			v := func(t float64) float64 { return p.Sigma(t) * p.Sigma(t) }
			near(t, p.String()+": d variance", (v(at+h)-v(at-h))/(2*h), 2*p.Drift(at)*v(at)+p.Diffusion(at), 1e-6)
		}
		if p.Alpha(0) != 1 || p.Sigma(0) != 0 {
			t.Errorf("%s: at time 0 %v and %v are left", p, p.Alpha(0), p.Sigma(0))
		}
	}
}

func TestNoiseAddsUp(t *testing.T) {
	t.Parallel()
	for _, p := range processes(t) {
		for _, c := range [][3]float64{{0, 0.2, 0.9}, {0.1, 0.5, 0.5001}, {0.3, 0.99, 1}} {
			a, v := p.Between(c[0], c[1])
			b, w := p.Between(c[1], c[2])
			all, variance := p.Between(c[0], c[2])
			near(t, p.String()+": alpha", a*b, all, 1e-12)
			near(t, p.String()+": variance", b*b*v+w, variance, 1e-12)
		}
		for _, at := range []float64{0, 1e-4, 0.2, 1} {
			near(t, p.String()+": time", p.Time(p.Sigma(at)/p.Alpha(at)), at, 1e-9)
		}
	}
}

func TestUsualValues(t *testing.T) {
	t.Parallel()
	p, err := noise.New(noise.VP, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "alpha at 1", p.Alpha(1), math.Exp(-10.05/2), 1e-12)
	if got := p.String(); got != "vp-linear/1 beta_max=20 beta_min=0.1" {
		t.Error(got)
	}
	q, err := noise.New(p.Name(), p.Parameters())
	if err != nil || q != p {
		t.Errorf("%v comes back as %v: %v", p, q, err)
	}
	e, err := noise.New(noise.VE, map[string]float64{noise.Sigma: 25})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "VE's sigma", e.Sigma(0.4), math.Sqrt((math.Pow(25, 0.8)-1)/(2*math.Log(25))), 1e-12)
}

func TestWhatIsNoProcessIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		values map[string]float64
		want   string
	}{
		{"vp", nil, "is not known; there are"},
		{noise.VP, map[string]float64{"sigma": 2}, `no parameter "sigma"`},
		{noise.VP, map[string]float64{noise.BetaMin: 0}, "must be above 0"},
		{noise.VP, map[string]float64{noise.BetaMin: 30}, "must be above 0"},
		{noise.VP, map[string]float64{noise.BetaMax: math.NaN()}, "must be above 0"},
		{noise.VE, map[string]float64{noise.Sigma: 1}, "must be above 1"},
		{noise.VE, map[string]float64{noise.Sigma: math.Inf(1)}, "must be above 1"},
	} {
		if _, err := noise.New(c.name, c.values); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: error %v, want %s", c.name, c.values, err, c.want)
		}
	}
}
