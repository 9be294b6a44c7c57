package oracle

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"

	"github.com/molsculpt/molsculpt/sdk/noise"
)

// Gaussians is a mixture of normal distributions in any dimension, each with one
// variance for all coordinates. Made noisy it is such a mixture again, so that all
// that a diffusion is about is known of it: densities and scores at every time, and
// the clean point behind a noisy one.
type Gaussians struct {
	Weights []float64   // add up to 1
	Means   [][]float64 // of equal length
	SDs     []float64   // above 0
}

// Check says what is wrong with a mixture.
func (g *Gaussians) Check() error {
	var sum float64
	if len(g.Weights) == 0 || len(g.Means) != len(g.Weights) || len(g.SDs) != len(g.Weights) {
		return errors.New("oracle: a mixture of normals with unequal numbers of weights, means and deviations")
	}
	for k, w := range g.Weights {
		sum += w
		if !(w > 0) || !(g.SDs[k] > 0) || len(g.Means[k]) == 0 || len(g.Means[k]) != len(g.Means[0]) {
			return errors.New("oracle: a mixture of normals with a weight, a deviation or a mean that is none")
		}
	}
	if math.Abs(sum-1) > 1e-9 {
		return errors.New("oracle: a mixture of normals whose weights do not add up to 1")
	}
	return nil
}

// Dim is the dimension.
func (g *Gaussians) Dim() int { return len(g.Means[0]) }

// Noised is the law of the points at a time of a process.
func (g *Gaussians) Noised(p noise.Process, t float64) *Gaussians {
	alpha, sigma := p.Alpha(t), p.Sigma(t)
	out := &Gaussians{Weights: g.Weights, Means: make([][]float64, len(g.Means)), SDs: make([]float64, len(g.SDs))}
	for k, m := range g.Means {
		out.Means[k] = make([]float64, len(m))
		for j := range m {
			out.Means[k][j] = alpha * m[j]
		}
		out.SDs[k] = math.Hypot(alpha*g.SDs[k], sigma)
	}
	return out
}

// logParts writes the logarithm of each component's part of the density at x.
func (g *Gaussians) logParts(x, dst []float64) {
	for k, m := range g.Means {
		var squared float64
		for j := range m {
			squared += (x[j] - m[j]) * (x[j] - m[j])
		}
		v := g.SDs[k] * g.SDs[k]
		dst[k] = math.Log(g.Weights[k]) - squared/(2*v) - float64(len(m))/2*math.Log(2*math.Pi*v)
	}
}

// shares turns the parts into the shares of the components.
func shares(parts []float64) {
	sum := floats.LogSumExp(parts)
	for k, l := range parts {
		parts[k] = math.Exp(l - sum)
	}
}

// LogDensity is the log-density at x.
func (g *Gaussians) LogDensity(x []float64) float64 {
	parts := make([]float64, len(g.Weights))
	g.logParts(x, parts)
	return floats.LogSumExp(parts)
}

// Score writes the gradient of the log-density at x.
func (g *Gaussians) Score(x, dst []float64) { g.score(x, dst, make([]float64, len(g.Weights))) }

// score is Score with room for the parts.
func (g *Gaussians) score(x, dst, parts []float64) {
	g.logParts(x, parts)
	shares(parts)
	clear(dst)
	for k, m := range g.Means {
		for j := range m {
			dst[j] += parts[k] * (m[j] - x[j]) / (g.SDs[k] * g.SDs[k])
		}
	}
}

// Draw writes a random point.
func (g *Gaussians) Draw(r *rand.Rand, dst []float64) {
	u, k := r.Float64(), 0
	for ; k < len(g.Weights)-1 && u >= g.Weights[k]; k++ {
		u -= g.Weights[k]
	}
	for j := range dst {
		dst[j] = g.Means[k][j] + g.SDs[k]*r.NormFloat64()
	}
}

// Clean is the law of the clean point x_0 behind a noisy point x at a time.
func (g *Gaussians) Clean(p noise.Process, t float64, x []float64) *Gaussians {
	alpha, sigma := p.Alpha(t), p.Sigma(t)
	noisy := g.Noised(p, t)
	out := &Gaussians{Weights: make([]float64, len(g.Weights)), Means: make([][]float64, len(g.Means)), SDs: make([]float64, len(g.SDs))}
	noisy.logParts(x, out.Weights)
	shares(out.Weights)
	for k, m := range g.Means {
		v, total := g.SDs[k]*g.SDs[k], noisy.SDs[k]*noisy.SDs[k]
		out.Means[k] = make([]float64, len(m))
		for j := range m {
			out.Means[k][j] = m[j] + alpha*v/total*(x[j]-alpha*m[j])
		}
		out.SDs[k] = g.SDs[k] * sigma / noisy.SDs[k]
	}
	return out
}

// Field is the score of noisy normals as a model answers it: see sdk.DiffusionModel.
type Field struct {
	Law     *Gaussians
	Process noise.Process
}

// Score writes the scores at points with a time each.
func (f *Field) Score(ctx context.Context, points []float32, times []float64, dst []float32) error {
	d, k := f.Law.Dim(), len(f.Law.Weights)
	x, s, parts := make([]float64, d), make([]float64, d), make([]float64, k)
	var noisy *Gaussians
	for i, t := range times {
		if i == 0 || t != times[i-1] {
			if err := ctx.Err(); err != nil {
				return err
			}
			noisy = f.Law.Noised(f.Process, t)
		}
		for j := range x {
			x[j] = float64(points[i*d+j])
		}
		noisy.score(x, s, parts)
		for j, v := range s {
			dst[i*d+j] = float32(v)
		}
	}
	return nil
}

// ModelPosterior writes the probability that a noisy point at a time is of each
// model, all being equally likely before.
func ModelPosterior(models []*Gaussians, p noise.Process, t float64, x, dst []float64) {
	for i, g := range models {
		dst[i] = g.Noised(p, t).LogDensity(x)
	}
	shares(dst)
}
