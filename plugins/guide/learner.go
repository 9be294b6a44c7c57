package guide

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// learner is the task of a training: the loss of paths (Garipov et al. 2023,
// appendix) and its gradient.
type learner struct {
	net    *network
	config Config
	params *nn.Params
	judge  *judge // of the running average; nil with exact labels

	graph    *nn.Graph
	batch    *batch
	terminal op.Labels // per state
	state    op.Labels // per pair
	action   op.Labels // per visit
	visits   op.Rows   // of states by paths
	taken    *choose   // the action of each visit on a grid, and
	crossed  *products // on trees; nil without action head
	correct  correction

	// What Learn learns from, set before each update.
	paths []sdk.Path
	step  int

	// The batch, by path and visit.
	index  map[space.State]int32
	states []space.State
	at     []int32   // state of each visit
	alphas []float64 // logit alpha of each visit
	pathQ  []float64 // log q_i of each path's end
	ends   []int32   // state at which each path ends
	label  []float64 // of one path
	rows   []int32   // where the action head has the action of each visit
	slots  []int32   // and
	target []float64 // per state
	final  []float64 // per state, of the terminal head
	logPsi []float64 // of one visit
	logQ   []float64
}

var _ train.Task = (*learner)(nil)

// newLearner makes the learner of a network with these parameters, which are
// drawn as the network asks for them. Any states will do for the beginning.
func newLearner(n *network, c Config, params *nn.Params, states []space.State) (*learner, error) {
	l := &learner{net: n, config: c, params: params, index: map[space.State]int32{}}
	l.label, l.logPsi, l.logQ = make([]float64, n.classes()), make([]float64, n.classes()), make([]float64, n.Models)
	return l, l.build(states, 64)
}

// build makes the graph anew, with room for states and visits.
func (l *learner) build(states []space.State, visits int) error {
	n := l.net
	t, err := n.newBatch(states, visits)
	if err != nil {
		return err
	}
	l.visits = op.Rows{Cap: visits + visits/2 + 64}
	if n.Alpha {
		l.visits.Cap = t.pairs.Cap
	}
	g := nn.NewGraph(l.params, l.config.Threads)
	out := n.define(g, t)
	loss := func(name string, labels *op.Labels, rows *op.Rows, classes int, logits nn.Value) nn.Value {
		*labels = op.Labels{Rows: rows, Classes: classes}
		if labels != &l.terminal {
			labels.Multiplicity = n.outcomes.share
		}
		return g.Apply(&op.CrossEntropy{Env: g.Env(), Label: name, Labels: labels, Columns: pad(classes)}, logits)
	}
	parts := []nn.Value{
		loss("terminal", &l.terminal, t.trunk.rows(), n.Models, out.terminal),
		loss("state", &l.state, t.pairs, n.classes(), out.state),
	}
	sum := &total{Parts: []*op.Rows{t.trunk.rows(), t.pairs}}
	if n.action() {
		l.action = op.Labels{Rows: &l.visits, Classes: n.classes(), Multiplicity: n.outcomes.share}
		l.correct = correction{Labels: &l.action}
		var residuals nn.Value
		if n.factored() {
			l.crossed = &products{From: out.queries.Shape.Rows, To: &l.visits, Keys: out.keys.Shape.Rows, K: n.classes(), D: keyWidth}
			residuals = g.Apply(l.crossed, out.queries, out.keys)
		} else {
			l.taken = &choose{From: t.pairs, To: &l.visits, Columns: out.action.Shape.Cols, K: n.classes()}
			residuals = g.Apply(l.taken, out.action)
		}
		parts = append(parts, g.Apply(&l.correct, residuals))
		sum.Parts = append(sum.Parts, &l.visits)
	}
	cost := g.Apply(sum, parts...)
	if err := g.Err(); err != nil {
		return err
	}
	if err := g.Minimize(cost); err != nil {
		return err
	}
	if l.graph != nil {
		if err := l.graph.Close(); err != nil {
			return err
		}
	}
	l.graph, l.batch = g, t
	return nil
}

// Params implements train.Task.
func (l *learner) Params() []*nn.Param { return l.graph.Params() }

// Validate implements train.Task; trainings measure at their end alone.
func (l *learner) Validate(*nn.Params, uint64) (float64, error) { return 0, nil }

// Learn implements train.Task. It draws the alpha of each path from r.
func (l *learner) Learn(r *rand.Rand, version uint64) (float64, error) {
	if err := l.load(r); err != nil {
		return 0, err
	}
	if err := l.judgeEnds(version); err != nil {
		return 0, err
	}
	l.write(min(1, float64(l.step)/float64(max(1, l.config.Ramp))))
	return l.graph.Run(version)
}

// load lists the distinct states of the paths and puts them into the batch.
func (l *learner) load(r *rand.Rand) error {
	clear(l.index)
	l.states, l.at, l.alphas, l.ends = l.states[:0], l.at[:0], l.alphas[:0], l.ends[:0]
	for i := range l.paths {
		p := &l.paths[i]
		if p.Label < 0 || p.Label >= l.net.Models || len(p.LogBase) != len(p.States)*l.net.Models {
			return fmt.Errorf("guide: path %d is of model %d, with %d log-likelihoods of %d states; there are %d models", i, p.Label, len(p.LogBase), len(p.States), l.net.Models)
		}
		alpha := 0.0
		if l.net.Alpha {
			alpha = l.net.AlphaRange * (2*r.Float64() - 1)
		}
		for _, s := range p.States {
			k, ok := l.index[s]
			if !ok {
				k = int32(len(l.states))
				l.index[s] = k
				l.states = append(l.states, s)
			}
			l.at, l.alphas = append(l.at, k), append(l.alphas, alpha)
		}
		l.ends = append(l.ends, l.at[len(l.at)-1])
	}
	for {
		if len(l.at) <= l.visits.Cap {
			ok, err := l.batch.fit(l.states, l.at, l.alphas, l.net.AlphaRange)
			if err != nil {
				return err
			}
			if ok {
				l.visits.Live = len(l.at)
				return nil
			}
		}
		if err := l.build(l.states, len(l.at)); err != nil {
			return err
		}
	}
}

// judgeEnds finds log q of every path's end.
func (l *learner) judgeEnds(version uint64) error {
	m := l.net.Models
	l.pathQ = grow(l.pathQ, len(l.paths)*m)
	if l.judge == nil {
		for i, p := range l.paths {
			logSoftmax(l.pathQ[i*m:(i+1)*m], p.LogBase[len(p.LogBase)-m:])
		}
		return nil
	}
	slot := map[int32]int{}
	var ends []space.State
	for _, k := range l.ends {
		if _, ok := slot[k]; !ok {
			slot[k] = len(ends)
			ends = append(ends, l.states[k])
		}
	}
	q := make([]float64, len(ends)*m)
	if err := l.judge.posterior(q, ends, version); err != nil {
		return err
	}
	for i, k := range l.ends {
		copy(l.pathQ[i*m:(i+1)*m], q[slot[k]*m:])
	}
	return nil
}

// write writes the labels of all heads. gamma is the weight of those on the way.
func (l *learner) write(gamma float64) {
	n, m, classes := l.net, l.net.Models, l.net.classes()
	l.terminal.Reset()
	l.state.Reset()
	l.action.Reset()
	l.target, l.final = zero(l.target, len(l.states)*classes), zero(l.final, len(l.states)*m)
	l.rows, l.slots, l.correct.LogPsi = l.rows[:0], l.slots[:0], l.correct.LogPsi[:0]
	// The sum over the models of the mean over their paths, each model with the
	// weight 1/m.
	weight := 1 / float64(len(l.paths))
	q := make([]float64, m)
	visit := 0
	for i := range l.paths {
		p := &l.paths[i]
		for j := range q {
			q[j] = math.Exp(l.pathQ[i*m+j])
		}
		alpha := l.alphas[visit]
		clear(l.label)
		end := l.final[int(l.ends[i])*m:][:m]
		if l.judge == nil {
			n.outcomes.addExpected(l.label, weight, q, alpha)
			for j := range end {
				end[j] += weight * q[j]
			}
		} else {
			n.outcomes.addLabel(l.label, weight, p.Label, q, alpha)
			end[p.Label] += weight
		}
		for t := range p.States {
			if n.Alpha {
				l.state.Soft(gamma, l.label...)
			} else {
				own := l.target[int(l.at[visit])*classes:][:classes]
				for c, v := range l.label {
					own[c] += v
				}
			}
			if n.action() {
				l.action.Soft(gamma, l.label...)
				l.writeAction(p, t, visit, alpha)
			}
			visit++
		}
	}
	if l.taken != nil {
		l.taken.Index, l.taken.Slot = l.rows, l.slots
	}
	if l.crossed != nil {
		l.crossed.Index, l.crossed.Slot = l.rows, l.slots
	}
	for s := range l.states {
		own := l.final[s*m : (s+1)*m]
		seen := 0.0
		for _, v := range own {
			seen += v
		}
		l.terminal.Soft(min(1, math.Ceil(seen)), own...)
		if !n.Alpha {
			l.state.Soft(gamma, l.target[s*classes:(s+1)*classes]...)
		}
	}
}

// leastPsi bounds the logarithm of the path posterior from below, for labels
// that hold for possible what the path says is not.
const leastPsi = -60

// writeAction says which action was taken at a visit, and what the path says of
// the outcomes after it.
func (l *learner) writeAction(p *sdk.Path, t, visit int, alpha float64) {
	m := l.net.Models
	cell := -1
	if t < len(p.Cells) {
		cell = p.Cells[t]
	}
	pair := l.at[visit]
	if l.net.Alpha {
		pair = int32(visit)
	}
	row, slot := l.batch.trunk.place(pair, cell)
	l.rows, l.slots = append(l.rows, row), append(l.slots, slot)
	logSoftmax(l.logQ, p.LogBase[t*m:(t+1)*m])
	l.net.outcomes.logLikelihood(l.logPsi, l.logQ, alpha)
	for _, v := range l.logPsi {
		l.correct.LogPsi = append(l.correct.LogPsi, float32(max(v, leastPsi)))
	}
}

// grow is x with room for n numbers, which hold anything.
func grow(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n+n/2)[:n]
	}
	return x[:n]
}

// zero is grow with zeros.
func zero(x []float64, n int) []float64 {
	x = grow(x, n)
	clear(x)
	return x
}
