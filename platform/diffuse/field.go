package diffuse

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Field is the score of a model: grad log p_t at points, with a time each,
// written to dst. It must be safe for concurrent use. One that does not know all
// times is [Ended].
type Field interface {
	Score(ctx context.Context, points []float32, times []float64, dst []float32) error
}

// Guide is a classifier of observations at noisy points, with its gradient. It
// must be safe for concurrent use. One that does not know all times is [Ended], and
// one that knows its models a [Matcher].
type Guide interface {
	Info() sdk.GuideInfo
	LogQ(ctx context.Context, req sdk.GuideRequest) (sdk.GuideReply, error)
}

// Matcher is what a [Guide] is too that knows which models it was trained for. All
// that samples with a guide asks it first.
type Matcher interface {
	// Match says in what models, fields with their names, are others than those of
	// the guide; nil where they are not.
	Match(names []string, fields []Field) error
}

// Match asks a guide whether it was trained for models. One that is no [Matcher],
// and nil, fits all.
func Match(guide Guide, names []string, fields []Field) error {
	if m, ok := guide.(Matcher); ok {
		return m.Match(names, fields)
	}
	return nil
}

// Single is a field of a model that answers in float64, one point at a time: for
// laws that are known. Score writes grad log p_t at x to dst.
type Single func(x []float64, t float64, dst []float64)

// Score implements [Field].
func (f Single) Score(ctx context.Context, points []float32, times []float64, dst []float32) error {
	if len(times) == 0 {
		return nil
	}
	d := len(points) / len(times)
	x, s := make([]float64, d), make([]float64, d)
	for i, t := range times {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for j := range x {
			x[j] = float64(points[i*d+j])
		}
		f(x, t, s)
		for j, v := range s {
			dst[i*d+j] = float32(v)
		}
	}
	return nil
}

// numbersAtOnce is how many numbers one call sends at most: a few megabytes.
const numbersAtOnce = 1 << 20

// ask asks a field about points, in parts that fit into a message.
func ask(ctx context.Context, f Field, d int, points []float32, times []float64, dst []float32) error {
	size := max(numbersAtOnce/d, 1)
	for from := 0; from < len(times); from += size {
		to := min(from+size, len(times))
		if err := f.Score(ctx, points[from*d:to*d], times[from:to], dst[from*d:to*d]); err != nil {
			return err
		}
	}
	return nil
}

// narrow writes float64 numbers as float32, as fields see them.
func narrow(dst []float32, src []float64) {
	for i, v := range src {
		dst[i] = float32(v)
	}
}

// fill makes every entry of s the value.
func fill(s []float64, v float64) {
	for i := range s {
		s[i] = v
	}
}

// Space checks that models, as they describe themselves, are of one process and
// one dimension, and gives the space of both.
func Space(infos []sdk.DiffusionInfo, names []string) (*space.Points, error) {
	var first *space.Points
	for i, info := range infos {
		p, err := processOf(info)
		if err != nil {
			return nil, fmt.Errorf("diffuse: model %s: %w", names[i], err)
		}
		sp, err := space.NewPoints(info.Dimension, p)
		if err != nil {
			return nil, fmt.Errorf("diffuse: model %s: %w", names[i], err)
		}
		if first == nil {
			first = sp
			continue
		}
		if diff := space.Difference(first.Descriptor(), sp.Descriptor()); diff != "" {
			return nil, fmt.Errorf("diffuse: the models %s and %s do not compose: they have the %s", names[0], names[i], diff)
		}
	}
	if first == nil {
		return nil, fmt.Errorf("diffuse: there is no model")
	}
	return first, nil
}
