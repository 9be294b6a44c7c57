package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
)

// Task is what is learned. Its methods are called from one goroutine.
type Task interface {
	// Learn draws the batch of an update from r, computes its mean loss and
	// leaves the gradients in Params. version is another one whenever the
	// parameters are others.
	Learn(r *rand.Rand, version uint64) (loss float64, err error)
	// Params lists the parameters to be moved, in an order that is always the
	// same.
	Params() []*nn.Param
	// Validate measures parameters on what is not learned from; lower is
	// better. It draws no random numbers that others depend on. p is the
	// same set in every call, and version tells when it has changed.
	Validate(p *nn.Params, version uint64) (float64, error)
}

// Config says how a task is learned.
type Config struct {
	Steps    int      `json:"steps"`              // updates
	Rate     float64  `json:"rate"`               // learning rate, above 0
	Schedule Schedule `json:"schedule"`           // of the rate
	Beta1    float64  `json:"beta1,omitempty"`    // of AdamW; 0.9
	Beta2    float64  `json:"beta2,omitempty"`    // of AdamW; 0.999
	Eps      float64  `json:"eps,omitempty"`      // of AdamW; 1e-8
	Decay    float64  `json:"decay,omitempty"`    // weight decay; 0
	Clip     float64  `json:"clip,omitempty"`     // largest norm of the gradient; 0 for any
	Average  float64  `json:"average,omitempty"`  // share of itself that the running average keeps per update, see [Keep]; 0 for no average
	Validate int      `json:"validate,omitempty"` // updates between measurements; 0 for none

	// Name tells trainings apart that differ in what the configuration does not
	// hold, as data or the shape of the network; snapshots of another name are
	// refused.
	Name string `json:"name,omitempty"`

	Threads int `json:"-"` // goroutines of the optimiser; the result does not depend on it
}

// Check says what is wrong with a configuration.
func (c Config) Check() error {
	var err error
	fail := func(bad bool, format string, args ...any) {
		if bad {
			err = errors.Join(err, fmt.Errorf("train: "+format, args...))
		}
	}
	share := func(x float64) bool { return x >= 0 && x < 1 }
	positive := func(x float64) bool { return x >= 0 && !math.IsInf(x, 0) }
	fail(c.Steps < 1, "steps is %d; give 1 or more", c.Steps)
	fail(!positive(c.Rate) || c.Rate == 0, "rate is %g; give a number above 0", c.Rate)
	fail(!share(c.Beta1) || !share(c.Beta2) || !share(c.Average), "beta1, beta2 and average are %g, %g and %g; give 0 or more, less than 1", c.Beta1, c.Beta2, c.Average)
	fail(!positive(c.Eps) || !positive(c.Decay) || !positive(c.Clip), "eps, decay and clip are %g, %g and %g; give 0 or more", c.Eps, c.Decay, c.Clip)
	fail(c.Validate < 0, "validate is %d; give 0 or more", c.Validate)
	return errors.Join(err, c.Schedule.Check())
}

// Stats is what an update tells of the training.
type Stats struct {
	Step     int     // updates done
	Loss     float64 // of the update's batch, before it
	Norm     float64 // of the gradient, before clipping
	Rate     float64 // learning rate of the update
	Measured bool    // the averages were measured after it
	Value    float64 // the last measurement
	Best     float64 // the lowest
}

// Loop trains a task, one update after another.
type Loop struct {
	config  Config
	seed    uint64
	task    Task
	params  *nn.Params
	average *nn.Params // params itself where there is no average
	best    *nn.Params
	adam    nn.AdamW
	version uint64 // of params and average

	step      int
	value     float64 // the last measurement
	bestValue float64
	bestStep  int // updates done at the best measurement; 0 before the first
}

// versions counts the values that parameters of any loop have had, so that no
// version names two.
var versions atomic.Uint64

// New starts a training run of a task over these parameters, which hold those
// that the task moves and may hold others.
func New(c Config, params *nn.Params, task Task, seed uint64) (*Loop, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	for _, p := range task.Params() {
		if params.Get(p.Name) != p {
			return nil, fmt.Errorf("train: the task moves parameter %s, which is not of the set that is trained", p.Name)
		}
	}
	l := &Loop{
		config: c, seed: seed, task: task, params: params, average: params, best: params.Clone(),
		adam: nn.AdamW{Beta1: c.Beta1, Beta2: c.Beta2, Eps: c.Eps, Decay: c.Decay, Clip: c.Clip, Threads: c.Threads},
	}
	if c.Average > 0 {
		l.average = params.Clone()
	}
	l.version = versions.Add(1)
	return l, nil
}

// Done reports whether all updates were made.
func (l *Loop) Done() bool { return l.step >= l.config.Steps }

// Average is the running average of the parameters, which is what a training
// is for, or the parameters themselves where the configuration has none.
func (l *Loop) Average() *nn.Params { return l.average }

// Best is the averages that measured best and the update after which they did.
// Without a measurement it is the averages as they are, and 0.
func (l *Loop) Best() (*nn.Params, int) {
	if l.bestStep == 0 {
		return l.average, 0
	}
	return l.best, l.bestStep
}

// Update makes one update, and measures if it is time to. A loss or gradient
// that is not finite is an error. After an error the loop is where it was, but
// after one of the measurement, which comes when the update is made.
func (l *Loop) Update() (Stats, error) {
	if l.Done() {
		return Stats{}, fmt.Errorf("train: update: all %d updates were made", l.config.Steps)
	}
	r := rand.New(rand.NewPCG(l.seed, uint64(l.step)))
	loss, err := l.task.Learn(r, l.version)
	if err != nil {
		return Stats{}, fmt.Errorf("train: update %d: %w", l.step+1, err)
	}
	l.adam.Rate = l.config.Rate * l.config.Schedule.At(l.step)
	norm := math.NaN()
	if !math.IsNaN(loss) && !math.IsInf(loss, 0) {
		norm = l.adam.Step(l.task.Params())
	}
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return Stats{}, fmt.Errorf("train: update %d: loss %g, norm of the gradient %g; lower the learning rate (rate is %g)", l.step+1, loss, norm, l.config.Rate)
	}
	if l.average != l.params {
		l.average.Average(l.config.Threads, Keep(l.config.Average, l.step), l.params)
	}
	l.step++
	l.version = versions.Add(1)
	s := Stats{Step: l.step, Loss: loss, Norm: norm, Rate: l.adam.Rate}
	if every := l.config.Validate; every > 0 && (l.step%every == 0 || l.Done()) {
		if err := l.measure(); err != nil {
			return Stats{}, err
		}
		s.Measured = true
	}
	s.Value, s.Best = l.value, l.bestValue
	return s, nil
}

// measure measures the averages and keeps them if they are the best.
func (l *Loop) measure() error {
	value, err := l.task.Validate(l.average, l.version)
	if err != nil {
		return fmt.Errorf("train: validate after update %d: %w", l.step, err)
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return fmt.Errorf("train: validate after update %d: the value is %g", l.step, value)
	}
	l.value = value
	if l.bestStep == 0 || value < l.bestValue {
		l.bestValue, l.bestStep = value, l.step
		copyValues(l.best, l.average)
	}
	return nil
}

func copyValues(dst, src *nn.Params) {
	for i, p := range src.All() {
		copy(dst.All()[i].Data, p.Data)
	}
}

// Hooks is what a run tells its caller. A nil hook is not called; the error of
// one ends the run.
type Hooks struct {
	Progress   func(Stats) error // after every update
	Checkpoint func(snapshot []byte) error
	Every      int // updates between checkpoints; 0 for only when the run is stopped
}

// Run makes all updates that are left. When the context ends, it hands out a
// checkpoint and returns the context's cause.
func (l *Loop) Run(ctx context.Context, h Hooks) error {
	for !l.Done() {
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), l.checkpoint(h))
		}
		s, err := l.Update()
		if err != nil {
			return err
		}
		if h.Progress != nil {
			if err := h.Progress(s); err != nil {
				return err
			}
		}
		if h.Every > 0 && l.step%h.Every == 0 && !l.Done() {
			if err := l.checkpoint(h); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Loop) checkpoint(h Hooks) error {
	if h.Checkpoint == nil {
		return nil
	}
	data, err := l.Snapshot()
	if err != nil {
		return err
	}
	return h.Checkpoint(data)
}
