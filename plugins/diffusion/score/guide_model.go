package score

import (
	"context"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/sdk"
)

// Guide is a trained classifier of observations. Its methods may be called at the
// same time.
type Guide struct {
	*weights
	pool  *pool
	slope chan *Gradient // made when they are first asked for
	info  sdk.GuideInfo
	logMu []float64 // logarithms of the multiplicities
}

var _ sdk.GuideModel = (*Guide)(nil)

func newGuide(w *weights, threads int) (*Guide, error) {
	threads = max(threads, 1)
	p, err := newPool(w.settings.Network, w.params, w.dimension(), w.outputs(), threads)
	if err != nil {
		return nil, fmt.Errorf("score: load weights: %w", err)
	}
	g := &Guide{weights: w, pool: p, slope: make(chan *Gradient, threads)}
	for range threads {
		g.slope <- nil
	}
	if g.info, err = w.guide.info(); err != nil {
		return nil, fmt.Errorf("score: load weights: %w", err)
	}
	process := w.scaling.Process
	g.info.Dimension, g.info.Process, g.info.Parameters, g.info.End = w.dimension(), process.Name(), process.Parameters(), w.scaling.End
	for _, m := range w.guide.multiplicities() {
		g.logMu = append(g.logMu, math.Log(m))
	}
	return g, nil
}

// DecodeGuide reads the weights file of a guide. Up to threads goroutines work on
// a call.
func DecodeGuide(data []byte, threads int) (*Guide, error) {
	w, err := decode(data)
	if err != nil {
		return nil, err
	}
	if w.guide == nil {
		return nil, fmt.Errorf("score: load weights: they are those of a model, not of a guide")
	}
	return newGuide(w, threads)
}

// Info implements sdk.GuideModel.
func (g *Guide) Info() sdk.GuideInfo { return g.info }

// Close implements sdk.GuideModel.
func (g *Guide) Close() error { return nil }

// LogQ implements sdk.GuideModel.
func (g *Guide) LogQ(ctx context.Context, req *sdk.GuideRequest) (sdk.GuideReply, error) {
	k, d := g.outputs(), g.dimension()
	out := sdk.GuideReply{LogQ: make([]float32, len(req.Times)*k)}
	err := g.pool.each(ctx, &g.scaling, req.Points, req.Times, func(i int, _ at, logits []float32) {
		norm := op.LogSumExp(logits[:k])
		for c := range k {
			out.LogQ[i*k+c] = float32(math.Min(float64(logits[c])-norm-g.logMu[c], 0))
		}
	})
	if err == nil && req.Gradient {
		out.Gradient = make([]float32, len(req.Times)*k*d)
		err = g.gradients(ctx, req, out.Gradient)
	}
	if err != nil {
		return sdk.GuideReply{}, fmt.Errorf("score: %w", err)
	}
	return out, nil
}

// gradients writes the gradients of all outcomes.
func (g *Guide) gradients(ctx context.Context, req *sdk.GuideRequest, dst []float32) error {
	k, d := g.outputs(), g.dimension()
	size, columns := rowsOf(d), Pad(d)
	errs := make([]error, (len(req.Times)+size-1)/size)
	kern.ParRows(cap(g.slope), len(req.Times), size, func(from, to int) {
		s := <-g.slope
		defer func() { g.slope <- s }()
		err := ctx.Err()
		if s == nil && err == nil {
			s, err = newGradient(g.settings.Network, g.params, d, k)
		}
		scale := make([]float64, to-from)
		for i := range scale {
			if err != nil {
				break
			}
			a := g.scaling.at(max(req.Times[from+i], g.scaling.End/100))
			g.scaling.input(a, req.Points[(from+i)*d:(from+i+1)*d], s.points.Data[i*columns:(i+1)*columns])
			g.scaling.code(a, s.noise[i*NoiseWidth:(i+1)*NoiseWidth])
			scale[i] = 1 / (a.alpha * a.total) // of an input in its x_t
		}
		for c := range k {
			if err != nil {
				break
			}
			var grad []float32
			if grad, err = s.run(to-from, c); err != nil {
				break
			}
			for i, f := range scale {
				row := dst[((from+i)*k+c)*d:][:d]
				for j := range row {
					row[j] = float32(f * float64(grad[i*columns+j]))
				}
			}
		}
		errs[from/size] = err
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
