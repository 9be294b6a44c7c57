package plugintest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/sdk"
)

// diffusion asks a continuous model for scores at points and times.
func (k *checker) diffusion(ctx context.Context) {
	m := k.o.Diffusion
	if len(m.Weights) == 0 {
		k.skip("its continuous model loads", "no weights were given")
		return
	}
	d, err := k.c.LoadDiffusion(ctx, m)
	k.add("its continuous model loads", err)
	if err != nil {
		return
	}
	r := rand.New(rand.NewPCG(k.o.Seed, 2))
	dim := d.Info().Dimension
	times := make([]float64, k.o.States)
	points := make([]float32, len(times)*dim)
	for i := range times {
		times[i] = max(float64(i+1)/float64(len(times)), d.Info().End)
	}
	for i := range points {
		points[i] = float32(r.NormFloat64())
	}
	whole := make([]float32, len(points))
	err = d.Score(ctx, points, times, whole)
	k.add("its scores are numbers, at all times up to 1", err)
	if err != nil {
		return
	}
	again := make([]float32, len(points))
	if err = d.Score(ctx, points, times, again); err == nil {
		err = near(whole, again, 0)
	}
	k.add("a continuous model gives the same question the same answer", err)
	err = nil
	for i := 0; i < len(times) && err == nil; i += max(1, len(times)/8) {
		from, to := i*dim, (i+1)*dim
		if err = d.Score(ctx, points[from:to], times[i:i+1], again[from:to]); err == nil {
			size := 1.0
			for _, x := range whole[from:to] {
				size = max(size, math.Abs(float64(x)))
			}
			if err = near(whole[from:to], again[from:to], 1e-4*size); err != nil {
				err = fmt.Errorf("point %d alone: %w", i, err)
			}
		}
	}
	k.add("a score at a point does not depend on the rest of the batch", err)
	k.add("a continuous model refuses conditions outside their range", outside(d.Info().Conditions, func(v map[string]float64) error {
		_, err := d.With(v)
		return err
	}))
	if err := d.Unload(ctx); err != nil {
		k.add("an unloaded continuous model is unknown", err)
		return
	}
	err = d.Score(ctx, points[:dim], times[:1], again[:dim])
	if errors.Is(err, sdk.ErrUnknownHandle) {
		err = nil
	} else {
		err = fmt.Errorf("a call on an unloaded model gave %s, not NOT_FOUND", fmt.Sprint(err))
	}
	k.add("an unloaded continuous model is unknown", err)
}
