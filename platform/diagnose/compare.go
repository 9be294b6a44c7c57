package diagnose

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/platform/sample"
	"gonum.org/v1/gonum/mathext"
)

// Weighted is a weighted sample in independent populations.
type Weighted struct {
	Populations int
	Population  []int // of each element, from 0
	LogWeight   []float64
}

// Mean is the weighted mean of values with its standard error over populations;
// NaN values are left out.
func (w *Weighted) Mean(values []float64) sample.Estimate {
	var m sample.Mean
	for i, v := range values {
		if !math.IsNaN(v) {
			m.Add(w.Population[i], w.LogWeight[i], v)
		}
	}
	return m.Estimate(w.Populations)
}

// ESS is the effective sample size.
func (w *Weighted) ESS() float64 { return math.Exp(sample.LogESS(w.LogWeight)) }

// quantiles are values below which the given shares of the weight lie.
func (w *Weighted) quantiles(values []float64, at ...float64) []float64 {
	var order []int
	top := math.Inf(-1)
	for i, v := range values {
		if !math.IsNaN(v) {
			order = append(order, i)
			top = math.Max(top, w.LogWeight[i])
		}
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	var total float64
	for _, i := range order {
		total += math.Exp(w.LogWeight[i] - top)
	}
	var out []float64
	var below float64
	for _, i := range order {
		below += math.Exp(w.LogWeight[i] - top)
		for len(out) < len(at) && below >= at[len(out)]*total {
			out = append(out, values[i])
		}
	}
	return out
}

// Values are a figure of every element of two samples.
type Values struct {
	Name string
	A, B []float64 // NaN where an element has none
}

// Difference is a mean or share that two samples should agree in.
type Difference struct {
	What string  `json:"what"`
	A    float64 `json:"a"`
	ASE  float64 `json:"a_se"`
	B    float64 `json:"b"`
	BSE  float64 `json:"b_se"`
	P    float64 `json:"p"` // of a difference as large, if they have one law; two-sided
}

// Compare tests whether two weighted samples have one law, by the mean of every
// figure and by the shares above three quartiles of a. A difference is measured
// by its standard error over populations, which are independent, against
// Student's t with the degrees of freedom of Welch (1947). p is the smallest of
// the p-values times their number (Bonferroni). Figures that neither sample has,
// or that do not vary in both, count as equal. Both samples need two populations
// or more.
func Compare(a, b *Weighted, values []Values) (list []Difference, p float64) {
	p = 1
	for _, v := range values {
		functions := []Values{{"mean " + v.Name, v.A, v.B}}
		for _, q := range a.quantiles(v.A, .25, .5, .75) {
			functions = append(functions, Values{fmt.Sprintf("share of %s above %.3g", v.Name, q), above(v.A, q), above(v.B, q)})
		}
		for _, f := range functions {
			x, y := a.Mean(f.A), b.Mean(f.B)
			if math.IsNaN(x.SE) || math.IsNaN(y.SE) {
				continue
			}
			list = append(list, Difference{f.Name, x.Value, x.SE, y.Value, y.SE, welch(x, y, a.Populations, b.Populations)})
		}
	}
	for _, d := range list {
		p = math.Min(p, d.P*float64(len(list)))
	}
	return list, p
}

func above(values []float64, q float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		switch {
		case math.IsNaN(v):
			out[i] = v
		case v > q:
			out[i] = 1
		}
	}
	return out
}

// welch is the two-sided p-value of the difference of two means over n and m
// populations.
func welch(x, y sample.Estimate, n, m int) float64 {
	vx, vy := x.SE*x.SE, y.SE*y.SE
	v := vx + vy
	d := math.Abs(x.Value - y.Value)
	switch rounding := 1e-12 * (1 + math.Abs(x.Value) + math.Abs(y.Value)); {
	case d <= rounding:
		return 1
	case v <= rounding*rounding:
		return 0
	}
	df := v * v / (vx*vx/float64(n-1) + vy*vy/float64(m-1))
	t2 := d * d / v
	// P(|T| > t) = I_{df/(df+t^2)}(df/2, 1/2)
	return mathext.RegIncBeta(df/2, .5, df/(df+t2))
}
