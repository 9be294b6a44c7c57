package diffuse

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// Solver says how a single field is sampled.
type Solver int

const (
	// Ancestral is the reverse chain with AncestralSteps.
	Ancestral Solver = iota
	// EulerMaruyama is the reverse chain with EulerSteps.
	EulerMaruyama
	// PredictorCorrector makes Langevin steps before each step of the chain
	// (Song et al. 2021, algorithms 4 and 5).
	PredictorCorrector
	// Flow follows the probability flow, an ordinary differential equation, with
	// the adaptive method of Dormand and Prince (1980).
	Flow
	// DPM is DPM-Solver++ 2M, which follows the flow in few steps (Lu et al. 2022,
	// arXiv 2211.01095).
	DPM
)

var solvers = [...]string{Ancestral: "ancestral", EulerMaruyama: "euler", PredictorCorrector: "pc", Flow: "flow", DPM: "dpm"}

// String is the solver's name.
func (s Solver) String() string {
	if s < 0 || int(s) >= len(solvers) {
		return "no solver"
	}
	return solvers[s]
}

// ParseSolver is the solver of a name.
func ParseSolver(name string) (Solver, error) {
	for s, n := range solvers {
		if n == name {
			return Solver(s), nil
		}
	}
	return 0, fmt.Errorf("diffuse: there is no solver %q; there are %v", name, solvers)
}

// DrawOptions say how points are drawn. The zero value is good; what is marked
// (*) does not change the points.
type DrawOptions struct {
	Solver Solver
	Seed   uint64
	First  int // number of the first point; each depends on the seed and its number

	Steps int     // of the chain; 0 is 500, and 25 for DPM. Flow has none
	End   float64 // time where it ends, see [End]; 0 is 0.001, or where the field begins to know

	// Corrections are the Langevin steps at each time and SNR the share of the
	// noise that they move by, for PredictorCorrector: 0 is 1 and 0.16.
	Corrections int
	SNR         float64

	Tolerance float64 // of Flow, relative and absolute, per step; 0 is 1e-4

	// Clean ends with E[x_0 | x_end], which takes the last noise away.
	Clean bool

	Lanes int // (*) groups of points drawn side by side; 0 is 2
}

func (o *DrawOptions) complete(f Field) error {
	if o.Steps == 0 {
		o.Steps = DefaultSteps
		if o.Solver == DPM {
			o.Steps = 25
		}
	}
	var err error
	if o.End, err = End(o.End, []Field{f}, nil); err != nil {
		return err
	}
	if o.Corrections == 0 {
		o.Corrections = 1
	}
	if o.SNR == 0 {
		o.SNR = 0.16
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-4
	}
	if o.Lanes == 0 {
		o.Lanes = 2
	}
	if o.Solver.String() == "no solver" || o.First < 0 || o.Corrections < 0 || o.Lanes < 0 || !(o.SNR > 0 && o.SNR < 1) || !(o.Tolerance > 0) {
		return errors.New("diffuse: draw: counts must not be negative, snr lies between 0 and 1, and the tolerance above 0")
	}
	return checkChain(o.Steps, o.End)
}

// pointsAtOnce is how many points are moved together.
const pointsAtOnce = 1024

// Draw draws n points of a field, Dim numbers each.
func Draw(ctx context.Context, sp *space.Points, f Field, o DrawOptions, n int) ([]float32, error) {
	if err := o.complete(f); err != nil {
		return nil, err
	}
	if sp.Process().Name() == "" {
		return nil, errors.New("diffuse: draw: the space has no process")
	}
	d := sp.Dim()
	out := make([]float32, n*d)
	size := min(pointsAtOnce, max(numbersAtOnce/d, 1), max((n+o.Lanes-1)/o.Lanes, 1))
	err := inLanes(ctx, o.Lanes, (n+size-1)/size, func(ctx context.Context, part int) error {
		from, to := part*size, min((part+1)*size, n)
		b := newBatch(sp, f, &o, o.First+from, to-from)
		if err := b.run(ctx); err != nil {
			return err
		}
		narrow(out[from*d:to*d], b.x)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("diffuse: draw: %w", err)
	}
	return out, nil
}

// inLanes calls f for the parts 0 to n-1, by so many goroutines; the first error
// ends all.
func inLanes(ctx context.Context, lanes, n int, f func(ctx context.Context, part int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, n)
	parts := make(chan int, n)
	for i := range n {
		parts <- i
	}
	close(parts)
	var wg sync.WaitGroup
	for range min(lanes, n) {
		wg.Go(func() {
			for i := range parts {
				if errs[i] = ctx.Err(); errs[i] == nil {
					errs[i] = f(ctx, i)
				}
				if errs[i] != nil {
					cancel()
				}
			}
		})
	}
	wg.Wait()
	var first error
	for _, err := range errs {
		if err != nil && (first == nil || errors.Is(first, context.Canceled)) {
			first = err
		}
	}
	return first
}

// batch is some points on their way, each with random numbers of its own.
type batch struct {
	sp    *space.Points
	field Field
	*DrawOptions
	d, n  int
	x     []float64
	rng   []*rand.Rand
	in    []float32
	out   []float32
	times []float64
}

func newBatch(sp *space.Points, f Field, o *DrawOptions, first, n int) *batch {
	b := &batch{sp: sp, field: f, DrawOptions: o, d: sp.Dim(), n: n}
	b.x, b.rng = make([]float64, n*b.d), make([]*rand.Rand, n)
	b.in, b.out, b.times = make([]float32, n*b.d), make([]float32, n*b.d), make([]float64, n)
	sd := math.Sqrt(prior(sp.Process()))
	for i := range n {
		b.rng[i] = rand.New(rand.NewPCG(o.Seed, uint64(first+i)))
		for j := range b.d {
			b.x[i*b.d+j] = sd * b.rng[i].NormFloat64()
		}
	}
	return b
}

// score asks for the scores at a time.
func (b *batch) score(ctx context.Context, t float64) error {
	narrow(b.in, b.x)
	fill(b.times, t)
	return ask(ctx, b.field, b.d, b.in, b.times, b.out)
}

// normal moves every number to keep x + gain s + sd e.
func (b *batch) normal(keep, gain, sd float64) {
	for i, r := range b.rng {
		for j := i * b.d; j < (i+1)*b.d; j++ {
			b.x[j] = keep*b.x[j] + gain*float64(b.out[j]) + sd*r.NormFloat64()
		}
	}
}

func (b *batch) run(ctx context.Context) error {
	var err error
	switch b.Solver {
	case Flow:
		err = b.flow(ctx)
	case DPM:
		err = b.dpm(ctx)
	default:
		err = b.chain(ctx)
	}
	if err != nil || !b.Clean {
		return err
	}
	if err := b.score(ctx, b.End); err != nil {
		return err
	}
	p := b.sp.Process()
	alpha, sigma := p.Alpha(b.End), p.Sigma(b.End)
	for j := range b.x {
		b.x[j] = (b.x[j] + sigma*sigma*float64(b.out[j])) / alpha
	}
	return nil
}

// chain walks the reverse chain.
func (b *batch) chain(ctx context.Context) error {
	kernel := AncestralSteps
	if b.Solver == EulerMaruyama {
		kernel = EulerSteps
	}
	p := b.sp.Process()
	for _, m := range moves(p, kernel, Times(b.Steps, b.End)) {
		if b.Solver == PredictorCorrector {
			// x + e s + sqrt(2e) z with e = 2 (snr sigma)^2: the step of Song et al.,
			// with the norm that a score has where noise prevails, sqrt(d)/sigma. Theirs
			// is a mean over the batch, which would tie points to each other.
			e := 2 * b.SNR * b.SNR * p.Sigma(m.from) * p.Sigma(m.from)
			for range b.Corrections {
				if err := b.score(ctx, m.from); err != nil {
					return err
				}
				b.normal(1, e, math.Sqrt(2*e))
			}
		}
		if err := b.score(ctx, m.from); err != nil {
			return err
		}
		b.normal(m.keep, m.gain, math.Sqrt(m.variance))
	}
	return nil
}

// dpm follows the flow by the second-order multistep method, with steps that are
// equal in the logarithm of signal per noise.
func (b *batch) dpm(ctx context.Context) error {
	p := b.sp.Process()
	lambda := func(t float64) float64 { return math.Log(p.Alpha(t) / p.Sigma(t)) }
	low, high := lambda(1), lambda(b.End)
	clean, before := make([]float64, len(b.x)), make([]float64, len(b.x))
	at, last := 1.0, 0.0 // last is the width of the step before
	for k := 1; k <= b.Steps; k++ {
		next := b.End
		if k < b.Steps {
			next = p.Time(math.Exp(-(low + (high-low)*float64(k)/float64(b.Steps))))
		}
		h := lambda(next) - lambda(at)
		if err := b.score(ctx, at); err != nil {
			return err
		}
		alpha, sigma := p.Alpha(at), p.Sigma(at)
		clean, before = before, clean
		for j, x := range b.x {
			clean[j] = (x + sigma*sigma*float64(b.out[j])) / alpha
			d := clean[j]
			if k > 1 {
				d += (clean[j] - before[j]) * h / (2 * last)
			}
			b.x[j] = p.Sigma(next)/sigma*x - p.Alpha(next)*math.Expm1(-h)*d
		}
		at, last = next, h
	}
	return nil
}
