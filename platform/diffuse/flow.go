package diffuse

import (
	"context"
	"errors"
	"math"
)

// flow follows the probability flow from time 1 to the end.
func (b *batch) flow(ctx context.Context) error {
	s := &solution{d: b.d, field: b.field, batch: b, tolerance: b.Tolerance}
	s.start(b.x, b.d, 1, b.End)
	if err := s.run(ctx); err != nil {
		return err
	}
	copy(b.x, s.y)
	return nil
}

// The coefficients of Dormand and Prince (1980), RK5(4)7M.
var (
	nodes  = [7]float64{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1}
	stages = [7][6]float64{
		{},
		{1. / 5},
		{3. / 40, 9. / 40},
		{44. / 45, -56. / 15, 32. / 9},
		{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
		{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
		{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
	}
	// errorOf is fifth order less fourth.
	errorOf = [7]float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40}
)

// solution follows points along an ordinary differential equation, each with
// steps of its own, so that none depends on the others. Behind the coordinates of
// a point there may be integrals along its way.
type solution struct {
	*batch
	d         int // coordinates of a point
	field     Field
	tolerance float64
	integrals *divergence // nil for none

	width  int       // numbers of a point, with the integrals
	y      []float64 // n x width
	t, h   []float64 // of each point
	end    float64
	k      [7][]float64 // n x width
	fresh  []bool       // whether k[0] is that of y
	active []int
	trial  []float64
}

// start puts points at a time, to be followed to another. y has width numbers for
// each.
func (s *solution) start(y []float64, width int, from, to float64) {
	n := len(y) / width
	s.width, s.y, s.end = width, append([]float64(nil), y...), to
	s.t, s.h, s.fresh, s.active = make([]float64, n), make([]float64, n), make([]bool, n), make([]int, n)
	for i := range n {
		// The first step is small where the flow is steep: at either end.
		s.t[i], s.h[i], s.active[i] = from, math.Copysign(min(1e-3, math.Abs(to-from)), to-from), i
	}
	for k := range s.k {
		s.k[k] = make([]float64, len(y))
	}
	s.trial = make([]float64, len(y))
}

// tooMany bounds the steps of a point.
const tooMany = 100_000

// run follows all points to their end.
func (s *solution) run(ctx context.Context) error {
	for round := 0; len(s.active) > 0; round++ {
		if round == tooMany {
			return errors.New("the flow takes too many steps; the score is not smooth enough for the tolerance")
		}
		if err := s.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// step tries a step of every point that is on its way.
func (s *solution) step(ctx context.Context) error {
	w := s.width
	for stage := range s.k {
		ask := s.active
		if stage == 0 {
			ask = nil
			for _, i := range s.active {
				if !s.fresh[i] {
					ask = append(ask, i)
				}
			}
		}
		for _, i := range ask {
			for j := i * w; j < (i+1)*w; j++ {
				sum := 0.0
				for q, c := range stages[stage][:stage] {
					sum += c * s.k[q][j]
				}
				s.trial[j] = s.y[j] + s.h[i]*sum
			}
		}
		if err := s.slopes(ctx, ask, nodes[stage], s.k[stage]); err != nil {
			return err
		}
	}
	going := s.active[:0]
	for _, i := range s.active {
		if s.accept(i) {
			continue
		}
		going = append(going, i)
	}
	s.active = going
	return nil
}

// accept takes the step of a point or makes it smaller; it is true at the end.
func (s *solution) accept(i int) (done bool) {
	w := s.width
	var sum float64
	for j := i * w; j < (i+1)*w; j++ {
		off := 0.0
		for q, c := range errorOf {
			off += c * s.k[q][j]
		}
		off *= s.h[i] / (s.tolerance * (1 + max(math.Abs(s.y[j]), math.Abs(s.trial[j]))))
		sum += off * off
	}
	size := math.Sqrt(sum / float64(w))
	if size <= 1 {
		// The last stage was at the end of the step.
		copy(s.y[i*w:(i+1)*w], s.trial[i*w:(i+1)*w])
		copy(s.k[0][i*w:(i+1)*w], s.k[6][i*w:(i+1)*w])
		s.fresh[i] = true
		s.t[i] += s.h[i]
		if math.Abs(s.end-s.t[i]) < 1e-12 {
			return true
		}
	} else {
		s.fresh[i] = true // k[0] is still that of y
	}
	factor := 5.0
	if size > 0 {
		factor = min(5, max(0.2, 0.9*math.Pow(size, -0.2)))
	}
	if size-size != 0 { // not finite
		factor = 0.2
	}
	s.h[i] *= factor
	if math.Abs(s.h[i]) >= math.Abs(s.end-s.t[i]) {
		s.h[i] = s.end - s.t[i]
	}
	return false
}

// slopes writes the right-hand side for some points, each at a node of its step:
// a x - g^2 s/2, and that of the integrals.
func (s *solution) slopes(ctx context.Context, points []int, node float64, k []float64) error {
	if len(points) == 0 {
		return nil
	}
	d, w, p := s.d, s.width, s.sp.Process()
	in, times := make([]float32, len(points)*d), make([]float64, len(points))
	out := make([]float32, len(in))
	for q, i := range points {
		narrow(in[q*d:(q+1)*d], s.trial[i*w:i*w+d])
		// A node may lie a rounding beyond the ends.
		times[q] = min(1, max(0, s.t[i]+node*s.h[i]))
	}
	if err := ask(ctx, s.field, d, in, times, out); err != nil {
		return err
	}
	for q, i := range points {
		a, g := p.Drift(times[q]), p.Diffusion(times[q])
		for j := range d {
			k[i*w+j] = a*s.trial[i*w+j] - g/2*float64(out[q*d+j])
		}
	}
	if s.integrals == nil {
		return nil
	}
	return s.integrals.slopes(ctx, s, points, in, times, k)
}
