// Package noise is the forward processes of continuous diffusions: how data
// become noise between time 0 and time 1.
//
// A process is linear, dx = a(t) x dt + g(t) dW, so that a point x_0 is at time
// t normal around alpha(t) x_0 with the standard deviation sigma(t) in every
// coordinate. A model learns the score of these noised data, the gradient of
// their log-density, and says in its DiffusionInfo which process it learned: host
// and plugin must mean the same by a name. The two here are those of Song et al.
// 2021 (Score-Based Generative Modeling through Stochastic Differential
// Equations, arXiv 2011.13456); VE is written as in Garipov et al. 2023.
//
// Data should have standard deviations around 1: at time 1 nothing may be left of
// them, alpha(1) x_0 must be small beside sigma(1).
package noise

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// The names of the processes.
const (
	// VP keeps the variance of data that have variance 1: a = -beta/2, g^2 = beta,
	// with beta(t) = beta_min + t (beta_max - beta_min).
	VP = "vp-linear/1"
	// VE adds noise alone: a = 0, g(t) = sigma^t, with sigma above 1.
	VE = "ve-exponential/1"
)

// Process is a forward process. Two are the same where they are equal. The zero
// value is none.
type Process struct {
	name string
	p, q float64 // VP: beta_min, beta_max; VE: sigma
}

// The parameters of the processes, with the usual values.
const (
	BetaMin = "beta_min" // of VP, above 0; 0.1
	BetaMax = "beta_max" // of VP, beta_min at least; 20
	Sigma   = "sigma"    // of VE, above 1; 25
)

// defaults are the parameters of each process.
var defaults = map[string]map[string]float64{
	VP: {BetaMin: 0.1, BetaMax: 20},
	VE: {Sigma: 25},
}

// New is the process of a name. Parameters that are not given have their usual
// values.
func New(name string, parameters map[string]float64) (Process, error) {
	usual, ok := defaults[name]
	if !ok {
		return Process{}, fmt.Errorf("noise: make process: %q is not known; there are %s", name, strings.Join(slices.Sorted(maps.Keys(defaults)), " and "))
	}
	values := maps.Clone(usual)
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		if _, ok := usual[key]; !ok {
			return Process{}, fmt.Errorf("noise: make %s: it has no parameter %q; it has %s", name, key, strings.Join(slices.Sorted(maps.Keys(usual)), " and "))
		}
		values[key] = parameters[key]
	}
	p := Process{name: name}
	switch name {
	case VP:
		p.p, p.q = values[BetaMin], values[BetaMax]
		if !(p.p > 0 && p.q >= p.p) || p.q > 1000 {
			return Process{}, fmt.Errorf("noise: make %s: beta from %g to %g; beta_min must be above 0, beta_max that at least and 1000 at most", name, p.p, p.q)
		}
	case VE:
		if p.p = values[Sigma]; !(p.p > 1) || p.p > 1e6 {
			return Process{}, fmt.Errorf("noise: make %s: sigma is %g; it must be above 1, a million at most", name, p.p)
		}
	}
	return p, nil
}

// Name is the process's name.
func (p Process) Name() string { return p.name }

// Parameters are all parameters of the process.
func (p Process) Parameters() map[string]float64 {
	switch p.name {
	case VP:
		return map[string]float64{BetaMin: p.p, BetaMax: p.q}
	case VE:
		return map[string]float64{Sigma: p.p}
	}
	return nil
}

// String is the name with the parameters: what tells processes apart.
func (p Process) String() string {
	values := p.Parameters()
	s := p.name
	for _, key := range slices.Sorted(maps.Keys(values)) {
		s += fmt.Sprintf(" %s=%g", key, values[key])
	}
	return s
}

// beta is the integral of VP's beta from s to t.
func (p Process) beta(s, t float64) float64 {
	return (t - s) * (p.p + (p.q-p.p)*(s+t)/2)
}

// Alpha is what is left of a point at time t.
func (p Process) Alpha(t float64) float64 {
	if p.name == VE {
		return 1
	}
	return math.Exp(-p.beta(0, t) / 2)
}

// Sigma is the standard deviation of the noise at time t.
func (p Process) Sigma(t float64) float64 {
	_, v := p.Between(0, t)
	return math.Sqrt(v)
}

// Drift is a(t) of dx = a x dt + g dW.
func (p Process) Drift(t float64) float64 {
	if p.name == VE {
		return 0
	}
	return -(p.p + t*(p.q-p.p)) / 2
}

// Diffusion is g(t)^2.
func (p Process) Diffusion(t float64) float64 {
	if p.name == VE {
		return math.Pow(p.p, 2*t)
	}
	return p.p + t*(p.q-p.p)
}

// Between is the noise from time s to a later time t: given x_s, x_t is normal
// around alpha x_s with the variance.
func (p Process) Between(s, t float64) (alpha, variance float64) {
	if p.name == VE {
		twice := 2 * math.Log(p.p)
		return 1, math.Exp(twice*s) * math.Expm1(twice*(t-s)) / twice
	}
	b := p.beta(s, t)
	return math.Exp(-b / 2), -math.Expm1(-b)
}

// Time is the time at which sigma/alpha, the noise per signal, has a value of 0 at
// least; times beyond 1 are possible.
func (p Process) Time(ratio float64) float64 {
	if p.name == VE {
		twice := 2 * math.Log(p.p)
		return math.Log1p(twice*ratio*ratio) / twice
	}
	// The integral of beta is log(1 + ratio^2) = t (p + (q-p) t/2).
	b := math.Log1p(ratio * ratio)
	return 2 * b / (p.p + math.Sqrt(p.p*p.p+2*(p.q-p.p)*b))
}
