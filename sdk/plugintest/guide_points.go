package plugintest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
)

// points asks a guide for points of a standard normal at times from its end to 1, and
// holds its gradients against its own log Q.
func (k *checker) points(ctx context.Context, g *host.Guide) {
	info := g.Info()
	const numbers = 1 << 22 // of one answer, 16 MiB
	n := min(k.o.States, max(1, numbers/(info.Dimension*len(info.Outcomes))))
	r := rand.New(rand.NewPCG(k.o.Seed, 3))
	req := sdk.GuideRequest{Points: make([]float32, n*info.Dimension), Times: make([]float64, n)}
	for i := range req.Times {
		req.Times[i] = max(float64(i)/float64(max(n-1, 1)), info.End)
	}
	for i := range req.Points {
		req.Points[i] = float32(r.NormFloat64())
	}
	plain, err := g.LogQ(ctx, req)
	k.add("its answers at points are log-probabilities of the outcomes, at all times up to 1", err)
	if err != nil {
		return
	}
	req.Gradient = true
	whole, err := g.LogQ(ctx, req)
	k.add("its gradients at points are numbers", err)
	if err != nil {
		return
	}
	k.add("log Q is the same with its gradient and without", near(plain.LogQ, whole.LogQ, 1e-4))
	k.repeated(ctx, g, req, whole)
	k.add("its gradients are the differences of its log Q", differences(ctx, g, req, whole, r))
	for _, t := range []float64{-0.5, 1.5, math.NaN()} {
		_, e := g.LogQ(ctx, sdk.GuideRequest{Points: req.Points[:info.Dimension], Times: []float64{t}})
		switch {
		case e == nil:
			e = fmt.Errorf("there was an answer at time %g", t)
		case !errors.Is(e, sdk.ErrPanic) && !errors.Is(e, sdk.ErrGone) && !errors.Is(e, sdk.ErrAnswer):
			e = nil // it was refused
		}
		err = errors.Join(err, e)
	}
	k.add("a guide refuses times outside 0 to 1", err)
}

// steps are how far every number of a point is moved for a difference. Small ones
// suit where log Q bends, large ones where it is flat against its rounding.
var steps = []float64{1. / 4, 1. / 16, 1. / 64, 1. / 256, 1. / 1024}

// differences holds gradients at some points against central differences of log Q
// along a direction of random signs (Spall 1992).
func differences(ctx context.Context, g *host.Guide, req sdk.GuideRequest, reply sdk.GuideReply, r *rand.Rand) error {
	const probes = 16
	dim, outcomes, n := g.Info().Dimension, g.Info().Outcomes, len(req.Times)
	signs := make([]float32, dim)
	for i := 0; i < n; i += max(1, n/probes) {
		for j := range signs {
			signs[j] = float32(2*r.IntN(2) - 1)
		}
		var sides sdk.GuideRequest // two of each step
		for _, h := range steps {
			for _, move := range []float32{float32(h), -float32(h)} {
				for j, x := range req.Points[i*dim : (i+1)*dim] {
					sides.Points = append(sides.Points, x+move*signs[j])
				}
				sides.Times = append(sides.Times, req.Times[i])
			}
		}
		moved, err := g.LogQ(ctx, sides)
		if err != nil {
			return err
		}
		for c, name := range outcomes {
			row := i*len(outcomes) + c
			gradient := reply.Gradient[row*dim : (row+1)*dim]
			if err := rises(gradient, sides.Points, func(side int) float64 { return float64(moved.LogQ[side*len(outcomes)+c]) }); err != nil {
				return fmt.Errorf("point %d at time %g, outcome %s: %w", i, req.Times[i], name, err)
			}
		}
	}
	return nil
}

// rises compares a gradient with the differences between the two sides of every
// step. It is right where it comes within 2 % of one of them, beside the rounding
// of 32-bit numbers.
func rises(gradient, sides []float32, logQ func(side int) float64) error {
	const share, rounding = 0.02, 1e-6
	nearest, dim := math.Inf(1), len(gradient)
	var said, found float64
	for s, h := range steps {
		up, down := logQ(2*s), logQ(2*s+1)
		rise := up - down
		if rise-rise != 0 {
			continue // an outcome without probability has no slope
		}
		own := 0.0 // with the points as they are rounded
		for j, v := range gradient {
			own += float64(v) * float64(sides[2*s*dim+j]-sides[(2*s+1)*dim+j])
		}
		off := math.Abs(own-rise) / (share*math.Abs(rise) + rounding*(1+math.Abs(up)+math.Abs(down)))
		if off <= 1 {
			return nil
		}
		if off < nearest {
			nearest, said, found = off, own/(2*h), rise/(2*h)
		}
	}
	if math.IsInf(nearest, 1) {
		return nil
	}
	return fmt.Errorf("the slope along a direction is %.4g by the gradient and %.4g by differences", said, found)
}
