package oracle

import (
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// GridReward is a log-reward on the points of a grid of a side: coordinates
// x = 2z/(side-1) - 1 from -1 to 1. Those of Garipov et al. are rewards of the
// first two coordinates; where there is no second, it is 0.
type GridReward func(z []int, side int) float64

// On is the reward at every state of a graph of a grid.
func (r GridReward) On(g *Graph) ([]float64, error) {
	sp, ok := g.Space.(*space.Grid)
	if !ok {
		return nil, fmt.Errorf("oracle: reward a graph: the space is %s, not a grid", g.Space.Descriptor().Kind)
	}
	out := make([]float64, len(g.States))
	var z []int
	for i, s := range g.States {
		z = sp.Coordinates(s, z[:0])
		out[i] = r(z, sp.Side())
	}
	return out, nil
}

// Corners is the reward of the hypergrid of Bengio et al. 2021 (arXiv
// 2106.04399), for any dimension: low everywhere but in 2^dim regions near the
// corners. With v = |z/(side-1) - 1/2| it is
//
//	base + 1/2 if every v is above 1/4, + 2 if every v lies between 0.3 and 0.4
func Corners(base float64) GridReward {
	return func(z []int, side int) float64 {
		outer, ring := true, true
		for _, c := range z {
			v := math.Abs(float64(c)/float64(side-1) - .5)
			outer = outer && v > .25
			ring = ring && v > .3 && v < .4
		}
		r := base
		if outer {
			r += .5
		}
		if ring {
			r += 2
		}
		return math.Log(r)
	}
}

// Bump is a Gaussian of the given width (in units of x) about a point, of which
// coordinates that are not given are 0. Two of them, far apart, are models that hardly overlap.
func Bump(width float64, centre ...float64) GridReward {
	return func(z []int, side int) float64 {
		var sum float64
		for i, c := range z {
			d := 2*float64(c)/float64(side-1) - 1
			if i < len(centre) {
				d -= centre[i]
			}
			sum -= d * d / (2 * width * width)
		}
		return sum
	}
}

// coordinates maps a point of the grid to [-1, 1]^2.
func coordinates(z []int, side int) (x1, x2 float64) {
	scale := 2 / float64(side-1)
	x1 = scale*float64(z[0]) - 1
	if len(z) > 1 {
		x2 = scale*float64(z[1]) - 1
	}
	return x1, x2
}

// Shubert is the symmetric Shubert reward at temperature 1/2, with many peaks.
func Shubert(z []int, side int) float64 {
	const (
		low  = -186.6157949555621
		high = 210.27662470796076
	)
	wave := func(v float64) float64 {
		w := -9.45 + 2.3*(math.Abs(v)/2+.5)
		var sum float64
		for i := 1.; i <= 5; i++ {
			sum += i * math.Cos((i+1)*w+i)
		}
		return sum
	}
	x1, x2 := coordinates(z, side)
	return math.Log((wave(x1)*wave(x2)-low)/(high-low)+1e-3) / .5
}

// Diagonal rises from the initial corner to the opposite one.
func Diagonal(z []int, side int) float64 {
	x1, x2 := coordinates(z, side)
	return math.Log(1/(1+math.Exp(-5*(x1+x2))) + 1e-5)
}

// Circle is one of three overlapping discs, n from 1 to 3: 0.1 outside a radius
// of 0.6, and a mixture of Gaussians over a floor inside.
func Circle(n int) GridReward {
	c := circles[n-1]
	return func(z []int, side int) float64 {
		x1, x2 := coordinates(z, side)
		if math.Hypot(x1-c.x, x2-c.y) > .6 {
			return math.Log(.1)
		}
		var sum float64
		for _, p := range c.peaks {
			d1, d2 := x1-c.x-p[0], x2-c.y-p[1]
			r2 := d1*d1 + d2*d2
			sum += math.Exp(-r2/(2*c.s*c.s)) / (2 * math.Pi * c.s * c.s)
		}
		return math.Log(c.scale*sum/float64(len(c.peaks)) + c.floor)
	}
}

type circle struct {
	x, y, s, scale, floor float64
	peaks                 [][2]float64
}

// The centres lie at a distance of 0.3 from the origin, 120 degrees apart; the
// peaks at 0.32 from their centre.
var (
	centre = .3 * math.Sqrt(3) / 2
	peak   = .32 * math.Sqrt(3) / 2

	circles = [3]circle{
		{-.3, 0, .3, 2.5, 6.5, [][2]float64{{0, 0}}},
		{.15, centre, .21, 3.5, 10.5, [][2]float64{{-peak, .16}, {peak, -.16}}},
		{.15, -centre, .18, 2.5, 5.5, [][2]float64{{-.32, 0}, {.16, peak}, {.16, -peak}}},
	}
)
