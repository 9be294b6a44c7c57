package platform

import (
	"math"
	"strconv"
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
	g := FitGroup{N: len(logP)}
	var n, mx, my, sxx, syy, sxy, md, sdd float64
	for i, y := range logP { // Welford's updates: no large sums cancel
		if math.IsInf(y, -1) {
			g.Impossible++
			continue
		}
		n++
		dx, dy := logR[i]-mx, y-my
		mx, my = mx+dx/n, my+dy/n
		sxx += dx * (logR[i] - mx)
		syy += dy * (y - my)
		sxy += dx * (y - my)
		d := y - logR[i]
		dd := d - md
		md += dd / n
		sdd += dd * (d - md)
	}
	if n == 0 {
		return g
	}
	g.RMS = math.Sqrt(sdd / n)
	// Where all rewards are one, rounding is all that could vary.
	if small := 1e-18 * n * (1 + mx*mx); sxx <= small || syy <= 1e-18*n*(1+my*my) {
		return g
	}
	g.Correlation, g.Slope = sxy/math.Sqrt(sxx*syy), sxy/sxx
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
