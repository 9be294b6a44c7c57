package diagnose

import "math"

// Agreement compares two estimates of one log-density, up to a constant, at some
// points.
type Agreement struct {
	N           int     `json:"n"`           // points where both are finite
	Slope       float64 `json:"slope"`       // of y regressed on x; 0 where x does not vary
	Correlation float64 `json:"correlation"` // 0 where one does not vary
	SD          float64 `json:"sd"`          // standard deviation of y - x, nats
}

// Agree compares estimates x and y, point by point.
func Agree(x, y []float64) Agreement {
	var a Agreement
	var n, mx, my, sxx, syy, sxy, md, sdd float64
	for i := range x { // Welford's updates: no large sums cancel
		if math.IsInf(x[i], 0) || math.IsInf(y[i], 0) || math.IsNaN(x[i]) || math.IsNaN(y[i]) {
			continue
		}
		n++
		dx, dy, d := x[i]-mx, y[i]-my, y[i]-x[i]
		mx, my = mx+dx/n, my+dy/n
		sxx += dx * (x[i] - mx)
		syy += dy * (y[i] - my)
		sxy += dx * (y[i] - my)
		dd := d - md
		md += dd / n
		sdd += dd * (d - md)
	}
	if a.N = int(n); n < 2 {
		return a
	}
	a.SD = math.Sqrt(sdd / (n - 1))
	if sxx > 1e-18*n*(1+mx*mx) {
		a.Slope = sxy / sxx
		if syy > 1e-18*n*(1+my*my) {
			a.Correlation = sxy / math.Sqrt(sxx*syy)
		}
	}
	return a
}
