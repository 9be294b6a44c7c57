package score

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
)

// Trainer trains a model, one update after another. It is deterministic: the
// same configuration, seed and data give the same weights, bit for bit, on one
// instruction set, with any number of threads and with interruptions.
type Trainer struct {
	*train.Loop
	config  Config
	seed    uint64
	scaling Scaling
	task    *scoreTask
}

// measured is how many noisy points a measurement looks at: as many as take about as
// long whatever a point is.
func measured(dimension int) int { return min(max((1<<18)/Pad(dimension), 1024), 16384) }

// NewTrainer starts a training run on data, with points kept back to measure it
// by; where there are none, the last weights are the model.
func NewTrainer(c Config, learn, keptBack *Data, seed uint64) (*Trainer, error) {
	c, err := c.Complete(learn.Dim)
	if err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	if learn.Len() < 2 {
		return nil, fmt.Errorf("score: %d points to learn from; two are needed at least", learn.Len())
	}
	mean, sd := learn.moments()
	if err := fits(c, mean, sd); err != nil {
		return nil, err
	}
	t := &Trainer{config: c, seed: seed, scaling: NewScaling(c.process(), mean, sd, c.End)}
	params := nn.NewParams(rand.New(rand.NewPCG(seed, 1<<63)))
	t.task = &scoreTask{config: c, scaling: &t.scaling, data: learn, kept: keptBack, seed: seed}
	if err := t.task.build(params); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	loop := c.loop(fmt.Sprintf("score %s end %g network %s data %s kept back %s", c.process(), c.End, c.Network.Network.Describe(), learn.digest(), keptBack.digest()))
	if keptBack.Len() == 0 {
		loop.Validate = 0
	}
	t.Loop, err = train.New(loop, params, t.task, seed)
	return t, err
}

// left is the largest standard deviation that data may still have at time 1, in
// that of the noise.
const left = 0.25

// fits refuses data that the process does not turn into noise.
func fits(c Config, mean []float64, sd float64) error {
	p := c.process()
	if !(sd > 0) || math.IsInf(sd, 0) {
		return fmt.Errorf("score: the standard deviation of the data is %g; all points are one", sd)
	}
	var far float64
	for _, m := range mean {
		far = max(far, math.Abs(m))
	}
	if rest := (far + sd) * p.Alpha(1) / p.Sigma(1); rest > left {
		return fmt.Errorf("score: at time 1 the process %s leaves %.2g of the data beside its noise; scale them (their standard deviation is %.3g, the largest mean %.3g) to about 1", p, rest, sd, far)
	}
	return nil
}

// weights are the network as trained so far: of the running averages those that
// measured best.
func (t *Trainer) weights() *weights {
	best, _ := t.Best()
	return &weights{settings: t.config.Network, scaling: t.scaling, params: best.Clone()}
}

// Model is the model as trained so far.
func (t *Trainer) Model() (*Model, error) { return newModel(t.weights(), t.config.Threads) }

// scoreTask is what is learned: to tell the noise in noisy points.
type scoreTask struct {
	config  Config
	scaling *Scaling
	data    *Data
	kept    *Data
	seed    uint64

	rows          op.Rows
	graph         *nn.Graph
	points, noise []float32
	match         *match
	judge         *evaluator
}

// build builds the network with its loss.
func (t *scoreTask) build(params *nn.Params) error {
	t.rows.Cap = t.config.Batch
	t.graph = nn.NewGraph(params, t.config.Threads)
	var x, code nn.Value
	x, t.points = t.graph.Input("points", &t.rows, Pad(t.data.Dim))
	code, t.noise = t.graph.Input("noise", &t.rows, NoiseWidth)
	out := t.config.Network.Network.Define(t.graph, x, code, t.data.Dim)
	t.match = &match{
		Env: t.graph.Env(), Rows: &t.rows, Numbers: t.data.Dim, Columns: Pad(t.data.Dim),
		Target: make([]float32, t.config.Batch*t.data.Dim), Weight: make([]float32, t.config.Batch),
	}
	return t.graph.Minimize(t.graph.Apply(t.match, out))
}

// Params implements train.Task.
func (t *scoreTask) Params() []*nn.Param { return t.graph.Params() }

// moment is the time of row i of n, one of each of n equal parts of the time.
func moment(end float64, i, n int, r *rand.Rand) float64 {
	return end + (1-end)*(float64(i)+r.Float64())/float64(n)
}

// noisy writes a noisy copy of a point as the network sees it, and what the
// network should answer.
func noisy(s *Scaling, t float64, x0 []float32, r *rand.Rand, points, code, target []float32) {
	a := s.at(t)
	s.code(a, code)
	for j, v := range x0 {
		e := r.NormFloat64()
		points[j] = float32((float64(v) + a.ratio*e - s.Mean[j]) / a.total)
		target[j] = float32(s.target(a, float64(v), e, j))
	}
	clear(points[len(x0):])
}

// Learn implements train.Task: the mean over the batch, and over the numbers of a
// point.
func (t *scoreTask) Learn(r *rand.Rand, version uint64) (float64, error) {
	n, d := t.config.Batch, t.data.Dim
	t.rows.Live = n
	for i := range n {
		x0 := t.data.Point(r.IntN(t.data.Len()))
		noisy(t.scaling, moment(t.config.End, i, n, r), x0, r,
			t.points[i*Pad(d):(i+1)*Pad(d)], t.noise[i*NoiseWidth:(i+1)*NoiseWidth], t.match.Target[i*d:(i+1)*d])
		t.match.Weight[i] = 1 / float32(n*d)
	}
	return t.graph.Run(version)
}

// Validate implements train.Task: the loss on points kept back, with noise that is
// always the same.
func (t *scoreTask) Validate(p *nn.Params, version uint64) (float64, error) {
	d := t.data.Dim
	if t.judge == nil {
		var err error
		if t.judge, err = newEvaluator(t.config.Network.Network, p, d, d, t.config.Threads); err != nil {
			return 0, err
		}
	}
	e := t.judge
	r := rand.New(rand.NewPCG(t.seed, 1<<62))
	target := make([]float32, e.rows.Cap*d)
	total := measured(d)
	var loss float64
	for first := 0; first < total; first += e.rows.Cap {
		n := min(e.rows.Cap, total-first)
		for i := range n {
			x0 := t.kept.Point((first + i) % t.kept.Len())
			noisy(t.scaling, moment(t.config.End, first+i, total, r), x0, r,
				e.points[i*e.columns:(i+1)*e.columns], e.noise[i*NoiseWidth:(i+1)*NoiseWidth], target[i*d:(i+1)*d])
		}
		out, stride := e.run(n, version)
		for i := range n {
			for j := range d {
				c := float64(out[i*stride+j] - target[i*d+j])
				loss += c * c / float64(total*d)
			}
		}
	}
	return loss, nil
}

// fresh measures parameters that are not those of the training.
func (t *scoreTask) fresh(p *nn.Params) (float64, error) {
	other := *t
	other.judge = nil
	return other.Validate(p, 0)
}
