package oracle

import "math"

// Flows are those of the balanced model of a reward under the uniform backward
// kernel (Bengio et al. 2021, arXiv 2106.04399):
//
//	F(s) = R(s) + sum over children s' of F(s') / n_B(s')
//
// where only states with a legal Stop have a reward.
type Flows struct {
	Graph     *Graph
	LogReward []float64 // minus infinity where Stop is illegal
	LogFlow   []float64
}

// FlowsOf computes the flows of a reward given by its logarithm at every state
// of the graph.
func FlowsOf(g *Graph, logReward []float64) *Flows {
	f := &Flows{g, impossible(len(g.States)), make([]float64, len(g.States))}
	for s := len(g.States) - 1; s >= 0; s-- {
		if g.Stop[s] {
			f.LogReward[s] = logReward[s]
		}
		f.LogFlow[s] = f.LogReward[s]
		for _, e := range g.Children[s] {
			f.LogFlow[s] = logAdd(f.LogFlow[s], f.step(e.Child))
		}
	}
	return f
}

// step is the flow into a child along one of its equally likely parents.
func (f *Flows) step(child int) float64 {
	return f.LogFlow[child] - math.Log(float64(f.Graph.Parents[child]))
}

// LogZ is the logarithm of the sum of all rewards.
func (f *Flows) LogZ() float64 { return f.LogFlow[0] }

// Law is the law of the balanced model: its end points have p(x) = R(x)/Z.
func (f *Flows) Law() *Law {
	l := &Law{Graph: f.Graph, Stop: make([]float64, len(f.LogFlow)), Step: make([][]float64, len(f.LogFlow))}
	for s, flow := range f.LogFlow {
		l.Step[s] = make([]float64, len(f.Graph.Children[s]))
		if math.IsInf(flow, -1) {
			// No path of the model comes here; stop if at all possible.
			l.Stop[s] = math.Inf(-1)
			if f.Graph.Stop[s] {
				l.Stop[s] = 0
			}
			for k := range l.Step[s] {
				l.Step[s][k] = math.Inf(-1)
				if !f.Graph.Stop[s] {
					l.Step[s][k] = -math.Log(float64(len(l.Step[s])))
				}
			}
			continue
		}
		l.Stop[s] = f.LogReward[s] - flow
		for k, e := range f.Graph.Children[s] {
			l.Step[s][k] = f.step(e.Child) - flow
		}
	}
	l.walk()
	return l
}
