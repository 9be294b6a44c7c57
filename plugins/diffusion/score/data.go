package score

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"

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

// The sources of examples that the host is asked for.
const (
	sourceTrain   = "train"
	sourceHeldOut = "held-out"
)

// askData asks the host for all points of a source.
func askData(ctx context.Context, host sdk.TrainHost, sp *space.Points, source string) (*Data, error) {
	const numbers = 1 << 22 // of one answer
	atOnce := min(max(numbers/sp.Dim(), 1), 1<<16)
	d := &Data{Dim: sp.Dim()}
	for more := true; more; {
		part, m, err := host.Examples(ctx, source, atOnce)
		if err != nil {
			return nil, err
		}
		if more = m; more && len(part) == 0 {
			return nil, fmt.Errorf("score: the host says that there are more examples %q, and gives none", source)
		}
		for i, e := range part {
			if err := sp.Validate(e.State); err != nil {
				return nil, fmt.Errorf("score: example %d of %q: %w", i, source, err)
			}
			d.Points = sp.Point(e.State, d.Points)
		}
	}
	return d, nil
}
