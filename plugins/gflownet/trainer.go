package gflownet

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/plugins/internal/treemodel"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Trainer trains a network, one update after another: [Trainer.Propose] says
// which finished trees it needs rewards for, [Trainer.Update] takes them. It is
// deterministic: the same space, configuration, seed and rewards give the same
// weights, bit for bit, on one instruction set, with any number of threads and
// with interruptions ([Trainer.Snapshot]).
type Trainer struct {
	config   Config
	space    *space.Fragments
	features *treenet.Features
	seed     uint64

	enc     *treemodel.Encoder
	params  *nn.Params // being trained
	target  *nn.Params // draws the trajectories
	average *nn.Params // the final weights
	learner *treenet.Learner
	sampler *treemodel.Sampler
	adam    nn.AdamW
	replay  *replay
	step    int
	primed  bool // log Z has its first guess

	known map[space.State]float64 // rewards asked for lately; what is in it changes no result

	pending []trajectory
	ask     []space.State
}

// trajectory is one that is learned from.
type trajectory struct {
	treemodel.Trajectory
	source source
}

// source is where a trajectory comes from.
type source int

const (
	fromPolicy source = iota
	fromGood
	fromSeen
	fromRandom
)

// Stats is what an update tells of the training.
type Stats struct {
	Step       int     // updates done
	Loss       float64 // mean over the trajectories
	Norm       float64 // of the gradient, before clipping
	Residual   float64 // standard deviation of log P_F + log Z - log R - log P_B, own samples, nats
	LogReward  float64 // mean log reward at beta 1 of own samples near the focus beta
	Reward     float64 // mean reward of the same
	Size       float64 // mean number of fragments of the same
	Clipped    float64 // share of all trajectories whose reward was clipped
	LogZ       float64 // at the focus beta
	Asked      int     // rewards that had to be computed
	Remembered int     // trees in the memory
}

// NewTrainer starts a training run.
func NewTrainer(sp *space.Fragments, c Config, seed uint64) (*Trainer, error) {
	c, err := c.Complete()
	if err != nil {
		return nil, err
	}
	if sp.MaxFragments() > treenet.MaxFragments {
		return nil, fmt.Errorf("gflownet: trees of up to %d fragments; the network takes at most %d", sp.MaxFragments(), treenet.MaxFragments)
	}
	t := &Trainer{config: c, space: sp, seed: seed, features: treenet.NewFeatures(sp.Vocabulary()), replay: newReplay(c.Replay), known: map[space.State]float64{}}
	t.enc = treemodel.NewEncoder(sp, t.features)
	t.params = nn.NewParams(t.random(streamWeights, 0))
	t.adam = nn.AdamW{Decay: c.Decay, Clip: c.Clip, Threads: c.Threads}
	stop := t.stopBias()
	l := treenet.LearnerConfig{Objective: objectives[c.Objective], Knee: c.Knee, Stop: stop, Threads: c.Threads}
	if t.learner, err = treenet.NewLearner(c.net(), l, t.features, t.params, t.enc.Masks); err != nil {
		return nil, err
	}
	t.growFull()
	t.target, t.average = t.params.Clone(), t.params.Clone()
	t.sampler, err = treemodel.NewSampler(t.enc, c.net(), t.features, t.target, stop, c.Threads)
	return t, err
}

// Streams of random numbers; each number drawn belongs to a stream, an update
// and a trajectory, so that no state of a generator has to be kept.
const (
	streamWeights = iota
	streamStop
	streamPlan
	streamWalk
)

func (t *Trainer) random(stream, index int) *rand.Rand {
	return rand.New(rand.NewPCG(t.seed+uint64(stream)<<56, uint64(t.step)<<20+uint64(index)))
}

// stopBias is the bias of Stop that gives trees of the wanted mean size while
// all logits are about zero: a walk stops after k fragments with probability
// 1/MeanSize if e^bias is the number of cells over MeanSize-1.
func (t *Trainer) stopBias() float32 {
	if t.config.MeanSize < 0 {
		return dead
	}
	var sum, n float64
	for i := range 64 {
		w := space.Walk(t.space, 1/t.config.MeanSize, t.random(streamStop, i))
		for _, s := range w.States[1:] {
			cells := 0
			for _, k := range t.enc.Step(s).Masks {
				cells += t.enc.Masks.Legal(k)
			}
			if cells > 0 {
				sum += math.Log(float64(cells))
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return float32(sum/n - math.Log(max(t.config.MeanSize-1, 0.1)))
}

// Config is the configuration with its defaults.
func (t *Trainer) Config() Config { return t.config }

// Done reports whether all updates were made.
func (t *Trainer) Done() bool { return t.step >= t.config.Steps }

// Propose draws the trajectories of the next update and lists the finished
// trees whose rewards are needed for it, each once. Called again before
// [Trainer.Update], it gives the same answer.
func (t *Trainer) Propose() ([]space.State, error) {
	if t.pending != nil {
		return t.ask, nil
	}
	c := t.config
	plan := t.random(streamPlan, 0)
	var list [4][]float64 // betas by source
	for range c.Batch / c.Group {
		beta := c.BetaMax * plan.Float64()
		if plan.Float64() < c.FocusShare {
			beta = min(max(c.BetaFocus+c.BetaMax/16*plan.NormFloat64(), 0), c.BetaMax)
		}
		for range c.Group {
			u := plan.Float64()
			from := fromPolicy
			switch {
			case u < c.Random:
				from = fromRandom
			case t.step == 0 || len(t.replay.states) == 0:
			case u < c.Random+c.Seen:
				from = fromSeen
			case u < c.Random+c.Seen+c.Good:
				from = fromGood
			}
			list[from] = append(list[from], beta)
		}
	}
	drawn, err := t.sampler.Draw(list[fromPolicy], func(i int) *rand.Rand { return t.random(streamWalk, i) }, c.Epsilon, uint64(t.step))
	if err != nil {
		return nil, err
	}
	pending := make([]trajectory, len(drawn), c.Batch)
	for i := range drawn {
		pending[i].Trajectory = drawn[i]
	}
	walks := make([]trajectory, len(list[fromGood])+len(list[fromSeen])+len(list[fromRandom]))
	first := len(pending)
	kern.Par(c.Threads, len(walks), func(i int) {
		r := t.random(streamWalk, first+i)
		w, beta, from := &walks[i], 0.0, fromGood
		switch j := i; {
		case j < len(list[fromGood]):
			w.Trajectory, beta = t.enc.Complete(space.Backward(t.space, t.replay.good(r), r)), list[fromGood][j]
		case j < len(list[fromGood])+len(list[fromSeen]):
			w.Trajectory, beta, from = t.enc.Complete(space.Backward(t.space, t.replay.any(r), r)), list[fromSeen][j-len(list[fromGood])], fromSeen
		default:
			stop := 0.05 + 0.45*r.Float64()
			w.Trajectory, beta, from = t.enc.Complete(space.Walk(t.space, stop, r)), list[fromRandom][j-len(list[fromGood])-len(list[fromSeen])], fromRandom
		}
		w.Beta, w.source = beta, from
	})
	t.pending = append(pending, walks...)
	t.ask = t.ask[:0]
	asked := map[space.State]bool{}
	need := func(s space.State) {
		if _, ok := t.worth(s); !ok && !asked[s] {
			asked[s] = true
			t.ask = append(t.ask, s)
		}
	}
	for i := range t.pending {
		p := &t.pending[i]
		if c.Objective == "subtb" {
			for _, s := range p.States[1:] {
				need(s)
			}
			continue
		}
		need(p.Last())
	}
	return t.ask, nil
}

// worth is the log reward at beta 1 of a tree, if it is known.
func (t *Trainer) worth(s space.State) (float64, bool) {
	if l, ok := t.replay.get(s); ok {
		return l, true
	}
	l, ok := t.known[s]
	return l, ok
}

// maxKnown bounds the rewards kept beside the memory.
const maxKnown = 200000

// Update learns from the trajectories proposed. log[i] is the natural logarithm
// of the reward at beta 1 of the i-th state that Propose asked for; minus
// infinity counts as a reward that is clipped.
func (t *Trainer) Update(log []float64) (Stats, error) {
	if t.pending == nil {
		return Stats{}, fmt.Errorf("gflownet: update before a proposal")
	}
	if len(log) != len(t.ask) {
		return Stats{}, fmt.Errorf("gflownet: update with %d rewards for %d trees", len(log), len(t.ask))
	}
	if len(t.known) > maxKnown {
		keep := t.known
		t.known = map[space.State]float64{}
		for i := range t.pending {
			for _, s := range t.pending[i].States[1:] {
				if l, ok := keep[s]; ok {
					t.known[s] = l
				}
			}
		}
	}
	for i, s := range t.ask {
		if math.IsNaN(log[i]) || log[i] > math.MaxFloat32 {
			return Stats{}, fmt.Errorf("gflownet: update: log reward %d is %v", i, log[i])
		}
		t.known[s] = max(log[i], -math.MaxFloat32)
	}
	for i := range t.pending { // the memory may lose it below
		if l, ok := t.replay.get(t.pending[i].Last()); ok {
			t.known[t.pending[i].Last()] = l
		}
	}
	paths, stats := t.paths()
	for i := range t.pending {
		s := t.pending[i].Last()
		l, _ := t.worth(s)
		t.replay.add(s, l)
	}
	if !t.primed {
		if err := t.prime(paths); err != nil {
			return Stats{}, err
		}
	}
	t.adam.Rate = t.config.Rate * t.schedule()
	loss, residuals, err := t.learner.Run(paths, uint64(t.step)+1)
	if err != nil {
		return Stats{}, err
	}
	stats.Loss = loss
	stats.Norm = t.adam.Step(t.learner.Params())
	if math.IsNaN(stats.Norm) || math.IsInf(stats.Norm, 0) {
		return Stats{}, fmt.Errorf("gflownet: update %d: the gradient is not finite; lower the learning rate (rate is %g)", t.step, t.config.Rate)
	}
	t.residual(&stats, residuals)
	t.moveLogZ(paths, residuals)
	t.target.Average(t.config.Threads, float32(t.config.Target), t.params)
	t.average.Average(t.config.Threads, train.Keep(t.config.Average, t.step), t.params)
	t.step++
	t.pending = nil
	stats.Step, stats.Asked, stats.Remembered = t.step, len(t.ask), len(t.replay.states)
	stats.LogZ = treemodel.LogZ(t.average, t.config.BetaMax, t.config.BetaFocus)
	return stats, nil
}

// schedule is the share of the learning rate in force: a linear start, then a
// half cosine down to LastRate.
func (t *Trainer) schedule() float64 {
	c := t.config
	return train.Schedule{Warmup: c.Warmup, Steps: c.Steps, Last: c.LastRate}.At(t.step)
}

// paths sets the targets and gathers what is known of own samples.
func (t *Trainer) paths() ([]treenet.Path, Stats) {
	c := t.config
	paths := make([]treenet.Path, len(t.pending))
	groups := map[float64]int{}
	var s Stats
	n := 0.0
	for i := range t.pending {
		p := &t.pending[i]
		for k := range p.Steps[1:] {
			l, ok := t.worth(p.States[k+1])
			if !ok {
				continue // not needed by this objective
			}
			p.Steps[k+1].Target = max(p.Beta*l, c.Floor) + p.LogPB[k+1]
		}
		l, _ := t.worth(p.Last())
		if p.Beta*l < c.Floor {
			s.Clipped += 1 / float64(len(paths))
		}
		g, ok := groups[p.Beta]
		if !ok {
			g = len(groups)
			groups[p.Beta] = g
		}
		paths[i] = treenet.Path{Steps: p.Steps, Beta: p.Beta, Group: g}
		if p.source == fromPolicy && math.Abs(p.Beta-c.BetaFocus) < c.BetaMax/8 {
			n++
			s.LogReward += l
			s.Reward += math.Exp(l)
			s.Size += float64(t.space.Size(p.Last()))
		}
	}
	if n > 0 {
		s.LogReward /= n
		s.Reward /= n
		s.Size /= n
	}
	return paths, s
}

// residual is the spread of the residuals of own samples, exploration included.
func (t *Trainer) residual(s *Stats, residuals []float64) {
	var sum, square, n float64
	for i, r := range residuals {
		if t.pending[i].source == fromPolicy {
			sum, square, n = sum+r, square+r*r, n+1
		}
	}
	if n > 0 {
		s.Residual = math.Sqrt(max(square/n-sum*sum/n/n, 0))
	}
}

// moveLogZ takes log Z at each knot towards what the residuals around it say:
// a step in proportion to their mean, each cut off at twice the knee.
func (t *Trainer) moveLogZ(paths []treenet.Path, residuals []float64) {
	var sum, weight [treenet.Knots]float64
	cond := treenet.Condition{Max: t.config.BetaMax}
	for i, r := range residuals {
		if t.config.Knee > 0 {
			r = min(max(r, -2*t.config.Knee), 2*t.config.Knee)
		}
		for k, w := range treenet.ZCode(cond, paths[i].Beta)[:treenet.Knots] {
			sum[k] += float64(w) * r
			weight[k] += float64(w)
		}
	}
	z := t.learner.LogZ().Data
	rate := t.config.ZRate * t.schedule()
	for k := range sum {
		z[k] -= float32(rate * sum[k] / max(weight[k], 1))
	}
}

// prime gives log Z a first guess: the straight line in beta through the
// estimates of the first trajectories.
func (t *Trainer) prime(paths []treenet.Path) error {
	_, residuals, err := t.learner.Run(paths, uint64(t.step)+1)
	if err != nil {
		return err
	}
	var n, sx, sy, sxx, sxy float64
	for i, r := range residuals {
		if t.pending[i].source != fromPolicy {
			continue
		}
		x, y := paths[i].Beta, -r
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	slope := 0.0
	if d := n*sxx - sx*sx; d > 1e-6 {
		slope = (n*sxy - sx*sy) / d
	}
	if n > 0 {
		offset := (sy - slope*sx) / n
		for _, p := range []*nn.Params{t.params, t.target, t.average} {
			z := p.Get(treenet.LogZName).Data
			for k := range treenet.Knots {
				z[k] = float32(offset + slope*t.config.BetaMax*float64(k)/treenet.Bins)
			}
		}
	}
	t.primed = true
	return nil
}
