package diffuse

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// DensityOptions say how log-densities are found. The zero value is good; what is
// marked (*) does not change the numbers.
type DensityOptions struct {
	Seed uint64
	End  float64 // time at which the density is asked for, see [End]; 0 is 0.001, or where the fields begin to know

	Tolerance float64 // of [FlowDensity]; 0 is 1e-4
	// Probes are the random directions in which FlowDensity looks for the divergence
	// (Hutchinson 1990); 0 is all coordinates, which is exact but for the
	// differences, and costs twice the dimension.
	Probes int

	Steps int // of [ItoDensity] and [ChainDensity]; 0 is 500
	Paths int // of these, for each point; 0 is 16

	Lanes int // (*) groups of points side by side; 0 is 2
}

func (o *DensityOptions) complete(fields ...Field) error {
	for p, v := range map[*int]int{&o.Steps: DefaultSteps, &o.Paths: 16, &o.Lanes: 2} {
		if *p == 0 {
			*p = v
		}
	}
	var err error
	if o.End, err = End(o.End, fields, nil); err != nil {
		return err
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-4
	}
	if o.Probes < 0 || o.Paths < 1 || o.Lanes < 1 || !(o.Tolerance > 0) {
		return errors.New("diffuse: density: counts must not be negative, and the tolerance above 0")
	}
	return checkChain(o.Steps, o.End)
}

// divergence is the integral of the divergence of the flow along its way, in each
// of some directions.
type divergence struct {
	probes [][]float64 // directions; nil for the coordinates
	count  int         // of integrals: probes, or one
}

// FlowDensity is the log-density at points of a field: that of the prior where
// the probability flow takes a point, plus the integral of its divergence on the
// way (Song et al. 2021, equation 39). Its standard error is that over the probes;
// 0 where all coordinates are looked at. The error of the differences, of 0.005 in
// 32-bit floats, is some 1e-4 for smooth scores.
func FlowDensity(ctx context.Context, sp *space.Points, f Field, points []float32, o DensityOptions) ([]sample.Estimate, error) {
	if err := o.complete(f); err != nil {
		return nil, err
	}
	d, n := sp.Dim(), len(points)/sp.Dim()
	out := make([]sample.Estimate, n)
	variance := prior(sp.Process())
	directions := o.Probes
	if directions == 0 {
		directions = d
	}
	size := max(min(pointsAtOnce, numbersAtOnce/(2*d*directions)), 1)
	err := inLanes(ctx, o.Lanes, (n+size-1)/size, func(ctx context.Context, part int) error {
		from, to := part*size, min((part+1)*size, n)
		v := &divergence{count: max(o.Probes, 1)}
		w := d + v.count
		y := make([]float64, (to-from)*w)
		for i := from; i < to; i++ {
			for j := range d {
				y[(i-from)*w+j] = float64(points[i*d+j])
			}
			v.draw(o, i, d)
		}
		s := &solution{d: d, field: f, batch: &batch{sp: sp}, tolerance: o.Tolerance, integrals: v}
		s.start(y, w, o.End, 1)
		if err := s.run(ctx); err != nil {
			return err
		}
		for i := from; i < to; i++ {
			row := s.y[(i-from)*w : (i-from+1)*w]
			var squared float64
			for _, x := range row[:d] {
				squared += x * x
			}
			out[i] = meanOf(row[d:])
			if o.Probes == 0 {
				out[i].SE = 0
			}
			out[i].Value += logNormal(squared, variance, d)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("diffuse: density: %w", err)
	}
	return out, nil
}

// draw draws the probes of a point: signs, by its number.
func (v *divergence) draw(o DensityOptions, point, d int) {
	if o.Probes == 0 {
		return
	}
	r := rand.New(rand.NewPCG(o.Seed, uint64(point)))
	z := make([]float64, o.Probes*d)
	for j := range z {
		z[j] = float64(1 - 2*int(r.Uint64()&1))
	}
	v.probes = append(v.probes, z)
}

// difference is the step of the differences.
const difference = 5e-3

// slopes writes the right-hand sides of the integrals of some points.
func (v *divergence) slopes(ctx context.Context, s *solution, points []int, x []float32, times []float64, k []float64) error {
	d, w, p := s.d, s.width, s.sp.Process()
	directions := v.count
	if v.probes == nil {
		directions = d
	}
	per := 2 * directions
	in, at := make([]float32, len(points)*per*d), make([]float64, len(points)*per)
	out := make([]float32, len(in))
	toward := func(i, q, j int) float64 {
		if v.probes != nil {
			return v.probes[i][q*d+j]
		}
		if q == j {
			return 1
		}
		return 0
	}
	for n, i := range points {
		for q := range directions {
			for side, sign := range [2]float64{1, -1} {
				row := (n*per + 2*q + side) * d
				for j := range d {
					in[row+j] = float32(float64(x[n*d+j]) + sign*difference*toward(i, q, j))
				}
				at[n*per+2*q+side] = times[n]
			}
		}
	}
	if err := ask(ctx, s.field, d, in, at, out); err != nil {
		return err
	}
	for n, i := range points {
		a, g := p.Drift(times[n]), p.Diffusion(times[n])
		integrals := k[i*w+d : (i+1)*w]
		fill(integrals, float64(d)*a)
		for q := range directions {
			up, down := (n*per+2*q)*d, (n*per+2*q+1)*d
			var trace, length float64
			for j := range d {
				z := toward(i, q, j)
				trace += z * float64(out[up+j]-out[down+j])
				// As the numbers really are.
				length += z * float64(in[up+j]-in[down+j])
			}
			if v.probes != nil {
				trace *= float64(d)
			}
			integrals[min(q, v.count-1)] -= g / 2 * trace / length
		}
	}
	return nil
}

// meanOf is the mean of equally good numbers.
func meanOf(x []float64) sample.Estimate {
	n := float64(len(x))
	var sum, squares float64
	for _, v := range x {
		sum += v / n
	}
	for _, v := range x {
		squares += (v - sum) * (v - sum)
	}
	return sample.Estimate{Value: sum, SE: math.Sqrt(squares / (n * (n - 1)))}
}

// ItoDensity is the log-density at points under several fields at once, along the
// same random paths into noise: back in time log p changes along a path by
//
//	s dx + [div f + f s - g^2 |s|^2/2] d tau
//
// (Skreta et al. 2024, arXiv 2412.17762, theorem 1; no divergence of the score is
// needed). In small steps every path gives log p; the estimate is the mean over the
// paths, with its standard error; [point][field].
func ItoDensity(ctx context.Context, sp *space.Points, fields []Field, points []float32, o DensityOptions) ([][]sample.Estimate, error) {
	return alongPaths(ctx, sp, fields, points, o, meanOf, func(m *move, a, g float64, x, next []float64, score []float32) float64 {
		h := m.from - m.to
		sum := float64(len(x)) * a * h
		for j, v := range score {
			s := float64(v)
			sum += s*(x[j]-next[j]) + (a*next[j]*s-g*s*s/2)*h
		}
		return sum
	})
}

// ChainDensity is what ItoDensity is, of the end of the reverse chain itself: the
// likelihood of the chain over that of the path into noise, whose mean over paths
// is the density without bias, however long the steps are. Small steps make the two
// the same; this one has less noise.
func ChainDensity(ctx context.Context, sp *space.Points, fields []Field, points []float32, o DensityOptions) ([][]sample.Estimate, error) {
	return alongPaths(ctx, sp, fields, points, o, sample.LogMean, func(m *move, _, _ float64, x, next []float64, score []float32) float64 {
		var there, back float64
		for j, v := range score {
			d := x[j] - m.keep*next[j] - m.gain*float64(v)
			there += d * d
			d = next[j] - m.alpha*x[j]
			back += d * d
		}
		return logNormal(there, m.variance, len(x)) - logNormal(back, m.noise, len(x))
	})
}

// part is what a step adds to a log-density: from x on to the noisier next, with the
// score there; a and g are the drift and the squared diffusion there.
type part func(m *move, a, g float64, x, next []float64, score []float32) float64

// alongPaths adds up the parts along paths into noise.
func alongPaths(ctx context.Context, sp *space.Points, fields []Field, points []float32, o DensityOptions, over func([]float64) sample.Estimate, add part) ([][]sample.Estimate, error) {
	if err := o.complete(fields...); err != nil {
		return nil, err
	}
	d, n := sp.Dim(), len(points)/sp.Dim()
	out := make([][]sample.Estimate, n)
	size := max(min(pointsAtOnce/o.Paths, numbersAtOnce/(d*o.Paths)), 1)
	steps := moves(sp.Process(), AncestralSteps, Times(o.Steps, o.End))
	slices.Reverse(steps)
	err := inLanes(ctx, o.Lanes, (n+size-1)/size, func(ctx context.Context, lane int) error {
		from, to := lane*size, min((lane+1)*size, n)
		logs, err := paths(ctx, sp, fields, points[from*d:to*d], steps, o, from, add)
		if err != nil {
			return err
		}
		for i := from; i < to; i++ {
			out[i] = make([]sample.Estimate, len(fields))
			for f := range fields {
				out[i][f] = over(logs[f][(i-from)*o.Paths : (i-from+1)*o.Paths])
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("diffuse: density: %w", err)
	}
	return out, nil
}

// paths are the log-densities by each path of each point under each field.
func paths(ctx context.Context, sp *space.Points, fields []Field, points []float32, steps []move, o DensityOptions, first int, add part) ([][]float64, error) {
	d, p := sp.Dim(), sp.Process()
	n := len(points) / d * o.Paths
	x, next := make([]float64, n*d), make([]float64, n*d)
	rng := make([]*rand.Rand, n)
	for i := range n {
		rng[i] = rand.New(rand.NewPCG(o.Seed, uint64(first*o.Paths+i)))
		for j := range d {
			x[i*d+j] = float64(points[i/o.Paths*d+j])
		}
	}
	logs := make([][]float64, len(fields))
	for f := range logs {
		logs[f] = make([]float64, n)
	}
	in, out, at := make([]float32, n*d), make([]float32, n*d), make([]float64, n)
	for k := range steps {
		m := &steps[k]
		sd := math.Sqrt(m.noise)
		for i, r := range rng {
			for j := i * d; j < (i+1)*d; j++ {
				next[j] = m.alpha*x[j] + sd*r.NormFloat64()
			}
		}
		narrow(in, next)
		fill(at, m.from)
		a, g := p.Drift(m.from), p.Diffusion(m.from)
		for f, field := range fields {
			if err := ask(ctx, field, d, in, at, out); err != nil {
				return nil, err
			}
			for i := range n {
				logs[f][i] += add(m, a, g, x[i*d:(i+1)*d], next[i*d:(i+1)*d], out[i*d:(i+1)*d])
			}
		}
		x, next = next, x
	}
	variance := prior(p)
	for i := range n {
		var squared float64
		for _, v := range x[i*d : (i+1)*d] {
			squared += v * v
		}
		for f := range logs {
			logs[f][i] += logNormal(squared, variance, d)
		}
	}
	return logs, nil
}
