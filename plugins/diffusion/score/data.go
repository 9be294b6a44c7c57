package score

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Data is points to learn from.
type Data struct {
	Dim    int
	Points []float32 // Dim numbers each
}

// Len is the number of points.
func (d *Data) Len() int { return len(d.Points) / d.Dim }

// Point is point i.
func (d *Data) Point(i int) []float32 { return d.Points[i*d.Dim : (i+1)*d.Dim] }

// moments are the mean of every number and the standard deviation around it over
// all numbers.
func (d *Data) moments() (mean []float64, sd float64) {
	mean = make([]float64, d.Dim)
	n := float64(d.Len())
	for i, x := range d.Points {
		mean[i%d.Dim] += float64(x) / n
	}
	var sum float64
	for i, x := range d.Points {
		c := float64(x) - mean[i%d.Dim]
		sum += c * c
	}
	return mean, math.Sqrt(sum / float64(len(d.Points)))
}

// digest names the points, in order.
func (d *Data) digest() string {
	h := fnv.New128a()
	var b [4]byte
	for _, x := range d.Points {
		v := math.Float32bits(x)
		b = [4]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}
		_, _ = h.Write(b[:]) // a hash never fails
	}
	return fmt.Sprintf("%d x %d %x", d.Len(), d.Dim, h.Sum(nil))
}

// askData asks the host for all points of a source, with their labels.
func askData(ctx context.Context, host sdk.TrainHost, sp *space.Points, source string) (*Labelled, error) {
	const numbers = 1 << 22 // of one answer
	atOnce := min(max(numbers/sp.Dim(), 1), 1<<16)
	d := &Labelled{Data: Data{Dim: sp.Dim()}}
	err := train.Examples(ctx, host, "score", source, atOnce, func(part []sdk.Example) error {
		for i, e := range part {
			if err := sp.Validate(e.State); err != nil {
				return fmt.Errorf("score: example %d of %q: %w", i, source, err)
			}
			d.Points, d.Label = sp.Point(e.State, d.Points), append(d.Label, e.Label)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// check says what is wrong with the labels of examples of so many classes.
func (d *Labelled) check(classes int) error {
	for i, l := range d.Label {
		if l < 0 || l >= classes {
			return fmt.Errorf("score: example %d has the label %d; there are %d classes", i, l, classes)
		}
	}
	return nil
}

// pathsKept is one in how many of the models' points is kept back.
const pathsKept = 10

// askPaths asks the host for n points of each model with their log-densities under
// all of them: paths of one state.
func askPaths(ctx context.Context, host sdk.TrainHost, sp *space.Points, models, n int) (learn, keptBack *Labelled, err error) {
	learn, keptBack = &Labelled{Data: Data{Dim: sp.Dim()}}, &Labelled{Data: Data{Dim: sp.Dim()}}
	const atOnce = 500
	for first := 0; first < n; first += atOnce {
		paths, err := host.Paths(ctx, uint64(first), min(atOnce, n-first))
		if err != nil {
			return nil, nil, err
		}
		for i, p := range paths {
			if len(p.States) != 1 || len(p.LogBase) != models || p.Label < 0 || p.Label >= models {
				return nil, nil, fmt.Errorf("score: path %d has %d states and %d log-densities; a point of a continuous model has one, and %d", i, len(p.States), len(p.LogBase), models)
			}
			if err := sp.Validate(p.States[0]); err != nil {
				return nil, nil, fmt.Errorf("score: path %d: %w", i, err)
			}
			into := learn
			if i%pathsKept == pathsKept-1 {
				into = keptBack
			}
			into.Points, into.Label = sp.Point(p.States[0], into.Points), append(into.Label, p.Label)
			into.LogBase = append(into.LogBase, p.LogBase...)
		}
		if err := host.Progress(sdk.Progress{Message: fmt.Sprintf("%d points of each model", first+len(paths)/models)}); err != nil {
			return nil, nil, err
		}
	}
	return learn, keptBack, nil
}
