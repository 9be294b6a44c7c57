package diffusion

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/plugins/internal/treemodel"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Trainer trains a model, one update after another. It is deterministic: the
// same space, configuration, seed and data give the same weights, bit for bit,
// on one instruction set, with any number of threads and with interruptions.
type Trainer struct {
	*train.Loop
	config   Config
	seed     uint64
	space    *space.Fragments
	features *treenet.Features
	task     *task
}

// stopAtFirst is the bias of Stop of a new network: about the logarithm of the
// number of cells of a table.
const stopAtFirst = 5

// measuredTrees is how many trees that are kept back a measurement looks at.
const measuredTrees = 2000

// NewTrainer starts a training run on data, with trees kept back to measure it
// by; where there are none, the last weights are the model.
func NewTrainer(sp *space.Fragments, c Config, learn, keptBack *Data, seed uint64) (*Trainer, error) {
	c, err := c.Complete()
	if err != nil {
		return nil, fmt.Errorf("diffusion: %w", err)
	}
	if sp.MaxFragments() > treenet.MaxFragments {
		return nil, fmt.Errorf("diffusion: trees of up to %d fragments; the network takes at most %d", sp.MaxFragments(), treenet.MaxFragments)
	}
	if learn.Len() == 0 {
		return nil, fmt.Errorf("diffusion: there is no tree to learn from")
	}
	t := &Trainer{config: c, seed: seed, space: sp, features: treenet.NewFeatures(sp.Vocabulary())}
	params := nn.NewParams(rand.New(rand.NewPCG(seed, 1<<63)))
	t.task = &task{space: sp, enc: treemodel.NewEncoder(sp, t.features), config: c, features: t.features, data: learn}
	l := treenet.LearnerConfig{Objective: op.Likelihood, Agree: max(c.Agree, 0), Knee: c.AgreeKnee, Stop: stopAtFirst, Threads: c.Threads}
	if t.task.learner, err = treenet.NewLearner(c.net(), l, t.features, params, t.task.enc.Masks); err != nil {
		return nil, fmt.Errorf("diffusion: %w", err)
	}
	if c.Agree > 0 {
		if t.task.sampler, err = treemodel.NewSampler(t.task.enc, c.net(), t.features, params, 0, c.Threads); err != nil {
			return nil, fmt.Errorf("diffusion: %w", err)
		}
	}
	loop := c.loop(fmt.Sprintf("diffusion %+v space %s data %s kept back %s", c.net(), sp.Descriptor().Digest, learn.digest(), keptBack.digest()))
	if keptBack.Len() == 0 {
		loop.Validate = 0
	} else {
		r := rand.New(rand.NewPCG(seed, 1<<62))
		for _, s := range keptBack.some(measuredTrees, r) {
			t.task.kept = append(t.task.kept, t.task.enc.Complete(space.Backward(sp, s, r)))
		}
	}
	t.Loop, err = train.New(loop, params, t.task, seed)
	return t, err
}

// Config is the configuration with its defaults.
func (t *Trainer) Config() Config { return t.config }

// Model is the network as trained so far: of the running averages of the weights
// those that measured best.
func (t *Trainer) Model() (*Model, error) {
	best, _ := t.Best()
	return treemodel.New(family, t.config.net(), t.space, t.features, best.Clone(), 0, t.config.Threads)
}

// task is what is learned: the evidence bound of trees, and that paths to any
// tree agree.
type task struct {
	space    *space.Fragments
	enc      *treemodel.Encoder
	features *treenet.Features
	config   Config
	data     *Data
	kept     []treemodel.Trajectory // to trees that are kept back
	learner  *treenet.Learner
	sampler  *treemodel.Sampler // of what is being trained; nil where agreement does not matter
	judge    *treemodel.Sampler
	apart    float64 // how far the paths to a tree were apart in the last update, see [Trainer.Apart]
}

// Params implements train.Task. log Z takes no part.
func (t *task) Params() []*nn.Param { return t.learner.Params() }

// Apart is how far the log-probabilities of two paths to a tree of the model were
// apart in the last update: the root of the mean square, nats. It is 0 where that
// is not learned.
func (t *Trainer) Apart() float64 { return t.task.apart }

// Learn implements train.Task.
func (t *task) Learn(r *rand.Rand, version uint64) (float64, error) {
	seed := r.Uint64()
	trees := make([]space.State, t.config.Batch, t.config.Batch+2*t.config.Strangers)
	for i := range trees {
		trees[i] = t.data.draw(rand.New(rand.NewPCG(seed, uint64(i))))
	}
	if t.sampler != nil {
		strangers, err := t.strangers(seed, version)
		if err != nil {
			return 0, err
		}
		for _, s := range strangers {
			trees = append(trees, s, s)
		}
	}
	paths := make([]treenet.Path, len(trees))
	kern.Par(t.config.Threads, len(paths), func(i int) {
		w := t.enc.Complete(space.Backward(t.space, trees[i], rand.New(rand.NewPCG(seed^1, uint64(i)))))
		last := len(w.Steps) - 1
		w.Steps[last].Target = w.LogPB[last]
		paths[i] = treenet.Path{Steps: w.Steps, Group: max(i-t.config.Batch+2, 0) / 2}
	})
	_, residuals, err := t.learner.Run(paths, version)
	if err != nil {
		return 0, err
	}
	var bound, apart float64
	for _, d := range residuals[:t.config.Batch] {
		bound -= d / float64(t.config.Batch)
	}
	for i := t.config.Batch; i < len(residuals); i += 2 {
		d := residuals[i] - residuals[i+1]
		apart += d * d / float64(t.config.Strangers)
	}
	t.apart = math.Sqrt(apart)
	return bound, nil
}

// strangers draws trees from the model, where a share of the steps that is
// different for every tree, 0 to 1, is at random.
func (t *task) strangers(seed, version uint64) ([]space.State, error) {
	const shares = 4
	out := make([]space.State, 0, t.config.Strangers)
	for k := range shares {
		first := len(out)
		n := (t.config.Strangers - first + shares - k - 1) / (shares - k)
		ends, err := t.sampler.Ends(make([]float64, n), func(i int) *rand.Rand {
			return rand.New(rand.NewPCG(seed^2, uint64(first+i)))
		}, (float64(k)+0.5)/shares, version)
		if err != nil {
			return nil, err
		}
		out = append(out, ends...)
	}
	return out, nil
}

// Validate implements train.Task: the bound on the trees kept back, each with
// one path that is always the same.
func (t *task) Validate(p *nn.Params, version uint64) (float64, error) {
	if t.judge == nil {
		var err error
		if t.judge, err = treemodel.NewSampler(t.enc, t.config.net(), t.features, p, 0, t.config.Threads); err != nil {
			return 0, err
		}
	}
	log, err := t.judge.LogProbs(t.kept, version)
	if err != nil {
		return 0, err
	}
	var bound float64
	for i := range t.kept {
		bound += (t.kept[i].LogPB[len(t.kept[i].LogPB)-1] - log[i]) / float64(len(log))
	}
	return bound, nil
}
