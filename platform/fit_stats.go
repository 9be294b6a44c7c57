package platform

import (
	"math"
	"strconv"

	"github.com/molsculpt/molsculpt/platform/diagnose"
)

// FitGroup is how well log p(x) follows beta log R(x) on some finished trees.
type FitGroup struct {
	N           int     `json:"n"`
	Impossible  int     `json:"impossible,omitempty"` // of these, with p(x) = 0: left out of the figures
	Correlation float64 `json:"correlation"`          // 0 where it is not defined
	Slope       float64 `json:"slope"`                // of log p regressed on beta log R; 0 where it is not defined
	RMS         float64 `json:"rms"`                  // of log p - beta log R about its mean, nats
}

// newFitGroup compares log p with beta log R, tree by tree.
func newFitGroup(logP, logR []float64) FitGroup {
	a := diagnose.Agree(logR, logP)
	g := FitGroup{N: len(logP), Correlation: a.Correlation, Slope: a.Slope}
	for _, y := range logP {
		if math.IsInf(y, -1) {
			g.Impossible++
		}
	}
	if n := float64(a.N); n > 0 {
		g.RMS = a.SD * math.Sqrt((n-1)/n)
	}
	return g
}

// meanOf is the mean of some numbers, its standard error, and their standard
// deviation.
func meanOf(x []float64) (mean, se, sd float64) {
	if len(x) == 0 {
		return 0, 0, 0
	}
	n := float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	if n < 2 {
		return mean, 0, 0
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	sd = math.Sqrt(sd / (n - 1))
	return mean, sd / math.Sqrt(n), sd
}

// digits rounds to five significant digits, of which all count on one machine
// and most on another.
func digits(x *float64) {
	if r, err := strconv.ParseFloat(strconv.FormatFloat(*x, 'g', 5, 64), 64); err == nil {
		*x = r
	}
}
