package platform

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// backwardPaths are trajectories drawn with the uniform backward kernel from
// finished states, a number of them for each, written out as the distinct
// states and steps that a policy has to be asked about: the paths of one state
// share most of theirs, and different states share the small ones.
type backwardPaths struct {
	perState int
	states   []space.State // distinct, in order of their first occurrence
	steps    []backStep    // distinct
	byState  [][]int32     // steps that begin at each of states
	paths    []backPath    // those of the first finished state, then the second's...
}

// backStep is a step of a policy: to a child, over the cells that lead to it,
// or Stop where cells is nil.
type backStep struct {
	from  int32 // index into states
	cells []int
}

// backPath is a trajectory with its Stop, as indices into steps.
type backPath struct {
	steps []int32
	logPB float64
}

// localPaths are the paths of one finished state, with its own numbering.
type localPaths struct {
	index   map[space.State]int32
	states  []space.State
	parents [][]space.Parent // of each state
	steps   [][2]int32       // of each step: the child, and which of its parents; -1 for Stop
	known   map[[2]int32]int32
	paths   []backPath
}

// drawBackward draws perState paths back from each of the finished states. A
// path depends on the seed and its number only.
func drawBackward(ctx context.Context, sp space.Space, finished []space.State, perState int, seed uint64) (*backwardPaths, error) {
	const atOnce = 128 // finished states, whose own numberings are kept until they are merged
	b := &backwardPaths{perState: perState}
	m := merger{b: b, states: map[space.State]int32{}, steps: map[[2]int32]int32{}}
	for first := 0; first < len(finished); first += atOnce {
		part := finished[first:min(first+atOnce, len(finished))]
		locals := make([]localPaths, len(part))
		var g errgroup.Group
		g.SetLimit(runtime.GOMAXPROCS(0))
		for i, s := range part {
			g.Go(func() error {
				l := &locals[i]
				l.index, l.known = map[space.State]int32{}, map[[2]int32]int32{}
				for k := range perState {
					l.draw(sp, s, rand.New(rand.NewPCG(seed, uint64((first+i)*perState+k))))
				}
				return ctx.Err()
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		for i := range locals {
			m.add(&locals[i])
		}
	}
	return b, nil
}

// merger gives the states and steps of all paths one numbering.
type merger struct {
	b      *backwardPaths
	states map[space.State]int32
	steps  map[[2]int32]int32 // by the states they lead from and to; to -1: Stop
}

func (m *merger) add(l *localPaths) {
	global := make([]int32, len(l.steps))
	for n, st := range l.steps {
		from, to, cells := m.state(l.states[st[0]]), int32(-1), []int(nil)
		if st[1] >= 0 {
			p := l.parents[st[0]][st[1]]
			from, to, cells = m.state(p.State), from, p.Cells
		}
		k, ok := m.steps[[2]int32{from, to}]
		if !ok {
			k = int32(len(m.b.steps))
			m.steps[[2]int32{from, to}] = k
			m.b.steps = append(m.b.steps, backStep{from, cells})
			m.b.byState[from] = append(m.b.byState[from], k)
		}
		global[n] = k
	}
	for _, p := range l.paths {
		for i, n := range p.steps {
			p.steps[i] = global[n]
		}
		m.b.paths = append(m.b.paths, p)
	}
}

func (m *merger) state(s space.State) int32 {
	n, ok := m.states[s]
	if !ok {
		n = int32(len(m.b.states))
		m.states[s] = n
		m.b.states, m.b.byState = append(m.b.states, s), append(m.b.byState, nil)
	}
	return n
}

func (l *localPaths) state(sp space.Space, s space.State) int32 {
	n, ok := l.index[s]
	if !ok {
		n = int32(len(l.states))
		l.index[s] = n
		l.states, l.parents = append(l.states, s), append(l.parents, sp.Parents(s))
	}
	return n
}

func (l *localPaths) step(child, parent int32) int32 {
	key := [2]int32{child, parent}
	n, ok := l.known[key]
	if !ok {
		n = int32(len(l.steps))
		l.known[key] = n
		l.steps = append(l.steps, key)
	}
	return n
}

// draw adds a path that ends at s: each time to a distinct parent with equal
// probability, as space.Backward does.
func (l *localPaths) draw(sp space.Space, s space.State, r *rand.Rand) {
	at := l.state(sp, s)
	p := backPath{steps: []int32{l.step(at, -1)}}
	for len(l.parents[at]) > 0 {
		parents := l.parents[at]
		k := r.IntN(len(parents))
		p.steps = append(p.steps, l.step(at, int32(k)))
		p.logPB -= math.Log(float64(len(parents)))
		at = l.state(sp, parents[k].State)
	}
	l.paths = append(l.paths, p)
}

// fitBatch is how many states a policy is asked about at once: tables of
// tens of thousands of cells each come back.
const fitBatch = 128

// logP estimates log p(x) of each finished state under a policy: the logarithm
// of the mean of P_F/P_B over its paths, P_F a product of class sums. The mean is
// unbiased for the p(x) of the policy as it is, balanced or not. se are the standard errors of the logarithms, by the delta
// method. done is told how many states were asked about; it may be nil.
func (b *backwardPaths) logP(ctx context.Context, policy space.Policy, done func(int)) (logP, se []float64, err error) {
	logs := make([]float64, len(b.steps))
	var next, asked atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	for range 2 { // one call is worked on by the plugin while another's answer is read
		g.Go(func() error {
			steps := make([]space.Steps, fitBatch)
			for {
				to := int(next.Add(fitBatch))
				from := to - fitBatch
				if to = min(to, len(b.states)); from >= to {
					return nil
				}
				if err := policy.Steps(gctx, b.states[from:to], steps[:to-from]); err != nil {
					return err
				}
				for s := from; s < to; s++ {
					for _, k := range b.byState[s] {
						logs[k] = b.steps[k].log(&steps[s-from])
					}
				}
				if n := asked.Add(int64(to - from)); done != nil {
					done(int(n))
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	n := len(b.paths) / b.perState
	logP, se = make([]float64, n), make([]float64, n)
	weights := make([]float64, b.perState)
	for i := range n {
		for j, p := range b.paths[i*b.perState : (i+1)*b.perState] {
			weights[j] = -p.logPB
			for _, k := range p.steps {
				weights[j] += logs[k]
			}
		}
		logP[i], se[i] = logMean(weights)
	}
	return logP, se, nil
}

// log is the logarithm of the step's probability: the sum over its cells.
func (s *backStep) log(a *space.Steps) float64 {
	if s.cells == nil {
		return a.Stop
	}
	top := math.Inf(-1)
	for _, c := range s.cells {
		top = math.Max(top, a.Cells[c])
	}
	if math.IsInf(top, -1) {
		return top
	}
	var sum float64
	for _, c := range s.cells {
		sum += math.Exp(a.Cells[c] - top)
	}
	return top + math.Log(sum)
}

// logMean is the logarithm of the mean of weights given by their logarithms,
// and its standard error.
func logMean(logs []float64) (mean, se float64) {
	top := math.Inf(-1)
	for _, l := range logs {
		top = math.Max(top, l)
	}
	if math.IsInf(top, -1) {
		return top, 0
	}
	n := float64(len(logs))
	var sum, square float64
	for _, l := range logs {
		w := math.Exp(l - top)
		sum, square = sum+w, square+w*w
	}
	if n > 1 {
		variance := math.Max(square-sum*sum/n, 0) / (n - 1)
		se = math.Sqrt(variance/n) / (sum / n)
	}
	return top + math.Log(sum/n), se
}
