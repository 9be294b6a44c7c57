package experiment

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// densityPoints is the number of points on an axis of a density's grid.
const densityPoints = 72

// plane is a density on a grid of two rewards: a kernel estimate with normal
// kernels of Scott's width (Scott 1992, Multivariate density estimation), by the
// effective sample size.
type plane struct {
	x, y [2]float64
	z    []float64 // by column, then row; sums to 1
}

// newPlane estimates the density of two rewards; false where there are too few.
func newPlane(s *fragmentSample, i, j int, of []yardstick) (*plane, bool) {
	p := &plane{x: of[i].Axis, y: of[j].Axis, z: make([]float64, densityPoints*densityPoints)}
	var xs, ys, ws []float64
	top := slices.Max(s.LogWeight)
	for k, l := range s.LogWeight {
		if w := math.Exp(l - top); w > 0 && !math.IsNaN(s.Rewards[i][k]) && !math.IsNaN(s.Rewards[j][k]) {
			xs, ys, ws = append(xs, s.Rewards[i][k]), append(ys, s.Rewards[j][k]), append(ws, w)
		}
	}
	hx, okX := kernelWidth(xs, ws, s.LogWeight, 2)
	hy, okY := kernelWidth(ys, ws, s.LogWeight, 2)
	if !okX || !okY {
		return nil, false
	}
	ky := make([]float64, densityPoints)
	var sum float64
	for k, w := range ws {
		for r := range ky {
			ky[r] = w * math.Exp(-.5*square((p.Y(r)-ys[k])/hy))
		}
		for c := range densityPoints {
			kx := math.Exp(-.5 * square((p.X(c)-xs[k])/hx))
			if kx < 1e-9 {
				continue
			}
			for r, v := range ky {
				p.z[c*densityPoints+r] += kx * v
				sum += kx * v
			}
		}
	}
	for k := range p.z {
		p.z[k] /= sum
	}
	return p, sum > 0
}

func square(x float64) float64 { return x * x }

// kernelWidth is the width of a kernel in so many dimensions, at least a step of
// the grid or so.
func kernelWidth(x, w, logWeights []float64, dimensions float64) (float64, bool) {
	if len(x) < 2 {
		return 0, false
	}
	var sum, mean, variance float64
	for k, v := range x {
		sum += w[k]
		mean += w[k] * v
	}
	mean /= sum
	for k, v := range x {
		variance += w[k] * (v - mean) * (v - mean) / sum
	}
	ess := math.Exp(sample.LogESS(logWeights))
	return math.Max(.008, math.Sqrt(variance)*math.Pow(math.Max(2, ess), -1/(dimensions+4))), true
}

// Z is the density at a point.
func (p *plane) Z(c, r int) float64 { return p.z[c*densityPoints+r] }

// X is the first reward of a column.
func (p *plane) X(c int) float64 { return p.x[0] + (p.x[1]-p.x[0])*float64(c)/(densityPoints-1) }

// Y is the second reward of a row.
func (p *plane) Y(r int) float64 { return p.y[0] + (p.y[1]-p.y[0])*float64(r)/(densityPoints-1) }

// level is the density above which lies the given share of all.
func (p *plane) level(share float64) float64 {
	z := slices.Clone(p.z)
	slices.Sort(z)
	var above float64
	for k := len(z) - 1; k >= 0; k-- {
		if above += z[k]; above >= share {
			return z[k]
		}
	}
	return 0
}

// contours adds the lines around shares of a density to a plot.
func (p *plane) contours(to *plot.Plot, c color.RGBA, width vg.Length, shares ...float64) {
	for _, share := range shares {
		to.Add(contour{p, p.level(share), draw.LineStyle{Color: c, Width: width}})
	}
}

// densityPanel is the plot of a set's density on two rewards, over those of the
// models alone.
func densityPanel(title string, s *fragmentSample, models []fragmentSet, of []yardstick) *plot.Plot {
	p := report.NewPlot(title, of[0].Label, of[1].Label)
	p.X.Min, p.X.Max = of[0].Axis[0], of[0].Axis[1]
	p.Y.Min, p.Y.Max = of[1].Axis[0], of[1].Axis[1]
	p.Add(threshold(of[0].High, of[1].Axis, false), threshold(of[1].High, of[0].Axis, true))
	for i, m := range models {
		if d, ok := newPlane(m.Main, 0, 1, of); ok {
			d.contours(p, report.Series[i], vg.Points(.7), .9)
		}
	}
	if s != nil {
		if d, ok := newPlane(s, 0, 1, of); ok {
			d.contours(p, report.Ink, vg.Points(1.1), .9, .6, .3)
		}
	}
	return p
}

// threshold is a light line at a reward, across an axis.
func threshold(at float64, across [2]float64, level bool) plot.Plotter {
	xy := plotter.XYs{{X: at, Y: across[0]}, {X: at, Y: across[1]}}
	if level {
		for i := range xy {
			xy[i].X, xy[i].Y = xy[i].Y, xy[i].X
		}
	}
	return &plotter.Line{XYs: xy, LineStyle: draw.LineStyle{Color: report.Line, Width: vg.Points(.8)}}
}

// curve is the density of one reward; nil where there are too few values.
func (s *fragmentSample) curve(i int, y yardstick) plotter.XYs {
	var xs, ws []float64
	top := slices.Max(s.LogWeight)
	for k, l := range s.LogWeight {
		if w := math.Exp(l - top); w > 0 && !math.IsNaN(s.Rewards[i][k]) {
			xs, ws = append(xs, s.Rewards[i][k]), append(ws, w)
		}
	}
	h, ok := kernelWidth(xs, ws, s.LogWeight, 1)
	if !ok {
		return nil
	}
	const points = 160
	out := make(plotter.XYs, points)
	var total float64
	for _, w := range ws {
		total += w
	}
	for c := range out {
		out[c].X = y.Axis[0] + (y.Axis[1]-y.Axis[0])*float64(c)/(points-1)
		for k, x := range xs {
			out[c].Y += ws[k] * math.Exp(-.5*square((out[c].X-x)/h))
		}
		out[c].Y /= total * h * math.Sqrt(2*math.Pi)
	}
	return out
}

// curves is a plot of the densities of a reward in several sets.
func curves(i int, sets []fragmentSet, of []yardstick) *plot.Plot {
	p := report.NewPlot("", of[i].Label, "")
	p.HideY()
	highest := 0.0
	for k, set := range sets {
		line := &plotter.Line{XYs: set.Main.curve(i, of[i]), LineStyle: seriesLine(k)}
		for _, at := range line.XYs {
			highest = math.Max(highest, at.Y)
		}
		p.Add(line)
	}
	p.Add(threshold(of[i].High, [2]float64{0, highest * 1.05}, false))
	p.X.Min, p.X.Max = of[i].Axis[0], of[i].Axis[1]
	p.Y.Min, p.Y.Max = 0, highest*1.05
	return p
}

func seriesLine(k int) draw.LineStyle {
	return draw.LineStyle{Color: report.Series[k%len(report.Series)], Width: vg.Points(1.1)}
}

// legend is an empty plot that names the lines of curves.
func legend(sets []fragmentSet) *plot.Plot {
	p := report.NewPlot("", "", "")
	p.HideAxes()
	p.Legend.Top, p.Legend.Left = true, true
	for k, set := range sets {
		p.Legend.Add(set.Label, &plotter.Line{LineStyle: seriesLine(k)})
	}
	return p
}
