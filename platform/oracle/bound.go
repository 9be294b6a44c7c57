package oracle

import "math"

// EvidenceBound is the bound of -log p(x) that likelihoods on paths give, at every
// end point x of a law, in nats: the mean of log P_B(tau | x) - log P(tau) over the
// paths tau to x that the backward kernel draws. It is -log p(x) where the model is
// balanced, and above it elsewhere (Jensen). By dynamic programming over the
// kernel, which takes each distinct parent with equal probability; infinite where
// the kernel draws a path that the model does not take.
func EvidenceBound(l *Law) []float64 {
	g := l.Graph
	out := make([]float64, len(g.States)) // first of the way to each state
	for s, children := range g.Children {
		for k, e := range children {
			n := float64(g.Parents[e.Child])
			out[e.Child] += (out[s] - l.Step[s][k] - math.Log(n)) / n
		}
	}
	for s := range out {
		out[s] -= l.Stop[s]
	}
	return out
}
