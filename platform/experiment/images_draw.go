package experiment

import (
	"bytes"
	"context"
	"iter"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/digits"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// base draws a model alone, by DPM-Solver++.
func (l *imageLab) base(ctx context.Context, models *platform.PointModels, i int, predicted []float64) (drawnImages, error) {
	n := l.sizes.Particles * l.sizes.Populations
	start := time.Now()
	points, err := diffuse.Draw(ctx, models.Space, models.Fields[i], diffuse.DrawOptions{Solver: diffuse.DPM, Steps: l.sizes.FlowSteps, Clean: true, Seed: 1}, n)
	if err != nil {
		return drawnImages{}, err
	}
	d := drawnImages{Method: byFlow, PerCore: perCore(n, start), ESS: 1, MinESS: 1}
	return d, l.see(ctx, &d, points, even(n), n, predicted)
}

// perCore is how many of n images were drawn a second and core since the start,
// all cores being free for it.
func perCore(n int, start time.Time) float64 {
	return float64(n) / time.Since(start).Seconds() / float64(runtime.GOMAXPROCS(0))
}

// even is equal weights.
func even(n int) []float64 { return slices.Repeat([]float64{1 / float64(n)}, n) }

// draw draws a composition by a method. Where the method cannot, it says why.
func (l *imageLab) draw(ctx context.Context, models *platform.PointModels, guide diffuse.Guide, target *compose.Composition, method imageMethod, predicted []float64) (drawnImages, error) {
	d := drawnImages{Method: method, ESS: 1, MinESS: 1}
	n := l.sizes.Particles * l.sizes.Populations
	var fields []diffuse.Field
	for _, name := range target.Models() {
		fields = append(fields, models.Fields[slices.Index(models.Names, name)])
	}
	o := diffuse.Options{Steps: l.sizes.Steps, Particles: l.sizes.Particles, Populations: l.sizes.Populations, Seed: 1}
	var populations sampler
	var err error
	start := time.Now()
	switch method {
	case byFlow:
		field, err := diffuse.GuidedField(fields, guide, target, models.Space.Dim(), 1)
		if err != nil {
			d.Why = err.Error()
			return d, nil
		}
		points, err := diffuse.Draw(ctx, models.Space, field, diffuse.DrawOptions{Solver: diffuse.DPM, Steps: l.sizes.FlowSteps, Clean: true, Seed: 1}, n)
		if err != nil {
			return d, err
		}
		d.PerCore = perCore(n, start)
		return d, l.see(ctx, &d, points, even(n), n, predicted)
	case byPaths:
		populations, err = diffuse.New(models.Space, fields, target, o)
	default:
		o.Guide = guide
		if method == byGuidance {
			o.Method = diffuse.Guided
		}
		populations, err = diffuse.NewClassified(models.Space, fields, target, o)
	}
	if err != nil {
		return d, err
	}
	var list []*sample.Population
	var evidence sample.Evidence
	for p, err := range populations.Populations(ctx) {
		if err != nil {
			return d, err
		}
		list = append(list, p)
		evidence.Add(p)
	}
	d.PerCore = perCore(n, start)
	var points []float32
	var logs []float64
	for _, p := range list {
		for k := range p.Trajectories {
			points = models.Space.Point(p.Trajectories[k].Final(), points)
			logs = append(logs, p.Trajectories[k].LogWeight)
		}
	}
	if method != byGuidance {
		d.MinESS, d.ESS = evidence.MinESS(), math.Exp(sample.LogESS(logs))/float64(n)
		if d.Evidence, err = evidence.Log(); err != nil {
			d.Why = "every image died on the way"
			d.Evidence = sample.Estimate{}
			return d, nil
		}
	}
	return d, l.see(ctx, &d, points, normalise(logs), n, predicted)
}

// normalise turns log-weights into weights whose sum is 1.
func normalise(logs []float64) []float64 {
	top := slices.Max(logs)
	out := make([]float64, len(logs))
	var sum float64
	for i, v := range logs {
		out[i] = math.Exp(v - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// pictured is how many images a picture has, columns in a line.
const (
	pictured = 32
	columns  = 16
)

// see lets the judge look at weighted images and draws some of them.
func (l *imageLab) see(ctx context.Context, d *drawnImages, points []float32, weights []float64, n int, predicted []float64) error {
	seen, err := l.look(ctx, points)
	if err != nil {
		return err
	}
	k := len(l.kinds)
	d.Shares, d.SE = make([]float64, k), make([]float64, k)
	for i, c := range seen {
		d.Shares[c] += weights[i]
	}
	for c, p := range d.Shares {
		var squares float64
		for i, w := range weights {
			own := 0.0
			if seen[i] == c {
				own = 1
			}
			squares += w * w * (own - p) * (own - p)
		}
		d.SE[c] = math.Sqrt(squares)
		d.Distance += math.Abs(p-predicted[c]) / 2
	}
	// As many copies of an image as its weight says, at equal distances.
	dim := l.set.Height * l.set.Width * l.kinds.Channels()
	var shown []float32
	at, i := 0.0, 0
	for k := range min(pictured, n) {
		u := (float64(k) + .5) / float64(min(pictured, n))
		for at+weights[i] < u && i < len(weights)-1 {
			at += weights[i]
			i++
		}
		shown = append(shown, points[i*dim:(i+1)*dim]...)
	}
	var b bytes.Buffer
	picture := digits.Picture{Height: l.set.Height, Width: l.set.Width, Channels: l.kinds.Channels(), Columns: columns}
	if err := picture.WritePNG(&b, shown); err != nil {
		return err
	}
	d.Picture = b.Bytes()
	return nil
}

// sampler is what draws populations.
type sampler interface {
	Populations(ctx context.Context) iter.Seq2[*sample.Population, error]
}
