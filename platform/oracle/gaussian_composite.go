package oracle

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// PointLaw is a composition of mixtures of normals in one or two dimensions, by
// quadrature: the midpoint rule on a box, whose error falls faster than any power of
// the spacing for smooth densities that vanish at its sides (Trefethen and Weideman
// 2014).
type PointLaw struct {
	Dim         int
	Low, High   []float64 // sides of the box
	Nodes       int       // on an axis
	LogEvidence float64
	Density     []float64 // at the nodes, normalised; the last axis runs fastest

	spacing []float64
}

// NewPointLaw computes a composition of models, which are in its order, on a box
// that holds all but a 1e-12th of each of them.
func NewPointLaw(c *compose.Composition, models []*Gaussians, nodes int) (*PointLaw, error) {
	d := models[0].Dim()
	if d > 2 {
		return nil, fmt.Errorf("oracle: composition by quadrature: %d dimensions; 1 or 2 are possible", d)
	}
	l := &PointLaw{Dim: d, Nodes: nodes}
	for j := range d {
		low, high := math.Inf(1), math.Inf(-1)
		for _, g := range models {
			for k, m := range g.Means {
				low, high = min(low, m[j]-7.5*g.SDs[k]), max(high, m[j]+7.5*g.SDs[k])
			}
		}
		l.Low, l.High, l.spacing = append(l.Low, low), append(l.High, high), append(l.spacing, (high-low)/float64(nodes))
	}
	n := nodes
	if d == 2 {
		n *= nodes
	}
	logs, x := make([]float64, n), make([]float64, d)
	own := make([]float64, len(models))
	for i := range logs {
		l.node(i, x)
		for m, g := range models {
			own[m] = g.LogDensity(x)
		}
		logs[i] = c.LogDensity(own, 0)
	}
	sum := floats.LogSumExp(logs)
	if math.IsInf(sum, -1) {
		return nil, ErrNoSupport
	}
	cell := l.cell()
	l.LogEvidence = sum + math.Log(cell)
	l.Density = logs
	for i, v := range logs {
		l.Density[i] = math.Exp(v - l.LogEvidence)
	}
	return l, nil
}

// cell is the volume that a node stands for.
func (l *PointLaw) cell() float64 {
	v := 1.0
	for _, h := range l.spacing {
		v *= h
	}
	return v
}

// node writes the place of node i.
func (l *PointLaw) node(i int, x []float64) {
	for j := l.Dim - 1; j >= 0; j-- {
		x[j] = l.Low[j] + (float64(i%l.Nodes)+0.5)*l.spacing[j]
		i /= l.Nodes
	}
}

// Mean is the mean of a function of a point.
func (l *PointLaw) Mean(f func(x []float64) float64) float64 {
	var sum float64
	x := make([]float64, l.Dim)
	for i, p := range l.Density {
		l.node(i, x)
		sum += p * f(x)
	}
	return sum * l.cell()
}

// Moments are the mean and the variance of every coordinate.
func (l *PointLaw) Moments() (mean, variance []float64) {
	for j := range l.Dim {
		m := l.Mean(func(x []float64) float64 { return x[j] })
		mean = append(mean, m)
		variance = append(variance, l.Mean(func(x []float64) float64 { return (x[j] - m) * (x[j] - m) }))
	}
	return mean, variance
}

// Bins are the logarithms of the probabilities of the box cut into so many equal
// parts on each axis, of which the number of nodes must be a multiple.
func (l *PointLaw) Bins(parts int) []float64 {
	n := parts
	if l.Dim == 2 {
		n *= parts
	}
	out := make([]float64, n)
	x := make([]float64, l.Dim)
	for i, p := range l.Density {
		l.node(i, x)
		out[l.Bin(x, parts)] += p * l.cell()
	}
	for i, p := range out {
		out[i] = math.Log(p)
	}
	return out
}

// Bin is the part that a point is in, -1 for one outside the box.
func (l *PointLaw) Bin(x []float64, parts int) int {
	at := 0
	for j, v := range x {
		k := int(math.Floor((v - l.Low[j]) / (l.High[j] - l.Low[j]) * float64(parts)))
		if k < 0 || k >= parts {
			return -1
		}
		at = at*parts + k
	}
	return at
}

// Noised is the density of the law made noisy at a point of one dimension, times
// the evidence, as a logarithm, and its score: what a composition is at every time.
func (l *PointLaw) Noised(p noise.Process, t, x float64) (logDensity, score float64) {
	if l.Dim != 1 {
		panic("oracle: a noisy composition of more than one dimension")
	}
	alpha, sigma := p.Alpha(t), p.Sigma(t)
	h, width := l.spacing[0], sigma/alpha
	// Nodes as far apart as the noise and the densities allow.
	stride := max(1, int(min(width/2, 0.04)/h))
	near := func(x0 float64) int { return min(max(int((x0-l.Low[0])/h), 0), l.Nodes-1) }
	nearest := (x - alpha*(l.Low[0]+(float64(near(x/alpha))+0.5)*h)) / sigma
	var sum, first float64
	for i := near(x/alpha - 9*width); i <= near(x/alpha+9*width); i += stride {
		x0 := l.Low[0] + (float64(i)+0.5)*h
		e := (x - alpha*x0) / sigma
		w := l.Density[i] * math.Exp((nearest*nearest-e*e)/2)
		sum += w
		first += w * e
	}
	log := math.Log(sum*h*float64(stride)/(math.Sqrt(2*math.Pi)*sigma)) - nearest*nearest/2
	return l.LogEvidence + log, -first / sum / sigma
}
