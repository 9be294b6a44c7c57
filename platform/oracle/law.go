package oracle

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/sdk/space"
	"gonum.org/v1/gonum/floats"
)

// Law is what a model does on a graph: where its paths go and where they end.
type Law struct {
	Graph    *Graph
	Stop     []float64   // log P(Stop | s)
	Step     [][]float64 // log P(child | s), in the order of Graph.Children, summed over cells
	Reach    []float64   // log probability that a path visits s
	Terminal []float64   // log probability that a path ends at s
}

// batch is how many states a policy is asked for at once.
const batch = 512

// LawOf is the exact law of a policy, every state of the graph asked for once.
func LawOf(ctx context.Context, g *Graph, policy space.Policy) (*Law, error) {
	l := &Law{Graph: g, Stop: make([]float64, len(g.States)), Step: make([][]float64, len(g.States))}
	steps := make([]space.Steps, batch)
	for from := 0; from < len(g.States); from += batch {
		to := min(from+batch, len(g.States))
		if err := policy.Steps(ctx, g.States[from:to], steps[:to-from]); err != nil {
			return nil, fmt.Errorf("oracle: ask policy: %w", err)
		}
		for s := from; s < to; s++ {
			l.Stop[s] = steps[s-from].Stop
			l.Step[s] = classes(g.Children[s], steps[s-from].Cells)
		}
	}
	l.walk()
	return l, nil
}

// classes sums the probabilities of cells over the child they lead to.
func classes(children []Edge, cells []float64) []float64 {
	out := make([]float64, len(children))
	for k, e := range children {
		out[k] = math.Inf(-1)
		for _, c := range e.Cells {
			out[k] = logAdd(out[k], cells[c])
		}
	}
	return out
}

// Perturbed is the law of an imperfect model: that of l with independent normal
// noise of the given standard deviation (in nats) on the log-probability of
// every step, normalised again. What is impossible stays so.
func (l *Law) Perturbed(sd float64, rng *rand.Rand) *Law {
	out := &Law{Graph: l.Graph, Stop: make([]float64, len(l.Stop)), Step: make([][]float64, len(l.Step))}
	for s := range l.Stop {
		actions := append([]float64{l.Stop[s]}, l.Step[s]...)
		for i := range actions {
			actions[i] += sd * rng.NormFloat64()
		}
		Normalise(actions)
		out.Stop[s], out.Step[s] = actions[0], actions[1:]
	}
	out.walk()
	return out
}

// walk fills Reach and Terminal from Stop and Step.
func (l *Law) walk() {
	n := len(l.Graph.States)
	l.Reach, l.Terminal = impossible(n), make([]float64, n)
	l.Reach[0] = 0
	for s, children := range l.Graph.Children {
		l.Terminal[s] = l.Reach[s] + l.Stop[s]
		for k, e := range children {
			l.Reach[e.Child] = logAdd(l.Reach[e.Child], l.Reach[s]+l.Step[s][k])
		}
	}
}

// Policy is the law as a policy: the probability of a child divided equally
// among the cells that lead to it.
func (l *Law) Policy() space.Policy { return table{l} }

type table struct{ *Law }

// Steps answers from the table; a state outside the graph is an error.
func (t table) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, state := range states {
		s, ok := t.Graph.Index(state)
		if !ok {
			return fmt.Errorf("oracle: answer steps: state %x is not in the graph", state)
		}
		n := t.Graph.Space.Rows(state) * t.Graph.Space.Columns()
		if cap(dst[i].Cells) < n {
			dst[i].Cells = make([]float64, n)
		}
		dst[i].Cells = dst[i].Cells[:n]
		for c := range dst[i].Cells {
			dst[i].Cells[c] = math.Inf(-1)
		}
		dst[i].Stop = t.Stop[s]
		for k, e := range t.Graph.Children[s] {
			each := t.Step[s][k] - math.Log(float64(len(e.Cells)))
			for _, c := range e.Cells {
				dst[i].Cells[c] = each
			}
		}
	}
	return nil
}

func impossible(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Inf(-1)
	}
	return out
}

func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// Normalise subtracts log sum exp from a vector of log weights and returns it.
func Normalise(logs []float64) (logSum float64) {
	logSum = floats.LogSumExp(logs)
	if !math.IsInf(logSum, -1) {
		floats.AddConst(-logSum, logs)
	}
	return logSum
}

// L1 is sum |p - q| of two laws given by logarithms, between 0 and 2; the total
// variation is half of it.
func L1(p, q []float64) float64 {
	var sum float64
	for i := range p {
		sum += math.Abs(math.Exp(p[i]) - math.Exp(q[i]))
	}
	return sum
}

// Entropy is -sum p log p in nats.
func Entropy(p []float64) float64 {
	var sum float64
	for _, l := range p {
		if !math.IsInf(l, -1) {
			sum -= l * math.Exp(l)
		}
	}
	return sum
}
