package gflownet

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/gridnet"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// GridTrainer trains a model of a grid by trajectory balance (Malkin et al.
// 2022) with the uniform backward kernel, one update after another, as [Trainer]
// does for trees: [GridTrainer.Propose] says which points it needs rewards for,
// [GridTrainer.Update] takes them. The same grid, configuration, seed and rewards
// give the same weights, bit for bit, on one instruction set, with any number of
// threads and with interruptions.
//
// A point that several trajectories of an update come to is computed once, when
// the first does, and what the network's layers made of it serves the gradient.
type GridTrainer struct {
	config GridConfig
	grid   *space.Grid
	seed   uint64

	params  *nn.Params // being trained
	average *nn.Params // the final weights
	net     *gridnet.Net
	moved   []*nn.Param // the network's parameters and log Z
	adam    nn.AdamW
	step    int

	atlas *atlas
	batch *gridnet.Batch // the points of the update
	logs  []float64      // Dim+1 to a point of the batch: log-probabilities of its steps
	probs []float64      // and probabilities
	dout  []float32

	walks   []gridWalk
	pending bool
	asked   []int32 // the points whose rewards are needed
	ask     []space.State
}

// gridWalk is a trajectory.
type gridWalk struct {
	places  []int32 // in the atlas, from the origin on
	actions []int   // taken at each place; the last is Stop
	rand    *rand.Rand
	source  *rand.PCG
}

func (w *gridWalk) last() int32 { return w.places[len(w.places)-1] }

// GridStats is what an update of a [GridTrainer] tells of the training.
type GridStats struct {
	Step      int     // updates done
	Loss      float64 // mean square of the residual log Z + log P_F - log R - log P_B
	Residual  float64 // standard deviation of the residual, exploration included, nats
	LogReward float64 // mean log reward of the trajectories' ends
	Length    float64 // mean number of steps, Stop not counted
	LogZ      float64 // of the weights being trained
	Norm      float64 // of the gradient
	Points    int     // distinct ones that the network saw
	Asked     int     // rewards that had to be computed
}

// logZName is the parameter whose first number is log Z.
const logZName = "log_z"

// NewGridTrainer starts a training run.
func NewGridTrainer(g *space.Grid, c GridConfig, seed uint64) (*GridTrainer, error) {
	c, err := c.Complete()
	if err != nil {
		return nil, err
	}
	t := &GridTrainer{config: c, grid: g, seed: seed, params: nn.NewParams(nil), atlas: newAtlas(g), walks: make([]gridWalk, c.Batch)}
	shape := gridShape(g, c.Width)
	if err := shape.Declare(t.params, rand.New(rand.NewPCG(seed+streamWeights<<56, 0))); err != nil {
		return nil, fmt.Errorf("gflownet: make the network: %w", err)
	}
	if err := t.params.Set(logZName, 1, 16, make([]float32, 16)); err != nil {
		return nil, fmt.Errorf("gflownet: make the network: %w", err)
	}
	if t.net, err = gridnet.New(shape, t.params, c.Threads); err != nil {
		return nil, fmt.Errorf("gflownet: make the network: %w", err)
	}
	t.net.Train()
	logZ := t.params.Get(logZName)
	logZ.Grad, logZ.Rate = make([]float32, 16), float32(c.ZRate/c.Rate)
	t.moved = append(append(t.moved, t.net.Params()...), logZ)
	t.adam.Threads = c.Threads
	t.average, t.batch = t.params.Clone(), t.net.NewBatch()
	for i := range t.walks {
		t.walks[i].source = rand.NewPCG(0, 0)
		t.walks[i].rand = rand.New(t.walks[i].source)
	}
	return t, nil
}

// Config is the configuration with its defaults.
func (t *GridTrainer) Config() GridConfig { return t.config }

// Done reports whether all updates were made.
func (t *GridTrainer) Done() bool { return t.step >= t.config.Steps }

// Propose draws the trajectories of the next update and lists their ends whose
// rewards are not known, each once. Called again before [GridTrainer.Update], it
// gives the same answer.
func (t *GridTrainer) Propose() []space.State {
	if t.pending {
		return t.ask
	}
	if len(t.atlas.states) > maxPlaces {
		t.atlas = newAtlas(t.grid)
	}
	t.draw()
	t.ask, t.asked = t.ask[:0], t.asked[:0]
	for i := range t.walks {
		end := t.walks[i].last()
		if math.IsNaN(t.atlas.worth[end]) {
			t.atlas.worth[end] = 0 // marks it as asked for
			t.asked, t.ask = append(t.asked, end), append(t.ask, t.atlas.states[end])
		}
	}
	for _, p := range t.asked {
		t.atlas.worth[p] = math.NaN()
	}
	t.pending = true
	return t.ask
}

// draw draws the trajectories: all walk together, a step at a time, and the
// network computes the points that no walk has come to before.
func (t *GridTrainer) draw() {
	t.batch.Reset()
	t.logs, t.probs = t.logs[:0], t.probs[:0]
	for i := range t.walks {
		w := &t.walks[i]
		w.source.Seed(t.seed+streamWalk<<56, uint64(t.step)<<20+uint64(i))
		w.places, w.actions = append(w.places[:0], origin), w.actions[:0]
	}
	stop, width := t.grid.Dim(), t.grid.Dim()+1
	for active := len(t.walks); active > 0; {
		t.visit()
		active = 0
		for i := range t.walks {
			w := &t.walks[i]
			if len(w.actions) == len(w.places) {
				continue // it has stopped
			}
			at := w.last()
			row := int(t.atlas.row[at]) * width
			a := chooseStep(t.logs[row:row+width], t.probs[row:row+width], t.config.Epsilon, w.rand)
			w.actions = append(w.actions, a)
			if a != stop {
				w.places = append(w.places, t.atlas.child(at, a))
				active++
			}
		}
	}
}

// visit computes the steps at the walks' places that are new in this update.
func (t *GridTrainer) visit() {
	from := t.batch.Len()
	for i := range t.walks {
		at := t.walks[i].last()
		if t.atlas.seen[at] != t.step+1 {
			t.atlas.seen[at] = t.step + 1
			t.atlas.row[at] = int32(t.batch.Add(t.atlas.point(at)))
		}
	}
	if from == t.batch.Len() {
		return
	}
	t.net.Forward(t.batch, from)
	width := t.grid.Dim() + 1
	t.logs, t.probs = grow(t.logs, t.batch.Len()*width), grow(t.probs, t.batch.Len()*width)
	for i := range t.walks {
		at := t.walks[i].last()
		if row := int(t.atlas.row[at]); row >= from {
			gridSteps(t.batch.Out(row), t.atlas.point(at), t.grid.Side(), t.logs[row*width:][:width], t.probs[row*width:][:width])
		}
	}
}

// grow is s with length n; what is in it stays.
func grow[T any](s []T, n int) []T {
	if n > cap(s) {
		s = append(make([]T, 0, 2*n), s...)
	}
	return s[:n]
}

// Update learns from the trajectories proposed. log[i] is the natural logarithm
// of the reward of the i-th state that Propose asked for, a finite number.
func (t *GridTrainer) Update(log []float64) (GridStats, error) {
	if !t.pending {
		return GridStats{}, fmt.Errorf("gflownet: update before a proposal")
	}
	if len(log) != len(t.ask) {
		return GridStats{}, fmt.Errorf("gflownet: update with %d rewards for %d points", len(log), len(t.ask))
	}
	for i, l := range log {
		if math.IsNaN(l) || math.Abs(l) > math.MaxFloat32 {
			return GridStats{}, fmt.Errorf("gflownet: update: log reward %d is %v", i, l)
		}
		t.atlas.worth[t.asked[i]] = l
	}
	stats := t.balance()
	t.net.Backward(t.batch, t.dout)
	share := t.config.schedule().At(t.step)
	t.adam.Rate = t.config.Rate * share
	stats.Norm = t.adam.Step(t.moved)
	if math.IsNaN(stats.Norm) || math.IsInf(stats.Norm, 0) {
		return GridStats{}, fmt.Errorf("gflownet: update %d: the gradient is not finite; lower the learning rate (rate is %g)", t.step, t.config.Rate)
	}
	t.net.Update()
	t.average.Average(t.config.Threads, train.Keep(t.config.Average, t.step), t.params)
	t.step++
	t.pending = false
	stats.Step, stats.Points, stats.Asked = t.step, t.batch.Len(), len(t.ask)
	stats.LogZ = float64(t.params.Get(logZName).Data[0])
	return stats, nil
}

// balance computes the loss, the mean square of the residuals of trajectory
// balance, and its gradient in the outputs of the batch and in log Z. Each visit
// of a point with the action taken there adds 2r/Batch times (1 for the action
// taken, minus the probability of each).
func (t *GridTrainer) balance() GridStats {
	logZ := t.params.Get(logZName)
	width, ld := t.grid.Dim()+1, t.net.OutWidth()
	t.dout = grow(t.dout, t.batch.Len()*ld)
	clear(t.dout)
	var s GridStats
	n := float64(len(t.walks))
	var sum, square float64
	for i := range t.walks {
		w := &t.walks[i]
		worth := t.atlas.worth[w.last()]
		r := float64(logZ.Data[0]) - worth
		for k, at := range w.places {
			r += t.logs[int(t.atlas.row[at])*width+w.actions[k]]
			if k > 0 {
				r -= t.atlas.logPB[at]
			}
		}
		sum, square = sum+r, square+r*r
		s.LogReward += worth / n
		s.Length += float64(len(w.places)-1) / n
		f := 2 * r / n
		for k, at := range w.places {
			row := int(t.atlas.row[at])
			d := t.dout[row*ld:][:width]
			d[w.actions[k]] += float32(f)
			for a, p := range t.probs[row*width:][:width] {
				d[a] -= float32(f * p)
			}
		}
	}
	logZ.Grad[0] = float32(2 * sum / n)
	s.Loss = square / n
	s.Residual = math.Sqrt(math.Max(square/n-sum*sum/n/n, 0))
	return s
}
