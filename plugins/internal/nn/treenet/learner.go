package treenet

import (
	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// Step is a state of a trajectory and what was done there.
type Step struct {
	Tree  *Tree
	Masks []int32 // of its rows
	Stops bool    // Stop is legal
	Cells []int   // the cells that lead to the next state; nil for Stop
	// Target is log R of the state plus the sum of log P_B up to it. It counts
	// at the last step and, with op.SubTrajectories, at all but the first.
	Target float64
}

// Path is a trajectory to learn from; its last step is Stop.
type Path struct {
	Steps []Step
	Beta  float64
	Group int // see op.Paths; numbered from 0 in order of appearance
}

// Learner computes the loss of trajectories and its gradient.
type Learner struct {
	config   Config
	features *Features
	params   *nn.Params
	masks    *Masks
	threads  int
	loss     op.Balance

	cap     Capacity
	paths   int
	graph   *nn.Graph
	batch   *Batch
	choice  op.Choice
	balance op.Paths
	count   op.Rows // of paths
}

// ZWidth is the length of the code of beta for log Z, padded: log Z is linear
// between Knots values of beta.
const (
	ZWidth = (Knots + 15) / 16 * 16
	Knots  = Bins + 1
)

// LogZName is the parameter that holds log Z at the knots.
const LogZName = "log z"

// LearnerConfig says what is minimised.
type LearnerConfig struct {
	Objective op.Objective
	Knee      float64 // where the squared residual becomes straight, nats; 0 for never
	Agree     float64 // with op.Likelihood, what disagreement of paths to a tree weighs
	Stop      float32 // bias of Stop at first
	Threads   int
}

// NewLearner makes a learner for the network with these parameters; missing
// ones are drawn if the parameters have a random source.
func NewLearner(c Config, l LearnerConfig, f *Features, params *nn.Params, masks *Masks) (*Learner, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	x := &Learner{config: c, features: f, params: params, masks: masks, threads: l.Threads, loss: op.Balance{Objective: l.Objective, Knee: l.Knee, Agree: l.Agree, Z: ZWidth}}
	return x, x.build(Capacity{Trees: 512, Tokens: 2048, Rows: 4096}, 96, l.Stop)
}

func (l *Learner) build(c Capacity, paths int, stop float32) error {
	g := nn.NewGraph(l.params, l.threads)
	batch := newBatch(l.features, Condition{Max: l.config.BetaMax}, c)
	out := define(g, l.config, l.features, batch, stop)
	l.choice = op.Choice{Table: &batch.table, States: &batch.count, Width: l.features.Columns}
	logp := g.Apply(&op.LogProb{Env: g.Env(), Choice: &l.choice, D: l.config.Width, Columns: pad(l.features.Columns)},
		out.queries, out.keys, out.bias, out.stopKey, out.stopBias)
	l.count = op.Rows{Cap: paths}
	l.balance = op.Paths{States: &batch.count, Paths: &l.count, Residual: make([]float64, paths)}
	z := g.Param(LogZName, 1, ZWidth, nn.Init{})
	balance := l.loss
	balance.Env, balance.Paths = g.Env(), &l.balance
	loss := g.Apply(&balance, logp, z)
	if err := g.Err(); err != nil {
		return err
	}
	if err := g.Minimize(loss); err != nil {
		return err
	}
	if l.graph != nil {
		if err := l.graph.Close(); err != nil {
			return err
		}
	}
	l.graph, l.batch, l.cap, l.paths = g, batch, c, paths
	return nil
}

// Params lists the parameters, whose Grad the last Run wrote, without log Z.
func (l *Learner) Params() []*nn.Param {
	var list []*nn.Param
	for _, p := range l.graph.Params() {
		if p.Name != LogZName {
			list = append(list, p)
		}
	}
	return list
}

// LogZ is the parameter that holds log Z at the knots.
func (l *Learner) LogZ() *nn.Param { return l.params.Get(LogZName) }

// ZCode is the code of beta for log Z: the weights of the two knots around it.
func ZCode(c Condition, beta float64) []float32 {
	x := make([]float32, ZWidth)
	at := min(max(beta/c.Max*Bins, 0), Bins)
	k := min(int(at), Bins-1)
	x[k] = float32(float64(k+1) - at)
	x[k+1] = float32(at - float64(k))
	return x
}

// Run computes the mean loss over the paths, its gradient, and each path's
// residual, sum log P_F + log Z minus the last target. version must change when parameters
// do. The residuals belong to the learner.
func (l *Learner) Run(paths []Path, version uint64) (loss float64, residuals []float64, err error) {
	var need Capacity
	for i := range paths {
		for j := range paths[i].Steps {
			need = need.plus(paths[i].Steps[j].Tree)
		}
	}
	if !l.cap.holds(need) || len(paths) > l.paths {
		c := Capacity{grown(l.cap.Trees, need.Trees), grown(l.cap.Tokens, need.Tokens), grown(l.cap.Rows, need.Rows)}
		if err := l.build(c, max(l.paths, len(paths)), 0); err != nil {
			return 0, nil, err
		}
	}
	l.fill(paths)
	loss, err = l.graph.Run(version)
	return loss, l.balance.Residual[:len(paths)], err
}

func (l *Learner) fill(paths []Path) {
	b, c, p := l.batch, &l.choice, &l.balance
	b.Reset()
	c.Mask, c.Stop, c.Taken, c.Masks = c.Mask[:0], c.Stop[:0], c.Taken[:0], l.masks.List()
	p.Start = append(p.Start[:0], 0)
	p.Target, p.Code, p.Group = p.Target[:0], p.Code[:0], p.Group[:0]
	cond := Condition{Max: l.config.BetaMax}
	var betas []float64
	var trees []*Tree
	for i := range paths {
		for j := range paths[i].Steps {
			s := &paths[i].Steps[j]
			b.add(s.Tree)
			trees, betas = append(trees, s.Tree), append(betas, paths[i].Beta)
			c.Mask = append(c.Mask, s.Masks...)
			c.Stop = append(c.Stop, s.Stops)
			var cells []int32
			for _, x := range s.Cells {
				cells = append(cells, int32(x))
			}
			c.Taken = append(c.Taken, cells)
			p.Target = append(p.Target, s.Target)
		}
		p.Start = append(p.Start, int32(len(trees)))
		p.Code = append(p.Code, ZCode(cond, paths[i].Beta))
		p.Group = append(p.Group, int32(paths[i].Group))
	}
	l.count.Live = len(paths)
	kern.ParRows(l.threads, len(trees), 32, func(from, to int) {
		for i := from; i < to; i++ {
			b.encodeInput(trees[i], betas[i], b.input[i*inputWidth:][:inputWidth])
		}
	})
}

// Forget makes the next Run read the parameters anew, whatever their version.
func (l *Learner) Forget() { l.graph.Env().Epoch++ }
