package score

import (
	"math"

	"github.com/molsculpt/molsculpt/sdk/noise"
)

// Scaling turns noisy points into what a network is good at, and back.
//
// With y = x_t/alpha = x_0 + s e, s = sigma/alpha, and data of mean m and
// standard deviation d per number, the network sees (y-m)/sqrt(s^2+d^2) and a
// code of log s, and its answer F stands for
//
//	E[x_0 | x_t] = m + d^2/(s^2+d^2) (y-m) + s d/sqrt(s^2+d^2) F
//
// which makes the target of F a number of variance 1 at every time (Karras et
// al. 2022, table 1). The score is (alpha E[x_0|x_t] - x_t)/sigma^2 (Efron 2011).
type Scaling struct {
	Process noise.Process
	Mean    []float64 // of the data, per number
	SD      float64   // of the data around it, over all numbers; above 0
	End     float64   // smallest time that is learned, above 0

	low, span float64 // log s at End, and from there to time 1
}

// NewScaling is a scaling with its range of noise.
func NewScaling(p noise.Process, mean []float64, sd, end float64) Scaling {
	s := Scaling{Process: p, Mean: mean, SD: sd, End: end}
	ratio := func(t float64) float64 { return math.Log(p.Sigma(t) / p.Alpha(t)) }
	s.low = ratio(end)
	s.span = ratio(1) - s.low
	return s
}

// NoiseWidth is how many columns the code of the noise has.
const NoiseWidth = 32

// at holds the factors of one time.
type at struct {
	alpha, sigma float64
	ratio        float64 // sigma/alpha
	total        float64 // sqrt(ratio^2 + SD^2)
	skip, out    float64 // of E[x_0|x_t]
}

func (s *Scaling) at(t float64) at {
	a := at{alpha: s.Process.Alpha(t), sigma: s.Process.Sigma(t)}
	a.ratio = a.sigma / a.alpha
	a.total = math.Hypot(a.ratio, s.SD)
	a.skip = (s.SD / a.total) * (s.SD / a.total)
	a.out = a.ratio * s.SD / a.total
	return a
}

// code writes the code of the noise: where log s lies between its ends, from -1
// to 1, and the waves of a Fourier series on it.
func (s *Scaling) code(a at, dst []float32) {
	u := (math.Log(a.ratio) - s.low) / s.span
	dst[0] = float32(2*u - 1)
	for k := 1; k < NoiseWidth-1; k += 2 {
		sin, cos := math.Sincos(math.Pi * u * float64(k+1) / 2)
		dst[k], dst[k+1] = float32(sin), float32(cos)
	}
	dst[NoiseWidth-1] = 0
}

// input writes what the network sees of x_t; what is beyond its numbers is zero.
func (s *Scaling) input(a at, x, dst []float32) {
	for j, v := range x {
		dst[j] = float32((float64(v)/a.alpha - s.Mean[j]) / a.total)
	}
	clear(dst[len(x):])
}

// target is what F should be for x_0 and the noise of y = x_0 + ratio e, in
// number j.
func (s *Scaling) target(a at, x0, e float64, j int) float64 {
	c := x0 - s.Mean[j]
	return (c - a.skip*(c+a.ratio*e)) / a.out
}

// score writes the score at x_t where the network answers f.
func (s *Scaling) score(a at, x, f, dst []float32) {
	for j, v := range x {
		y := float64(v) / a.alpha
		clean := s.Mean[j] + a.skip*(y-s.Mean[j]) + a.out*float64(f[j])
		dst[j] = float32((clean - y) / (a.ratio * a.sigma))
	}
}
